import math
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.catalogue.commitments.courses import course_of
from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.history.like_for_like import SameAge
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.metrics.values import refresh_values
from kpi_pipeline.catalogue.metrics.weeks import Week, read_weeks
from kpi_pipeline.catalogue.snapshots.week_changes import ChangeTest, HistoryTest, ProportionTest
from kpi_pipeline.catalogue.snapshots.weekly import refresh_weekly, weekly_rows
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.kpi import Band, Baseline, Kpi, SuccessRule
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, configuration, goals, kpi, metric, week

CALENDAR = CompanyCalendar("Europe/Berlin", "monday", "gregorian")
COUNT = metric("ad_clicks", unit="count")
RATE = metric("ad_clicks / ad_impressions", unit="percent")


def weeks(*values: float | None, **changes: Any) -> list[Week]:
    return [
        Week(
            start=week(number),
            end=week(number + 1) - timedelta(days=1),
            value=value,
            numerator=None,
            denominator=None,
            null_reason=None if value is not None else "zero_denominator",
            status=changes.get("status", {}).get(number, "final"),
        )
        for number, value in enumerate(values)
    ]


def rows(one: Metric, found: list[Week], is_proportion: bool = False, **target: Any) -> list[dict[str, Any]]:
    test: ChangeTest = ProportionTest() if is_proportion else HistoryTest(one.unit)
    return list(weekly_rows(kpi("clicks", "grow", **target), one, CALENDAR, found, test=test))


def test_change_is_the_difference_to_the_week_before() -> None:
    found = rows(COUNT, weeks(5.0, 7.0, None, 8.0, 6.0, status={4: "partial"}))

    assert [row["previous_value"] for row in found] == [None, 5.0, 7.0, None, 8.0]
    # A week that is not over is never compared.
    assert [row["change"] for row in found] == [None, 2.0, None, None, None]


def test_same_week_last_year_is_52_weeks_earlier() -> None:
    found = rows(COUNT, weeks(*[float(number) for number in range(54)]))

    assert [row["same_week_last_year"] for row in found[50:]] == [None, None, 0.0, 1.0]


def test_rank_is_dense_and_counts_final_weeks_only() -> None:
    found = rows(COUNT, weeks(5.0, 7.0, 7.0, 3.0, 6.0, 9.0, status={3: "provisional"}))

    assert [row["rank_52"] for row in found] == [1, 1, 1, None, 2, 1]
    cheaper = metric("ad_cost", unit="currency").model_copy(update={"direction": "lower_better"})
    assert [row["rank_52"] for row in rows(cheaper, weeks(5.0, 7.0, 7.0, 6.0))] == [1, 2, 2, 2]


def test_rank_forgets_what_is_more_than_52_final_weeks_ago() -> None:
    found = rows(COUNT, weeks(99.0, *([1.0] * 51), 50.0))

    assert found[-2]["rank_52"] == 2
    assert found[-1]["rank_52"] == 1


def shares(*counts: tuple[int, int]) -> list[Week]:
    return [
        Week(one.start, one.end, 100 * count / total, Decimal(count), Decimal(total), None, "final")
        for one, (count, total) in zip(weeks(*([0.0] * len(counts))), counts, strict=True)
    ]


def test_change_of_a_proportion_is_detectable_only_beyond_chance() -> None:
    # The textbook pair: 500 of 25000 and 560 of 26000 may be chance; 700 of 26000 is not.
    found = rows(RATE, shares((500, 25_000), (560, 26_000), (700, 26_000)), is_proportion=True)

    assert [row["change_is_detectable"] for row in found] == [None, False, True]
    assert [row["change_is_detectable"] for row in rows(RATE, shares((500, 25_000), (700, 26_000)))] == [None, None]


def test_wobbling_series_needs_a_larger_change() -> None:
    wobbling = [(900 + 200 * (number % 2), 50_000) for number in range(14)]
    steady = [(1_000, 50_000)] * 14
    jump = (1_150, 50_000)

    assert rows(RATE, shares(*steady, jump), is_proportion=True)[-1]["change_is_detectable"] is True
    assert (
        rows(RATE, shares(*wobbling[:-1], (1_000, 50_000), jump), is_proportion=True)[-1]["change_is_detectable"]
        is False
    )


def test_more_cases_than_there_are_is_no_proportion() -> None:
    assert rows(RATE, shares((5, 4), (9, 4)), is_proportion=True)[1]["change_is_detectable"] is None


