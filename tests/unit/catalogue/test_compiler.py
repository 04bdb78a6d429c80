from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kpi_pipeline.catalogue.metrics.compiler import compile_metric, formula_problems
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.source import Source
from kpi_pipeline.errors import FormulaError
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Calculator, Warehouse, configuration, metric, week


@pytest.fixture
def calculate(warehouse: Warehouse, project: SqlProject) -> Calculator:
    warehouse.as_of(week(2))
    warehouse.cover({"ad_performance": (week(0), week(2) - timedelta(days=1))})
    return Calculator(warehouse, project)


def ads(day: date, clicks: int | None, impressions: int, **more: Any) -> dict[str, Any]:
    members = {"platform": "google_ads", "campaign": "brand", "device": "mobile", "country": "DE"}
    return members | {"day": day, "ad_clicks": clicks, "ad_impressions": impressions} | more


def test_rate_is_the_ratio_of_sums_and_not_the_mean_of_ratios(warehouse: Warehouse, calculate: Calculator) -> None:
    # The textbook case: 1000 of 100000 and 100 of 2000 are 1.0784 %; the mean of the two rates would be 3 %.
    warehouse.measures("ads", [ads(week(0), 1_000, 100_000), ads(week(0), 100, 2_000, campaign="sale")])
    rows = calculate.rows(metric("ad_clicks / ad_impressions", unit="percent"))

    assert rows[0]["value"] == pytest.approx(1.0784, abs=5e-5)
    assert (rows[0]["numerator"], rows[0]["denominator"]) == (1_100, 102_000)
    assert (rows[0]["period_start"], rows[0]["period_end"]) == (week(0), week(1) - timedelta(days=1))
    assert (rows[0]["dimension"], rows[0]["member"], rows[0]["currency"]) == ("total", "total", None)


