from datetime import date, datetime, timedelta
from typing import Any

from kpi_pipeline.analysis.latency import Latency
from kpi_pipeline.analysis.relation import Relation
from kpi_pipeline.analysis.relation_verdict import Discovery
from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.catalogue.commitments.score_rows import (
    ScoreFacts,
    SourceFacts,
    kpi_scores,
    measured_latencies,
    score_rows,
)
from kpi_pipeline.catalogue.findings.relation_facts import UNCOUPLED, KpiRelation
from kpi_pipeline.catalogue.history.publication_ledger import ReportedValue
from kpi_pipeline.catalogue.metrics.weeks import Week
from kpi_pipeline.config.kpi import Action, Impact, Kpi, Quality
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric, text, week

PUNCTUAL = SourceFacts((), 3)
BERLIN = CompanyCalendar("Europe/Berlin", "monday", "gregorian")


def weeks(final: int, missing: int = 0) -> list[Week]:
    return [
        Week(week(n), week(n + 1) - timedelta(days=1), None if n < missing else 1.0, None, None, None, "final")
        for n in range(final)
    ]


def scores(
    one: Kpi,
    values: list[Week] | None = None,
    sources: SourceFacts = PUNCTUAL,
    latency: Latency | None = None,
    as_of: date = date(2026, 6, 1),
    relation: KpiRelation | None = None,
) -> dict[str, Any]:
    config = configuration({"clicks": metric("ad_clicks", unit="count")}, goals=goals(), kpis={"clicking": one})
    facts = ScoreFacts(
        configuration=config,
        weeks={"clicks": weeks(13) if values is None else values},
        sources={"clicks": sources},
        latencies={"clicking": latency} if latency else {},
        relations={"clicking": relation} if relation else {},
        as_of=as_of,
    )
    return {str(row["property"]): row for row in score_rows(list(kpi_scores(facts)), config)}


def told(row: dict[str, Any]) -> tuple[Any, Any, Any]:
    return row["score"], row["is_passed"], row["finding_en"]


def test_five_properties_in_both_languages() -> None:
    found = scores(kpi("clicks", "tune_ads"))

    assert list(found) == ["accessible", "impactful", "relevant", "actionable", "timely"]
    assert {row["kpi_id"] for row in found.values()} == {"clicking"}
    assert found["relevant"]["finding_fa"] == "بدون گسست به یک هدف کسب‌وکار می‌رسد."
    assert scores(kpi("clicks", "tune_ads", status="retired")) == {}


def test_accessible_weeks_are_those_with_a_value_among_the_last_final_ones() -> None:
    assert told(scores(kpi("clicks", "grow"), weeks(20, missing=8))["accessible"]) == (
        12 / 13,
        True,
        "12 of the last 13 final weeks have a value; its sources are on time.",
    )
    late = scores(kpi("clicks", "grow"), sources=SourceFacts(("google_ads", "ledger"), 3))["accessible"]
    assert told(late) == (0.5, False, "13 of the last 13 final weeks have a value; late: google_ads, ledger.")


def impactful(verdict: str, *, stands: bool = True, as_of: date = date(2026, 6, 1), **changes: Any) -> Any:
    known = {"objective_metric": "secret", "expected_sign": 1, "lag_weeks": 0, "evidence": "measured"} | changes
    relation = KpiRelation(
        impact=Impact(**known),
        objective_metric="secret",
        coupling=UNCOUPLED,
        relation=Relation(verdict, 50),  # type: ignore[arg-type]
        discovery=Discovery(0.01 if stands else 0.2, stands),
    )
    return told(scores(kpi("clicks", "grow", impact=relation.impact), as_of=as_of, relation=relation)["impactful"])


def test_impact_is_told_without_naming_what_it_is_on() -> None:
    itself = impactful("identity", evidence="self")
    assert itself == (1.0, True, "It is itself what the objective is measured by.")
    identity = impactful("identity", evidence="identity", identity="secret = clicks * rate")
    assert identity == (1.0, True, "Its effect on the objective follows from an equation.")
    coupled = impactful("identity")
    assert coupled == (1.0, True, "It is computed from the same measures as what its objective is measured by.")
    assert impactful("moderate") == (
        0.75,
        True,
        "Its weekly changes go together moderately with those of what its objective is measured by; that is no proof of"
        " cause.",
    )


