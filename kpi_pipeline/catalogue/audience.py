"""Who may see what: the audience of every KPI, and what has to be kept back so that no internal KPI reaches executives.

Here: the only place that knows the rule, which no setting can change: a KPI of an internal objective is for the
internal audience alone, all others are for executives too. Which columns and rows a file gets belongs to
``snapshot_plan``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from kpi_pipeline.catalogue.formula import Formula, canonical_text, parse_formula
from kpi_pipeline.config.commitment import missing_parts
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import ConfigurationError

NAME = re.compile(r"[a-z][a-z0-9_]*")


def is_committed(kpi: Kpi) -> bool:
    """Tell whether a KPI is one: active, with every part of a commitment."""
    return kpi.status == "active" and not missing_parts(kpi)


@dataclass(frozen=True)
class Audiences:
    """The audiences of one configuration's KPIs."""

    configuration: Configuration

    @cached_property
    def of_kpi(self) -> dict[str, Audience]:
        """KPI → the audience that it is made for; only of KPIs that somebody is committed to."""
        objectives = self.configuration.goals.objectives
        found: dict[str, Audience] = {}
        for kpi_id, kpi in self.configuration.kpis.items():
            if is_committed(kpi) and kpi.objective is not None:
                found[kpi_id] = "internal" if objectives[kpi.objective].level == "internal" else "executive"
        return found

    @property
    def executive_kpis(self) -> tuple[str, ...]:
        """The KPIs that executives see, in the order of their ids."""
        return tuple(sorted(kpi_id for kpi_id, audience in self.of_kpi.items() if audience == "executive"))

    @cached_property
    def internal_kpis(self) -> tuple[str, ...]:
        """The KPIs that executives must not see, also those that are not finished, in the order of their ids."""
        objectives = self.configuration.goals.objectives
        return tuple(
            kpi_id
            for kpi_id, kpi in sorted(self.configuration.kpis.items())
            if kpi.status != "retired" and kpi.objective is not None and objectives[kpi.objective].level == "internal"
        )

    @property
    def executive_metrics(self) -> tuple[str, ...]:
        """The metrics behind the executive KPIs, in the order of their ids."""
        return tuple(sorted({self.configuration.kpis[kpi_id].metric for kpi_id in self.executive_kpis}))

    @cached_property
    def metrics_without_sides(self) -> frozenset[str]:
        """Executive metrics whose numerator or denominator alone is what an internal KPI shows."""
        internal = {canonical_text(self._formula(metric).expression) for metric in self._internal_metrics}
        return frozenset(
            metric
            for metric in self.executive_metrics
            if any(canonical_text(side) in internal for side in self._formula(metric).sides)
        )

    def names_internal(self, text: str) -> bool:
        """Tell whether a formula or statement holds the id of an internal KPI, as where a measure has the same name."""
        return not self._internal_metrics.union(self.internal_kpis).isdisjoint(NAME.findall(text.lower()))

    def check(self) -> None:
        """Refuse commitments that no week can show, or that show executives an internal KPI under another name.

        Raises:
            ConfigurationError: naming all such KPIs.
        """
        if problems := list(self.problems()):
            raise ConfigurationError("\n".join(problems))

    def problems(self) -> Iterator[str]:
        """Yield what ``check`` would refuse."""
        for kpi_id in self.of_kpi:
            if not self._metric(kpi_id).has_total:
                yield (
                    f'KPI "{kpi_id}": its metric {self.configuration.kpis[kpi_id].metric} has no total, so no week has'
                    " a value; commit to a metric with has_total: true"
                )
        for inner in self.internal_kpis:
            for outer in self.executive_kpis:
                if _meaning(self._metric(inner)) == _meaning(self._metric(outer)):
                    yield (
                        f'KPI "{outer}" is for executives and shows the same number as "{inner}", which is internal;'
                        " internal KPIs must not be reported to executives: give one of the two up"
                    )

    def _metric(self, kpi_id: str) -> Metric:
        return self.configuration.metrics[self.configuration.kpis[kpi_id].metric]

    def _formula(self, metric_id: str) -> Formula:
        return parse_formula(self.configuration.metrics[metric_id].formula, f"metric {metric_id}")

    @cached_property
    def _internal_metrics(self) -> frozenset[str]:
        return frozenset(self.configuration.kpis[kpi_id].metric for kpi_id in self.internal_kpis)


def _meaning(metric: Metric) -> tuple[object, ...]:
    """What a metric counts; another name, unit, window or threshold does not make it another number."""
    expression = parse_formula(metric.formula, "").expression
    return canonical_text(expression), metric.filter, metric.cohort_age_days
