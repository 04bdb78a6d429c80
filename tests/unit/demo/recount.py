"""Counts the demo's weekly measures once more from its export files, one row after the other."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.unit.demo.exported_files import ExportedFiles, Row, number

FOUR_PLACES = Decimal("0.0001")
Weekly = dict[str, dict[tuple[date, str], Decimal]]  # measure → (Monday, member) → sum; the total is a member, too


def monday(day: date) -> date:
    return day - timedelta(days=day.isoweekday() - 1)


class Recount:
    def __init__(self, exported: ExportedFiles) -> None:
        self.exported = exported
        self.rates = exported.rates()
        self.sums: Weekly = defaultdict(lambda: defaultdict(Decimal))
        self._ads()
        self._sessions()
        self._orders()
        self._refunds()
        self._ledger()

    def _add(self, measure: str, day: date, amount: Decimal | int, *members: str) -> None:
        for member in ("total", *members):
            self.sums[measure][monday(day), member] += amount

    def _euros(self, amount: Decimal, currency: str, day: date) -> Decimal:
        return amount if currency == "EUR" else (amount / self.rates[day]).quantize(FOUR_PLACES, ROUND_HALF_UP)

    def _ads(self) -> None:
        for platform, day, row in self.exported.ads():
            is_google = platform == "google_ads"
            currency = "EUR" if is_google else "GBP"
            cost = self._euros(number(row["Cost" if is_google else "Amount spent (GBP)"]), currency, day)
            value = number(row["Conv. value" if is_google else "Purchases conversion value"])
            self._add("ad_impressions", day, number(row["Impr." if is_google else "Impressions"]), platform)
            self._add("ad_clicks", day, number(row["Clicks" if is_google else "Clicks (all)"]), platform)
            self._add("ad_cost", day, cost, platform)
            self._add("acquisition_cost", day, cost)
            claimant = platform if is_google else f"{platform} ({row['Attribution setting']})"
            self._add("ad_conversion_value", day, self._euros(value, currency, day), claimant)
            self._add("claimant_cost", day, cost, claimant)

    def _sessions(self) -> None:
        self.channel_of_order = {}
        for session in self.exported.sessions.values():
            at, members = session["at"], (session["channel"], session["device"])
            last_purchase = max(at["purchase"], default=0)
            facts = {
                "sessions": True,
                "engaged_sessions": session["engaged"],
                "sessions_with_cart": bool(at["add_to_cart"]),
                "sessions_abandoning_cart": bool(at["add_to_cart"]) and last_purchase < min(at["add_to_cart"]),
                "sessions_with_checkout": bool(at["begin_checkout"]),
                "sessions_abandoning_checkout": bool(at["begin_checkout"])
                and last_purchase < min(at["begin_checkout"]),
                "sessions_with_purchase": bool(at["purchase"]),
            }
            for measure, holds in facts.items():
                self._add(measure, session["day"], int(holds), *members)
            self.channel_of_order.update(dict.fromkeys(session["transactions"], session["channel"]))

    def _orders(self) -> None:
        first_day: dict[str, date] = {}
        buyers, returning = defaultdict(set), defaultdict(set)
        costs = self.exported.product_costs()
        for head, rows in self.exported.orders():
            if head["Financial Status"] == "voided" or head["Cancelled at"] or "Bogus" in head["Payment Method"]:
                continue
            day = datetime.strptime(head["Created at"], "%Y-%m-%d %H:%M:%S %z").date()
            customer, channel = head["Email"].lower(), self.channel_of_order.get(head["Name"], "Unassigned")
            rows = [row for row in rows if row["Lineitem name"] != "Tip"]
            goods = sum(Decimal(row["Lineitem price"]) * int(row["Lineitem quantity"]) for row in rows)
            gross, discount, refunded = (
                self._euros(amount, head["Currency"], day)
                for amount in (goods, Decimal(head["Discount Amount"]), Decimal(head["Refunded Amount"]))
            )
            margin = gross - discount - refunded
            margin -= sum(costs[row["Lineitem sku"]] * int(row["Lineitem quantity"]) for row in rows)
            self._add("orders", day, 1, channel)
            self._add("gross_sales", day, gross, channel)
            self._add("discounts", day, discount, channel)
            self._add("orders_refunded", day, int(refunded > 0), channel)
            buyers[monday(day)].add(customer)
            if customer in first_day:
                returning[monday(day)].add(customer)
            else:
                first_day[customer] = day
                self._add("new_customers", day, 1, channel)
                self._add("new_customers_paid", day, int(channel.startswith("Paid")))
            if (day - first_day[customer]).days < 90:
                self._add("cohort_gross_margin", first_day[customer], margin, f"age {(day - first_day[customer]).days}")
        for week, customers in buyers.items():
            self._add("buying_customers", week, len(customers))
            self._add("returning_customers", week, len(returning[week]))

    def _refunds(self) -> None:
        for row in self.exported.refunds():
            day = datetime.strptime(row["Erstattet am"], "%d.%m.%Y").date()
            amount = Decimal(row["Betrag brutto"].replace(".", "").replace(",", "."))
            self._add("returns", day, self._euros(amount, row["Währung"], day))

    def _ledger(self) -> None:
        for row in self.exported.ledger():
            if row["purpose"] == "acquisition":
                for day, amount in _spread(row):
                    self._add("acquisition_cost", day, amount)


def _spread(row: Row) -> list[tuple[date, Decimal]]:
    first, last = date.fromisoformat(row["period_start"]), date.fromisoformat(row["period_end"])
    total, days = Decimal(row["debit"]) - Decimal(row["credit"]), (last - first).days + 1
    share = (total / days).quantize(FOUR_PLACES, ROUND_HALF_UP)
    amounts = [share] * (days - 1) + [total - share * (days - 1)]
    return [(first + timedelta(days=offset), amount) for offset, amount in enumerate(amounts)]
