"""By which dimensions executives see what moved a KPI, so that no member of one tells an internal KPI.

Here: the rule. A split shows the figures of every member. They are withheld where an internal KPI may be about some of
these members: it is computed from the same table of measures, and its filter or one of its measures names the
dimension, or it must not be split by the dimension although its tables could be, as metrics are of which all cases are
of one member. A split into factors shows other metrics; it is shown where all of them are those of executive KPIs. What
follows from totals alone belongs to ``derivation``; rows and columns of files to ``snapshot_plan``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.findings.pieces import FACTORS
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan, plan_metric
from kpi_pipeline.catalogue.metrics.metric_rules import filter_columns
from kpi_pipeline.warehouse.sql_project import SqlProject


@dataclass(frozen=True)
class WithheldSplit:
    """A dimension that a report names and executives do not see, and the internal KPI because of which."""

    kpi_id: str
    dimension: str
    internal_kpi: str


@dataclass(frozen=True)
class DriverExposure:
    """What executives see of the splits of one configuration's KPIs."""

    audiences: Audiences
    project: SqlProject

    def shown(self) -> dict[str, tuple[str, ...]]:
        """Return executive KPI → the dimensions that executives see it split by, in the order of their names.

        Raises:
            FormulaError: if a metric cannot be compiled.
        """
        withheld = {(each.kpi_id, each.dimension) for each in self.withheld()}
        return {
            kpi_id: tuple(name for name in self._wanted(kpi_id) if (kpi_id, name) not in withheld)
            for kpi_id in self.audiences.executive_kpis
        }

    def withheld(self) -> Iterator[WithheldSplit]:
        """Yield the dimensions that are withheld from executives although a report names them."""
        for kpi_id in self.audiences.executive_kpis:
            for dimension in self._wanted(kpi_id):
                for inner in self.audiences.internal_kpis:
                    if _may_tell(self._plans[kpi_id], self._plans[inner], dimension):
                        yield WithheldSplit(kpi_id, dimension, inner)
                        break

    def _wanted(self, kpi_id: str) -> list[str]:
        metric_id = self.audiences.configuration.kpis[kpi_id].metric
        # With the weights of its members, sides that are withheld would be told.
        if metric_id in self.audiences.metrics_without_sides:
            return []
        factors = self.audiences.configuration.metrics[metric_id].factors
        splits = {*self._plans[kpi_id].dimensions}
        if factors and set(self.audiences.executive_metrics).issuperset(factors):
            splits.add(FACTORS)
        return sorted(splits & self._named)

    @cached_property
    def _named(self) -> frozenset[str]:
        reports = self.audiences.configuration.reports.values()
        return frozenset(name for report in reports if report.audience == "executive" for name in report.drivers)

    @cached_property
    def _plans(self) -> dict[str, MetricPlan]:
        configuration = self.audiences.configuration
        return {
            kpi_id: plan_metric(configuration.kpis[kpi_id].metric, configuration, self.project)
            for kpi_id in (*self.audiences.executive_kpis, *self.audiences.internal_kpis)
        }


def _may_tell(outer: MetricPlan, inner: MetricPlan, dimension: str) -> bool:
    if set(outer.tables).isdisjoint(inner.tables):
        return False
    return any(dimension in _named_in(version) for version in inner.versions) or (
        dimension in inner.common and dimension not in inner.dimensions
    )


def _named_in(plan: MetricPlan) -> set[str]:
    conditions = [plan.metric.filter, *(measure.where for each in plan.inputs for measure in each.measures)]
    return {name for condition in conditions if condition is not None for name in filter_columns(condition)}