def test_zero_denominator_is_no_value_and_a_zero_numerator_is_zero(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("ads", [ads(week(0), 5, 0), ads(week(1), 0, 100)])
    rate = metric("ad_clicks / ad_impressions", unit="percent")

    assert calculate.values(rate) == [(None, "zero_denominator", "final"), (0.0, None, "final")]
    assert [row["numerator"] for row in calculate.rows(rate)] == [5, 0]


def test_covered_week_without_rows_is_zero_and_uncovered_week_is_missing(
    warehouse: Warehouse, calculate: Calculator
) -> None:
    warehouse.measures("ads", [ads(week(1), 7, 100)])
    clicks = metric("ad_clicks", unit="count")

    assert calculate.values(clicks) == [(0.0, None, "final"), (7.0, None, "final")]
    warehouse.cover({"ad_performance": (week(0), week(0))} | {"orders": (week(0), week(1))})
    assert calculate.values(clicks) == [(0.0, None, "partial"), (None, "source_missing", "partial")]


def test_unknown_row_poisons_its_week_and_no_other(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures(
        "ads",
        [
            ads(week(0), 1, 10, ad_cost=Decimal(5)),
            ads(week(0), 1, 10, ad_cost=None),
            ads(week(1), 1, 10, ad_cost=Decimal(5)),
        ],
    )
    cpc = metric("ad_cost / ad_clicks", unit="currency")

    assert calculate.values(cpc) == [(None, "missing_rate", "final"), (5.0, None, "final")]
    assert [row["currency"] for row in calculate.rows(cpc)] == ["EUR", "EUR"]


def test_value_below_the_minimal_denominator_is_withheld(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("ads", [ads(week(0), 5, 99), ads(week(1), 5, 100), ads(week(1), 0, 0, device="")])
    rate = metric("ad_clicks / ad_impressions", unit="percent", min_denominator=100)

    assert calculate.values(rate) == [(None, "below_min_denominator", "final"), (5.0, None, "final")]
    assert calculate.rows(rate)[0]["denominator"] == 99
    by_device = {row["member"]: row["null_reason"] for row in calculate.rows(rate, dimension="device", since=week(1))}
    assert by_device == {"mobile": None, "": "zero_denominator"}


def test_constant_factor_stays_with_the_numerator(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("ads", [ads(week(0), 0, 4_000, ad_cost=Decimal("10.50"))])
    row = calculate.rows(metric("1000 * ad_cost / ad_impressions", unit="currency"))[0]

    assert (row["value"], row["numerator"], row["denominator"]) == (2.625, 10_500, 4_000)


def test_money_is_added_up_exactly(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("ads", [ads(week(0), 0, 0, ad_cost=Decimal("0.1")) for _ in range(30)])

    assert calculate.rows(metric("ad_cost", unit="currency"))[0]["numerator"] == 3


def test_members_of_one_dimension_add_up_to_the_total(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures(
        "ads", [ads(week(0), 3, 10), ads(week(0), 4, 10, device="desktop"), ads(week(0), 5, 10, device=None)]
    )
    rate = metric("ad_clicks / ad_impressions", unit="percent")
    split = calculate.rows(rate, dimension="device", until=week(0))
    total = calculate.rows(rate, until=week(0))

    assert [(row["dimension"], row["member"], row["numerator"]) for row in split] == [
        ("device", "", 5),
        ("device", "desktop", 4),
        ("device", "mobile", 3),
    ]
    assert sum(row["numerator"] for row in split) == total[0]["numerator"]
    assert sum(row["denominator"] for row in split) == total[0]["denominator"]


def test_measures_of_several_tables_stand_in_one_formula(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("funnel", [{"day": week(0), "channel": "Email", "sessions_with_purchase": 3}])
    warehouse.measures(
        "sessions",
        [{"day": week(0), "channel": "Email", "sessions": 60}, {"day": week(0), "channel": "Direct", "sessions": 40}],
    )
    covered = (week(0), week(2) - timedelta(days=1))
    warehouse.cover({"web_sessions_daily": covered, "web_events": covered})
    rate = metric("sessions_with_purchase / sessions", unit="percent")

    assert calculate.values(rate, until=week(0)) == [(3.0, None, "final")]
    by_channel = {row["member"]: row["value"] for row in calculate.rows(rate, dimension="channel", until=week(0))}
    assert by_channel == {"Email": 5.0, "Direct": 0.0}


def test_one_of_several_subjects_is_enough_where_the_table_says_or(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("sessions", [{"day": week(0), "channel": "Email", "sessions": 60}])
    warehouse.cover({"web_events": (week(0), week(1) - timedelta(days=1)), "web_sessions_daily": (week(1), week(1))})

    assert calculate.values(metric("sessions", unit="count")) == [(60.0, None, "final"), (0.0, None, "partial")]


def test_all_subjects_are_needed_where_the_table_says_and(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("acquisition", [{"day": week(0), "acquisition_cost": Decimal(60)}])
    warehouse.cover({"ad_performance": (week(0), week(2)), "ledger_entries": (week(1), week(1))})

    # The ledger begins in week 1, and speaks for one day of it.
    assert calculate.values(metric("acquisition_cost", unit="currency")) == [(0.0, None, "partial")]


def test_trailing_weeks_are_one_ratio_of_sums(warehouse: Warehouse, calculate: Calculator) -> None:
    # The textbook case: 10000 for 100 and 10000 for 400 customers cost 40.00 each; the mean of the weeks is 62.50.
    covered = (week(0), week(2) - timedelta(days=1))
    warehouse.cover({"ad_performance": covered, "ledger_entries": covered, "orders": covered})
    warehouse.measures("acquisition", [{"day": week(n), "acquisition_cost": Decimal(10_000)} for n in (0, 1)])
    warehouse.measures("orders", [{"day": week(n), "new_customers": count} for n, count in ((0, 100), (1, 400))])
    cac = metric("acquisition_cost / new_customers", unit="currency", trailing_weeks=2)

    # In week 0 half of the window lies before the data.
    assert calculate.values(cac) == [(100.0, None, "partial"), (40.0, None, "final")]
    assert calculate.values(cac, grain="day", since=week(1))[0] == (25.0, None, "final")


def test_lagged_cost_comes_from_the_weeks_before(warehouse: Warehouse, calculate: Calculator) -> None:
    covered = (week(0), week(2) - timedelta(days=1))
    warehouse.cover({"ad_performance": covered, "orders": covered})
    warehouse.measures("ads", [ads(week(0), 0, 0, ad_cost=Decimal(300)), ads(week(1), 0, 0, ad_cost=Decimal(500))])
    warehouse.measures("orders", [{"day": week(n), "new_customers_paid": 10} for n in (0, 1)])
    cac = metric("ad_cost / new_customers_paid", unit="currency", cost_lag_weeks=1, lagged=("ad_cost",))

    # The metric begins when its costs do, one week after the data.
    assert calculate.values(cac) == [(30.0, None, "final")]


def test_shifted_weeks_show_the_earlier_period(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("ads", [ads(week(0), 8, 10), ads(week(1), 9, 10)])

    rows = calculate.rows(metric("ad_clicks", unit="count", shift_weeks=1))
    assert [(row["period_start"], row["value"]) for row in rows] == [(week(1), 8.0)]


def buyer(day: date, customer: str, is_returning: bool = False) -> dict[str, Any]:
    return {"day": day, "channel": "Direct", "country": "DE", "customer_key": customer, "is_returning": is_returning}


def test_distinct_customers_are_counted_again_at_every_grain(warehouse: Warehouse, calculate: Calculator) -> None:
    # The textbook case: {1, 2}, {1} and {3} are four customers by day and three in the week.
    first, second, third = (week(0) + timedelta(days=number) for number in range(3))
    warehouse.cover({"orders": (week(0), third)})
    warehouse.as_of(third + timedelta(days=1))
    warehouse.measures("buyers", [buyer(first, "1"), buyer(first, "2"), buyer(second, "1", True), buyer(third, "3")])
    buyers = metric("buying_customers", unit="count")

    assert [value for value, _, _ in calculate.values(buyers, grain="day")] == [2.0, 1.0, 1.0]
    assert calculate.values(buyers) == [(3.0, None, "partial")]
    assert calculate.values(metric("returning_customers", unit="count"))[0][0] == 1.0


def cohort_rows(gained: list[int]) -> list[dict[str, Any]]:
    return [
        {
            "day": week(0),
            "channel": "Direct",
            "country": "DE",
            "age_days": 30 * month,
            "cohort_gross_margin": Decimal(m),
        }
        for month, m in enumerate(gained)
    ]


@pytest.fixture
def cohorts(warehouse: Warehouse, calculate: Calculator) -> Calculator:
    covered = (week(0), week(40))
    warehouse.cover({"ad_performance": covered, "ledger_entries": covered, "orders": covered})
    warehouse.as_of(week(40))
    return calculate


def test_lifetime_value_counts_what_a_cohort_brought_before_an_age(warehouse: Warehouse, cohorts: Calculator) -> None:
    # The textbook case: 500 customers who bring 12000, 4000, 3000 and 2500 are worth 24, 32, 38 and 43.
    warehouse.measures("cohorts", cohort_rows([12_000, 4_000, 3_000, 2_500]))
    warehouse.measures("orders", [{"day": week(0), "channel": "Direct", "country": "DE", "new_customers": 500}])
    values = [
        cohorts.values(metric("cohort_gross_margin / new_customers", unit="currency", cohort_age_days=age))[0][0]
        for age in (30, 60, 90, 120)
    ]

    assert values == [24.0, 32.0, 38.0, 43.0]


def test_cohort_counts_once_its_last_customer_has_the_age(warehouse: Warehouse, cohorts: Calculator) -> None:
    warehouse.measures("cohorts", cohort_rows([12_000]))
    warehouse.measures("orders", [{"day": week(0), "channel": "Direct", "country": "DE", "new_customers": 500}])
    value = metric("cohort_gross_margin / new_customers", unit="currency", cohort_age_days=30)
    last_day = week(1) - timedelta(days=1)

    warehouse.as_of(last_day + timedelta(days=29))
    assert cohorts.values(value)[0] == (None, "immature_cohort", "partial")
    assert cohorts.rows(value)[0]["numerator"] is None
    warehouse.as_of(last_day + timedelta(days=30))
    assert cohorts.values(value)[0] == (24.0, None, "final")


def test_cohort_is_not_final_while_days_of_its_life_are_missing(warehouse: Warehouse, cohorts: Calculator) -> None:
    warehouse.measures("cohorts", cohort_rows([12_000]))
    warehouse.measures("orders", [{"day": week(0), "new_customers": 500}])
    value = metric("cohort_gross_margin / new_customers", unit="currency", cohort_age_days=30)

    warehouse.cover({"orders": (week(0), week(3))})
    assert cohorts.values(value)[0] == (24.0, None, "partial")
    warehouse.cover({"orders": (week(0), week(40))}, provisional_from=week(3))
    assert cohorts.values(value)[0] == (24.0, None, "provisional")


def payback(**options: Any) -> Metric:
    return metric("first_age(cohort_gross_margin >= acquisition_cost)", unit="months", **options)


def test_payback_is_the_month_in_which_the_margin_covers_the_cost(warehouse: Warehouse, cohorts: Calculator) -> None:
    # The textbook case: margins add up to 24 32 38 43 48 52 56, a cost of 50 is covered in the sixth month.
    warehouse.measures("cohorts", cohort_rows([24, 8, 6, 5, 5, 4, 4]))
    warehouse.measures("acquisition", [{"day": week(0), "acquisition_cost": Decimal(50)}])

    assert cohorts.values(payback(cohort_age_days=210))[0] == (6.0, None, "final")
    assert cohorts.values(payback(cohort_age_days=150))[0] == (None, "not_reached", "final")
    # Week 1 had neither customers nor costs: nothing was ever gained.
    assert cohorts.values(payback(cohort_age_days=150))[1] == (None, "not_reached", "final")
    assert cohorts.values(payback(cohort_age_days=210), until=week(0))[0] == (6.0, None, "final")


def test_payback_of_an_unknown_margin_or_a_young_cohort_is_unknown(warehouse: Warehouse, cohorts: Calculator) -> None:
    warehouse.measures(
        "cohorts", [*cohort_rows([60]), *[row | {"cohort_gross_margin": None} for row in cohort_rows([0])]]
    )
    warehouse.measures("acquisition", [{"day": week(0), "acquisition_cost": Decimal(50)}])

    assert cohorts.values(payback(cohort_age_days=30))[0] == (None, "missing_rate", "final")
    assert cohorts.values(payback(cohort_age_days=300))[0] == (None, "immature_cohort", "partial")


def test_last_figures_are_those_of_the_last_day_that_has_any(
    warehouse: Warehouse, tmp_path: Any, calculate: Calculator
) -> None:
    folder = tmp_path / "sql" / "measures"
    folder.mkdir(parents=True)
    (folder / "social.sql").write_text(
        "-- One row per day and account.\n-- grain: day, account\n-- covered by: ad_performance\n"
        "-- last followers: follower_count\n"
        "select\n    ads.day, -- day\n    ads.account_id as account, -- account\n"
        "    ads.clicks as follower_count -- count\n"
        "from raw.ad_performance as ads\n",
        encoding="utf-8",
    )
    from kpi_pipeline.warehouse.sql_project import load_sql_project

    social = load_sql_project(tmp_path / "sql", ("raw.ad_performance",))
    days = [week(0), week(0) + timedelta(days=3), week(1)]
    warehouse.measures(
        "social",
        [
            {"day": days[0], "account": "a", "follower_count": 100},
            {"day": days[0], "account": "b", "follower_count": 10},
            {"day": days[1], "account": "a", "follower_count": 110},
            {"day": days[1], "account": "b", "follower_count": 12},
            {"day": days[2], "account": "a", "follower_count": None},
        ],
    )
    followers = Calculator(warehouse, social)

    assert followers.values(metric("followers", unit="count"), until=week(0)) == [(122.0, None, "final")]
    split = followers.rows(metric("followers", unit="count"), dimension="account", until=week(0))
    assert {row["member"]: row["value"] for row in split} == {"a": 110.0, "b": 12.0}


def test_filter_keeps_the_rows_that_it_describes(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures(
        "ads", [ads(week(0), 3, 10), ads(week(0), 4, 10, device="desktop"), ads(week(0), 9, 10, device="")]
    )
    only = metric("ad_clicks", unit="count", filter="device = 'mobile' or device in ('desktop')")

    assert calculate.values(only, until=week(0)) == [(7.0, None, "final")]


def test_status_tells_whether_a_value_can_still_change(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("ads", [ads(week(n), 1, 10) for n in range(4)])
    # The source begins on a Wednesday; from week 2 on it may still restate; week 3 is not over.
    warehouse.cover({"ad_performance": (week(0) + timedelta(days=2), week(4))}, provisional_from=week(2))
    warehouse.as_of(week(3) + timedelta(days=3))

    statuses = [status for _, _, status in calculate.values(metric("ad_clicks", unit="count"))]
    assert statuses == ["final", "final", "provisional", "partial"]


def test_days_from_the_run_on_do_not_count_yet(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("ads", [ads(week(0), 1, 10), ads(week(0) + timedelta(days=1), 2, 10)])
    warehouse.as_of(week(0) + timedelta(days=1))

    assert calculate.values(metric("ad_clicks", unit="count")) == [(1.0, None, "partial")]


def test_weeks_months_quarters_and_years_are_those_of_the_company(warehouse: Warehouse, calculate: Calculator) -> None:
    # Nowruz 1405 is 21 March 2026, a Saturday: the first day of a week, a month, a quarter and a year at once.
    nowruz = date(2026, 3, 21)
    warehouse.calendar("saturday", "jalali")
    warehouse.cover({"ad_performance": (date(2026, 3, 1), date(2026, 4, 30))})
    warehouse.as_of(date(2026, 5, 1))
    warehouse.measures("ads", [ads(nowruz - timedelta(days=1), 5, 10), ads(nowruz, 7, 10)])
    clicks = metric("ad_clicks", unit="count")

    for grain, end in (
        ("week", date(2026, 3, 27)),
        ("month", date(2026, 4, 20)),
        ("quarter", date(2026, 6, 21)),
        ("year", date(2027, 3, 20)),
    ):
        rows = {row["period_start"]: row for row in calculate.rows(clicks, grain=grain)}
        assert (rows[nowruz]["value"], rows[nowruz]["period_end"]) == (7.0, end)


def test_since_and_until_choose_whole_periods(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("ads", [ads(week(0), 3, 10), ads(week(1), 4, 10)])
    middle = week(1) + timedelta(days=3)

    assert [row["value"] for row in calculate.rows(metric("ad_clicks", unit="count"), since=middle)] == [4.0]
    assert [row["value"] for row in calculate.rows(metric("ad_clicks", unit="count"), until=week(0))] == [3.0]


def test_optional_measure_is_zero_only_while_no_source_delivers_it(
    warehouse: Warehouse, calculate: Calculator, project: SqlProject, sources: dict[str, Source]
) -> None:
    warehouse.measures("orders", [{"day": week(0), "gross_sales": Decimal(100), "discounts": Decimal(10)}])
    warehouse.measures("returns", [{"day": week(9), "country": "DE", "returns": Decimal(1)}])
    warehouse.cover({"orders": (week(0), week(1) - timedelta(days=1))})
    warehouse.as_of(week(1))
    revenue = metric("gross_sales - discounts - returns", unit="currency", optional=("returns",))

    assert calculate.values(revenue) == [(90.0, None, "final")]
    assert calculate.rows(revenue)[0]["numerator"] == 90
    without_refunds = Calculator(warehouse, project, {"shopify_orders": sources["shopify_orders"]})
    assert without_refunds.values(revenue) == [(90.0, None, "final")]
    with_refunds = Calculator(warehouse, project, {"shop_refunds": sources["shop_refunds"]})
    assert with_refunds.values(revenue) == [(None, "source_missing", "partial")]


def test_nested_divisions_have_no_value_where_one_divides_by_zero(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("ads", [ads(week(0), 5, 10, ad_interactions=4), ads(week(1), 5, 10, ad_interactions=0)])
    growth = metric("ad_clicks / ad_interactions - 1", unit="percent")

    assert calculate.values(growth) == [(25.0, None, "final"), (None, "zero_denominator", "final")]
    assert [(row["numerator"], row["denominator"]) for row in calculate.rows(growth)] == [(25, None), (None, None)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"formula": "ad_click"}, 'names "ad_click", which is no measure; did you mean "ad_clicks"'),
        ({"formula": "max(ad_clicks)"}, "cannot stand in the formula"),
        ({"formula": "ad_clicks", "optional": ("returns",)}, '"returns" under optional does not stand in the formula'),
        ({"formula": "returns", "optional": ("returns",)}, "all its measures are optional"),
        ({"formula": "ad_cost", "lagged": ("ad_clicks",), "cost_lag_weeks": 1}, '"ad_clicks" under lagged'),
        ({"formula": "ad_cost", "cost_lag_weeks": 1}, "cost_lag_weeks and lagged need each other"),
        ({"formula": "cohort_gross_margin"}, "grows with the cohort's age"),
        ({"formula": "orders", "cohort_age_days": 9}, "no measure of the formula has an age"),
        ({"formula": "first_age(orders >= ad_cost)", "unit": "months"}, "needs a measure with an age"),
        (
            {"formula": "first_age(cohort_gross_margin >= ad_cost)", "cohort_age_days": 9, "unit": "count"},
            "first_age and the unit months belong together",
        ),
        ({"formula": "orders", "min_denominator": 5}, "is no division"),
        ({"formula": "ad_clicks", "dimensions": ("channel",)}, '"channel" is not common to all tables'),
        ({"formula": "acquisition_cost", "has_total": False}, "no value at all"),
        ({"formula": "ad_clicks", "filter": "devise = 'x'"}, 'names "devise", .*; did you mean "device"'),
        ({"formula": "ad_clicks", "filter": "ads.device = 'x'"}, 'names "ads.device"'),
        ({"formula": "ad_clicks", "filter": "device ="}, "cannot be read"),
        ({"formula": "ad_clicks", "filter": "device in (select 'x')"}, "cannot be read"),
        ({"formula": "sessions / ad_clicks", "filter": "campaign = 'x'"}, "no dimension common to all its tables"),
    ],
)
def test_contradictory_metric_is_refused(project: SqlProject, options: dict[str, Any], message: str) -> None:
    wrong = configuration({"asked": metric(**options)})

    with pytest.raises(FormulaError, match=message):
        compile_metric("asked", wrong, project, "week")
    assert len(formula_problems(wrong, project)) == 1


def test_split_that_is_not_possible_is_refused(project: SqlProject) -> None:
    config = configuration({"ctr": metric("ad_clicks / ad_impressions"), "cac": metric("ad_cost / new_customers")})

    with pytest.raises(FormulaError, match='cannot be split by "devise"; did you mean "device"'):
        compile_metric("ctr", config, project, "week", "devise")
    with pytest.raises(FormulaError, match='cannot be split by "platform"; possible are: country'):
        compile_metric("cac", config, project, "week", "platform")
    with pytest.raises(FormulaError, match='there is no metric "crt"; did you mean "ctr"'):
        compile_metric("crt", config, project, "week")


def test_claims_of_several_platforms_have_no_total(project: SqlProject) -> None:
    roas = metric("ad_conversion_value / claimant_cost", has_total=False)
    config = configuration({"roas": roas})

    with pytest.raises(FormulaError, match=r"it has no total.*claimed_by, claiming_campaign"):
        compile_metric("roas", config, project, "week")
    assert "measures.ad_claims" in compile_metric("roas", config, project, "week", "claimed_by").sql


def test_every_shipped_metric_compiles_and_can_be_transpiled(project: SqlProject, library: dict[str, Metric]) -> None:
    import sqlglot

    config = configuration(library)
    assert formula_problems(config, project) == []
    for name, one in library.items():
        dimension = None if one.has_total else (one.dimensions or ())[0]
        grain = one.grains[0] if one.grains else "month"
        statement = compile_metric(name, config, project, grain, dimension).sql
        assert sqlglot.transpile(statement, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
