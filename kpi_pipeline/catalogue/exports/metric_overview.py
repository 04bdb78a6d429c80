"""What a reader wants to know about a metric before asking for its values.

Here: bringing together its definition, the KPIs that commit to it and whether its sources are connected. How that is
shown belongs to the command line and to ``pages``; finding metrics by words to ``metric_search``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kpi_pipeline.catalogue.metrics.delivered import source_subjects
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan, plan_metric
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Grain
from kpi_pipeline.warehouse.sql_project import SqlProject

ALL_GRAINS: tuple[Grain, ...] = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class MetricOverview:
    """One metric.

    Attributes:
        kpis: the commitments to it that are not retired.
        missing_subjects: of what its days must be covered by, what no configured source delivers.
        sources: the configured sources that deliver what it needs.
    """

    metric_id: str
    plan: MetricPlan
    kpis: tuple[str, ...]
    missing_subjects: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def metric(self) -> Metric:
        """The definition."""
        return self.plan.metric

    @property
    def is_connected(self) -> bool:
        """Whether the configured sources are enough to compute it."""
        return not self.missing_subjects

    @property
    def grains(self) -> tuple[Grain, ...]:
        """The periods for which it has a meaning."""
        return self.metric.grains or ALL_GRAINS

    @property
    def bases(self) -> tuple[str, ...]:
        """What the days of its measures are."""
        return tuple(dict.fromkeys(each.file.basis for each in self.plan.inputs if each.file.basis))


def overview_of(metric_id: str, configuration: Configuration, project: SqlProject) -> MetricOverview:
    """Return what there is to know about one metric.

    Raises:
        FormulaError: if there is no such metric or it cannot be computed as it is written.
    """
    return _overview(metric_id, configuration, project, source_subjects(configuration))


def overviews(configuration: Configuration, project: SqlProject) -> dict[str, MetricOverview]:
    """Return metric → what there is to know about it, in the order of the files.

    Raises:
        FormulaError: if a metric cannot be computed as it is written.
    """
    delivered = source_subjects(configuration)
    return {name: _overview(name, configuration, project, delivered) for name in configuration.metrics}


def _overview(
    metric_id: str, configuration: Configuration, project: SqlProject, delivered: Mapping[str, frozenset[str]]
) -> MetricOverview:
    plan = plan_metric(metric_id, configuration, project)
    every = frozenset[str]().union(*delivered.values())
    missing = [
        subject
        for each in plan.inputs
        if each.covered_by.joined_by == "and" or every.isdisjoint(each.covered_by.subjects)
        for subject in each.covered_by.subjects
        if subject not in every
    ]
    needed = {subject for each in plan.inputs for subject in each.covered_by.subjects}
    return MetricOverview(
        metric_id=metric_id,
        plan=plan,
        kpis=tuple(
            kpi_id for kpi_id, kpi in configuration.kpis.items() if kpi.metric == metric_id and kpi.status != "retired"
        ),
        missing_subjects=tuple(dict.fromkeys(missing)),
        sources=tuple(sorted(name for name, subjects in delivered.items() if subjects & needed)),
    )