def test_measured_impact_is_lost_once_the_data_do_not_confirm_it() -> None:
    assert impactful("strong")[:2] == (1.0, True)
    lost = (0.25, False, "Its effect is said to be measured; the data do not confirm it.")
    assert impactful("no_evidence") == impactful("strong", stands=False) == lost
    assert impactful("insufficient_data")[:2] == (0.25, False)
    assert impactful("contradicts") == (
        0.0,
        False,
        "Its weekly changes go together with those of what its objective is measured by, against the declared"
        " direction.",
    )


def test_hypothesis_counts_until_it_expires_and_in_full_once_it_is_confirmed() -> None:
    def hypothesis(verdict: str, expires_on: date) -> Any:
        return impactful(verdict, evidence="hypothesis", expires_on=expires_on)

    assert hypothesis("no_evidence", date(2026, 6, 1))[:2] == (0.25, False)
    expired = (0.0, False, "The hypothesis about its effect expired on 31 May 2026.")
    assert hypothesis("no_evidence", date(2026, 5, 31)) == expired
    assert hypothesis("strong", date(2026, 5, 31))[:2] == (1.0, True)
    assert hypothesis("contradicts", date(2026, 6, 1))[:2] == (0.0, False)
    assert told(scores(kpi("clicks", "grow", impact=None))["impactful"]) == (
        0.0,
        False,
        "Nothing is said about its effect on the objective.",
    )


def test_without_objective_it_leads_nowhere() -> None:
    assert told(scores(kpi("clicks", "grow", objective=None))["relevant"])[:2] == (0.0, False)


def test_actions_need_one_for_off_track() -> None:
    off_track = Action(when="off_track", do=text("act"), owner="ceo")
    at_risk = Action(when="at_risk", do=text("act"), owner="ceo")

    assert told(scores(kpi("clicks", "grow", actions=(off_track, at_risk)))["actionable"]) == (
        1.0,
        True,
        "2 actions are planned, each with owner and trigger.",
    )
    assert told(scores(kpi("clicks", "grow", actions=(at_risk,)))["actionable"])[:2] == (0.5, True)
    assert told(scores(kpi("clicks", "grow", actions=()))["actionable"]) == (0.0, False, "No action is planned.")


def test_timely_by_what_was_measured_or_else_by_what_the_sources_allow() -> None:
    measured = scores(kpi("clicks", "grow"), latency=Latency(102.4, 9))["timely"]
    assert told(measured) == (
        96 / 102.4,
        False,
        "In the last 9 weeks, it was typically final 102 hours after the week's end; promised are 96 hours.",
    )
    # Three days of changes and the run of the day after: four days.
    expected = scores(kpi("clicks", "grow"))["timely"]
    assert told(expected) == (
        1.0,
        True,
        "By the settings of its sources, a week is final 96 hours after its end; promised are 96 hours.",
    )
    slow = scores(kpi("clicks", "grow", quality=Quality(max_latency_hours=48, min_coverage_pct=90)))["timely"]
    assert (slow["score"], slow["is_passed"]) == (0.5, False)


def test_nobody_promised_and_nothing_delivered_cannot_be_scored() -> None:
    assert told(scores(kpi("clicks", "grow", quality=None))["timely"])[:2] == (None, None)
    assert told(scores(kpi("clicks", "grow"), sources=SourceFacts((), None))["timely"])[:2] == (None, None)


def reported(number: int, published_at: datetime, age: int, status: str = "final") -> ReportedValue:
    return ReportedValue(
        kpi_id="clicking",
        week_start=week(number),
        audience="internal",
        value=1.0,
        null_reason=None,
        status=status,
        snapshot_id="s",
        published_at=published_at,
        definition_hash="h",
        data_age_days=age,
    )


def test_latency_is_measured_from_the_local_end_of_the_week() -> None:
    # Week 0 ends on 11 January at midnight in Berlin, 23:00 UTC; runs at 05:00 UTC, six hours after midnight.
    values = [
        reported(0, datetime(2026, 1, 9, 5), -2, "partial"),
        reported(0, datetime(2026, 1, 13, 5), 2, "provisional"),
        reported(0, datetime(2026, 1, 15, 5), 4),
        reported(1, datetime(2026, 1, 22, 5), 4),
        # Made up for on 1 March: the run of 29 January says nothing about the routine.
        reported(2, datetime(2026, 3, 1, 5), 4),
    ]
    assert measured_latencies(values, BERLIN) == {"clicking": Latency(78.0, 2)}
    assert measured_latencies([], BERLIN) == {}
