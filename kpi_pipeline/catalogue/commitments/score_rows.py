"""``kpi.scores``: the five properties of a good KPI, scored from data and configuration, with what was found in words.

Here: gathering the facts of each property, and choosing the sentences. The scores are computed in ``analysis``; the
sentences themselves stand in ``wording``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from kpi_pipeline.analysis.good_kpi import (
    RECENT_WEEKS,
    Property,
    Score,
    accessibility,
    actionability,
    impact,
    relevance,
    timeliness,
)
from kpi_pipeline.analysis.latency import Latency, WeekPublication, measured_latency
from kpi_pipeline.calendar.company_calendar import ONE_DAY, CompanyCalendar
from kpi_pipeline.catalogue.commitments.catalogue_table import objective_chain
from kpi_pipeline.catalogue.findings.relation_facts import KpiRelation
from kpi_pipeline.catalogue.history.publication_ledger import ReportedValue
from kpi_pipeline.catalogue.metrics.weeks import Week, recent_final_weeks
from kpi_pipeline.catalogue.tables.row_tables import Row
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.goals import Objective
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.wording.phrasing import Phrasing, in_every_language

HOURS_OF_DAY = 24

Sentence = Callable[[Phrasing], str]


@dataclass(frozen=True)
class SourceFacts:
    """What is known about the sources of one metric.

    Attributes:
        late: those that did not keep their promise.
        restates_days: how long the slowest one keeps changing a day; None where no source delivers the metric.
    """

    late: Sequence[str]
    restates_days: int | None


@dataclass(frozen=True)
class ScoreFacts:
    """Everything that the scores are computed from.

    Attributes:
        weeks: metric → its weeks in order.
        sources: metric → what is known about its sources.
        latencies: KPI → measured time to the final value, where there is one.
        relations: KPI → how it moves with the metric of its objective, where an effect is declared.
    """

    configuration: Configuration
    weeks: Mapping[str, Sequence[Week]]
    sources: Mapping[str, SourceFacts]
    latencies: Mapping[str, Latency]
    relations: Mapping[str, KpiRelation]
    as_of: date


def kpi_scores(facts: ScoreFacts) -> Iterator[tuple[str, Property, Score, Sentence]]:
    """Yield the five scores of every KPI that is not retired, each with the sentence that explains it."""
    for kpi_id, kpi in facts.configuration.kpis.items():
        if kpi.status != "retired":
            yield kpi_id, "accessible", *_accessible(kpi, facts)
            yield kpi_id, "impactful", *_impactful(facts.relations.get(kpi_id), facts.as_of)
            yield kpi_id, "relevant", *_relevant(kpi, facts.configuration.goals.objectives)
            yield kpi_id, "actionable", *_actionable(kpi)
            yield kpi_id, "timely", *_timely(kpi, facts.sources[kpi.metric], facts.latencies.get(kpi_id))


def score_rows(scores: Sequence[tuple[str, Property, Score, Sentence]], configuration: Configuration) -> Iterator[Row]:
    """Yield the rows of the table."""
    money = configuration.company.money
    for kpi_id, name, score, sentence in scores:
        metric = configuration.metrics[configuration.kpis[kpi_id].metric]
        yield {
            "kpi_id": kpi_id,
            "property": name,
            "score": score.value,
            "is_passed": score.is_passed,
            **in_every_language("finding", metric, money, sentence),
        }


def measured_latencies(values: Sequence[ReportedValue], calendar: CompanyCalendar) -> dict[str, Latency]:
    """Return KPI → the time from the end of a week to its final value, where publications show one."""

    @cache
    def bounds(day: date) -> tuple[datetime, datetime]:
        start, end = calendar.day_bounds(day)
        return start.replace(tzinfo=None), end.replace(tzinfo=None)

    publications: dict[str, list[WeekPublication]] = {}
    for value in values:
        last_day = value.week_start + timedelta(days=6)
        run_starts, run_ends = bounds(last_day + value.data_age_days * ONE_DAY)
        publications.setdefault(value.kpi_id, []).append(
            WeekPublication(
                week_ended_at=bounds(last_day)[1],
                published_at=value.published_at,
                is_final=value.status == "final",
                is_on_its_day=run_starts <= value.published_at < run_ends,
            )
        )
    found = {kpi_id: measured_latency(each) for kpi_id, each in publications.items()}
    return {kpi_id: latency for kpi_id, latency in found.items() if latency is not None}


def _accessible(kpi: Kpi, facts: ScoreFacts) -> tuple[Score, Sentence]:
    recent = recent_final_weeks(facts.weeks[kpi.metric], RECENT_WEEKS)
    weeks, late = sum(week.is_settled for week in recent), facts.sources[kpi.metric].late
    key = "good.accessible_late" if late else "good.accessible"
    return accessibility(weeks, is_fresh=not late), lambda phrasing: phrasing.say(
        key, weeks=phrasing.count(weeks), sources=phrasing.listed(late)
    )


def _impactful(found: KpiRelation | None, as_of: date) -> tuple[Score, Sentence]:
    """Executives read this too: it names no metric."""
    if found is None:
        return impact(None, None, is_expired=False), lambda phrasing: phrasing.say("good.impact_none")
    expires_on = found.impact.expires_on
    is_expired = expires_on is not None and expires_on < as_of
    key = _impact_key(found, is_expired=is_expired)
    return impact(found.state, found.relation.verdict, is_expired=is_expired), lambda phrasing: phrasing.say(
        f"good.impact_{key}", day=phrasing.day(expires_on) if expires_on else ""
    )


def _impact_key(found: KpiRelation, *, is_expired: bool) -> str:
    evidence, verdict = found.impact.evidence, found.relation.verdict
    match found.state:
        case "by_construction":
            return evidence if evidence in ("self", "identity") else "coupled"
        case "confirmed":
            return verdict
        case state:
            if verdict == "contradicts":
                return "contradicted"
            return "expired" if is_expired else state


def _relevant(kpi: Kpi, objectives: Mapping[str, Objective]) -> tuple[Score, Sentence]:
    score = relevance([objectives[name].level for name in objective_chain(kpi.objective, objectives)])
    return score, lambda phrasing: phrasing.say("good.relevant" if score.is_passed else "good.irrelevant")


def _actionable(kpi: Kpi) -> tuple[Score, Sentence]:
    actions = len(kpi.actions)
    is_ready = any(action.when == "off_track" for action in kpi.actions)

    def sentence(phrasing: Phrasing) -> str:
        if not is_ready:
            return phrasing.say("good.only_at_risk" if actions else "good.no_action")
        return phrasing.language.plural("good.actionable", actions, number=phrasing.count(actions))

    return actionability(actions=actions, is_ready_for_off_track=is_ready), sentence


def _timely(kpi: Kpi, sources: SourceFacts, measured: Latency | None) -> tuple[Score, Sentence]:
    promised = kpi.quality.max_latency_hours if kpi.quality else None
    # The first run after the last change: at the latest a day later.
    expected = None if sources.restates_days is None else (sources.restates_days + 1) * HOURS_OF_DAY
    hours = measured.hours if measured else expected

    def sentence(phrasing: Phrasing) -> str:
        if promised is None or hours is None:
            return phrasing.say("good.no_promise" if promised is None else "good.no_latency")
        said = {"hours": phrasing.hours(hours), "promised": phrasing.hours(promised)}
        if measured is None:
            return phrasing.say("good.timely_expected", **said)
        return phrasing.language.plural(
            "good.timely_measured", measured.weeks, number=phrasing.count(measured.weeks), **said
        )

    return timeliness(hours, promised), sentence
