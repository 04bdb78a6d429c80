"""Where a metric means something else than before, its weeks are not compared."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.catalogue.catalogue_check import check_catalogue
from kpi_pipeline.catalogue.metrics.breaks import (
    MetricBreak,
    break_problems,
    break_rows,
    comparable_weeks,
    metric_breaks,
    platforms_in_use,
)
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.metrics.weeks import Week
from kpi_pipeline.catalogue.snapshots.week_changes import ChangeTest, HistoryTest, ProportionTest
from kpi_pipeline.catalogue.snapshots.weekly import weekly_rows
from kpi_pipeline.config.breaks import Break
from kpi_pipeline.config.draft import read_draft
from kpi_pipeline.config.metric import EarlierDefinition, Metric
from kpi_pipeline.warehouse.seeds import SEED_TABLES
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.conftest import RAW_TABLES
from tests.unit.catalogue.hand_made import Warehouse, configuration, kpi, metric, text, week

CALENDAR = CompanyCalendar("Europe/Berlin", "monday", "gregorian")
COUNT = metric("ad_clicks", unit="count")
TWO_DAYS = timedelta(days=2)


def change(day: date, *measures: str, platforms: tuple[str, ...] | None = None) -> Break:
    return Break(on_day=day, measures=measures, platforms=platforms, what=text("It counts anew"), source="a test")


def broken(day: date, kind: str = "platform", **options: Any) -> MetricBreak:
    return MetricBreak(day, kind, text("It counts anew"), **options)  # type: ignore[arg-type]


def weeks(*values: float) -> list[Week]:
    return [
        Week(week(number), week(number + 1) - timedelta(days=1), value, None, None, None, "final")
        for number, value in enumerate(values)
    ]


def shares(*counts: tuple[int, int]) -> list[Week]:
    return [
        replace(one, value=100 * part / whole, numerator=Decimal(part), denominator=Decimal(whole))
        for one, (part, whole) in zip(weeks(*([0.0] * len(counts))), counts, strict=True)
    ]


def rows(found: list[Week], *breaks: MetricBreak, is_proportion: bool = False) -> list[dict[str, Any]]:
    one = kpi("clicks", "grow")
    test: ChangeTest = ProportionTest() if is_proportion else HistoryTest(COUNT.unit)
    return list(weekly_rows(one, COUNT, CALENDAR, found, breaks, test=test))


def found_for(
    metrics: dict[str, Metric],
    project: SqlProject,
    breaks: Sequence[Break] = (),
    platforms: frozenset[str] = frozenset({"meta_ads", "google_ads"}),
) -> dict[str, list[date]]:
    config = replace(configuration(metrics), breaks={f"b{number}": one for number, one in enumerate(breaks)})
    plans = {name: plan_metric(name, config, project) for name in metrics}
    return {name: [one.on_day for one in each] for name, each in metric_breaks(plans, config, platforms).items()}


def test_a_break_of_a_measure_breaks_every_metric_that_uses_it(project: SqlProject) -> None:
    metrics = {
        "ctr": metric("ad_clicks / ad_impressions"),
        "cpc": metric("ad_cost / ad_clicks"),
        "cost": metric("ad_cost"),
    }
    later, earlier = change(week(5), "ad_clicks"), change(week(2), "ad_clicks", "ad_impressions")
    assert found_for(metrics, project, [later, earlier]) == {
        "ctr": [week(2), week(5)],
        "cpc": [week(2), week(5)],
        "cost": [],
    }


def test_what_a_platform_changes_concerns_nobody_without_it(project: SqlProject) -> None:
    metrics, one = {"ctr": metric("ad_clicks / ad_impressions")}, change(week(5), "ad_clicks", platforms=("meta_ads",))
    assert found_for(metrics, project, [one]) == {"ctr": [week(5)]}
    assert found_for(metrics, project, [one], frozenset({"google_ads"})) == {"ctr": []}


def test_platforms_in_use_are_those_of_the_rows(warehouse: Warehouse) -> None:
    assert platforms_in_use(warehouse.engine) == frozenset()
    for table, platform in (("ad_performance", "meta_ads"), ("social_posts", "instagram")):
        warehouse.engine.replace_table(f"core.{table}", f"select '{platform}' as platform from range(2)")
    assert platforms_in_use(warehouse.engine) == {"meta_ads", "instagram"}


def test_an_earlier_definition_of_our_own_is_a_break(project: SqlProject) -> None:
    before = EarlierDefinition(version=1, until=week(4), formula="ad_interactions", reason=text("Clicks say more"))
    changed = metric("ad_clicks", unit="count", version=2, effective_from=week(4), earlier=(before,))
    config = configuration({"clicks": changed})
    breaks = metric_breaks({"clicks": plan_metric("clicks", config, project)}, config, frozenset())
    assert break_rows(breaks) == [
        {
            "metric_id": "clicks",
            "on_day": week(4),
            "kind": "definition",
            "what_en": "Clicks say more",
            "what_fa": "فارسی Clicks say more",
        }
    ]


@pytest.mark.parametrize(
    ("one", "before", "after"),
    [
        (broken(week(3)), 2, 3),
        (broken(week(3), "definition"), 2, 3),
        # A definition holds for whole weeks by their first day.
        (broken(week(3) + TWO_DAYS, "definition"), 3, 4),
        # A value of four weeks is free of the old meaning when all four are.
        (broken(week(3), reaches_back=timedelta(weeks=3)), 2, 6),
    ],
)
def test_no_week_is_compared_across_a_break(one: MetricBreak, before: int, after: int) -> None:
    found = rows(weeks(*[float(number) for number in range(10)]), one)
    for number, row in enumerate(found):
        is_whole = number <= before or number >= after
        has_earlier = is_whole and number not in (0, after)
        assert row["value"] == number
        assert row["previous_value"] == (number - 1 if has_earlier else None)
        assert row["change"] == (1.0 if has_earlier else None)
        # Each week is the best so far, and has a place among those that mean the same.
        assert row["rank_52"] == (1 if is_whole else None)


def test_a_week_in_which_a_platform_changed_is_like_no_other() -> None:
    found = rows(weeks(9, 8, 7, 6, 5, 4), broken(week(3) + TWO_DAYS))
    assert [row["previous_value"] for row in found] == [None, 9, 8, None, None, 5]
    assert [row["rank_52"] for row in found] == [1, 2, 3, None, 1, 2]


def test_last_years_week_stands_aside_after_a_break() -> None:
    series = weeks(*[float(number) for number in range(56)])
    assert [row["same_week_last_year"] for row in rows(series)[52:]] == [0, 1, 2, 3]
    assert [row["same_week_last_year"] for row in rows(series, broken(week(2)))[52:]] == [None, None, 2, 3]


def test_chance_is_judged_by_weeks_of_one_meaning() -> None:
    series = shares((500, 25_000), (560, 26_000), (700, 26_000))
    assert [row["change_is_detectable"] for row in rows(series, is_proportion=True)] == [None, False, True]
    split = rows(series, broken(week(2)), is_proportion=True)
    assert [row["change_is_detectable"] for row in split] == [None, False, None]


def test_forecast_starts_anew_after_a_break() -> None:
    series = weeks(*[5.0 + number / 10 for number in range(9)])
    assert rows(series)[8]["probability"] is not None
    assert rows(series, broken(week(1)))[8]["probability"] is not None  # eight weeks since then
    found = rows(series, broken(week(2)))[8]
    assert (found["probability"], found["forecast_at_deadline"], found["forecast_low"]) == (None, None, None)


def test_success_needs_its_weeks_on_one_side() -> None:
    # The rule asks for two weeks at 10; the deadline is that of week 10.
    series = weeks(*([5.0] * 9), 10, 10, 5)
    assert rows(series)[10]["pace_status"] == "achieved"
    assert rows(series, broken(week(10)))[10]["pace_status"] == "missed"
    # What happens after the deadline does not change what was reached by then.
    assert rows(series, broken(week(11)))[11]["pace_status"] == "achieved"


def test_comparable_weeks_end_with_the_week_itself() -> None:
    series = weeks(1, 2, 3, 4)
    assert comparable_weeks(series, series[2], ()) == series[:3]
    assert comparable_weeks(series, series[2], [broken(week(1))]) == series[1:3]


def test_window_of_a_metric_reaches_across_a_break(project: SqlProject) -> None:
    metrics = {
        "trailing": metric("ad_clicks", unit="count", trailing_weeks=4),
        "growth": metric("ad_clicks / previous(ad_clicks)"),
        "month": metric("trailing(ad_clicks, 30)", unit="count"),
        "plain": metric("ad_clicks", unit="count"),
    }
    config = replace(configuration(metrics), breaks={"b": change(week(5), "ad_clicks")})
    plans = {name: plan_metric(name, config, project) for name in metrics}
    reach = {name: one.reaches_back.days for name, (one,) in metric_breaks(plans, config, ()).items()}
    assert reach == {"trailing": 21, "growth": 7, "month": 23, "plain": 0}


def test_shipped_breaks_name_measures_that_exist(checkout: Path, project: SqlProject) -> None:
    draft = read_draft(checkout / "config")
    assert draft.breaks.is_valid
    assert draft.breaks.entries
    assert break_problems(draft, project) == []


def test_an_unknown_measure_is_named_with_file_and_line(tmp_path: Path, project: SqlProject) -> None:
    (tmp_path / "breaks.yaml").write_text(
        """\
