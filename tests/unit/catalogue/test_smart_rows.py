from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from kpi_pipeline.catalogue.commitments.smart_rows import smart_rows
from kpi_pipeline.catalogue.commitments.target_facts import target_facts
from kpi_pipeline.catalogue.metrics.breaks import MetricBreak
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.metrics.weeks import Week
from kpi_pipeline.config.kpi import Achievability, Band, Baseline, Kpi, Override, SuccessRule, Target
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric, text, week

# Rises by 2 a week, with a wobble of ±1: the drift is (122 − 100) / 11 = 2.
HISTORY = [100.0, 103.0, 104.0, 107.0, 108.0, 111.0, 112.0, 115.0, 116.0, 119.0, 120.0, 122.0]
METRICS = {"clicks": metric("ad_clicks", unit="count", name=text("Clicks"), decimals=0)}
COVERED = {"ad_performance": {week(0) + timedelta(days=number) for number in range(7 * 40)}}


def aim(value: float, deadline: date = date(2026, 5, 25), **achievability: Any) -> Target:
    return Target(
        baseline=Baseline(value=100.0, from_week=week(0), to_week=week(0)),
        value=value,
        deadline=deadline,
        success_rule=SuccessRule(comparator=">=", consecutive_weeks=2),
        achievability=Achievability(**({"swot_ref": "analysis of spring"} | achievability)),
    )


def rows(
    project: SqlProject,
    values: Sequence[float | None] = HISTORY,
    covered: Any = COVERED,
    breaks: Sequence[MetricBreak] = (),
    **changes: Any,
) -> dict[str, Any]:
    """The rows by letter of one KPI whose metric had these values in the weeks from week 0 on."""
    one: Kpi = kpi("clicks", "grow", **({"target": aim(130.0)} | changes))
    config = configuration(METRICS, goals=goals(), kpis={"clicking": one})
    weeks = [
        Week(week(number), week(number + 1) - timedelta(days=1), value, None, None, None, "final")
        for number, value in enumerate(values)
    ]
    plans = {"clicks": plan_metric("clicks", config, project)}
    facts = target_facts(config, plans, {"clicks": weeks}, covered, {"clicks": breaks})
    return {str(row["letter"]): row for row in smart_rows(config, facts)}


def test_every_letter_has_a_row_in_both_languages(project: SqlProject) -> None:
    found = rows(project)

    assert list(found) == list("SMART")
    assert all(row["kpi_id"] == "clicking" and row["finding_en"] and row["finding_fa"] for row in found.values())


def test_measurable_with_thirteen_weeks_and_the_baseline_that_was_said(project: SqlProject) -> None:
    measured = rows(project, [*HISTORY, 125.0])["M"]

    assert (measured["verdict"], measured["code"]) == ("pass", None)
    assert measured["finding_en"] == (
        "13 weeks are final. The weeks of the baseline give 100, as the target says."
        " 100% of the recent days are covered."
    )
    assert rows(project)["M"]["verdict"] == "warning"
    few = rows(project, HISTORY[:5])["M"]
    assert (few["verdict"], few["finding_en"][:44]) == ("fail", "Only 5 weeks are final; at least 8 are neede")
    assert rows(project, HISTORY[:5], status="draft")["M"]["verdict"] != "pass"


def test_baseline_that_its_weeks_do_not_confirm_has_a_code(project: SqlProject) -> None:
    found = rows(project, [102.0, *HISTORY[1:], 125.0])["M"]

    assert (found["verdict"], found["code"]) == ("fail", "KPI037")
    assert "The baseline is said to be 100; its weeks give 102." in found["finding_en"]
    assert "مقدار پایه ۱۰۰ اعلام شده، ولی از هفته‌های آن ۱۰۲ به دست می‌آید." in found["finding_fa"]
    unknown = rows(project, [None, *HISTORY[1:], 125.0])["M"]
    assert (unknown["verdict"], unknown["code"]) == ("warning", None)


def test_missing_days_break_the_promise_of_coverage(project: SqlProject) -> None:
    # 4 of the 84 days are missing: 80 / 84 = 95.2 %, just what was promised; a fifth one is too many.
    days = sorted(COVERED["ad_performance"])
    enough, too_few = ({"ad_performance": set(days[missing:])} for missing in (4, 5))

    assert "95% of the recent days are covered." in rows(project, covered=enough)["M"]["finding_en"]
    found = rows(project, covered=too_few)["M"]
    assert "Only 94% of the recent days are covered; 95% were promised." in found["finding_en"]
    assert found["verdict"] == "fail"


