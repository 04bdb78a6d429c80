"""What has to be read for a metric: its measures by table and window, and how it may be split.

Here: everything about a metric that follows from its YAML and the headers of ``sql/measures``. Rules that its options
must keep belong to ``metric_rules``. Parsing formulas belongs to ``formula``, writing SQL to ``metric_sql``.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from kpi_pipeline.catalogue.formulas.formula import Formula, Window, check_names, parse_formula
from kpi_pipeline.catalogue.metrics.delivered import source_subjects
from kpi_pipeline.catalogue.metrics.metric_rules import filter_columns, filter_problems, option_problems
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.metric import EarlierDefinition, Metric
from kpi_pipeline.config.model import Grain
from kpi_pipeline.config.problems import did_you_mean
from kpi_pipeline.errors import FormulaError
from kpi_pipeline.warehouse.sql_file import AGE_COLUMN, Measure, SqlFile
from kpi_pipeline.warehouse.sql_header import PERIOD_BOUNDS, CoveredBy
from kpi_pipeline.warehouse.sql_project import SqlProject

QUANTILES = {"median": "0.5", "percentile_90": "0.9"}


@dataclass(frozen=True)
class MeasureInput:
    """The measures that a metric takes from one table over one window.

    Attributes:
        columns: operand of the formula → the measure that it is.
        window: from when they are taken.
        is_last: whether the measures are stock figures, of which the last day counts.
        is_undivided: whether every member gets the figure of all together.
    """

    file: SqlFile
    covered_by: CoveredBy
    columns: Mapping[str, Measure]
    window: Window
    is_last: bool
    is_undivided: bool

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures, in the order of the formula."""
        return tuple(self.columns.values())

    @property
    def is_cohort(self) -> bool:
        """Whether the rows have an age, so that ``day`` is the day on which the cohort began."""
        return AGE_COLUMN in self.file.keys

    @property
    def has_bounds(self) -> bool:
        """Whether a predicate names the first or last day that counts."""
        return any(each.where and filter_columns(each.where) & PERIOD_BOUNDS for each in self.measures)

    @property
    def name(self) -> str:
        """What the common tables of this input start with."""
        last, undivided = "_last" if self.is_last else "", "_undivided" if self.is_undivided else ""
        return f"{self.file.table.partition('.')[2]}{self.window.suffix}{last}{undivided}"

    @property
    def covered(self) -> str:
        """Common table of the days that the needed subjects cover."""
        return f"{f'_{self.covered_by.joined_by}_'.join(self.covered_by.subjects)}_covered"

    @property
    def days(self) -> str:
        """Common table of the days that count for each period."""
        return f"days{self.window.suffix}"

    @property
    def followed_days(self) -> str:
        """Common table of the days that must be covered: a cohort is followed until it has its age."""
        return f"{self.days}_followed" if self.is_cohort else self.days


@dataclass(frozen=True)
class MetricPlan:
    """One metric, resolved.

    Attributes:
        inputs: what is read, in the order of the formula.
        zeros: operands of optional measures whose subject no source delivers.
        dimensions: what the metric may be split by.
        common: every dimension that its tables share, which a filter may name.
        earlier: the plans of earlier definitions, oldest first, each with the day before which periods began.
    """

    metric_id: str
    metric: Metric
    formula: Formula
    inputs: tuple[MeasureInput, ...]
    zeros: frozenset[str]
    dimensions: tuple[str, ...]
    common: tuple[str, ...]
    earlier: tuple[tuple["MetricPlan", date], ...] = ()

    @cached_property
    def versions(self) -> tuple["MetricPlan", ...]:
        """The plans of all definitions, the one that holds now first."""
        return (self, *(plan for plan, _ in self.earlier))

    @property
    def tables(self) -> tuple[str, ...]:
        """The measures tables that are read."""
        return tuple(dict.fromkeys(each.file.table for plan in self.versions for each in plan.inputs))

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects that must cover a day for the metric."""
        return tuple(
            dict.fromkeys(
                subject for plan in self.versions for each in plan.inputs for subject in each.covered_by.subjects
            )
        )

    @property
    def quantile(self) -> Measure | None:
        """The measure over rows that the metric is; None for what is added up."""
        found = [measure for each in self.inputs for measure in each.measures if measure.kind in QUANTILES]
        return found[0] if found else None

    @property
    def has_window(self) -> bool:
        """Whether a week's value reaches beyond the week, so that it is incomplete at the start of the data."""
        return self.metric.trailing_weeks > 1 or any(each.window != Window() for each in self.inputs)

    def can_be_covered_by(self, subjects: Collection[str]) -> bool:
        """Tell whether these subjects are enough for all of its inputs."""
        return all(
            (any if each.covered_by.joined_by == "or" else all)(name in subjects for name in each.covered_by.subjects)
            for each in self.inputs
        )

    def check_grain(self, grain: Grain) -> None:
        """Refuse a grain at which the metric has no meaning.

        Raises:
            FormulaError: naming the grains that are possible.
        """
        if self.metric.grains is not None and grain not in self.metric.grains:
            possible = ", ".join(self.metric.grains)
            raise FormulaError(f"metric {self.metric_id}: it has no meaning by {grain}; possible are: {possible}")

    def check_filter(self, condition: str) -> None:
        """Refuse a predicate on anything but dimensions that all tables of the metric share.

        Raises:
            FormulaError: naming the dimensions that are possible.
        """
        for problem in filter_problems(condition, self.common):
            raise FormulaError(f"metric {self.metric_id}: {problem}")

    def check_dimension(self, dimension: str | None) -> None:
        """Refuse what the metric cannot be split by.

        Raises:
            FormulaError: naming the dimensions that are possible.
        """
        possible = ", ".join(self.dimensions) or "none"
        if dimension is None:
            if not self.metric.has_total:
                raise FormulaError(
                    f"metric {self.metric_id}: it has no total, because adding its members up would count something"
                    f" twice; ask for one of its dimensions: {possible}"
                )
        elif dimension not in self.dimensions:
            hint = did_you_mean(dimension, self.dimensions) or f"possible are: {possible}"
            raise FormulaError(f'metric {self.metric_id}: it cannot be split by "{dimension}"; {hint}')


