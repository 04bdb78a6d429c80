from datetime import date, timedelta
from typing import Any

import pytest

from kpi_pipeline.catalogue.commitments.catalogue_table import (
    Judgements,
    catalogue_rows,
    objective_chain,
    objective_rows,
)
from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.metrics.definition import definition_hash
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.config.goals import Goals
from kpi_pipeline.config.kpi import Assumption, How, Impact, Kpi, Review, Task, When, Where, Who
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric, text, week

METRICS = {
    "ctr": metric("ad_clicks / ad_impressions", unit="percent", definition=text("clicks out of impressions")),
    "by_platform": metric("ad_cost", has_total=False, dimensions=("platform",)),
}


def rows(project: SqlProject, metrics: dict[str, Metric] | None = None, **kpis: Kpi) -> list[Any]:
    config = configuration(metrics or METRICS, goals=goals(), kpis=kpis)
    plans = {name: plan_metric(name, config, project) for name in config.metrics}
    sources = {name: ["meta_ads", "google_ads"] for name in config.metrics}
    return catalogue_rows(
        project,
        plans,
        Audiences(config),
        sources,
        as_of=week(0),
        judgements=Judgements({"clicking": "stretch"}, ["clicking"]),
    )


def test_metric_that_no_kpi_is_about_stands_alone(project: SqlProject) -> None:
    ctr, by_platform = rows(project)

    assert (ctr["metric_id"], ctr.get("kpi_id"), ctr["audience"]) == ("ctr", None, "internal")
    assert (ctr["definition_en"], ctr["formula"], ctr["unit"]) == (
        "clicks out of impressions",
        "ad_clicks / ad_impressions",
        "percent",
    )
    assert ctr["sources"] == "google_ads, meta_ads"
    assert "core.calendar" in ctr["sql"]
    assert "'platform' as dimension" in by_platform["sql"]


def test_kpi_says_whose_it_is_and_what_for(project: SqlProject) -> None:
    row = rows(project, clicking=kpi("ctr", "convert"))[0]

    assert (row["metric_id"], row["kpi_id"], row["audience"]) == ("ctr", "clicking", "executive")
    assert row["missing_parts"] is None
    assert (row["owner"], row["owner_name_en"]) == ("ceo", "Chief")
    assert (row["objective_id"], row["objective_chain"]) == ("convert", "grow > convert")
    assert row["question_en"] == "How to reach convert?"
    assert (row["why_en"], row["action_fa"]) == ("Because it matters to everybody", "فارسی Try harder")
    assert (row["baseline"], row["target"], row["path"], row["version"]) == (5.0, 10.0, "linear", 1)
    assert row["deadline"] < week(11)


def test_kpi_tells_the_whole_commitment(project: SqlProject) -> None:
    full = kpi(
        "ctr",
        "convert",
        guardrails=("other", "another"),
        who=Who(accountable="ceo", responsible=("ceo", "ux"), consulted=("cfo",)),
        where=Where(scope="all markets", efficiency_metric="ad_clicks", per="ad_cost"),
        when=When(
            assumptions=(
                Assumption(text="budgets stay", holds_until=week(0) - timedelta(days=1)),
                Assumption(text="prices stay", holds_until=week(0)),
                Assumption(text="no new rival"),
            ),
            risks=("a mild winter", "a strike"),
            obstacles=(),
            opportunities=(),
        ),
        how=How(tasks=(Task(task="plan", done_on=date(2026, 1, 1)), Task(task="act"), Task(task="look"))),
        review=Review(every_weeks=4, next_on=week(0) - timedelta(days=1)),
        impact=Impact(objective_metric="ctr", expected_sign=-1, lag_weeks=2, evidence="identity", identity="a = b * c"),
    )
    row = rows(project, clicking=full)[0]

    assert (row["status"], row["class"], row["function"], row["scope"]) == ("active", "business", None, "company")
    assert (row["responsible"], row["consulted"], row["informed"]) == ("ceo, ux", "cfo", None)
    assert (row["where_scope"], row["efficiency_metric"], row["per"]) == ("all markets", "ad_clicks", "ad_cost")
    # The last day of one assumption has passed, that of another is today.
    assert row["assumptions"] == "budgets stay (2026-01-04)\nprices stay (2026-01-05)\nno new rival"
    assert row["expired_assumptions"] == "budgets stay"
    assert (row["risks"], row["obstacles"]) == ("a mild winter\na strike", None)
    assert (row["tasks"], row["tasks_done"], row["is_strategy_review_due"]) == ("act\nlook", "plan", False)
    assert (row["review_next_on"], row["is_review_overdue"]) == (week(0) - timedelta(days=1), True)
    assert (row["guardrails"], row["resources"]) == ("other, another", "two people")
    assert (row["evidence"], row["identity"], row["expected_sign"], row["lag_weeks"]) == (
        "identity",
        "a = b * c",
        -1,
        2,
    )
    assert (row["feasibility"], row["is_replace_candidate"]) == ("stretch", True)
    assert (row["max_latency_hours"], row["min_coverage_pct"], row["min_probability"]) == (96, 95, 0.1)