@pytest.mark.parametrize(
    ("target", "verdict", "code", "begins"),
    [
        (115.0, "warning", "KPI035", "The target of 115 is as good as certain"),
        (128.0, "pass", None, "The target of 128 is achievable: chance"),
        (140.0, "pass", None, "The target of 140 is a stretch: chance"),
        (190.0, "fail", "KPI033", "The target of 190 looks unrealistic: chance under 1%. It takes +5.69% a week"),
    ],
)
def test_achievable_by_the_forecast(
    project: SqlProject, target: float, verdict: str, code: str | None, begins: str
) -> None:
    found = rows(project, target=aim(target))["A"]

    assert (found["verdict"], found["code"]) == (verdict, code)
    assert found["finding_en"].startswith(begins)


def test_best_growth_is_that_of_the_span_that_the_commitment_names(project: SqlProject) -> None:
    # From 100 to 103 in one week.
    found = rows(project, target=aim(190.0, growth_span_weeks=1))["A"]

    assert found["finding_en"].endswith("the best week brought +3.00%.")
    assert "بهترین هفته" in found["finding_fa"]


def banded(low: float, high: float, **changes: Any) -> Target:
    rule = SuccessRule(comparator="within", consecutive_weeks=2)
    return aim(0.0).model_copy(update={"value": None, "band": Band(low=low, high=high), "success_rule": rule} | changes)


def test_band_is_judged_by_both_of_its_ends(project: SqlProject) -> None:
    inside = rows(project, target=banded(110.0, 150.0))
    assert (inside["A"]["verdict"], inside["A"]["code"]) == ("pass", None)
    assert inside["A"]["finding_en"].startswith("The target of 110 to 150 is achievable: chance")
    assert "بازهٔ ۱۱۰ تا ۱۵۰" in inside["A"]["finding_fa"]
    assert "110 … 150" in inside["S"]["finding_en"]
    above = rows(project, target=banded(190.0, 200.0))["A"]
    assert (above["verdict"], above["code"]) == ("fail", "KPI033")


def test_seasonal_path_without_a_year_before_says_that_it_is_straight(project: SqlProject) -> None:
    found = rows(project, [*HISTORY, 125.0], target=aim(130.0).model_copy(update={"path": "seasonal"}))["M"]

    assert found["verdict"] == "warning"
    assert found["finding_en"].endswith(
        "Its path should follow the season; without a full year of final weeks before, it is a straight line."
    )
    assert "خطی" in found["finding_fa"]


def test_executive_may_approve_what_looks_unrealistic(project: SqlProject) -> None:
    override = Override(reason="a second shop opens", approved_by="ceo")
    found = rows(project, target=aim(190.0, override=override))["A"]

    assert (found["verdict"], found["code"]) == ("warning", "KPI033")
    assert found["finding_en"].endswith("Chief has approved it nevertheless.")
    # The reason is written freely and may name anything; it stands in the catalogue of the team.
    assert "second shop" not in found["finding_en"]
    assert rows(project, target=aim(135.0, override=override))["A"]["verdict"] == "pass"


def test_what_the_configuration_says_against_a_letter_is_told_first(project: SqlProject) -> None:
    found = rows(project, target=aim(128.0, swot_ref=None))["A"]

    assert found["verdict"] == "fail"
    assert "swot_ref. The target of 128 is achievable" in found["finding_en"]


def test_nothing_is_said_about_the_chance_before_eight_weeks_or_after_the_deadline(project: SqlProject) -> None:
    young = rows(project, HISTORY[:7])["A"]
    assert (young["verdict"], young["code"]) == ("not_judged", None)
    assert young["finding_en"] == "The chance of the target cannot be told: 7 final weeks in a row, 8 are needed."
    over = rows(project, target=aim(130.0, deadline=week(12)))["A"]
    assert over["finding_en"].startswith("There is no week left to forecast")


def test_weeks_before_a_new_meaning_are_not_forecast_from(project: SqlProject) -> None:
    redefined = MetricBreak(week(6), "definition", text("Counts otherwise"))

    assert "6 final weeks in a row" in rows(project, breaks=[redefined])["A"]["finding_en"]


def test_without_a_target_the_letters_say_what_is_missing(project: SqlProject) -> None:
    found = rows(project, target=None)

    assert found["S"]["verdict"] == "fail"
    assert {row["code"] for row in found.values()} == {None}


def test_retired_kpi_is_not_judged(project: SqlProject) -> None:
    assert rows(project, status="retired") == {}
