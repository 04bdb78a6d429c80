"""Windows in formulas, kinds of measures besides sums, members beside wholes, earlier definitions: by hand."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.catalogue.metrics.compiler import basis_problems, compile_metric
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.config.metric import EarlierDefinition
from kpi_pipeline.errors import FormulaError
from kpi_pipeline.warehouse.seeds import SEED_TABLES
from kpi_pipeline.warehouse.sql_project import SqlProject, load_sql_project
from tests.unit.catalogue.hand_made import Calculator, Warehouse, configuration, metric, text, week

SQL = {
    "visits": """\
-- One row per day, channel and visitor.
-- grain: day, channel, visitor_key
-- covered by: web_events
-- basis: visit
-- distinct users: visitor_key
-- distinct returning_users: visitor_key where first_day < period_start
-- sum lasting_visits: visits where next_day > period_end
-- median minutes_median: minutes
-- percentile_90 minutes_p90: minutes where channel <> 'Direct'
select
    events.day, -- day of the visit
    events.channel, -- channel
    events.visitor_id as visitor_key, -- visitor
    events.day as first_day, -- first day of the visitor
    events.day as next_day, -- next day of the visitor
    1 as visits, -- visits
    1 as minutes -- minutes
from raw.web_events as events
""",
    "profiles": """\
-- One row per day and profile.
-- grain: day, profile
-- covered by: social_daily
-- basis: day
-- last followers: follower_count
select
    daily.day, -- day
    daily.profile_id as profile, -- profile
    daily.followers as follower_count -- followers at the end of the day
from raw.social_daily as daily
""",
    "claims": """\
-- One row per day and platform.
-- grain: day, platform
-- covered by: ad_performance
-- basis: ad shown
-- apart: platform
select
    ads.day, -- day
    ads.platform, -- platform
    ads.conversions as claims -- conversions that the platform claims
from raw.ad_performance as ads
""",
    "sales": """\
-- One row per day.
-- grain: day
-- covered by: orders
-- basis: order placed
select
    orders.day, -- day
    1 as sales -- orders
