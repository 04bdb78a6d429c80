from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.unit.demo.exported_files import ExportedFiles
from tests.unit.demo.recount import Recount

# metric: (numerator, denominator, factor of the value)
RATIOS = {
    "ctr_ads": ("ad_clicks", "ad_impressions", 100),
    "cpc": ("ad_cost", "ad_clicks", 1),
    "roas": ("ad_conversion_value", "claimant_cost", 1),
    "engagement_rate": ("engaged_sessions", "sessions", 100),
    "conversion_rate_session": ("sessions_with_purchase", "sessions", 100),
    "cart_abandonment_session": ("sessions_abandoning_cart", "sessions_with_cart", 100),
    "checkout_abandonment": ("sessions_abandoning_checkout", "sessions_with_checkout", 100),
    "refund_rate": ("orders_refunded", "orders", 100),
}
PLAIN = {
    "ad_cost": "ad_cost",
    "impressions": "ad_impressions",
    "sessions": "sessions",
    "orders_valid": "orders",
    "gross_sales": "gross_sales",
    "new_customers": "new_customers",
    "returning_customers": "returning_customers",
    "buying_customers": "buying_customers",
}


@pytest.fixture(scope="module")
def recount(exported):
    return Recount(exported)


@pytest.fixture(scope="module")
def long_exported(long_demo):
    return ExportedFiles(long_demo.directory)


@pytest.fixture(scope="module")
def long_recount(long_exported):
    return Recount(long_exported)


def values(exported: ExportedFiles, metric: str, dimension: str | None = None) -> list[dict]:
    found = [
        value
        for value in exported.truth["values"]
        if value["metric_id"] == metric and dimension in (None, value["dimension"])
    ]
    assert found, f"truth.json has no {metric} by {dimension}"
    return found


def weeks_back(week: date, first: int, count: int) -> list[date]:
    return [week - timedelta(days=7 * (first + offset)) for offset in range(count)]


@pytest.mark.parametrize("metric", RATIOS)
def test_a_ratio_is_that_of_the_exported_rows_in_total_and_by_member(exported, recount, metric):
    part, whole, factor = RATIOS[metric]
    for value in values(exported, metric):
        key = date.fromisoformat(value["week_start"]), value["member"]
        numerator, denominator = recount.sums[part][key], recount.sums[whole][key]
        assert Decimal(value["numerator"]) == numerator
        assert Decimal(value["denominator"]) == denominator
        if denominator:
            assert abs(Decimal(value["value"]) - factor * numerator / denominator) < Decimal("1e-9")
        else:
            assert value["value"] is None


@pytest.mark.parametrize("metric", PLAIN)
def test_a_plain_metric_is_that_of_the_exported_rows_in_total_and_by_member(exported, recount, metric):
    for value in values(exported, metric):
        expected = recount.sums[PLAIN[metric]][date.fromisoformat(value["week_start"]), value["member"]]
        assert Decimal(value["value"]) == Decimal(value["numerator"]) == expected
        assert value["denominator"] is None


def test_revenue_and_order_value_are_those_of_the_exported_rows(exported, recount):
    sums = recount.sums
    for value in values(exported, "revenue"):
        key = date.fromisoformat(value["week_start"]), "total"
        assert Decimal(value["value"]) == sums["gross_sales"][key] - sums["discounts"][key] - sums["returns"][key]
    for value in values(exported, "aov", "total"):
        key = date.fromisoformat(value["week_start"]), "total"
        assert Decimal(value["numerator"]) == sums["gross_sales"][key] - sums["discounts"][key]
        assert value["denominator"] == sums["orders"][key]


def test_cost_per_thousand_keeps_its_factor_in_the_numerator(exported, recount):
    for value in values(exported, "cpm", "total"):
        key = date.fromisoformat(value["week_start"]), "total"
        assert Decimal(value["numerator"]) == 1000 * recount.sums["ad_cost"][key]
        assert value["denominator"] == recount.sums["ad_impressions"][key]


@pytest.mark.parametrize(
    ("metric", "cost", "customers"),
    [("cac_blended", "acquisition_cost", "new_customers"), ("cac_paid", "ad_cost", "new_customers_paid")],
)
def test_acquisition_cost_is_that_of_four_weeks_a_week_earlier(exported, recount, metric, cost, customers):
    found = values(exported, metric)
    assert len(found) == 2, "six weeks of history have two with five weeks behind them"
    for value in found:
        week = date.fromisoformat(value["week_start"])
        assert Decimal(value["numerator"]) == sum(
            recount.sums[cost][earlier, "total"] for earlier in weeks_back(week, 1, 4)
        )
        assert value["denominator"] == sum(
            recount.sums[customers][earlier, "total"] for earlier in weeks_back(week, 0, 4)
        )


def test_lifetime_value_is_that_of_the_cohorts_of_thirteen_weeks_ago(long_exported, long_recount):
    sums = long_recount.sums
    for metric, denominator in (("ltv_cohort_gm", "new_customers"), ("ltv_cac", "acquisition_cost")):
        found = values(long_exported, metric)
        assert len(found) == 4, "of twenty weeks, the first sixteen have no four cohorts that old"
        for value in found:
            cohorts = weeks_back(date.fromisoformat(value["week_start"]), 13, 4)
            assert Decimal(value["numerator"]) == sum(sums["cohort_gross_margin"][week, "total"] for week in cohorts)
            assert Decimal(value["denominator"]) == sum(sums[denominator][week, "total"] for week in cohorts)


def test_payback_is_the_month_in_which_the_margin_covers_the_cost(long_exported, long_recount):
    sums = long_recount.sums
    for value in values(long_exported, "cac_payback"):
        cohorts = weeks_back(date.fromisoformat(value["week_start"]), 13, 4)
        cost = sum(sums["acquisition_cost"][week, "total"] for week in cohorts)
        gained = [sum(sums["cohort_gross_margin"][week, f"age {age}"] for week in cohorts) for age in range(90)]
        reached = [age for age in range(90) if sum(gained[: age + 1]) >= cost]
        assert value["value"] == value["numerator"] == (reached[0] // 30 + 1 if reached else None)


def test_customers_come_back_within_a_week_and_are_then_counted_once(long_exported):
    orders = sum(value["value"] for value in values(long_exported, "orders_valid", "total"))
    buyers = sum(value["value"] for value in values(long_exported, "buying_customers"))
    assert 0 < buyers < orders


def test_money_is_text_with_four_decimals_and_counts_are_numbers(exported):
    for value in values(exported, "revenue") + values(exported, "ad_cost"):
        assert value["value"].split(".")[1].isdigit()
        assert len(value["value"].split(".")[1]) == 4
    assert all(isinstance(value["value"], int) for value in values(exported, "sessions"))
