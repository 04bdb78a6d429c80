"""``kpi.catalogue`` and ``kpi.objectives``: what every number means, who answers for it and what it is for.

Here: putting configuration and compiled SQL into rows. Add a column here and in ``catalogue_columns``; those of the
commitment alone stand in ``commitment_columns``. Which of the rows executives may see is decided in ``audience`` and
``snapshot_plan``.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from kpi_pipeline.analysis.relation_verdict import EvidenceState
from kpi_pipeline.analysis.smart import Feasibility
from kpi_pipeline.catalogue.exposure.audience import Audiences, is_committed
from kpi_pipeline.catalogue.metrics.definition import definition_hash, meaning_hash
from kpi_pipeline.catalogue.metrics.measure_sql import Selection
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.catalogue.metrics.metric_sql import metric_sql
from kpi_pipeline.catalogue.tables.commitment_columns import commitment_columns
from kpi_pipeline.catalogue.tables.row_tables import Row, Value
from kpi_pipeline.config.commitment import missing_parts
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.goals import Objective, Question
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.model import Text
from kpi_pipeline.warehouse.sql_project import SqlProject

LEVELS = ("business", "external", "internal")


@dataclass(frozen=True)
class Judgements:
    """What was found out about KPIs, as far as the catalogue tells it.

    Attributes:
        feasibility: KPI → how far away its target is.
        replace_candidates: KPIs that fail too many properties of a good one.
        evidence_states: KPI → what the data leave of the evidence that is declared for its effect.
    """

    feasibility: Mapping[str, Feasibility | None] = field(default_factory=dict)
    replace_candidates: Collection[str] = ()
    evidence_states: Mapping[str, EvidenceState] = field(default_factory=dict)


def catalogue_rows(
    project: SqlProject,
    plans: Mapping[str, MetricPlan],
    audiences: Audiences,
    sources: Mapping[str, Collection[str]],
    *,
    as_of: date,
    judgements: Judgements,
) -> list[Row]:
    """Return one row per KPI, finished or not, and one per metric that no KPI is about.

    Args:
        project: the SQL files.
        plans: metric → its plan.
        audiences: who may see which KPI.
        sources: metric → the sources that deliver what it is made of.
        as_of: the day of the run.
        judgements: what was found out about KPIs.
    """
    commitments: dict[str, list[str]] = {}
    for kpi_id, kpi in audiences.configuration.kpis.items():
        if kpi.status != "retired":
            commitments.setdefault(kpi.metric, []).append(kpi_id)
    rows: list[Row] = []
    for metric_id, plan in plans.items():
        definition = _definition(plan, project) | {"sources": ", ".join(sorted(sources[metric_id]))}
        kpi_ids = commitments.get(metric_id, [])
        for kpi_id in kpi_ids:
            rows.append(
                definition
                | _commitment(kpi_id, audiences)
                | commitment_columns(audiences.configuration.kpis[kpi_id], as_of)
                | {
                    "feasibility": judgements.feasibility.get(kpi_id),
                    "evidence_state": judgements.evidence_states.get(kpi_id),
                    "is_replace_candidate": kpi_id in judgements.replace_candidates,
                }
            )
        if not kpi_ids:
            rows.append(definition | {"audience": "internal"})
    return rows


def objective_rows(objectives: Mapping[str, Objective], measurable: Collection[str], as_of: date) -> list[Row]:
    """Return one row per objective, every parent before its children, business objectives first.

    Args:
        objectives: all of them by id.
        measurable: those that a metric with enough data is bound to.
        as_of: the day of the run.
    """
    return [
        {
            "objective_id": objective_id,
            "level": objective.level,
            "parent": objective.parent,
            "department": objective.department,
            **_texts("statement", objective.statement),
            **_texts("why", objective.why),
            "owner": objective.owner,
            "approved_by": objective.approved_by,
            "approved_on": objective.approved_on,
            "review_on": objective.review_on,
            "is_review_overdue": objective.review_on < as_of,
            "is_measurable": objective_id in measurable,
            "position": position,
        }
        for position, (objective_id, objective) in enumerate(_top_down(objectives, None), start=1)
    ]


def objective_chain(objective_id: str | None, objectives: Mapping[str, Objective]) -> list[str]:
    """Return an objective and what it serves, the business objective first."""
    chain: list[str] = []
    while objective_id is not None:
        chain.insert(0, objective_id)
        objective_id = objectives[objective_id].parent
    return chain


def _top_down(objectives: Mapping[str, Objective], parent: str | None) -> Iterator[tuple[str, Objective]]:
    children = [(name, objective) for name, objective in objectives.items() if objective.parent == parent]
    for name, objective in sorted(children, key=lambda child: LEVELS.index(child[1].level)):
        yield name, objective
        yield from _top_down(objectives, name)


def _definition(plan: MetricPlan, project: SqlProject) -> dict[str, Value]:
    metric = plan.metric
    dimension = None if metric.has_total else plan.dimensions[0]
    return {
        "metric_id": plan.metric_id,
        **_texts("name", metric.name),
        **_texts("definition", metric.definition),
        "formula": metric.formula,
        "sql": metric_sql(plan, Selection(("week",), (dimension,))),
        "unit": metric.unit,
        "form": _form(plan),
        "basis": ", ".join(dict.fromkeys(each.file.basis for each in plan.inputs if each.file.basis)) or None,
        "direction": metric.direction,
        "decimals": metric.decimals,
        "default_audience": metric.default_audience,
        "profiles": ", ".join(metric.profiles) or None,
        "edge_rules": ", ".join(metric.edge_rules) or None,
        "reference": metric.source,
        "metric_version": metric.version,
        "definition_hash": definition_hash(plan, project),
        "meaning_hash": meaning_hash(metric),
    }


def _form(plan: MetricPlan) -> str:
    """How the number comes about, which decides how it may be put together."""
    kinds = {measure.kind for each in plan.inputs for measure in each.measures}
    if plan.formula.first_age or any(each.is_cohort for each in plan.inputs):
        return "cohort"
    if plan.quantile:
        return "quantile"
    if plan.formula.denominator is not None:
        return "index" if plan.metric.unit == "points" else "ratio"
    return "distinct" if "distinct" in kinds else "number"


def _commitment(kpi_id: str, audiences: Audiences) -> dict[str, Value]:
    configuration = audiences.configuration
    kpi, goals = configuration.kpis[kpi_id], configuration.goals
    owner = goals.owners[kpi.who.accountable] if kpi.who else None
    question = _question(kpi, configuration)
    action = next((action for action in kpi.actions if action.when == "off_track"), None)
    return {
        "kpi_id": kpi_id,
        "audience": audiences.of_kpi.get(kpi_id, "internal"),
        "missing_parts": None if is_committed(kpi) else ", ".join(_missing(kpi)),
        "owner": kpi.who.accountable if kpi.who else None,
        **_texts("owner_name", owner.name if owner else None),
        "objective_id": kpi.objective,
        "objective_chain": " > ".join(objective_chain(kpi.objective, goals.objectives)) or None,
        **_texts("question", question.question if question else None),
        **_texts("why", kpi.why),
        "baseline": kpi.target.baseline.value if kpi.target else None,
        "target": kpi.target.value if kpi.target else None,
        "target_low": kpi.target.band.low if kpi.target and kpi.target.band else None,
        "target_high": kpi.target.band.high if kpi.target and kpi.target.band else None,
        "deadline": kpi.target.deadline if kpi.target else None,
        "path": kpi.target.path if kpi.target else None,
        **_texts("action", action.do if action else None),
        "version": kpi.version,
    }


def _missing(kpi: Kpi) -> list[str]:
    return [*(["status"] if kpi.status != "active" else []), *missing_parts(kpi)]


def _question(kpi: Kpi, configuration: Configuration) -> Question | None:
    """The first question that the KPI answers; an executive KPI never shows one of an internal objective."""
    goals = configuration.goals
    is_internal = kpi.objective is not None and goals.objectives[kpi.objective].level == "internal"
    for question_id in kpi.answers:
        question = goals.questions[question_id]
        if is_internal or goals.objectives[question.objective].level != "internal":
            return question
    return None


def _texts(name: str, text: Text | None) -> dict[str, Value]:
    return {f"{name}_en": text.en if text else None, f"{name}_fa": text.fa if text else None}