from raw.orders as orders
""",
}
PICKED = "platform = 'a'"
RAW = ("raw.web_events", "raw.social_daily", "raw.ad_performance", "raw.orders")


@pytest.fixture(scope="module")
def small_project(tmp_path_factory: pytest.TempPathFactory) -> SqlProject:
    folder: Path = tmp_path_factory.mktemp("sql") / "measures"
    folder.mkdir()
    for name, query in SQL.items():
        (folder / f"{name}.sql").write_text(query, encoding="utf-8")
    return load_sql_project(folder.parent, (*RAW, *SEED_TABLES))


@pytest.fixture
def calculate(warehouse: Warehouse, small_project: SqlProject) -> Calculator:
    warehouse.as_of(week(4))
    last = week(4) - timedelta(days=1)
    subjects = ("web_events", "social_daily", "ad_performance", "orders")
    warehouse.cover({subject: (week(0), last) for subject in subjects})
    return Calculator(warehouse, small_project)


def sales(*numbers: int) -> list[dict[str, Any]]:
    return [{"day": week(position), "sales": number} for position, number in enumerate(numbers)]


def visit(day: date, visitor: str, *, first: date, following: date | None = None, **more: Any) -> dict[str, Any]:
    row = {"day": day, "visitor_key": visitor, "channel": "Direct", "first_day": first, "next_day": following}
    return row | {"visits": 1, "minutes": 1} | more


def test_growth_compares_with_the_period_before(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("sales", sales(40, 50, 0, 30))
    growth = metric("(sales - previous(sales)) / previous(sales)", unit="percent")

    assert calculate.values(growth) == [
        (None, "source_missing", "partial"),
        (25.0, None, "final"),
        (-100.0, None, "final"),
        (None, "zero_denominator", "final"),
    ]
    # January holds the four weeks from the 5th on; nothing is known of December.
    assert calculate.values(growth, grain="month")[0] == (None, "source_missing", "partial")


def test_the_month_before_may_have_another_length(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.as_of(date(2026, 3, 1))
    warehouse.cover({"orders": (date(2026, 1, 1), date(2026, 2, 28))})
    january_first, january_last, february_last = date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 28)
    rows = [{"day": day, "sales": 10} for day in (january_first, january_last, february_last)]
    warehouse.measures("sales", rows)
    growth = metric("(sales - previous(sales)) / previous(sales)", unit="percent")

    assert calculate.values(growth, grain="month")[-1] == (-50.0, None, "final")
    assert calculate.values(growth, grain="day", since=february_last) == [(None, "zero_denominator", "final")]


def test_weeks_earlier_moves_the_window_by_whole_weeks(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("sales", sales(40, 50, 20, 30))
    ratio = metric("sales / weeks_earlier(sales, 2)")

    # The first week with a value is the third: nothing is known of two weeks before the others.
    assert [row["period_start"] for row in calculate.rows(ratio)] == [week(2), week(3)]
    assert calculate.values(ratio) == [(0.5, None, "final"), (0.6, None, "final")]


def test_trailing_days_end_with_the_period(warehouse: Warehouse, calculate: Calculator) -> None:
    rows = [visit(week(number), f"v{number}", first=week(number)) for number in range(4)]
    warehouse.measures("visits", [*rows, visit(week(3), "v2", first=week(2))])
    share = metric("users / trailing(users, 10)", unit="percent")

    # Ten days up to the Sunday of week 3 hold no Monday but that of week 3: v2 and v3; up to that of week 2, v2 alone.
    assert [value for value, *_ in calculate.values(share)][2:] == [100.0, 100.0]
    longer = metric("users / trailing(users, 21)", unit="percent")
    # Three weeks up to week 3: v1, v2 (twice, counted once) and v3; two of them in week 3.
    assert calculate.values(longer)[3][0] == pytest.approx(100 * 2 / 3)
    assert calculate.values(longer)[0][2] == "partial"


def test_a_predicate_may_name_the_bounds_of_the_period(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures(
        "visits",
        [
            visit(week(1), "new", first=week(1), following=week(1) + timedelta(days=3)),
            visit(week(1) + timedelta(days=3), "new", first=week(1), following=week(2)),
            visit(week(1), "old", first=week(0), following=date(9999, 12, 31)),
        ],
    )
    # In week 1 only "old" was there before the week began; in January nobody was there before January.
    assert calculate.values(metric("returning_users / users", unit="percent"))[1] == (50.0, None, "final")
    assert calculate.values(metric("returning_users", unit="count"), grain="month")[0][0] == 0
    # The last visit of each visitor in the week; by month the one of "new" is followed by another in the same month.
    assert calculate.values(metric("lasting_visits", unit="count"))[1][0] == 2
    assert calculate.values(metric("lasting_visits", unit="count"), grain="month")[0][0] == 1


def test_median_is_of_rows_and_says_of_how_many(warehouse: Warehouse, calculate: Calculator) -> None:
    minutes = {"a": (10, "Email"), "b": (None, "Email"), "c": (2, "Direct"), "d": (30, "Email"), "e": (4, "Email")}
    warehouse.measures(
        "visits",
        [visit(week(0), who, first=week(0), minutes=each, channel=by) for who, (each, by) in minutes.items()],
    )
    row = calculate.rows(metric("minutes_median", unit="minutes"))[0]
    # 2, 4, 10, 30: the middle lies between 4 and 10.
    assert (row["value"], row["numerator"], row["denominator"]) == (7.0, None, 4)
    # Without Direct 4, 10, 30: nine tenths of the way from the first to the last of three is 10 + 0.8 * 20.
    assert calculate.rows(metric("minutes_p90", unit="minutes"))[0]["value"] == pytest.approx(26.0)
    by_channel = calculate.rows(metric("minutes_median", unit="minutes"), dimension="channel")
    assert {row["member"]: row["value"] for row in by_channel} == {"Direct": 2.0, "Email": 10.0}
    assert calculate.values(metric("minutes_median", unit="minutes"))[1] == (None, "zero_denominator", "final")
    few = metric("minutes_median", unit="minutes", min_denominator=5)
    assert calculate.values(few)[0] == (None, "below_min_denominator", "final")


def test_a_stock_of_which_no_day_tells_the_figure_is_missing_and_not_zero(
    warehouse: Warehouse, calculate: Calculator
) -> None:
    rows = [{"day": week(number), "profile": "shop", "follower_count": 100 + 10 * number} for number in (0, 1, 3)]
    warehouse.measures("profiles", [*rows, {"day": week(3), "profile": "new", "follower_count": 7}])
    growth = metric("followers - previous(followers)", unit="count")

    assert calculate.values(growth)[1:] == [
        (10.0, None, "final"),
        (None, "source_missing", "final"),
        (None, "source_missing", "final"),
    ]
    by_profile = calculate.rows(metric("followers", unit="count"), dimension="profile", since=week(3))
    assert {row["member"]: row["value"] for row in by_profile} == {"shop": 130.0, "new": 7.0}


def test_an_undivided_measure_is_whole_beside_every_member(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures(
        "claims", [{"day": week(0), "platform": name, "claims": number} for name, number in (("a", 30), ("b", 60))]
    )
    warehouse.measures("sales", sales(40))
    ratio = metric("claims / sales", undivided=("sales",), has_total=False)

    rows = calculate.rows(ratio, dimension="platform", until=week(0))
    assert {row["member"]: (row["value"], row["denominator"]) for row in rows} == {"a": (0.75, 40), "b": (1.5, 40)}
    with pytest.raises(FormulaError, match="no total"):
        calculate.rows(ratio)
    with pytest.raises(FormulaError, match="nothing to split"):
        calculate.rows(metric("claims / sales", undivided=("sales", "claims"), has_total=False))
    only_a = calculate.rows(ratio, dimension="platform", until=week(0), where="platform = 'a'")
    assert [(row["member"], row["value"]) for row in only_a] == [("a", 0.75)]


def test_a_filter_asked_for_adds_to_that_of_the_metric(warehouse: Warehouse, calculate: Calculator) -> None:
    rows = [{"day": week(0), "platform": name, "claims": number} for name, number in (("a", 1), ("b", 2), ("c", 4))]
    warehouse.measures("claims", rows)
    claims = metric("claims", unit="count", filter="platform <> 'a' or platform = 'x'", has_total=False)

    def members(where: str | None) -> list[str]:
        return [row["member"] for row in calculate.rows(claims, dimension="platform", until=week(0), where=where)]

    assert members(None) == ["b", "c"]
    assert members("platform <> 'b' or platform = 'y'") == ["c"]
    with pytest.raises(FormulaError, match='names "country", which is no dimension'):
        calculate.rows(claims, dimension="platform", where="country = 'DE'")


def test_what_overlaps_is_never_added_up(warehouse: Warehouse, calculate: Calculator) -> None:
    with pytest.raises(FormulaError, match="never added up; set has_total: false and split by platform alone"):
        calculate.rows(metric("claims", unit="count"))
    with pytest.raises(FormulaError, match="never added up"):
        calculate.rows(metric("claims", unit="count", filter="platform = 'a' or platform = 'b'"))
    warehouse.measures("claims", [{"day": week(0), "platform": name, "claims": 3} for name in ("a", "b")])
    one = metric("claims", unit="count", filter="platform = 'a'")
    assert calculate.values(one, until=week(0))[0][0] == 3


def test_a_grain_without_meaning_is_refused(calculate: Calculator) -> None:
    weekly = metric("users", unit="count", grains=("week",))
    with pytest.raises(FormulaError, match="no meaning by month; possible are: week"):
        calculate.rows(weekly, grain="month")


def test_periods_before_a_change_keep_their_definition(warehouse: Warehouse, calculate: Calculator) -> None:
    warehouse.measures("sales", sales(40, 50, 20, 30))
    doubled = metric(
        "2 * sales",
        unit="count",
        version=3,
        effective_from=week(3),
        earlier=(
            EarlierDefinition(version=1, until=week(1), formula="sales", reason=text("First")),
            EarlierDefinition(version=2, until=week(3), formula="10 * sales", reason=text("Second")),
        ),
    )
    assert [value for value, *_ in calculate.values(doubled)] == [40.0, 500.0, 200.0, 60.0]
    # A period belongs to the definition that held when it began: January began with the first one.
    assert [value for value, *_ in calculate.values(doubled, grain="month")] == [140.0, 0.0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "not above the earlier one"),
        ({"effective_from": week(2)}, "effective_from is not the day"),
        ({"earlier": ()}, "without an earlier definition"),
    ],
)
def test_versions_must_fit_together(small_project: SqlProject, changes: dict[str, Any], message: str) -> None:
    earlier = (EarlierDefinition(version=2, until=week(3), formula="sales", reason=text("First")),)
    options: dict[str, Any] = {"version": 3, "effective_from": week(3), "earlier": earlier}
    wrong = configuration({"asked": metric("2 * sales", **(options | changes))})
    with pytest.raises(FormulaError, match=message):
        plan_metric("asked", wrong, small_project)


@pytest.mark.parametrize(
    "formula", ["previous(previous(sales))", "previous(sales, 2)", "weeks_earlier(sales)", "trailing(sales, 0)"]
)
def test_a_window_that_cannot_be_read_is_refused(calculate: Calculator, formula: str) -> None:
    with pytest.raises(FormulaError, match="cannot stand in the formula"):
        calculate.rows(metric(formula))


def test_a_median_stands_alone(calculate: Calculator) -> None:
    with pytest.raises(FormulaError, match="it stands alone"):
        calculate.rows(metric("minutes_median / users"))


def test_measures_of_different_days_must_say_why_they_go_together(small_project: SqlProject) -> None:
    ratio = {"asked": metric("claims / sales", filter=PICKED, undivided=("sales",))}
    assert basis_problems(configuration(ratio), small_project) == [
        "KPI027  metric asked: numerator and denominator use different time bases: ad shown, order placed; choose"
        " measures of one basis, or say under mixed_basis why these go together"
    ]
    reason = text("A click leads to an order at once")
    explained = {"asked": metric("claims / sales", filter=PICKED, undivided=("sales",), mixed_basis=reason)}
    assert basis_problems(configuration(explained), small_project) == []
    needless = {"asked": metric("sales", unit="count", mixed_basis=text("For no reason"))}
    assert "remove mixed_basis" in basis_problems(configuration(needless), small_project)[0]


def test_the_statement_runs_on_another_engine_in_principle(small_project: SqlProject) -> None:
    sqlglot = pytest.importorskip("sqlglot")
    statement = compile_metric("asked", configuration({"asked": metric("minutes_p90")}), small_project, "week").sql
    assert sqlglot.transpile(statement, read="duckdb", write="spark")