def test_finished_tasks_make_a_strategy_review_due(project: SqlProject) -> None:
    done = kpi("ctr", "convert", how=How(tasks=(Task(task="plan", done_on=date(2026, 1, 1)),)))
    today = kpi("ctr", "convert", review=Review(every_weeks=4, next_on=week(0)))

    assert rows(project, done=done)[0]["is_strategy_review_due"] is True
    assert rows(project, today=today)[0]["is_review_overdue"] is False


def test_open_tasks_tell_by_when_they_are_to_be_done(project: SqlProject) -> None:
    tasks = (Task(task="plan", due_on=date(2026, 4, 1)), Task(task="ask"), Task(task="rest", done_on=date(2026, 1, 1)))
    assert rows(project, planned=kpi("ctr", "convert", how=How(tasks=tasks)))[0]["tasks"] == "plan (2026-04-01)\nask"


@pytest.mark.parametrize(
    ("one", "form", "basis"),
    [
        (metric("ad_clicks", unit="count"), "number", "ad shown"),
        (metric("ad_clicks / ad_impressions", unit="percent"), "ratio", "ad shown"),
        (metric("ad_clicks / ad_impressions", unit="points"), "index", "ad shown"),
        (metric("buying_customers", unit="count"), "distinct", "order placed"),
        (
            metric("cohort_gross_margin", unit="currency", cohort_age_days=90),
            "cohort",
            "first order placed",
        ),
    ],
)
def test_form_says_how_a_number_may_be_put_together(project: SqlProject, one: Metric, form: str, basis: str) -> None:
    row = rows(project, {"asked": one})[0]

    assert row["form"] == form
    assert basis in row["basis"]


def test_metric_says_what_its_definition_decided(project: SqlProject) -> None:
    decided = metric(
        "ad_clicks / ad_impressions",
        unit="percent",
        edge_rules=("bots", "above_100_percent"),
        profiles=("b2b", "online"),
        default_audience="external",
    )
    row = rows(project, {"asked": decided})[0]

    assert (row["edge_rules"], row["profiles"]) == ("bots, above_100_percent", "b2b, online")
    assert (row["default_audience"], row["reference"], row["metric_version"]) == ("external", "test", 1)


def test_unfinished_commitment_says_what_is_missing(project: SqlProject) -> None:
    found = rows(project, draft=kpi("ctr", "convert", status="draft", target=None, actions=()))

    assert found[0]["missing_parts"] == "status, target, actions"
    assert (found[0]["kpi_id"], found[0]["audience"], found[0]["target"]) == ("draft", "internal", None)


def test_retired_kpi_leaves_its_metric_alone(project: SqlProject) -> None:
    assert rows(project, old=kpi("ctr", "convert", status="retired"))[0].get("kpi_id") is None


def test_executive_kpi_never_shows_a_question_of_an_internal_objective(project: SqlProject) -> None:
    both = ("how_to_tune_ads", "how_to_grow")

    assert rows(project, a=kpi("ctr", "convert", answers=both))[0]["question_en"] == "How to reach grow?"
    assert rows(project, a=kpi("ctr", "convert", answers=both[:1]))[0]["question_en"] is None
    assert rows(project, a=kpi("ctr", "tune_ads", answers=both))[0]["question_en"] == "How to reach tune_ads?"


def test_objectives_stand_in_order_from_top_to_bottom() -> None:
    objectives = goals(alone="business", sell="external").objectives
    shuffled = Goals(objectives=dict(reversed(objectives.items()))).objectives

    found: list[Any] = objective_rows(shuffled, {"grow"}, as_of=date(2027, 1, 2))
    assert [(row["objective_id"], row["position"]) for row in found] == [
        ("alone", 1),
        ("grow", 2),
        ("sell", 3),
        ("convert", 4),
        ("tune_ads", 5),
    ]
    assert found[4]["parent"] == "convert"
    # Their review was due on New Year's Day.
    assert {row["is_review_overdue"] for row in found} == {True}
    assert [row["is_measurable"] for row in found] == [False, True, False, False, False]
    assert not objective_rows(shuffled, (), as_of=date(2027, 1, 1))[0]["is_review_overdue"]
    assert objective_chain("tune_ads", objectives) == ["grow", "convert", "tune_ads"]


def test_definition_changes_with_the_formula_and_the_sql_behind_it_and_with_nothing_else(project: SqlProject) -> None:
    def of(one: Metric) -> str:
        config = configuration({"asked": one})
        return definition_hash(plan_metric("asked", config, project), project)

    original = of(METRICS["ctr"])
    assert of(metric("ad_clicks / ad_impressions", unit="percent", decimals=1, name=text("renamed"))) == original
    assert of(metric("ad_clicks / ad_impressions", unit="percent", trailing_weeks=4)) != original
    assert of(metric("ad_interactions / ad_impressions", unit="percent")) != original
