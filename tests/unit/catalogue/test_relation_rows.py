"""From weeks and commitments to the rows of ``kpi.relations`` and what is left of the declared evidence."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from kpi_pipeline.catalogue.findings.relation_facts import comparable_run, kpi_relations
from kpi_pipeline.catalogue.findings.relation_rows import relation_rows
from kpi_pipeline.catalogue.metrics.breaks import MetricBreak
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.metrics.weeks import Week
from kpi_pipeline.catalogue.tables.row_tables import RELATIONS
from kpi_pipeline.config.events import Event, Span
from kpi_pipeline.config.kpi import Impact
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.analysis.published_series import REAL_KPI, REAL_OBJECTIVE, SPURIOUS_KPI, SPURIOUS_OBJECTIVE
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric, text, week

# Points are compared as they are, so that the figures are the published ones.
METRICS = {
    "cause": metric("ad_clicks / ad_impressions", unit="points", name=text("Click score")),
    "effect": metric("orders", unit="points", name=text("Order score")),
    "sales": metric("gross_sales", unit="currency", name=text("Sales")),
    "rate": metric("ad_clicks / ad_impressions", unit="percent", name=text("Click rate")),
}
CAUSAL_WORDS = re.compile(r"\b(cause[sd]?|because|drives?|driven|leads? to|due to|effect of)\b")


def weeks(values: Sequence[float | None], **changes: Any) -> list[Week]:
    return [
        Week(
            **{
                "start": week(number),
                "end": week(number + 1) - timedelta(days=1),
                "value": value,
                "numerator": None,
                "denominator": None,
                "null_reason": None if value is not None else "source_missing",
                "status": "final",
            }
            | changes
        )
        for number, value in enumerate(values)
    ]


class World:
    """KPIs on hand-made weeks."""

    def __init__(self, project: SqlProject) -> None:
        self._project = project

    def rows(
        self,
        kpis: dict[str, Any],
        found: dict[str, list[Week]],
        breaks: dict[str, list[MetricBreak]] | None = None,
        events: dict[str, Event] | None = None,
    ) -> dict[str, dict[str, Any]]:
        config = replace(configuration(METRICS, goals=goals(), kpis=kpis), events=events or {})
        plans = {name: plan_metric(name, config, self._project) for name in METRICS}
        relations = kpi_relations(config, plans, found, breaks or {})
        return {
            str(row["kpi_id"]): dict.fromkeys(RELATIONS) | row | {"state": relations[str(row["kpi_id"])].state}
            for row in relation_rows(relations, config)
        }

    def row(self, found: dict[str, list[Week]] | None = None, *, metric_id: str = "cause", **options: Any) -> Any:
        given = {name: options.pop(name) for name in ("breaks", "events") if name in options}
        declared = {"objective_metric": "effect", "expected_sign": 1, "lag_weeks": 2, "evidence": "measured"} | options
        series = {"cause": weeks(REAL_KPI), "effect": weeks(REAL_OBJECTIVE)} if found is None else found
        one = kpi(metric_id, "grow", impact=Impact(**declared))
        return self.rows({"one": one}, series, **given)["one"]


@pytest.fixture
def world(project: SqlProject) -> World:
    return World(project)


def test_real_relation_in_numbers_and_words(world: World) -> None:
    row = world.row()

    assert row.keys() - {"state"} == RELATIONS.keys()
    assert (row["first_week"], row["last_week"], row["weeks"], row["pairs"]) == (week(0), week(39), 40, 37)
    assert (row["kpi_scale"], row["objective_scale"]) == ("level", "level")
    assert row["correlation"] == pytest.approx(0.8934, abs=5e-5)
    assert (row["effective_pairs"], row["verdict"], row["is_indicative"]) == (37, "strong", True)
    assert row["slope"] == pytest.approx(0.122597, abs=5e-7)
    assert (row["adjusted_p_value"], row["is_discovery"]) == (row["p_value"], True)
    assert (row["verdict_without_events"], row["proposed_lag"], row["elasticity"]) == (None, None, None)
    assert row["state"] == "confirmed"
    assert row["finding_en"] == (
        "Strong association. Weekly changes in Click score and, 2 weeks later, in Order score: r = 0.89 (95% CI 0.80 to"
        " 0.94, n = 37, effective n = 37); slope: a step of one in the former goes with 0.123 in the latter (0.100 to"
        " 0.145). Association, not proof of cause. Raw series correlate at 0.93, mostly shared trend. Indicative only:"
        " fewer than 39 pairs."
    )


def test_common_trend_is_called_no_evidence_and_the_evidence_is_gone(world: World) -> None:
    row = world.row({"cause": weeks(SPURIOUS_KPI), "effect": weeks(SPURIOUS_OBJECTIVE)}, lag_weeks=0)

    assert (row["verdict"], row["state"], row["is_discovery"]) == ("no_evidence", "unconfirmed", False)
    assert row["finding_en"].startswith(
        "No evidence of an association. Weekly changes in Click score and, in the same week, in Order score: r = −0.04"
        " (95% CI −0.39 to 0.33, n = 39, effective n = 30)"
    )
    assert "Raw series correlate at 0.99, mostly shared trend." in row["finding_en"]


def test_wrong_sign_contradicts_and_wrong_lag_brings_a_proposal(world: World) -> None:
    against, early = world.row(expected_sign=-1), world.row(lag_weeks=1)

    assert (against["verdict"], against["state"]) == ("contradicts", "unconfirmed")
    assert against["finding_en"].startswith("The association runs against the declared direction.")
    assert (early["verdict"], early["proposed_lag"]) == ("no_evidence", 2)
    assert early["proposed_lag_p_value"] == pytest.approx(9.2e-13, abs=5e-15)
    assert early["state"] == "unconfirmed"
    assert early["finding_en"].endswith(
        "They fit better 2 weeks later (r = 0.89, also when allowing for the search): a proposal, to be confirmed on 13"
        " new weeks."
    )
    assert "one week later" in early["finding_en"]


def test_too_few_weeks_say_that_they_are_too_few(world: World) -> None:
    row = world.row({"cause": weeks(REAL_KPI[:22]), "effect": weeks(REAL_OBJECTIVE[:22])})

    assert (row["verdict"], row["weeks"], row["pairs"], row["state"]) == ("insufficient_data", 22, 19, "not_judged")
    assert row["correlation"] is None
    assert row["is_indicative"] is False
    assert row["finding_en"] == (
        "Not enough data: 19 pairs of weekly changes in Click score and, 2 weeks later, in Order score; 20 are needed."
    )
    still = world.row({"cause": weeks([5.0] * 40), "effect": weeks(REAL_OBJECTIVE)})
    assert still["finding_en"] == ("Not enough data: Click score or Order score did not change at all in these weeks.")
    assert world.row({"cause": [], "effect": []})["verdict"] == "insufficient_data"


def test_only_settled_weeks_of_both_without_a_gap_are_compared(world: World) -> None:
    objective = weeks(REAL_OBJECTIVE)
    objective[5] = replace(objective[5], value=None)
    objective[39] = replace(objective[39], status="provisional")
    row = world.row({"cause": weeks(REAL_KPI), "effect": objective})

    assert (row["first_week"], row["last_week"], row["weeks"], row["pairs"]) == (week(6), week(38), 33, 30)


def test_longest_run_lies_on_one_side_of_a_break() -> None:
    found = weeks([1.0] * 10)

    def run(*breaks: MetricBreak) -> list[date]:
        return [one.start for one, _ in comparable_run(found, found, breaks)]

    # A platform changed inside week 6: that week is comparable with none.
    platform = MetricBreak(week(6) + timedelta(days=2), "platform", text("new"))
    assert run(platform) == [week(number) for number in range(6)]
    # A definition of our own changed with week 4.
    assert run(MetricBreak(week(4), "definition", text("new"))) == [week(number) for number in range(4, 10)]
    assert run(platform, MetricBreak(week(4), "definition", text("new"))) == [week(number) for number in range(4)]
    # Of two equal runs, the later one.
    assert run(MetricBreak(week(5), "definition", text("new"))) == [week(number) for number in range(5, 10)]
    assert run() == [week(number) for number in range(10)]
    assert comparable_run(found, [], ()) == []


def test_breaks_of_either_metric_divide_the_weeks(world: World) -> None:
    broken = [MetricBreak(week(8), "definition", text("new"))]

    assert world.row(breaks={"effect": broken})["weeks"] == 32
    assert world.row(breaks={"cause": broken})["weeks"] == 32


def test_relation_that_only_special_weeks_make_says_so(world: World) -> None:
    rng = np.random.default_rng(5)
    cause, effect = (rng.normal(size=60).cumsum() for _ in range(2))
    for number in (20, 45):
        cause[number] += 25
        effect[number] += 25
    series = {"cause": weeks(cause.tolist()), "effect": weeks(effect.tolist())}
    days = tuple(Span(first_day=week(number) + timedelta(days=4), last_day=week(number + 1)) for number in (19, 44))
    row = world.row(series, lag_weeks=0, events={"sale": Event(name=text("Sale"), days=days)})

    assert (row["verdict"], row["verdict_without_events"], row["depends_on_events"]) == ("strong", "no_evidence", True)
    assert row["is_outlier_driven"] is True
    assert "Without special weeks the verdict is another one: no evidence." in row["finding_en"]
    assert re.search(r"Few weeks make it: by ranks, the correlation is −?0\.\d\d\.", row["finding_en"])
    elsewhere = Event(name=text("Sale"), days=(Span(first_day=date(2020, 1, 1), last_day=date(2020, 1, 9)),))
    assert world.row(series, lag_weeks=0, events={"sale": elsewhere})["verdict_without_events"] is None


def test_shared_measures_are_an_identity_and_no_correlation_is_shown(world: World) -> None:
    row = world.row(metric_id="cause", objective_metric="rate", lag_weeks=0)

    assert (row["verdict"], row["state"]) == ("identity", "by_construction")
    assert row["shared_measures"] == "ad_clicks, ad_impressions"
    assert row["elasticity"] == 1
    assert {row[name] for name in ("correlation", "slope", "pairs", "p_value", "level_correlation")} == {None}
    assert row["finding_en"] == (
        "Click score and Click rate are computed from the same measures (ad_clicks, ad_impressions), so that they move"
        " together by construction. A correlation would be no evidence. With everything else as it is, 1% more of Click"
        " score is 1% more of Click rate."
    )
    declared = world.row(metric_id="cause", objective_metric="rate", lag_weeks=0, expected_sign=-1)
    assert declared["finding_en"].endswith("The commitment declares the opposite direction.")
    # A week later, arithmetic says nothing.
    assert world.row(metric_id="cause", objective_metric="rate", lag_weeks=1)["elasticity"] is None


def test_declared_identities_are_not_measured(world: World) -> None:
    itself = world.row(objective_metric="cause", evidence="self", lag_weeks=0)
    equation = world.row(evidence="identity", identity="orders = clicks * rate")

    assert itself["finding_en"] == "Click score is itself what the objective is measured by."
    assert (itself["verdict"], equation["verdict"]) == ("identity", "identity")
    assert equation["finding_en"] == (
        "Click score and Order score are tied by an equation: orders = clicks * rate. A correlation would be no"
        " evidence."
    )


def test_objective_may_be_named_by_a_kpi_and_a_measure_has_no_weeks(world: World) -> None:
    series = {"cause": weeks(REAL_KPI), "effect": weeks(REAL_OBJECTIVE)}
    impact = Impact(objective_metric="ordering", expected_sign=1, lag_weeks=2, evidence="measured")
    kpis = {"one": kpi("cause", "grow", impact=impact), "ordering": kpi("effect", "grow", impact=None)}
    found = world.rows(kpis, series)

    assert list(found) == ["one"]
    assert (found["one"]["objective_metric"], found["one"]["verdict"]) == ("effect", "strong")
    measure = world.row(objective_metric="new_customers")
    assert (measure["objective_metric"], measure["verdict"]) == ("new_customers", "insufficient_data")
    assert measure["finding_en"] == (
        "Not enough data: new_customers is a measure and has no weeks of its own; declare the effect on a metric."
    )
    assert world.rows({"one": kpi("cause", "grow", impact=impact, status="retired")}, series) == {}


def test_amounts_and_proportions_are_compared_on_their_scales(world: World) -> None:
    rng = np.random.default_rng(9)
    odds = rng.normal(scale=0.1, size=61).cumsum()
    clicks = [round(10_000 / (1 + np.exp(-value))) for value in odds]
    sales = (np.exp(0.5 * odds + rng.normal(scale=0.01, size=61).cumsum())).tolist()
    share = [
        replace(one, value=count / 100, numerator=Decimal(count), denominator=Decimal(10_000))
        for one, count in zip(weeks([0.0] * 61), clicks, strict=True)
    ]
    row = world.row({"rate": share, "sales": weeks(sales)}, metric_id="rate", objective_metric="sales", lag_weeks=0)

    assert (row["kpi_scale"], row["objective_scale"], row["verdict"]) == ("logit", "log", "strong")
    assert row["slope"] == pytest.approx(0.5, abs=0.05)
    assert re.search(
        r"slope: 1% in the odds of the former goes with 0\.4\d\d% in the latter \(0\.4\d\d% to 0\.4\d\d%\)",
        row["finding_en"],
    )


def test_one_finding_among_many_kpis_may_be_chance(world: World) -> None:
    rng = np.random.default_rng(2)
    steps, others = rng.normal(size=(2, 60))
    cause, effect = steps.cumsum().tolist(), (0.45 * steps + others).cumsum().tolist()
    declared = Impact(objective_metric="effect", expected_sign=1, lag_weeks=0, evidence="measured")
    noise = declared.model_copy(update={"lag_weeks": 8})
    kpis = {"one": kpi("cause", "grow", impact=declared)}
    series = {"cause": weeks(cause), "effect": weeks(effect)}
    alone = world.rows(kpis, series)["one"]
    among = world.rows(kpis | {f"other_{n}": kpi("cause", "grow", impact=noise) for n in range(30)}, series)["one"]

    assert (alone["verdict"], alone["is_discovery"], alone["state"]) == ("weak", True, "confirmed")
    assert (among["verdict"], among["is_discovery"], among["state"]) == ("weak", False, "unconfirmed")
    assert among["p_value"] == alone["p_value"] < among["adjusted_p_value"]
    assert "Seen together with all KPIs of this run, it may be chance." in among["finding_en"]


def test_no_sentence_speaks_of_a_cause(world: World) -> None:
    found = [world.row(**options) for options in ({}, {"lag_weeks": 1}, {"expected_sign": -1}, {"lag_weeks": 0})]

    for row in found:
        said = row["finding_en"].replace("Association, not proof of cause.", "")
        assert not CAUSAL_WORDS.search(said.lower())
        assert "Association, not proof of cause." in row["finding_en"]
        assert "این یک ارتباط است و علت را ثابت نمی‌کند." in row["finding_fa"]


def test_persian_says_the_same_with_its_own_digits(world: World) -> None:
    finding = world.row()["finding_fa"]

    assert finding.startswith("ارتباط قوی است. تغییرهای هفتگی ")
    assert "۲ هفته بعد" in finding
    assert "ضریب همبستگی ۰٫۸۹" in finding
    assert "(بازهٔ ۹۵٪: ۰٫۸۰ تا ۰٫۹۴؛ ۳۷ جفت، هم‌ارز ۳۷ جفت مستقل)" in finding
    assert not re.search("[0-9]", finding)