def test_way_to_the_target_stands_in_every_week() -> None:
    found = rows(COUNT, weeks(5.0, 5.6, 5.2, 6.0, status={3: "provisional"}))

    assert [row["path_value"] for row in found] == [None, 5.5, 6.0, 6.5]
    assert [row["pace_status"] for row in found] == ["unknown", "on_track", "unknown", "unknown"]
    assert found[1]["attainment"] == pytest.approx(0.12)
    assert (found[1]["baseline"], found[1]["target"], found[1]["deadline"]) == (5.0, 10.0, week(11) - timedelta(days=1))
    assert (found[1]["owner"], found[1]["objective_id"], found[1]["unit"]) == ("ceo", "grow", "count")


def test_forecast_appears_after_eight_final_weeks() -> None:
    found = rows(COUNT, weeks(*[5.0 + number / 10 for number in range(9)]))

    assert found[6]["probability"] is None
    assert found[7]["probability"] is not None
    assert found[7]["forecast_low"] <= found[7]["forecast_at_deadline"] <= found[7]["forecast_high"]
    assert found[8]["pace_status"] == "off_track"


def with_target(**changes: Any) -> dict[str, Any]:
    target = kpi("clicks", "grow").target
    assert target is not None
    return {"target": target.model_copy(update=changes)}


def test_band_stands_in_every_week_by_both_ends_and_has_no_rank() -> None:
    rule = SuccessRule(comparator="within", consecutive_weeks=2)
    band = with_target(value=None, band=Band(low=8.0, high=12.0), success_rule=rule)
    found = rows(COUNT, weeks(5.0, 5.6, 8.5, 12.0, 13.0), **band)

    assert {(row["target"], row["target_low"], row["target_high"]) for row in found} == {(None, 8.0, 12.0)}
    # Three to go in ten weeks; too high is as far away as too low.
    assert [row["path_value"] for row in found] == pytest.approx([None, 5.3, 5.6, 5.9, 6.2])
    assert [row["pace_status"] for row in found] == ["unknown", "on_track", "on_track", "achieved", "on_track"]
    assert found[4]["attainment"] == pytest.approx(2 / 3)
    assert {row["rank_52"] for row in found} == {None}


def test_seasonal_path_takes_its_shape_from_the_year_before_the_baseline() -> None:
    # A wave of a year; the baseline is the last week of a year and a half, in the middle of the rise.
    values = [100.0 + 30 * math.sin(2 * math.pi * number / 52) for number in range(79)]
    baseline = Baseline(value=100.0, from_week=week(78), to_week=week(78))
    target = with_target(baseline=baseline, value=110.0, deadline=week(105) - timedelta(days=1), path="seasonal")
    found = rows(COUNT, weeks(*values[:78], 100.0, 90.0), **target)
    straight = rows(COUNT, weeks(*[None] * 40, *values[40:78], 100.0, 90.0), **target)

    # Week 79 is like week 27, when the wave had just begun to fall.
    assert found[79]["path_value"] < 100 < straight[79]["path_value"]
    assert found[79]["pace_status"] != "on_track"


def test_week_of_few_cases_is_judged_by_four_weeks() -> None:
    # From 5 % to 10 % in ten weeks; week 4 alone is at 8 %, beyond its path of 7 %, but four weeks are at 5.75 %.
    few = shares((5, 100), (5, 100), (5, 100), (5, 100), (8, 100))
    many = shares(*[(5_000, 100_000)] * 4, (8_000, 100_000))

    assert rows(RATE, few, is_proportion=True)[4]["pace_status"] == "unknown"
    assert rows(RATE, many, is_proportion=True)[4]["pace_status"] == "on_track"
    assert rows(RATE, few)[4]["pace_status"] == "on_track"


@pytest.mark.parametrize(
    ("deadline", "last_week"),
    [(week(11) - timedelta(days=1), week(10)), (week(11), week(10)), (week(11) + timedelta(days=5), week(10))],
)
def test_deadline_is_judged_in_the_last_week_that_ends_by_it(deadline: date, last_week: date) -> None:
    target = kpi("clicks", "grow").target
    assert target is not None

    course = course_of(target.model_copy(update={"deadline": deadline}), COUNT, CALENDAR)
    assert course.deadline_week == last_week
    assert course.baseline_week == week(0)


def refresh(warehouse: Warehouse, project: SqlProject, config: Configuration) -> None:
    engine = warehouse.engine
    plans = {name: plan_metric(name, config, project) for name in config.metrics}
    with engine.transaction():
        refresh_values(engine, config, project, week(2))
        weeks = read_weeks(engine, config.metrics)
        audiences = Audiences(config)
        same_age = SameAge.of([], audiences, {}, week(2))
        refresh_weekly(engine, plans, audiences, weeks, breaks={}, snapshot_id="s1", same_age=same_age)


@pytest.fixture
def kpis() -> dict[str, Kpi]:
    return {"clicks": kpi("clicks", "tune_ads"), "ctr": kpi("ctr", "convert"), "cpc": kpi("cpc", "grow")}


