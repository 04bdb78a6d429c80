"""The demo company's costs: what is posted to its ledger and which days each posting is for.

Here: the postings and how they spread over days. Add a cost here. How the ledger is exported belongs to ``exports``.
"""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kpi_pipeline.demo.timeline import Timeline

ESTIMATE_DAYS_BEFORE_END = 6
CREDIT_DAYS_AFTER_START = 17
PAYMENT_FEE_PER_MILLE = 14


@dataclass(frozen=True)
class Account:
    """One account of the ledger and what its costs are for."""

    code: str
    name: str
    section: str = "opex"
    purpose: str = ""
    cost_kind: str = ""


@dataclass(frozen=True)
class Posting:
    """One line of the ledger.

    Attributes:
        posted_on: the day under which the ledger lists it.
        cents: negative for a credit.
        first_cents: what an export says that arrives before ``corrected_on``.
    """

    account: Account
    posted_on: date
    cents: int
    period_start: date
    period_end: date
    memo: str
    first_cents: int | None = None
    corrected_on: date | None = None

    def cents_at(self, arrival: date) -> int:
        """The amount that an export of the day ``arrival`` says."""
        is_estimate = self.corrected_on is not None and arrival < self.corrected_on
        return self.first_cents if is_estimate and self.first_cents is not None else self.cents


SALARIES_MARKETING = Account("6020", "Salaries marketing", purpose="acquisition", cost_kind="people")
AGENCY = Account("6837", "Advertising agency", purpose="acquisition", cost_kind="agency")
MARKETING_TOOLS = Account("6806", "Marketing software", purpose="acquisition", cost_kind="tools")
INFLUENCERS = Account("6602", "Influencer fees", purpose="acquisition", cost_kind="media")
NEWSLETTER = Account("6815", "Newsletter software", purpose="retention", cost_kind="tools")
SALARIES_OPERATIONS = Account("6021", "Salaries operations", cost_kind="people")
RENT = Account("6310", "Rent, warehouse and office", cost_kind="premises")
PAYMENT_FEES = Account("6855", "Payment fees", cost_kind="fees")
GOODS = Account("5400", "Cost of goods sold", section="cogs", cost_kind="goods")

MONTHLY_CENTS = {
    SALARIES_MARKETING: 290_000,
    AGENCY: 140_000,
    MARKETING_TOOLS: 31_000,
    NEWSLETTER: 12_900,
    SALARIES_OPERATIONS: 820_000,
    RENT: 140_000,
}


def fixed_postings(timeline: Timeline, scale: float) -> Iterator[Posting]:
    """Post what does not depend on sales: monthly costs in advance, a credit, and a fee that is estimated first."""
    for start, end in _months(timeline.first_day, timeline.last_day):
        days_of_month = calendar.monthrange(start.year, start.month)[1]
        for account, monthly in MONTHLY_CENTS.items():
            cents = round(monthly * scale * ((end - start).days + 1) / days_of_month)
            yield Posting(account, start, cents, start, end, f"{account.name} {start:%m/%Y}")
    credit_on = timeline.first_day + timedelta(days=CREDIT_DAYS_AFTER_START)
    yield Posting(MARKETING_TOOLS, credit_on, -round(4_500 * scale), credit_on, credit_on, "Credit note, unused seats")
    start = timeline.last_day - timedelta(days=ESTIMATE_DAYS_BEFORE_END)
    yield Posting(
        INFLUENCERS,
        start,
        round(51_250 * scale),
        start,
        timeline.last_day,
        "Autumn living room, three posts",
        first_cents=round(48_000 * scale),
        corrected_on=timeline.last_day,
    )


def sales_postings(timeline: Timeline, goods_cents: Sequence[int], sales_cents: Sequence[int]) -> Iterator[Posting]:
    """Post what follows from sales: payment fees of every day, and the cost of goods at the end of every week.

    Args:
        timeline: the days.
        goods_cents: what the goods of each day's orders cost.
        sales_cents: what was sold on each day.
    """
    for index, cents in enumerate(sales_cents):
        day = timeline.day(index)
        yield Posting(PAYMENT_FEES, day, cents * PAYMENT_FEE_PER_MILLE // 1000, day, day, "Card and wallet fees")
    for first in range(0, timeline.days, 7):
        start, end = timeline.day(first), timeline.day(min(first + 6, timeline.days - 1))
        yield Posting(GOODS, end, sum(goods_cents[first : first + 7]), start, end, "Goods delivered")


def daily_ten_thousandths(posting: Posting) -> list[int]:
    """Spread a posting evenly over the days of its period, in ten-thousandths; the last day takes the remainder."""
    days = (posting.period_end - posting.period_start).days + 1
    total = posting.cents * 100
    share = (2 * abs(total) + days) // (2 * days) * (1 if total >= 0 else -1)
    return [share] * (days - 1) + [total - share * (days - 1)]


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    start = first
    while start <= last:
        end = start.replace(day=calendar.monthrange(start.year, start.month)[1])
        yield start, end
        start = end + timedelta(days=1)
