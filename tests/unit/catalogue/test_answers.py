from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from kpi_pipeline.catalogue.commitments.answers import answer_rows
from kpi_pipeline.catalogue.commitments.target_facts import target_facts
from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.metrics.weeks import Week
from kpi_pipeline.catalogue.snapshots.week_changes import HistoryTest
from kpi_pipeline.catalogue.snapshots.weekly import weekly_rows
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.goals import Owner, Question
from kpi_pipeline.config.kpi import Achievability, Baseline, How, SuccessRule, Target, Task, Who
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric, text, week

# 13 weeks; the last one is week 12.
VALUES = [100.0, 103.0, 104.0, 107.0, 108.0, 111.0, 112.0, 115.0, 116.0, 119.0, 120.0, 122.0, 125.0]
AIM = Target(
    baseline=Baseline(value=100.0, from_week=week(0), to_week=week(0)),
    value=145.0,
    deadline=date(2026, 5, 25),
    success_rule=SuccessRule(comparator=">=", consecutive_weeks=2),
    achievability=Achievability(swot_ref="analysis of spring"),
)
FSI, PDI = "\u2068", "\u2069"


def company_of(kind: str, objective: str = "convert", **changes: Any) -> Configuration:
    """One KPI that answers one question of a kind."""
    one = kpi("clicks", objective, target=AIM, answers=("asked",), **changes)
    asked = Question(
        objective=objective,
        kind=kind,  # type: ignore[arg-type]
        question=text("What about it?"),
        answered_by=("clicking",),
    )
    wanted = replace_goals(questions={"asked": asked})
    return configuration(
        {"clicks": metric("ad_clicks", unit="count", decimals=0, name=text("Clicks"))},
        goals=wanted,
        kpis={"clicking": one},
    )


def replace_goals(**parts: Any) -> Any:
    owners = {
        "ceo": Owner(name=text("Chief"), group="executive"),
        "ux": Owner(name=text("Designer"), group="executive"),
    }
    return goals().model_copy(update={"owners": owners} | parts)


def rows(project: SqlProject, config: Configuration, **last: Any) -> list[dict[str, Any]]:
    """The answers after week 12; ``last`` changes what is known of that week."""
    one, clicks = config.kpis["clicking"], config.metrics["clicks"]
    weeks = [
        Week(week(number), week(number + 1) - timedelta(days=1), value, None, None, None, "final")
        for number, value in enumerate(VALUES)
    ]
    weeks[-1] = replace(weeks[-1], **last)
    plans = {"clicks": plan_metric("clicks", config, project)}
    facts = target_facts(config, plans, {"clicks": weeks}, {}, {})
    weekly = [
        {"kpi_id": "clicking", "is_held_back": False, **row}
        for row in weekly_rows(one, clicks, config.calendar, weeks, test=HistoryTest(clicks.unit))
    ]
    return [dict(row) for row in answer_rows(Audiences(config), facts, weekly, week(12))]


def told(project: SqlProject, kind: str, last: dict[str, Any] | None = None, **changes: Any) -> str:
    found = rows(project, company_of(kind, "tune_ads", **changes), **(last or {}))
    assert [row["audience"] for row in found] == ["internal"]
    return str(found[0]["answer_en"])


def test_feasibility_is_answered_by_the_forecast_with_numbers(project: SqlProject) -> None:
    # From 125 to 145 in the 7 weeks to the one that begins on 18 May: (145 / 125)^(1/7) − 1 = 2.14 %. The best four
    # weeks led from 100 to 108: 1.08^(1/4) − 1 = 1.94 %. The path is at 100 + 45 · 12 / 19 = 128, which is more.
    answer = told(project, "feasibility")

    assert answer.startswith("Clicks is at 125 (off track). The target of 145 looks unrealistic: chance ")
    assert "It takes +2.14% a week until 25 May 2026; the best 4 weeks brought +1.94% a week." in answer
    # The middle between staying at 125 and going on as until now, 125 · (125 / 100)^(7 / 12) = 142.4, is 133.4.
    assert "If it goes on as until now, Clicks will be at 133 in the deadline's week (" in answer


def test_success_is_the_distance_to_the_target(project: SqlProject) -> None:
    assert told(project, "success") == (
        "Clicks is at 125, 20 away from the target of 145 by 25 May 2026; 56% of the way is done."
    )
    assert told(project, "success", {"value": 145.0}) == "Clicks is at 145 and has reached the target of 145."
    # Nearly there is not there.
    assert "99% of the way" in told(project, "success", {"value": 144.9})
    assert (
        told(project, "success", {"value": 95.0}) == "Clicks is at 95, 50 away from the target of 145 by 25 May 2026."
    )


