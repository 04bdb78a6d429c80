"""Public exports, mapped by configuration alone, against figures that other people computed from them."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.contract import build_contract
from tests.unit.sources.read_files import ReadFile, read

CENT = Decimal("0.01")


@pytest.fixture
def expected(shared_data: Path) -> dict[str, Any]:
    return json.loads((shared_data / "expected.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.fixture
def shared(shared_data: Path, checkout: Path) -> Iterator[Any]:
    def load(source: str, path: str) -> ReadFile:
        text = (checkout / "tests" / "integration" / "shared_sources" / f"{source}.yaml").read_text(encoding="utf-8")
        contract = build_contract(source, Source.model_validate(yaml.safe_load(text), strict=False))
        (found,) = shared_data.glob(path)
        return read(found, contract)

    yield load


def monday(day: date) -> str:
    return (day - timedelta(days=day.weekday())).isoformat()


def by_week(rows: list[dict[str, Any]], column: str) -> dict[str, Any]:
    sums: dict[str, Any] = defaultdict(Decimal)
    for row in rows:
        sums[monday(row["day"])] += row[column]
    return dict(sums)


def close(found: Any, wanted: float, tolerance: Decimal = CENT) -> bool:
    return abs(Decimal(found) - Decimal(str(wanted))) <= tolerance


def test_google_ads_in_pounds(shared: Any, expected: dict[str, Any]) -> None:
    file = shared("google_ads_gbp", "ads/google_ads_gbp_utf8/*.csv")
    figures = expected["google_ads_gbp_utf8"]
    assert {row["campaign_name"]: (row["impressions"], row["clicks"]) for row in file.only} == {
        row["Campaign"]: (row["Impr."], row["Clicks"]) for row in figures["campaigns"]
    }
    assert close(sum(file.column("cost")), figures["sum_of_campaign_rows"]["Cost"])
    assert close(sum(file.column("conversion_value")), figures["platform_own_total"]["Conv. value"])
    assert file.prepared.control_totals["cost"] == Decimal(str(figures["platform_own_total"]["Cost"]))
    assert set(file.column("currency")) == {"GBP"}


def test_google_ads_in_rupees(shared: Any, expected: dict[str, Any]) -> None:
    file = shared("google_ads_inr", "ads/google_ads_inr/Campaign report.csv")
    figures = expected["google_ads_inr"]["sum_of_campaign_rows"]
    assert sum(file.column("impressions")) == figures["Impr."]
    assert sum(file.column("interactions")) == figures["Interactions"]
    assert sum(file.column("conversions")) == figures["Conversions"]
    assert close(sum(file.column("cost")), figures["Cost"])


def test_facebook_ads_by_campaign_and_week(shared: Any, expected: dict[str, Any]) -> None:
    rows = shared("kag_facebook", "ads/kag_facebook/*.csv").only
    figures = expected["kag_facebook"]
    assert len(rows) == figures["total"]["n"]
    assert sum(row["impressions"] for row in rows) == figures["total"]["impressions"]
    assert sum(row["clicks"] for row in rows) == figures["total"]["clicks"]
    assert sum(row["conversions"] for row in rows) == figures["total"]["approved_conversions"]
    assert close(sum(row["cost"] for row in rows), figures["total"]["spend"])
    for campaign in figures["by_campaign"]:
        own = [row for row in rows if row["campaign_id"] == str(campaign["xyz_campaign_id"])]
        assert close(sum(row["cost"] for row in own), campaign["spend"])
        ratio = sum(row["cost"] for row in own) / sum(row["clicks"] for row in own)
        assert close(ratio, campaign["cpc"], Decimal("1e-6"))
    weeks = by_week(rows, "cost")
    assert all(close(weeks[week["week"]], week["spend"]) for week in figures["by_iso_week"])


def test_an_exploration_by_channel_and_hour(shared: Any, expected: dict[str, Any]) -> None:
    rows = shared("ga4_channel_by_hour", "analytics/ga4_ui/exploration_channel_by_hour.csv").only
    figures = expected["ga4_channel_by_hour"]
    assert len(rows) == figures["rows"]
    for column, name in (("sessions", "sessions"), ("engaged_sessions", "engaged"), ("events", "events")):
        assert sum(row[column] for row in rows) == figures["total"][name]
        for channel, values in figures["by_channel"].items():
            assert sum(row[column] for row in rows if row["channel"] == channel) == values[name]
        assert by_week(rows, column) == {week: values[name] for week, values in figures["by_iso_week"].items()}


def test_sessions_of_a_clickstream(shared: Any, expected: dict[str, Any]) -> None:
    rows = shared("clickstream_2024q1", "analytics/clickstream/*.csv").only
    figures = expected["clickstream_2024Q1"]
    assert len(rows) == figures["events"]
    assert len({row["visitor_id"] for row in rows}) == figures["users"]
    sessions: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        sessions[row["session_id"]].add(row["event_name"])
    assert len(sessions) == figures["total"]["sessions"]
    reached = Counter(name for names in sessions.values() for name in names)
    assert reached["add_to_cart"] == figures["total"]["add_to_cart"]
    assert reached["begin_checkout"] == figures["total"]["shipping_details"]
    assert reached["purchase"] == figures["total"]["purchases"]
    weeks = Counter(monday(day) for day in {row["session_id"]: row["day"] for row in rows}.values())
    assert all(weeks[week["week"]] == week["sessions"] for week in figures["by_iso_week"])
    channels = Counter({row["session_id"]: row["channel"] for row in rows}.values())
    assert all(channels[entry["channel"]] == entry["sessions"] for entry in figures["by_channel"])


def test_a_shopify_test_shop(shared: Any, expected: dict[str, Any]) -> None:
    file = shared("shopify_dev", "sales/shopify_dev/*.csv")
    figures = expected["shopify_dev"]
    orders, lines = file.rows["orders"], file.rows["order_lines"]
    assert (len(orders), len(lines)) == (figures["orders"], figures["file_rows"])
    assert close(sum(order["total"] for order in orders), figures["total"])
    assert close(sum(order["gross_items"] for order in orders), figures["subtotal"])
    assert close(sum(order["taxes"] for order in orders), figures["taxes"])
    assert close(sum(line["line_total"] for line in lines), figures["line_revenue"])
    assert sum(line["quantity"] for line in lines) == figures["units"]
    keys = {order["customer_key"] for order in orders}
    assert len([key for key in keys if not key.startswith("guest:")]) == figures["customers"]
    assert len([key for key in keys if key.startswith("guest:")]) == figures["orders_without_email"]


def test_olist_orders_and_their_payments(shared: Any, expected: dict[str, Any]) -> None:
    orders = shared("olist_orders", "sales/olist_4k/olist_orders_dataset.csv").only
    payments = shared("olist_payments", "sales/olist_4k/olist_order_payments_dataset.csv").only
    figures = expected["olist_4k"]
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for payment in payments:
        paid[payment["order_id"]] += payment["line_total"]
    assert (len(orders), close(sum(paid.values()), figures["totals"]["payments"])) == (4000, True)
    weeks = by_week([{**order, "paid": paid[order["order_id"]]} for order in orders], "paid")
    counts = Counter(monday(order["day"]) for order in orders)
    assert all(close(weeks[week["week"]], week["payments"]) for week in figures["weekly_iso_monday"])
    assert all(counts[week["week"]] == week["orders"] for week in figures["weekly_iso_monday"])
    valid = [order for order in orders if order["status"] not in ("cancelled", "failed")]
    assert len(valid) == figures["excluding_canceled_unavailable"]["orders"]
    ratio = sum(paid[order["order_id"]] for order in valid) / len(valid)
    assert close(ratio, figures["excluding_canceled_unavailable"]["aov"], Decimal("1e-4"))


def test_invoices_of_a_wholesaler(shared: Any, expected: dict[str, Any]) -> None:
    file = shared("uci_2009_12", "sales/uci_online_retail_II/*.csv")
    figures = expected["uci_retail_dec09_feb10"]
    orders, refunds = file.rows["orders"], file.rows["refunds"]
    assert (len(orders), len(refunds)) == (figures["sales_invoices"], figures["cancel_invoices"])
    assert len(file.rows["order_lines"]) == figures["n_rows"] - figures["cancel_rows"]
    assert close(sum(order["gross_items"] for order in orders), figures["sales_revenue"])
    assert close(-sum(refund["amount"] for refund in refunds), figures["cancel_value"])
    valid = [order for order in orders if order["status"] == "paid"]
    assert len(valid) == figures["paid_sales_invoices"]
    sales, returns = by_week(valid, "gross_items"), by_week(refunds, "amount")
    sales_counts = Counter(monday(order["day"]) for order in valid)
    for week in figures["weekly"]:
        assert sales_counts[week["week"]] == week["sales_invoices"]
        assert close(sales[week["week"]], week["sales_revenue"])
        assert close(-returns[week["week"]], week["cancel_value"])
    bought = Counter(order["customer_key"] for order in valid if not order["customer_key"].startswith("guest:"))
    assert len(bought) == figures["repeat_customers_paid_sales"]["customers"]
    repeated = [customer for customer, count in bought.items() if count > 1]
    assert len(repeated) == figures["repeat_customers_paid_sales"]["repeat_customers"]


def test_persian_orders_in_toman(shared: Any, expected: dict[str, Any]) -> None:
    rows = shared("fa_olist_toman", "persian/*_fa_orders_toman.csv").only
    figures = expected["fa_olist_4k"]
    assert sum(row["gross_items"] for row in rows) == 10 * figures["total"]["toman"]
    assert Counter(row["status"] for row in rows)["cancelled"] == figures["status"]["canceled"]
    weeks = by_week(rows, "gross_items")
    counts = Counter(monday(row["day"]) for row in rows)
    assert weeks == {week["week"]: 10 * week["toman"] for week in figures["weekly_iso_monday"]}
    assert counts == {week["week"]: week["orders"] for week in figures["weekly_iso_monday"]}
    assert set(Counter(row["status"] for row in rows)) == {"paid", "cancelled", "failed"}


def test_prices_with_dots_between_groups(shared: Any, expected: dict[str, Any]) -> None:
    prices = shared("digikala_products", "persian/digikala_products_toman.csv").column("unit_cost")
    figures = expected["digikala_products"]
    assert (len(prices), sum(prices)) == (figures["rows"], figures["sum_rial"])
    assert (min(prices), max(prices)) == (10 * figures["min"], 10 * figures["max"])


def test_five_spellings_of_jalali_dates(shared: Any, expected: dict[str, Any]) -> None:
    rows = shared("jalali_orders", "persian/jalali_orders_5_lines.csv").only
    figures = expected["jalali_orders_5_lines"]
    assert [row["day"].isoformat() for row in rows] == figures["gregorian"]
    assert sum(row["gross_items"] for row in rows) == figures["sum_rial"]
