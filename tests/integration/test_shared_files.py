"""Real files from elsewhere, mapped by configuration alone, give the values that others published or computed for them.

Everything is read from the published internal file, as an analyst would.
"""

import csv
import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_pipeline.pipeline import Installation, Publication
from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot

MAPPINGS = Path(__file__).with_name("shared_sources")
COMPANY = """\
name: {{en: Acceptance, fa: پذیرش}}
time_zone: {zone}
week_start: {week_start}
reporting_currency: {currency}
started_on: 1997-01-01
"""


@dataclass(frozen=True)
class Case:
    """One shared data set: the mappings and files of its sources, and the company that it belongs to."""

    sources: dict[str, str]
    currency: str
    as_of: date
    zone: str = "UTC"
    week_start: str = "monday"


CASES = {
    "google_ads_gbp": Case(
        {"google_ads_gbp": "ads/google_ads_gbp_utf8/Campaign report (1).csv"}, "GBP", date(2026, 3, 1)
    ),
    "google_ads_inr": Case({"google_ads_inr": "ads/google_ads_inr/Campaign report.csv"}, "INR", date(2025, 8, 11)),
    "ads": Case(
        {
            "kag_facebook": "ads/kag_facebook/KAG_conversion_data.csv",
            "google_ads_campaign_stats": "ads/fivetran_seeds/google_ads_campaign_stats_data.csv",
            "facebook_ads_basic_ad": "ads/fivetran_seeds/facebook_ads_basic_ad_data.csv",
            "microsoft_ads_daily_report": "ads/fivetran_seeds/microsoft_ads_campaign_performance_daily_report_data.csv",
            "linkedin_ad_analytics_by_campaign": "ads/fivetran_seeds/linkedin_ad_analytics_by_campaign_data.csv",
            "tiktok_campaign_report_hourly": "ads/fivetran_seeds/tiktok_campaign_report_hourly_data.csv",
        },
        "USD",
        date(2023, 9, 4),
    ),
    "ga4": Case({"ga4_channel_by_hour": "analytics/ga4_ui/exploration_channel_by_hour.csv"}, "USD", date(2024, 5, 6)),
    "clickstream": Case({"clickstream_2024q1": "analytics/clickstream/ecom_2024Q1.csv"}, "USD", date(2024, 4, 8)),
    "shopify": Case(
        {"shopify_dev": "sales/shopify_dev/orders_export_1.csv"}, "INR", date(2026, 1, 5), "America/New_York"
    ),
    "olist": Case(
        {
            "olist_orders": "sales/olist_4k/olist_orders_dataset.csv",
            "olist_payments": "sales/olist_4k/olist_order_payments_dataset.csv",
        },
        "BRL",
        date(2018, 9, 10),
        "America/Sao_Paulo",
    ),
    "olist_items": Case(
        {
            "olist_orders": "sales/olist_4k/olist_orders_dataset.csv",
            "olist_items": "sales/olist_4k/olist_order_items_dataset.csv",
        },
        "BRL",
        date(2018, 9, 10),
        "America/Sao_Paulo",
    ),
    "uci": Case(
        {"uci_2009_12": "sales/uci_online_retail_II/online_retail_II_2009-12_2010-02.csv"},
        "GBP",
        date(2010, 3, 8),
        "Europe/London",
    ),
    "fa_olist": Case(
        {"fa_olist_toman": "persian/derived_olist_4k_fa_orders_toman.csv"}, "IRR", date(2018, 9, 10), "Asia/Tehran"
    ),
    "fa_olist_saturday": Case(
        {"fa_olist_toman": "persian/derived_olist_4k_fa_orders_toman.csv"},
        "IRR",
        date(2018, 9, 10),
        "Asia/Tehran",
        "saturday",
    ),
    "jalali": Case({"jalali_orders": "persian/jalali_orders_5_lines.csv"}, "IRR", date(2026, 4, 20), "Asia/Tehran"),
    "digikala": Case(
        {"digikala_products": "persian/digikala_products_toman.csv"}, "IRR", date(2026, 4, 20), "Asia/Tehran"
    ),
}

Snapshot = Callable[[str], duckdb.DuckDBPyConnection]