def test_tables_hold_what_their_readers_may_see(
    warehouse: Warehouse, project: SqlProject, kpis: dict[str, Kpi]
) -> None:
    metrics = {"clicks": COUNT, "ctr": RATE, "cpc": metric("ad_cost / ad_clicks", unit="currency")}
    config = configuration(metrics, goals=goals(), kpis=kpis)
    row = {"platform": "p", "campaign": "c", "device": "d", "country": "DE"}
    warehouse.measures(
        "ads",
        [
            row | {"day": week(0), "ad_clicks": 500, "ad_impressions": 25_000, "ad_cost": Decimal(100)},
            row | {"day": week(1), "ad_clicks": 700, "ad_impressions": 26_000, "ad_cost": Decimal(70)},
        ],
    )
    warehouse.cover({"ad_performance": (week(0), week(2) - timedelta(days=1))})
    warehouse.as_of(week(2))
    refresh(warehouse, project, config)

    internal = warehouse.rows("select * from kpi.weekly_internal order by kpi_id, week_start")
    assert [(one["kpi_id"], one["value"]) for one in internal] == [
        ("clicks", 500.0),
        ("clicks", 700.0),
        ("cpc", 0.2),
        ("cpc", 0.1),
        ("ctr", 2.0),
        ("ctr", 700 / 260),
    ]
    # Only counts out of counts are proportions; money for each click is not.
    assert [one["change_is_detectable"] for one in internal] == [None, None, None, None, None, True]
    executive = warehouse.rows("select * from kpi.weekly_executive order by kpi_id, week_start")
    without_sides = [one | {"numerator": None, "denominator": None} for one in internal[2:]]
    # Clicks are an internal KPI, so that both rates show no sides; everything else is the same to the last bit.
    assert executive == without_sides
    assert internal[2]["numerator"] == 100


def test_overlapping_windows_are_not_compared_by_chance(warehouse: Warehouse, project: SqlProject) -> None:
    trailing = metric("ad_clicks / ad_impressions", unit="percent", trailing_weeks=2)
    config = configuration({"ctr": trailing}, goals=goals(), kpis={"ctr": kpi("ctr", "grow")})
    warehouse.measures("ads", [{"day": week(n), "device": "d", "ad_clicks": 9, "ad_impressions": 90} for n in (0, 1)])
    warehouse.engine.run("alter table measures.ads add column platform varchar")
    warehouse.engine.run("alter table measures.ads add column campaign varchar")
    warehouse.engine.run("alter table measures.ads add column country varchar")
    warehouse.cover({"ad_performance": (week(-1), week(2) - timedelta(days=1))})
    warehouse.as_of(week(2))
    refresh(warehouse, project, config)

    found = warehouse.rows("select change, change_is_detectable from kpi.weekly_executive order by week_start desc")
    assert found[0] == {"change": 0.0, "change_is_detectable": None}


def test_guardrail_that_is_off_track_holds_the_status_back(warehouse: Warehouse, project: SqlProject) -> None:
    # Clicks are far beyond their path, while their price, which is to rise from 5 to 10, never moves.
    guarded = kpi("clicks", "tune_ads", guardrails=("price", "nobody"))
    chained = kpi("clicks", "grow", guardrails=("guarded",))
    kpis = {"guarded": guarded, "chained": chained, "price": kpi("cpc", "convert")}
    config = configuration(
        {"clicks": COUNT, "cpc": metric("ad_cost / ad_clicks", unit="currency")}, goals=goals(), kpis=kpis
    )
    member = {"platform": "p", "campaign": "c", "device": "d", "country": "DE"}
    warehouse.measures(
        "ads",
        [member | {"day": week(n), "ad_clicks": 10 + n % 2, "ad_cost": Decimal(5) * (10 + n % 2)} for n in range(9)],
    )
    warehouse.cover({"ad_performance": (week(0), week(9) - timedelta(days=1))})
    warehouse.as_of(week(9))
    plans = {name: plan_metric(name, config, project) for name in config.metrics}
    with warehouse.engine.transaction():
        refresh_values(warehouse.engine, config, project, week(9))
        weeks = read_weeks(warehouse.engine, config.metrics)
        audiences = Audiences(config)
        same_age = SameAge.of([], audiences, {}, week(9))
        refresh_weekly(warehouse.engine, plans, audiences, weeks, breaks={}, snapshot_id="s1", same_age=same_age)

    found = warehouse.rows(
        f"select kpi_id, pace_status, is_held_back from kpi.weekly_internal where week_start = date '{week(8)}'"
    )
    assert {row["kpi_id"]: (row["pace_status"], row["is_held_back"]) for row in found} == {
        "price": ("off_track", False),
        "guarded": ("at_risk", True),
        # Only a guardrail's own path counts: what holds it back is not passed on.
        "chained": ("achieved", False),
    }