def test_change_tells_the_trend_and_whether_it_is_more_than_chance(project: SqlProject) -> None:
    # 125 / 122 is 2.46 % more.
    assert told(project, "change") == (
        "Clicks is at 125, +2.5% on the week before: no detectable change. 12 weeks earlier it was at 100."
    )


def test_how_tells_the_open_tasks_and_the_planned_action(project: SqlProject) -> None:
    assert told(project, "how", how=How(tasks=(Task(task="write."), Task(task="rest", done_on=date(2026, 1, 1))))) == (
        "Clicks is at 125 (off track). Open tasks: write. When it is off track: Try harder."
    )
    done = How(tasks=(Task(task="rest", done_on=date(2026, 1, 1)),))
    assert "All planned tasks are done; the strategy has to be reviewed." in told(project, "how", how=done)


def test_why_is_no_question_for_a_number(project: SqlProject) -> None:
    assert told(project, "why") == (
        "Clicks is at 125 (off track). A number shows that, not why."
        " It is watched because: Because it matters to everybody."
    )


def test_who_answers_for_it_and_who_works_on_it(project: SqlProject) -> None:
    who = Who(accountable="ceo", responsible=("ux", "ceo"))
    assert told(project, "who", who=who) == (
        "Clicks is at 125 (off track). Chief answers for it. Doing the work: Designer, Chief."
    )


@pytest.mark.parametrize(
    ("deadline", "expected"),
    [
        # Week 12 ends on 5 April.
        (date(2026, 5, 25), "The target of 145 is due on 25 May 2026, in 7 weeks."),
        (date(2026, 4, 12), "The target of 145 is due on 12 Apr 2026, in one week."),
        (date(2026, 4, 8), "The target of 145 is due on 8 Apr 2026; no complete week is left."),
        (date(2026, 4, 4), "The target of 145 was due on 4 Apr 2026."),
    ],
)
def test_when_tells_the_deadline_and_the_weeks_left(project: SqlProject, deadline: date, expected: str) -> None:
    config = company_of("when", "tune_ads")
    later = config.kpis["clicking"].model_copy(update={"target": AIM.model_copy(update={"deadline": deadline})})

    found = rows(project, replace(config, kpis={"clicking": later}))
    assert found[0]["answer_en"].endswith(expected)


def test_weeks_that_may_change_or_have_no_value_say_so(project: SqlProject) -> None:
    assert told(project, "who", {"status": "provisional"}).endswith("The value may still change.")
    assert told(project, "who", {"status": "partial"}).endswith("Some days of the week have no data.")
    missing = {"value": None, "null_reason": "source_missing"}
    assert told(project, "who", missing) == "Clicks has no value: no data from its source."


def test_persian_answers_keep_directions_apart(project: SqlProject) -> None:
    found = rows(project, company_of("how", "tune_ads"))

    assert found[0]["answer_fa"] == (
        f"{FSI}فارسی Clicks{PDI} اکنون ۱۲۵ است (خارج از مسیر). کارهای باز: {FSI}work{PDI}."
        f" هنگام خروج از مسیر: {FSI}فارسی Try harder{PDI}."
    )


def test_answers_for_executives_hold_nothing_that_the_team_writes_freely(project: SqlProject) -> None:
    secret = How(tasks=(Task(task="raise secret_ratio"),))
    internal, executive = rows(project, company_of("how", "convert", how=secret))

    assert (internal["audience"], executive["audience"]) == ("internal", "executive")
    assert "secret_ratio" in internal["answer_en"]
    assert executive["answer_en"] == "Clicks is at 125 (off track). When it is off track: Try harder."
    assert (executive["question_id"], executive["objective_id"], executive["kind"]) == ("asked", "convert", "how")
    assert (executive["kpi_id"], executive["week_start"]) == ("clicking", week(12))


def test_question_of_an_internal_objective_is_never_for_executives(project: SqlProject) -> None:
    config = company_of("how", "convert")
    inner = config.goals.questions["asked"].model_copy(update={"objective": "tune_ads"})
    config = replace(config, goals=replace_goals(questions={"asked": inner}))

    assert [row["audience"] for row in rows(project, config)] == ["internal"]


def test_questions_that_nothing_answers_yet_are_there(project: SqlProject) -> None:
    assert told(project, "how", status="draft") == "Clicks is not a KPI yet, so that it answers nothing."
    (nobody,) = rows(project, company_of("how", "convert", status="retired"))
    assert (nobody.get("kpi_id"), nobody["answer_en"]) == (None, "Nothing answers this question at the moment.")
    config = company_of("how")
    without_weeks = [dict(row) for row in answer_rows(Audiences(config), {}, [], week(12))]
    assert without_weeks[0]["answer_en"] == "Clicks has no value for the last complete week."