@pytest.fixture(scope="module")
def expected(shared_data: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((shared_data / "expected.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def snapshot(
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    config_with: Callable[..., Path],
    make_installation: Callable[..., Installation],
    run_day: Callable[..., Publication],
) -> Iterator[Snapshot]:
    """Return a function that runs a case once and opens its published internal file."""
    opened: dict[str, duckdb.DuckDBPyConnection] = {}

    def open_case(name: str) -> duckdb.DuckDBPyConnection:
        if name not in opened:
            case, folder = CASES[name], tmp_path_factory.mktemp(name)
            company = COMPANY.format(zone=case.zone, week_start=case.week_start, currency=case.currency)
            mappings = {source: (MAPPINGS / f"{source}.yaml").read_text(encoding="utf-8") for source in case.sources}
            (folder / "config").mkdir()
            installation = make_installation(folder / "data", config_with(folder / "config", company, mappings))
            for source, path in case.sources.items():
                target = installation.paths.inbox / source / Path(path).name
                target.parent.mkdir(parents=True)
                shutil.copy(shared_data / path, target)
            run_day(installation, case.as_of)
            opened[name] = open_snapshot(current_snapshot(installation.paths.published, "internal"))
        return opened[name]

    yield open_case
    for connection in opened.values():
        connection.close()


def metric(connection: duckdb.DuckDBPyConnection, metric_id: str, grain: str = "week") -> dict[str, float | None]:
    rows = connection.execute(
        "select period_start, value from kpi.values where metric_id = ? and grain = ? and dimension = 'total'",
        [metric_id, grain],
    ).fetchall()
    return {row[0].isoformat(): row[1] for row in rows}


def members(
    connection: duckdb.DuckDBPyConnection, metric_id: str, dimension: str, grain: str, start: str
) -> dict[str, float | None]:
    rows = connection.execute(
        "select member, value from kpi.values where metric_id = ? and dimension = ? and grain = ? and period_start = ?",
        [metric_id, dimension, grain, start],
    ).fetchall()
    return dict(rows)


def sums(connection: duckdb.DuckDBPyConnection, table: str, *columns: str, where: str = "true") -> tuple[Any, ...]:
    row = connection.execute(
        f"select {', '.join(f'sum({name})' for name in columns)} from {table} where {where}"
    ).fetchone()
    assert row is not None
    return row


def ratio(value: float) -> Any:
    return pytest.approx(value, rel=1e-6)


def money(value: float, rows: int = 1) -> Any:
    return pytest.approx(value, abs=0.01 * rows + 1e-9)


@pytest.mark.parametrize("name", ["google_ads_gbp", "google_ads_inr"])
def test_google_ads(name: str, snapshot: Snapshot, expected: dict[str, Any]) -> None:
    known = expected["google_ads_gbp_utf8" if name == "google_ads_gbp" else name]
    connection = snapshot(name)
    campaigns = connection.execute(
        "select campaign, sum(ad_impressions), sum(ad_cost) from measures.ads group by 1"
    ).fetchall()
    assert {row[0]: (row[1], float(row[2])) for row in campaigns} == {
        row["Campaign"]: (row["Impr."], money(row["Cost"])) for row in known["campaigns"]
    }
    total = known["platform_own_total"]
    impressions, cost, interactions, clicks = sums(
        connection, "measures.ads", "ad_impressions", "ad_cost", "ad_interactions", "ad_clicks"
    )
    assert impressions == total["Impr."]
    assert float(cost) == money(total["Cost"], len(campaigns))
    assert (clicks, interactions)["Interactions" in total] == total.get("Clicks", total.get("Interactions"))


def test_rates_of_google_campaigns(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    """What the catalogue makes of the campaigns' own numbers; the files hold one period, so the year is the whole."""
    formulas = {
        "google_ads_gbp": {
            "ctr_ads": ("campaign", "Clicks", "Impr.", 100),
            "ctr_link": ("campaign", "Clicks", "Impr.", 100),
            "cpc": ("campaign", "Cost", "Clicks", 1),
            "cpm": ("campaign", "Cost", "Impr.", 1000),
            "cpa_platform": ("claiming_campaign", "Cost", "Conversions", 1),
            "roas": ("claiming_campaign", "Conv. value", "Cost", 1),
        },
        "google_ads_inr": {
            "interaction_rate": ("campaign", "Interactions", "Impr.", 100),
            "conversion_rate_ads": ("claiming_campaign", "Conversions", "Interactions", 100),
        },
    }
    for name, metrics in formulas.items():
        known = expected["google_ads_gbp_utf8" if name == "google_ads_gbp" else name]
        for metric_id, (dimension, above, below, factor) in metrics.items():
            start = "2026-01-01" if name == "google_ads_gbp" else "2025-01-01"
            prefix = "" if dimension == "campaign" else "google_ads: "
            assert members(snapshot(name), metric_id, dimension, "year", start) == {
                f"{prefix}{row['Campaign']}": ratio(factor * row[above] / row[below]) for row in known["campaigns"]
            }, metric_id


def test_facebook_ads(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    connection, known = snapshot("ads"), expected["kag_facebook"]
    total = known["total"]
    columns = ("ad_impressions", "ad_clicks", "ad_cost")
    impressions, clicks, cost = sums(connection, "measures.ads", *columns, where="year(day) = 2023")
    assert (impressions, clicks) == (total["impressions"], total["clicks"])
    assert float(cost) == money(total["spend"])
    for metric_id, key in (("ctr_ads", "ctr_pct"), ("cpc", "cpc"), ("cpm", "cpm")):
        weeks = {start: value for start, value in metric(connection, metric_id).items() if start >= "2023-07-31"}
        assert weeks == {week["week"]: ratio(week[key]) for week in known["by_iso_week"]}
        assert metric(connection, metric_id, "year")["2023-01-01"] == ratio(total[key])
        campaigns = {str(row["xyz_campaign_id"]): ratio(row[key]) for row in known["by_campaign"]}
        assert members(connection, metric_id, "campaign", "year", "2023-01-01") == campaigns
    costs = {f"meta_ads: {row['xyz_campaign_id']}": ratio(row["cpa_approved"]) for row in known["by_campaign"]}
    assert members(connection, "cpa_platform", "claiming_campaign", "year", "2023-01-01") == costs
    assert members(connection, "cpa_platform", "claimed_by", "year", "2023-01-01") == {
        "meta_ads": ratio(total["cpa_approved"])
    }


def test_ads_of_five_platforms(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    connection, known = snapshot("ads"), expected["fivetran_ads"]
    # Where all rows of a file lie in one year, its total is the year's value.
    years = {
        "google_ads(cost_micros)": ("google_ads", "2021-01-01"),
        "facebook_ads": ("meta_ads", "2020-01-01"),
        "tiktok(hourly)": ("tiktok_ads", "2021-01-01"),
    }
    for name, (platform, year) in years.items():
        for metric_id, key in (("ctr_ads", "ctr_pct"), ("cpc", "cpc")):
            found = members(connection, metric_id, "platform", "year", year)
            assert found[platform] == ratio(known[name]["total"][key]), name
    weekly = {
        "google_ads(cost_micros)": "google_ads",
        "microsoft_ads": "microsoft_ads",
        "linkedin(cost_in_usd)": "linkedin_ads",
    }
    for name, platform in weekly.items():
        for week in known[name]["by_week"]:
            found = members(connection, "cpm", "platform", "week", week["week"])
            assert found[platform] == ratio(1000 * week["spend"] / week["impressions"]), week
            found = members(connection, "ctr_ads", "platform", "week", week["week"])
            assert found[platform] == ratio(100 * week["clicks"] / week["impressions"]), week


def test_ga4_exploration(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    connection, known = snapshot("ga4"), expected["ga4_channel_by_hour"]
    sessions, engaged = sums(connection, "measures.sessions", "sessions", "engaged_sessions")
    assert (sessions, engaged) == (known["total"]["sessions"], known["total"]["engaged"])
    weeks = known["by_iso_week"]
    assert metric(connection, "sessions") == {week: values["sessions"] for week, values in weeks.items()}
    rates = {week: ratio(100 * values["engagement_rate"]) for week, values in weeks.items()}
    assert metric(connection, "engagement_rate") == rates
    channels = connection.execute(
        "select channel, sum(sessions), 100 * sum(engaged_sessions) / sum(sessions) from measures.sessions group by 1"
    ).fetchall()
    assert {row[0]: (row[1], row[2]) for row in channels} == {
        name: (values["sessions"], ratio(100 * values["engagement_rate"]))
        for name, values in known["by_channel"].items()
    }
    # All of it lies in one quarter: 90,132 of 162,895.
    assert metric(connection, "engagement_rate", "quarter")["2024-04-01"] == ratio(55.331348)
    # An exploration says nothing about carts: no value, and the reason.
    assert set(metric(connection, "conversion_rate_session").values()) <= {None}


def test_clickstream(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    connection, known = snapshot("clickstream"), expected["clickstream_2024Q1"]
    assert sums(connection, "measures.sessions", "sessions") == (known["total"]["sessions"],)
    assert sums(
        connection, "measures.funnel", "sessions_with_cart", "sessions_with_checkout", "sessions_with_purchase"
    ) == (known["total"]["add_to_cart"], known["total"]["shipping_details"], known["total"]["purchases"])
    keys = {
        "sessions": "sessions",
        "conversion_rate_session": "conversion_pct",
        "cart_abandonment_session_unordered": "cart_abandonment_pct",
        "checkout_abandonment": "checkout_abandonment_pct",
    }
    for metric_id, key in keys.items():
        weeks = {week["week"]: None if week[key] is None else ratio(week[key]) for week in known["by_iso_week"]}
        assert {start: value for start, value in metric(connection, metric_id).items() if start in weeks} == weeks, (
            metric_id
        )
        # All of it lies in one quarter: 11.309524 % bought, 55.399061 % left a cart and 30.656934 % a checkout.
        assert metric(connection, metric_id, "quarter")["2024-01-01"] == ratio(known["total"][key])
    visitors = connection.execute("select count(distinct visitor_key) from measures.visitors").fetchone()
    assert visitors == (known["users"],)
    for dimension, groups, name in (
        ("channel", known["by_channel"], "channel"),
        ("device", known["by_platform"], "platform"),
    ):
        rows = connection.execute(
            f"select {dimension}, 100.0 * sum(sessions_with_cart_unpurchased) / sum(sessions_with_cart), "
            f"100.0 * sum(sessions_abandoning_checkout) / sum(sessions_with_checkout) from measures.funnel group by 1"
        ).fetchall()
        assert {row[0]: row[1:] for row in rows} == {
            group[name]: (ratio(group["cart_abandonment_pct"]), ratio(group["checkout_abandonment_pct"]))
            for group in groups
        }


def test_shopify(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    connection, known = snapshot("shopify"), expected["shopify_dev"]
    orders, gross, discounts = sums(connection, "measures.orders", "orders", "gross_sales", "discounts")
    assert orders == known["orders"]
    assert float(gross - discounts) == money(known["subtotal"])
    total, taxes, customers = connection.execute(
        "select sum(total), sum(taxes), count(distinct customer_key) from core.orders"
    ).fetchone() or (0, 0, 0)
    assert (float(total), float(taxes)) == (money(known["total"]), money(known["taxes"]))
    # One order without an e-mail is a guest of its own.
    assert customers == known["customers"] + known["orders_without_email"]
    assert float(total) / orders == ratio(known["aov"])
    units, revenue = sums(connection, "core.order_lines", "quantity", "line_total")
    assert (units, float(revenue)) == (known["units"], money(known["line_revenue"]))


def test_olist(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    connection, known = snapshot("olist"), expected["olist_4k"]
    count, payments = connection.execute("select count(*), sum(gross_items) from core.orders").fetchone() or (0, 0)
    assert (count, float(payments)) == (known["totals"]["orders"], money(known["totals"]["payments"]))
    assert float(payments) / count == ratio(known["aov_payments"])
    valid = known["excluding_canceled_unavailable"]
    orders, gross = sums(connection, "measures.orders", "orders", "gross_sales")
    assert (orders, float(gross)) == (valid["orders"], money(valid["payments"]))
    assert float(gross) / orders == ratio(valid["aov"])
    for grain, groups, key in (("week", known["weekly_iso_monday"], "week"), ("month", known["monthly"], "month")):
        rows = connection.execute(
            f"select left(cast({grain}_start as varchar), {len(groups[0][key])}), count(*), sum(gross_items) "
            "from core.orders join core.calendar using (day) group by 1"
        ).fetchall()
        assert {row[0]: (row[1], float(row[2])) for row in rows} == {
            group[key]: (group["orders"], money(group["payments"])) for group in groups
        }


def test_uci(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    connection, known = snapshot("uci"), expected["uci_retail_dec09_feb10"]
    orders, gross = sums(connection, "measures.orders", "orders", "gross_sales")
    assert (orders, float(gross)) == (known["paid_sales_invoices"], money(known["paid_sales_revenue"]))
    assert float(gross) / orders == ratio(known["aov_paid_sales"])
    (cancelled,) = sums(connection, "core.refunds", "amount")
    assert float(-cancelled) == money(known["cancel_value"])
    weeks = {week["week"]: week for week in known["weekly"]}
    sales = metric(connection, "gross_sales")
    assert {start: sales[start] for start in weeks} == {
        start: money(week["sales_revenue"]) for start, week in weeks.items()
    }
    rows = connection.execute(
        "select cast(week_start as varchar), count(*), -sum(amount) "
        "from core.refunds join core.calendar using (day) group by 1"
    ).fetchall()
    assert {row[0]: (row[1], float(row[2])) for row in rows} == {
        start: (week["cancel_invoices"], money(week["cancel_value"]))
        for start, week in weeks.items()
        if week["cancel_invoices"]
    }
    people = known["repeat_customers_paid_sales"]
    found = connection.execute(
        "select count(*), count(*) filter (where orders > 1) from (select customer_key, count(*) as orders "
        "from core.orders where is_valid and not starts_with(customer_key, 'guest:') group by 1)"
    ).fetchone()
    assert found == (people["customers"], people["repeat_customers"])


def test_order_value_and_repeat_purchases_of_uci(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    connection, known = snapshot("uci"), expected["uci_retail_dec09_feb10"]
    query = "from kpi.values where metric_id = ? and grain = ? and dimension = 'total'"
    sales, orders = connection.execute(f"select sum(numerator), sum(denominator) {query}", ["aov", "month"]).fetchone()
    assert (float(sales), orders) == (money(known["paid_sales_revenue"]), known["paid_sales_invoices"])
    assert float(sales) / float(orders) == ratio(known["aov_paid_sales"])
    # The whole file lies within the 52 weeks up to its last one.
    people = known["repeat_customers_paid_sales"]
    last_week = f"select numerator, denominator, value {query} and period_start = date '2010-02-22'"
    found = connection.execute(last_week, ["repeat_purchase_rate", "week"]).fetchone()
    assert found == (people["repeat_customers"], people["customers"], ratio(people["pct"]))


def test_bestsellers_of_uci(snapshot: Snapshot, shared_data: Path) -> None:
    # The file's last week is the first one with twelve whole weeks before it.
    path = shared_data / CASES["uci"].sources["uci_2009_12"]
    invoices: defaultdict[str, list[tuple[str, date, Decimal]]] = defaultdict(list)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            amount = int(row["Quantity"]) * Decimal(row["Price"])
            day = datetime.strptime(row["InvoiceDate"], "%d/%m/%Y %H:%M").date()
            invoices[row["Invoice"]].append((row["StockCode"], day, amount))
    before: Counter[str] = Counter()
    week: Counter[str] = Counter()
    for invoice, lines in invoices.items():
        if not invoice.startswith("C") and sum(amount for _, _, amount in lines) > 0:
            for product, day, amount in lines:
                (week if day >= date(2010, 2, 22) else before)[product] += amount
    products = sorted(before, key=lambda product: (-before[product], product))[:10]
    share = 100 * sum(week[product] for product in products) / sum(week.values())
    values = metric(snapshot("uci"), "bestseller_share")
    assert values["2010-02-22"] == ratio(float(share))
    assert {value for start, value in values.items() if start != "2010-02-22"} == {None}


@pytest.mark.parametrize(
    ("name", "weeks", "key"),
    [
        ("fa_olist", "weekly_iso_monday", "week"),
        ("fa_olist_saturday", "weekly_saturday_start", "sat_week"),
    ],
)
def test_persian_orders_in_toman(name: str, weeks: str, key: str, snapshot: Snapshot, expected: dict[str, Any]) -> None:
    connection, known = snapshot(name), expected["fa_olist_4k"]
    count, rial = connection.execute("select count(*), sum(gross_items) from core.orders").fetchone() or (0, 0)
    assert (count, rial) == (known["total"]["orders"], 10 * known["total"]["toman"])
    rows = connection.execute(
        "select cast(week_start as varchar), count(*), sum(gross_items) "
        "from core.orders join core.calendar using (day) group by 1"
    ).fetchall()
    assert {row[0]: row[1:] for row in rows} == {
        week[key]: (week["orders"], 10 * week["toman"]) for week in known[weeks]
    }


def test_five_spellings_of_jalali_dates(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    known = expected["jalali_orders_5_lines"]
    rows = snapshot("jalali").execute("select day, gross_items from core.orders").fetchall()
    assert sorted(row[0].isoformat() for row in rows) == sorted(known["gregorian"])
    assert sum(row[1] for row in rows) == known["sum_rial"]


def test_prices_with_dots_as_thousands(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    known = expected["digikala_products"]
    row = (
        snapshot("digikala")
        .execute("select count(*), sum(unit_cost), min(unit_cost), max(unit_cost) from core.products")
        .fetchone()
    )
    assert row == (known["rows"], known["sum_rial"], 10 * known["min"], 10 * known["max"])


def test_uci_revenue_is_net_of_cancellations(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    known = expected["uci_retail_dec09_feb10"]
    found = metric(snapshot("uci"), "revenue")
    weeks = {week["week"]: money(week["net_all_rows"]) for week in known["weekly"]}
    assert {start: found[start] for start in weeks} == weeks


def test_facebook_ads_by_age_and_gender(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    """The mapping keeps age as the ad group's name and gender as the campaign's type."""
    known = expected["kag_facebook"]
    for column, groups, key in (
        ("ad_group_name", known["by_age"], "age"),
        ("campaign_type", known["by_gender"], "gender"),
    ):
        rows = snapshot("ads").execute(
            f"select {column}, sum(impressions), sum(clicks), sum(cost), sum(conversions), "
            "sum(cost) / sum(conversions) from core.ad_performance where source = 'kag_facebook' group by 1"
        )
        assert {row[0]: (row[1], row[2], float(row[3]), float(row[4]), row[5]) for row in rows.fetchall()} == {
            group[key]: (
                group["impressions"],
                group["clicks"],
                money(group["spend"]),
                group["approved_conversions"],
                # Spend is kept with four decimals, so the quotient agrees to the spend's own tolerance.
                pytest.approx(group["cpa_approved"], rel=1e-6),
            )
            for group in groups
        }


def test_olist_by_status_and_means_of_payment(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    connection, known = snapshot("olist"), expected["olist_4k"]
    states = connection.execute("select sales_channel, count(*) from core.orders group by 1").fetchall()
    assert dict(states) == known["status"]
    means = connection.execute("select product_name, count(*), sum(line_total) from core.order_lines group by 1")
    assert {row[0]: (row[1], float(row[2])) for row in means.fetchall()} == {
        group["payment_type"]: (group["n"], money(group["value"])) for group in known["payment_type"]
    }


def test_olist_items(snapshot: Snapshot, expected: dict[str, Any]) -> None:
    connection, known = snapshot("olist_items"), expected["olist_4k"]
    query = "select count(*), sum(line_total) from core.order_lines"
    items, revenue = connection.execute(query).fetchone() or (0, 0)
    assert (items, float(revenue)) == (known["totals"]["items"], money(known["totals"]["item_revenue"]))
    orders, delivered = connection.execute(
        "select count(*), sum(gross_items) from core.orders where sales_channel = 'delivered'"
    ).fetchone() or (0, 0)
    assert (orders, float(delivered)) == (known["delivered"]["orders"], money(known["delivered"]["item_revenue"]))
