from typing import Any

from kpi_pipeline.catalogue.audience import Audiences
from kpi_pipeline.catalogue.catalogue_table import catalogue_rows, objective_chain, objective_rows
from kpi_pipeline.catalogue.definition import definition_hash
from kpi_pipeline.catalogue.metric_plan import plan_metric
from kpi_pipeline.config.goals import Goals
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric, text, week

METRICS = {
    "ctr": metric("ad_clicks / ad_impressions", unit="percent", definition=text("clicks out of impressions")),
    "roas": metric("ad_conversion_value / ad_cost", has_total=False, dimensions=("platform",)),
}


def rows(project: SqlProject, metrics: dict[str, Metric] | None = None, **kpis: Kpi) -> list[Any]:
    config = configuration(metrics or METRICS, goals=goals(), kpis=kpis)
    plans = {name: plan_metric(name, config, project) for name in config.metrics}
    sources = {name: ["meta_ads", "google_ads"] for name in config.metrics}
    return list(catalogue_rows(project, plans, Audiences(config), sources))


def test_metric_that_no_kpi_is_about_stands_alone(project: SqlProject) -> None:
    ctr, roas = rows(project)

    assert (ctr["metric_id"], ctr.get("kpi_id"), ctr["audience"]) == ("ctr", None, "internal")
    assert (ctr["definition_en"], ctr["formula"], ctr["unit"]) == (
        "clicks out of impressions",
        "ad_clicks / ad_impressions",
        "percent",
    )
    assert ctr["sources"] == "google_ads, meta_ads"
    assert "core.calendar" in ctr["sql"]
    assert "'platform' as dimension" in roas["sql"]


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

    found = objective_rows(shuffled)
    assert [(row["objective_id"], row["position"]) for row in found] == [
        ("alone", 1),
        ("grow", 2),
        ("sell", 3),
        ("convert", 4),
        ("tune_ads", 5),
    ]
    assert found[4]["parent"] == "convert"
    assert objective_chain("tune_ads", objectives) == ["grow", "convert", "tune_ads"]


def test_definition_changes_with_the_formula_and_the_sql_behind_it_and_with_nothing_else(project: SqlProject) -> None:
    def of(one: Metric) -> str:
        config = configuration({"asked": one})
        return definition_hash(plan_metric("asked", config, project), project)

    original = of(METRICS["ctr"])
    assert of(metric("ad_clicks / ad_impressions", unit="percent", decimals=1, name=text("renamed"))) == original
    assert of(metric("ad_clicks / ad_impressions", unit="percent", trailing_weeks=4)) != original
    assert of(metric("ad_interactions / ad_impressions", unit="percent")) != original