new_clicks:
  on_day: 2026-04-06
  measures:
    - ad_clicks
    - ad_click
  what: {en: It counts anew., fa: از نو می‌شمارد.}
  source: a test
""",
        encoding="utf-8",
    )
    (problem,) = break_problems(read_draft(tmp_path), project)
    assert str(problem) == (
        f'{tmp_path.name}/breaks.yaml:5  KPI004  reference "ad_click" in measures does not exist;'
        ' did you mean "ad_clicks"?'
    )


def test_kpi_check_reports_it(tmp_path: Path, checkout: Path) -> None:
    shutil.copytree(checkout / "config", tmp_path / "config")
    path = tmp_path / "config" / "breaks.yaml"
    wrong = path.read_text(encoding="utf-8").replace("measures: [ad_conversions,", "measures: [ad_conversion,")
    path.write_text(wrong, encoding="utf-8")
    lines = [number for number, line in enumerate(wrong.splitlines(), start=1) if "ad_conversion," in line]
    findings = check_catalogue(tmp_path / "config", checkout / "sql", (*RAW_TABLES, *SEED_TABLES), as_of=week(40))
    about_breaks = [problem for problem in findings.problems if problem.path.name == "breaks.yaml"]
    assert [(problem.line, problem.code) for problem in about_breaks] == [(line, "KPI004") for line in lines]
    assert len(lines) == 2
    assert not findings.is_good


def test_a_break_without_its_day_is_refused(tmp_path: Path) -> None:
    (tmp_path / "breaks.yaml").write_text("anew: {measures: [ad_clicks], source: a test}\n", encoding="utf-8")
    draft = read_draft(tmp_path)
    assert not draft.breaks.is_valid
    messages = [str(problem) for problem in draft.problems if "breaks.yaml" in str(problem)]
    assert [message.partition("  ")[2] for message in messages] == [
        'CFG010  the field "on_day" is missing',
        'CFG010  the field "what" is missing',
    ]
