"""Every table that judges KPIs or tells what the goals come to, made from the values and the weekly rows of one run.

Here: the order in which they are made, and the facts that several of them share. What stands in a row belongs to the
module of its table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from kpi_pipeline.analysis.good_kpi import RECENT_WEEKS, Score, is_replace_candidate
from kpi_pipeline.analysis.smart import FEWEST_WEEKS
from kpi_pipeline.catalogue.commitments.answers import answer_rows
from kpi_pipeline.catalogue.commitments.catalogue_table import Judgements
from kpi_pipeline.catalogue.commitments.goal_rows import alignment_rows, criterion_rows, owner_rows, success_factor_rows
from kpi_pipeline.catalogue.commitments.score_rows import (
    ScoreFacts,
    SourceFacts,
    kpi_scores,
    measured_latencies,
    score_rows,
)
from kpi_pipeline.catalogue.commitments.smart_rows import smart_rows
from kpi_pipeline.catalogue.commitments.target_facts import target_facts
from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.findings.anomaly_rows import anomaly_rows, history_since, watch_kpis, watched_rows
from kpi_pipeline.catalogue.findings.contribution_rows import SplitFacts, contribution_rows
from kpi_pipeline.catalogue.findings.efficiency import efficiency_rows
from kpi_pipeline.catalogue.findings.relation_facts import kpi_relations
from kpi_pipeline.catalogue.findings.relation_rows import relation_rows
from kpi_pipeline.catalogue.findings.segments import refresh_segments
from kpi_pipeline.catalogue.findings.watched_series import read_series
from kpi_pipeline.catalogue.history.publication_ledger import ReportedValue
from kpi_pipeline.catalogue.metrics.breaks import MetricBreak
from kpi_pipeline.catalogue.metrics.covered_days import read_covered_days
from kpi_pipeline.catalogue.metrics.measure_sql import TOTAL
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.catalogue.metrics.proportion_metrics import proportion_metrics
from kpi_pipeline.catalogue.metrics.weeks import Week, recent_final_weeks
from kpi_pipeline.catalogue.snapshots.quality import Reach
from kpi_pipeline.catalogue.tables.row_tables import (
    ALIGNMENT,
    ANOMALIES,
    ANSWERS,
    CONTRIBUTIONS,
    CRITERIA,
    EFFICIENCY,
    OWNERS,
    RELATIONS,
    SCORES,
    SMART,
    SUCCESS_FACTORS,
    WATCHED,
    Row,
    write_rows,
)
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.sources.custody.source_state import SourceState
from kpi_pipeline.warehouse.engine import Engine


@dataclass(frozen=True)
class RunFacts:
    """What a run knows about its KPIs before it judges them.

    Attributes:
        weeks: metric → its weeks in order, for the metrics of all KPIs and of their objectives.
        weekly: the rows of the weekly table of all KPIs.
        reported: everything that was ever published, with what is new.
        states: how every source stands.
    """

    audiences: Audiences
    plans: Mapping[str, MetricPlan]
    reach: Reach
    breaks: Mapping[str, Sequence[MetricBreak]]
    weeks: Mapping[str, Sequence[Week]]
    weekly: Sequence[Row]
    reported: Sequence[ReportedValue]
    states: Sequence[SourceState]
    as_of: date


def measurable_metrics(engine: Engine) -> frozenset[str]:
    """Return the metrics with enough final weeks to be judged by."""
    rows = engine.read(
        f"select metric_id from kpi.values where grain = 'week' and dimension = '{TOTAL}' and status = 'final'"
        f" and value is not null group by metric_id having count(*) >= {FEWEST_WEEKS}"
    )
    return frozenset(rows.column("metric_id").to_pylist())


def refresh_judgements(engine: Engine, run: RunFacts, measurable: frozenset[str]) -> Judgements:
    """Make the tables and return what the catalogue tells of them. To be called inside a transaction."""
    # With it comes numpy, which no command needs that only looks at what was made.
    from kpi_pipeline.catalogue.findings.lifetime_rows import refresh_lifetime

    audiences = run.audiences
    configuration = audiences.configuration
    week_start = configuration.calendar.last_complete_week(run.as_of).start
    covered = read_covered_days(engine, _first_judged_day(run))
    targets = target_facts(configuration, run.plans, run.weeks, covered, run.breaks)
    relations = kpi_relations(configuration, run.plans, run.weeks, run.breaks)
    facts = ScoreFacts(
        configuration=configuration,
        weeks=run.weeks,
        sources=_source_facts(run, configuration),
        latencies=measured_latencies(run.reported, configuration.calendar),
        relations=relations,
        as_of=run.as_of,
    )
    scores = list(kpi_scores(facts))
    write_rows(engine, "kpi.smart", SMART, list(smart_rows(configuration, targets)))
    write_rows(engine, "kpi.scores", SCORES, list(score_rows(scores, configuration)))
    write_rows(engine, "kpi.answers", ANSWERS, list(answer_rows(audiences, targets, run.weekly, week_start)))
    write_rows(engine, "kpi.success_factors", SUCCESS_FACTORS, list(success_factor_rows(audiences)))
    write_rows(engine, "kpi.criteria", CRITERIA, list(criterion_rows(configuration, measurable)))
    write_rows(engine, "kpi.alignment", ALIGNMENT, list(alignment_rows(audiences)))
    write_rows(engine, "kpi.owners", OWNERS, list(owner_rows(audiences)))
    efficiency = efficiency_rows(engine, audiences, run.reach.project, week_start)
    write_rows(engine, "kpi.efficiency", EFFICIENCY, list(efficiency))
    refresh_segments(engine, audiences, week_start)
    refresh_lifetime(engine, configuration, run.reach.project, run.as_of)
    write_rows(engine, "kpi.relations", RELATIONS, list(relation_rows(relations, configuration)))
    watched = watch_kpis(
        configuration,
        sorted(audiences.of_kpi),
        read_series(engine, run.weeks, *history_since(run.weeks)),
        run.weeks,
        breaks=run.breaks,
        proportions=proportion_metrics(engine, run.plans),
    )
    write_rows(engine, "kpi.anomalies", ANOMALIES, anomaly_rows(watched, configuration))
    write_rows(engine, "kpi.watched", WATCHED, list(watched_rows(watched)))
    split = SplitFacts(
        audiences=audiences,
        plans=run.plans,
        weeks=run.weeks,
        weekly=run.weekly,
        breaks=run.breaks,
        week_start=week_start,
    )
    write_rows(engine, "kpi.contributions", CONTRIBUTIONS, list(contribution_rows(engine, split)))
    scores_of: dict[str, list[Score]] = {}
    for kpi_id, _, score, _ in scores:
        scores_of.setdefault(kpi_id, []).append(score)
    return Judgements(
        feasibility={kpi_id: target.achievability.feasibility for kpi_id, target in targets.items()},
        evidence_states={kpi_id: relation.state for kpi_id, relation in relations.items()},
        replace_candidates=[kpi_id for kpi_id, found in scores_of.items() if is_replace_candidate(found)],
    )


def overdue_reviews(engine: Engine) -> list[str]:
    """Return the KPIs whose review should have taken place before the last run."""
    rows = engine.read("select kpi_id from kpi.catalogue where is_review_overdue order by kpi_id")
    return list(rows.column("kpi_id").to_pylist())


def _first_judged_day(run: RunFacts) -> date:
    recent = [week.start for weeks in run.weeks.values() for week in recent_final_weeks(weeks, RECENT_WEEKS)]
    return min(recent, default=run.as_of)


def _source_facts(run: RunFacts, configuration: Configuration) -> dict[str, SourceFacts]:
    late = {state.source for state in run.states if state.is_late}
    found = {}
    for metric_id in run.weeks:
        subjects = set(run.plans[metric_id].subjects)
        # Only sources that a day waits for can make it final later.
        restating = [
            configuration.sources[name].restates_days
            for name, delivered in run.reach.subjects_of_sources.items()
            if not subjects.isdisjoint(delivered)
        ]
        found[metric_id] = SourceFacts(
            late=sorted(late.intersection(run.reach.sources_of(metric_id))),
            restates_days=max(restating, default=None),
        )
    return found
