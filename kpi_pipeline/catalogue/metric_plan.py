"""What has to be read for a metric: its measures by table and window, and how it may be split.

Here: everything about a metric that follows from its YAML and the headers of ``sql/measures``, with the refusals. Add a
rule for a new option of ``Metric`` here. Parsing formulas belongs to ``formula``, writing SQL to ``metric_sql``.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from kpi_pipeline.catalogue.formula import Formula, check_names, parse_formula
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.problems import did_you_mean
from kpi_pipeline.errors import FormulaError
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.warehouse.sql_file import Measure, SqlFile
from kpi_pipeline.warehouse.sql_header import CoveredBy
from kpi_pipeline.warehouse.sql_project import SqlProject

AGE_COLUMN = "age_days"


@dataclass(frozen=True)
class MeasureInput:
    """The measures that a metric takes from one table over one window.

    Attributes:
        weeks_earlier: how far the window lies before the period itself.
        is_last: whether the measures are stock figures, of which the last day counts.
    """

    file: SqlFile
    covered_by: CoveredBy
    measures: tuple[Measure, ...]
    weeks_earlier: int
    is_last: bool

    @property
    def is_cohort(self) -> bool:
        """Whether the rows have an age, so that ``day`` is the day on which the cohort began."""
        return AGE_COLUMN in self.file.keys

    @property
    def name(self) -> str:
        """What the common tables of this input start with."""
        return f"{self.file.table.partition('.')[2]}{self._earlier}{'_last' if self.is_last else ''}"

    @property
    def covered(self) -> str:
        """Common table of the days that the needed subjects cover."""
        return f"{f'_{self.covered_by.joined_by}_'.join(self.covered_by.subjects)}_covered"

    @property
    def days(self) -> str:
        """Common table of the days that count for each period."""
        return f"days{self._earlier}"

    @property
    def followed_days(self) -> str:
        """Common table of the days that must be covered: a cohort is followed until it has its age."""
        return f"{self.days}_followed" if self.is_cohort else self.days

    @property
    def _earlier(self) -> str:
        if not self.weeks_earlier:
            return ""
        return f"_{self.weeks_earlier}_week{'s' if self.weeks_earlier > 1 else ''}_earlier"


@dataclass(frozen=True)
class MetricPlan:
    """One metric, resolved.

    Attributes:
        inputs: what is read, in the order of the formula.
        zeros: optional measures whose subject no source delivers.
        dimensions: what the metric may be split by.
    """

    metric_id: str
    metric: Metric
    formula: Formula
    inputs: tuple[MeasureInput, ...]
    zeros: frozenset[str]
    dimensions: tuple[str, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """The measures tables that are read."""
        return tuple(dict.fromkeys(each.file.table for each in self.inputs))

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects that must cover a day for the metric."""
        return tuple(dict.fromkeys(subject for each in self.inputs for subject in each.covered_by.subjects))

    @property
    def has_window(self) -> bool:
        """Whether a week's value reaches beyond the week, so that it is incomplete at the start of the data."""
        return self.metric.trailing_weeks > 1 or any(each.weeks_earlier for each in self.inputs)

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
    """Resolve one metric.

    Raises:
        FormulaError: if there is no such metric, or its formula or an option contradicts the measures' tables.
    """
    if metric_id not in configuration.metrics:
        hint = did_you_mean(metric_id, configuration.metrics) or "metrics stand in config/metrics"
        raise FormulaError(f'there is no metric "{metric_id}"; {hint}')
    metric, place = configuration.metrics[metric_id], f"metric {metric_id}"
    formula = parse_formula(metric.formula, place)
    known = _measures(project)
    check_names(formula, known, place)
    found = {name: known[name] for name in formula.measures}
    files = [file for file, _ in found.values()]
    common = [each for each in files[0].dimensions if all(each in file.dimensions for file in files)]
    zeros = _undelivered(metric, configuration, found)
    plan = MetricPlan(
        metric_id=metric_id,
        metric=metric,
        formula=formula,
        inputs=tuple(_inputs(metric, found, zeros, place)),
        zeros=zeros,
        dimensions=tuple(common if metric.dimensions is None else metric.dimensions),
    )
    for problem in _problems(plan, found, common):
        raise FormulaError(f"{place}: {problem}")
    return plan


