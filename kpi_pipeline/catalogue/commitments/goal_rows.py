"""What the goals hold beside objectives and questions: success factors, criteria, owners, and how departments align.

Here: putting each into rows, with what is covered by KPIs and what is not. A criterion never gets a number. Objectives
stand in ``catalogue_table``, questions in ``answers``; which rows executives see is decided in ``snapshot_plan``.
"""

from collections.abc import Collection, Iterator, Mapping

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.tables.row_tables import Row
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.goals import SuccessFactor
from kpi_pipeline.config.measurability import bound_metrics


def success_factor_rows(audiences: Audiences) -> Iterator[Row]:
    """Yield one row per success factor, covered or not."""
    for name, factor in audiences.configuration.goals.success_factors.items():
        measuring = measuring_kpis(name, factor, audiences)
        yield {
            "success_factor_id": name,
            "objective_id": factor.objective,
            "statement_en": factor.statement.en,
            "statement_fa": factor.statement.fa,
            "kpi_ids": ", ".join(measuring) or None,
            "kpis": len(measuring),
            "is_covered": bool(measuring),
        }


def measuring_kpis(name: str, factor: SuccessFactor, audiences: Audiences) -> list[str]:
    """Return the KPIs that somebody is committed to and that measure a success factor, in the order of their ids."""
    kpis = audiences.configuration.kpis
    return [
        kpi_id
        for kpi_id in sorted(audiences.of_kpi)
        if kpis[kpi_id].success_factor == name or kpi_id in factor.measured_by
    ]


def criterion_rows(configuration: Configuration, measurable: Collection[str]) -> Iterator[Row]:
    """Yield one row per criterion; ``measurable`` are the metrics with enough final weeks."""
    kpis = configuration.kpis
    for name, criterion in configuration.goals.criteria.items():
        standing = [kpi_id for kpi_id, kpi in kpis.items() if kpi.criterion == name and kpi.status != "retired"]
        measured_by = list(dict.fromkeys((*standing, *criterion.measured_by)))
        metrics = {kpis[each].metric if each in kpis else each for each in measured_by}
        yield {
            "criterion_id": name,
            "name_en": criterion.name.en,
            "name_fa": criterion.name.fa,
            "measured_by": ", ".join(measured_by) or None,
            "is_assessable": not metrics.isdisjoint(measurable),
        }


def owner_rows(audiences: Audiences) -> Iterator[Row]:
    """Yield one row per owner."""
    configuration = audiences.configuration
    accountable = [who.accountable for name in audiences.of_kpi if (who := configuration.kpis[name].who)]
    for name, owner in configuration.goals.owners.items():
        yield {
            "owner_id": name,
            "name_en": owner.name.en,
            "name_fa": owner.name.fa,
            "owner_group": owner.group,
            "department": owner.department,
            "is_active": owner.active,
            "kpis": accountable.count(name),
        }


def alignment_rows(audiences: Audiences) -> Iterator[Row]:
    """Yield one row per department that pursues anything or is named as a KPI's function."""
    configuration = audiences.configuration
    objectives, kpis = configuration.goals.objectives, configuration.kpis
    departments = [objective.department for objective in objectives.values()]
    functions = [kpis[name].function for name in audiences.of_kpi]
    for department in sorted({name for name in (*departments, *functions) if name is not None}):
        counts = {
            f"{level}_{kind}": count
            for level in ("internal", "external")
            for kind, count in _counts(department, level, audiences).items()
        }
        yield {"department": department, **counts, "is_aligned": all(counts.values())}


def measurable_objectives(configuration: Configuration, measurable: Collection[str]) -> frozenset[str]:
    """Return the objectives to which a metric with enough final weeks is bound."""
    goals = configuration.goals
    return frozenset(
        name
        for name in goals.objectives
        if not set(bound_metrics(name, goals.success_factors, configuration.kpis)).isdisjoint(measurable)
    )


def _counts(department: str, level: str, audiences: Audiences) -> Mapping[str, int]:
    configuration = audiences.configuration
    pursued = {
        name
        for name, objective in configuration.goals.objectives.items()
        if objective.department == department and objective.level == level
    }
    serving = [name for name in audiences.of_kpi if configuration.kpis[name].objective in pursued]
    return {"objectives": len(pursued), "kpis": len(serving)}
