"""What every KPI's relation to the metric of its objective is judged by, and the judgement.

Here: choosing the weeks that may be compared, asking ``analysis.relation``, and what is left of the declared evidence.
Shared measures are found in ``coupling``; the row and its words belong to ``relation_rows`` and ``relation_sentence``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kpi_pipeline.analysis.forecast import Scale
from kpi_pipeline.analysis.relation import Relation, relate
from kpi_pipeline.analysis.relation_scale import scaled
from kpi_pipeline.analysis.relation_verdict import Discovery, EvidenceState, discoveries, evidence_state
from kpi_pipeline.catalogue.exposure.coupling import Coupling, coupling
from kpi_pipeline.catalogue.metrics.breaks import MetricBreak
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.catalogue.metrics.weeks import ONE_WEEK, Week
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.kpi import Impact, Kpi

UNCOUPLED = Coupling((), None)


@dataclass(frozen=True)
class KpiRelation:
    """One KPI's relation to the metric of its objective.

    Attributes:
        impact: what is declared.
        objective_metric: the metric; None where a measure stands in its place, which has no weeks of its own.
        weeks: the weeks that were used.
        scales: on which scales the KPI and that metric were compared; None where they were not.
        discovery: the p-value among those of all KPIs of the run; None where there is none.
    """

    impact: Impact
    objective_metric: str | None
    coupling: Coupling
    relation: Relation
    weeks: Sequence[Week] = ()
    scales: tuple[Scale, Scale] | None = None
    discovery: Discovery | None = None

    @property
    def state(self) -> EvidenceState:
        """What is left of the declared evidence."""
        return evidence_state(self.impact.evidence, self.relation.verdict, is_discovery=self.is_discovery)

    @property
    def is_discovery(self) -> bool:
        """Whether the p-value stands among those of all KPIs of the run."""
        return self.discovery is not None and self.discovery.is_discovery


def objective_metric_of(kpi: Kpi, configuration: Configuration) -> str | None:
    """Return the metric that an effect is declared on, by its own id or a KPI's; None for a measure or no effect."""
    name = kpi.impact.objective_metric if kpi.impact else None
    if name in configuration.kpis:
        return configuration.kpis[name].metric
    return name if name in configuration.metrics else None


def kpi_relations(
    configuration: Configuration,
    plans: Mapping[str, MetricPlan],
    weeks: Mapping[str, Sequence[Week]],
    breaks: Mapping[str, Sequence[MetricBreak]],
) -> dict[str, KpiRelation]:
    """Examine every KPI with a declared effect that is not retired.

    Args:
        configuration: the commitments, and which weeks are special.
        plans: metric → its plan.
        weeks: metric → its weeks in order, for the metrics of all KPIs and of their objectives.
        breaks: metric → where it means something else than before.
    """
    found = {
        kpi_id: _examined(kpi.metric, kpi.impact, objective_metric_of(kpi, configuration), configuration, plans)
        for kpi_id, kpi in configuration.kpis.items()
        if kpi.status != "retired" and kpi.impact is not None
    }
    for kpi_id, one in found.items():
        if one.relation.verdict != "identity" and one.objective_metric is not None:
            found[kpi_id] = _measured(one, configuration.kpis[kpi_id].metric, configuration, weeks, breaks)
    known = discoveries(
        {kpi_id: one.relation.correlation.p_value for kpi_id, one in found.items() if one.relation.correlation}
    )
    return {kpi_id: replace(one, discovery=known.get(kpi_id)) for kpi_id, one in found.items()}


def _examined(
    metric_id: str,
    impact: Impact,
    objective_metric: str | None,
    configuration: Configuration,
    plans: Mapping[str, MetricPlan],
) -> KpiRelation:
    """What can be said before the data are looked at."""
    shared = coupling(plans[metric_id], plans[objective_metric]) if objective_metric else UNCOUPLED
    if impact.lag_weeks:
        # Arithmetic holds within a week.
        shared = replace(shared, elasticity=None)
    is_identity = impact.evidence in ("self", "identity") or bool(shared.measures)
    return KpiRelation(
        impact, objective_metric, shared, Relation("identity" if is_identity else "insufficient_data", pairs=0)
    )


def _measured(
    one: KpiRelation,
    metric_id: str,
    configuration: Configuration,
    weeks: Mapping[str, Sequence[Week]],
    breaks: Mapping[str, Sequence[MetricBreak]],
) -> KpiRelation:
    objective_metric = one.objective_metric
    assert objective_metric is not None
    run = comparable_run(
        weeks[metric_id],
        weeks[objective_metric],
        (*breaks.get(metric_id, ()), *breaks.get(objective_metric, ())),
    )
    series = [
        scaled(
            configuration.metrics[name].unit,
            [week.value for week in side if week.value is not None],
            [week.share for week in side],
        )
        for name, side in ((metric_id, [week for week, _ in run]), (objective_metric, [week for _, week in run]))
    ]
    relation = relate(
        series[0].values,
        series[1].values,
        lag_weeks=one.impact.lag_weeks,
        expected_sign=one.impact.expected_sign,
        event_weeks=[
            position
            for position, (week, _) in enumerate(run)
            if any(event.touches(week.start, week.end) for event in configuration.events.values())
        ],
    )
    return replace(one, relation=relation, weeks=[week for week, _ in run], scales=(series[0].scale, series[1].scale))


def comparable_run(
    kpi: Sequence[Week], objective: Sequence[Week], breaks: Sequence[MetricBreak]
) -> list[tuple[Week, Week]]:
    """Return the longest run of weeks that both metrics have, settled, without a gap or a break; the latest of equals.

    Nothing is put in where a week is missing.
    """
    by_start = {week.start: week for week in objective if week.is_settled}
    longest: list[tuple[Week, Week]] = []
    run: list[tuple[Week, Week]] = []
    for week in kpi:
        if not week.is_settled or week.start not in by_start:
            continue
        if run and run[-1][0].start != week.start - ONE_WEEK:
            run = []
        run.append((week, by_start[week.start]))
        while run and any(one.separates(run[0][0], week) for one in breaks):
            run = run[1:]
        if len(run) >= len(longest):
            longest = run.copy()
    return longest