def source_subjects(configuration: Configuration) -> dict[str, frozenset[str]]:
    """Return source → the subjects that its files deliver."""
    return {name: frozenset(build_contract(name, source).subjects) for name, source in configuration.sources.items()}


def filter_columns(condition: str) -> frozenset[str]:
    """Return the names that a filter compares; empty if it cannot be read as a predicate."""
    try:
        parsed = sqlglot.parse_one(condition, dialect="duckdb", into=exp.Condition)
    except sqlglot.errors.SqlglotError:
        return frozenset()
    if parsed.find(exp.Query) or parsed.find(exp.Block):
        return frozenset()
    return frozenset(column.sql(dialect="duckdb") for column in parsed.find_all(exp.Column))


def _measures(project: SqlProject) -> dict[str, tuple[SqlFile, Measure]]:
    return {measure.name: (file, measure) for file in project.files for measure in file.measures}


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
    metric: Metric, found: dict[str, tuple[SqlFile, Measure]], zeros: Collection[str], place: str
) -> Iterator[MeasureInput]:
    groups: dict[tuple[str, int, bool], list[str]] = {}
    for name, (file, measure) in found.items():
        if name not in zeros:
            weeks_earlier = metric.shift_weeks + (metric.cost_lag_weeks if name in metric.lagged else 0)
            groups.setdefault((file.table, weeks_earlier, measure.kind == "last"), []).append(name)
    for (table, weeks_earlier, is_last), names in groups.items():
        file = found[names[0]][0]
        if file.covered_by is None:
            raise FormulaError(
                f'{place}: {table} does not say which subjects cover it; add "covered by:" to its header'
            )
        yield MeasureInput(file, file.covered_by, tuple(found[name][1] for name in names), weeks_earlier, is_last)


def _problems(plan: MetricPlan, found: dict[str, tuple[SqlFile, Measure]], common: Collection[str]) -> Iterator[str]:
    metric, first_age = plan.metric, plan.formula.first_age
    cohorts = {name for name, (file, _) in found.items() if AGE_COLUMN in file.keys}
    for option, names in (("lagged", metric.lagged), ("optional", metric.optional)):
        for name in names:
            if name not in found:
                yield f'"{name}" under {option} does not stand in the formula "{metric.formula}"'
    if not plan.inputs:
        yield "all its measures are optional and no source delivers them; configure a source or remove the metric"
    if bool(metric.cost_lag_weeks) != bool(metric.lagged):
        yield "cost_lag_weeks and lagged need each other; give both or none"
    if cohorts and metric.cohort_age_days is None:
        yield f"{', '.join(sorted(cohorts))} grows with the cohort's age; say up to which age with cohort_age_days"
    if metric.cohort_age_days is not None and not cohorts:
        yield "cohort_age_days is set, but no measure of the formula has an age"
    if first_age and (first_age.gained not in cohorts or first_age.needed in cohorts):
        yield f"first_age(a >= b) needs a measure with an age as a and one without as b, found {metric.formula}"
    if bool(first_age) != (metric.unit == "months"):
        yield "first_age and the unit months belong together"
    if metric.min_denominator and plan.formula.denominator is None:
        yield f'min_denominator is set, but the formula "{metric.formula}" is no division'
    for name in metric.dimensions or ():
        if name not in common:
            listed = ", ".join(common) or "none"
            yield f'the dimension "{name}" is not common to all tables of its measures; common are: {listed}'
    if not metric.has_total and not plan.dimensions:
        yield "has_total is false and there is no dimension to split it by, so it has no value at all"
    if metric.filter is not None:
        yield from _filter_problems(metric.filter, common)


def _filter_problems(condition: str, common: Collection[str]) -> Iterator[str]:
    columns = filter_columns(condition)
    if not columns:
        yield f'the filter "{condition}" cannot be read; expected a predicate on the dimensions: {", ".join(common)}'
    for name in sorted(columns - set(common)):
        hint = did_you_mean(name, common) or f"possible are: {', '.join(common) or 'none'}"
        yield f'the filter "{condition}" names "{name}", which is no dimension common to all its tables; {hint}'