def plan_metric(metric_id: str, configuration: Configuration, project: SqlProject) -> MetricPlan:
    """Resolve one metric with its earlier definitions.

    Raises:
        FormulaError: if there is no such metric, or its formula or an option contradicts the measures' tables.
    """
    if metric_id not in configuration.metrics:
        hint = did_you_mean(metric_id, configuration.metrics) or "metrics stand in config/metrics"
        raise FormulaError(f'there is no metric "{metric_id}"; {hint}')
    metric = configuration.metrics[metric_id]
    earlier = []
    for before in metric.earlier:
        place = f"metric {metric_id}, version {before.version}"
        definition = _as_it_was(metric, before, place)
        earlier.append((_plan(metric_id, definition, configuration, project, place=place), before.until))
    return _plan(metric_id, metric, configuration, project, place=f"metric {metric_id}", earlier=tuple(earlier))


def _as_it_was(metric: Metric, before: EarlierDefinition, place: str) -> Metric:
    """The metric with an earlier formula; options of measures that this one does not have are left out."""
    names = parse_formula(before.formula, place).measures
    kept = {option: _among(getattr(metric, option), names) for option in ("lagged", "optional", "undivided")}
    changes = {
        "formula": before.formula,
        "filter": before.filter,
        "version": before.version,
        "earlier": (),
        "effective_from": None,
        "cost_lag_weeks": metric.cost_lag_weeks if kept["lagged"] else 0,
    }
    return metric.model_copy(update=changes | kept)


def _among(names: Collection[str], kept: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in kept)


def _plan(
    metric_id: str,
    metric: Metric,
    configuration: Configuration,
    project: SqlProject,
    *,
    place: str,
    earlier: tuple[tuple[MetricPlan, date], ...] = (),
) -> MetricPlan:
    formula = parse_formula(metric.formula, place)
    known = project.measures
    check_names(formula, known, place)
    found = {name: known[name] for name in formula.measures}
    divided = [file for name, (file, _) in found.items() if name not in metric.undivided]
    common = (
        tuple(each for each in divided[0].dimensions if all(each in file.dimensions for file in divided))
        if divided
        else ()
    )
    undelivered = _undelivered(metric, configuration, found)
    zeros = frozenset(operand.name for operand in formula.operands if operand.measure in undelivered)
    plan = MetricPlan(
        metric_id=metric_id,
        metric=metric,
        formula=formula,
        inputs=tuple(_inputs(formula, metric, found, zeros, place)),
        zeros=zeros,
        dimensions=common if metric.dimensions is None else metric.dimensions,
        common=common,
        earlier=earlier,
    )
    for problem in option_problems(plan, found):
        raise FormulaError(f"{place}: {problem}")
    return plan


def _undelivered(
    metric: Metric, configuration: Configuration, found: dict[str, tuple[SqlFile, Measure]]
) -> frozenset[str]:
    wanted = [name for name in metric.optional if name in found]
    if not wanted:
        return frozenset()
    delivered = frozenset[str]().union(*source_subjects(configuration).values())
    return frozenset(
        name for name in wanted if (cover := found[name][0].covered_by) and delivered.isdisjoint(cover.subjects)
    )


def _inputs(
    formula: Formula,
    metric: Metric,
    found: Mapping[str, tuple[SqlFile, Measure]],
    zeros: Collection[str],
    place: str,
) -> Iterator[MeasureInput]:
    groups: dict[tuple[str, Window, bool, bool], dict[str, Measure]] = {}
    for operand in formula.operands:
        if operand.name in zeros:
            continue
        file, measure = found[operand.measure]
        weeks = metric.shift_weeks + (metric.cost_lag_weeks if operand.measure in metric.lagged else 0)
        window = Window(operand.window.weeks_earlier + weeks, operand.window.is_previous, operand.window.trailing_days)
        key = (file.table, window, measure.kind == "last", operand.measure in metric.undivided)
        groups.setdefault(key, {})[operand.name] = measure
    for (table, window, is_last, is_undivided), columns in groups.items():
        file = found[next(iter(columns.values())).name][0]
        if file.covered_by is None:
            raise FormulaError(
                f'{place}: {table} does not say which subjects cover it; add "covered by:" to its header'
            )
        yield MeasureInput(file, file.covered_by, columns, window, is_last, is_undivided)
