"""The SQL of a metric's measures: which days count for a period, their rows, their sums and how far they are covered.

Here: one function per common table of the statement that ``metric_sql`` puts together. Add an aggregation here,
together with its keyword in the headers of ``sql/measures``. Formulas and reasons for missing values belong to
``metric_sql``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from textwrap import indent

import sqlglot
from sqlglot import exp

from kpi_pipeline.catalogue.formulas.formula import Window
from kpi_pipeline.catalogue.metrics.metric_plan import QUANTILES, MeasureInput, MetricPlan
from kpi_pipeline.config.model import Grain
from kpi_pipeline.warehouse.quoting import quoted_text
from kpi_pipeline.warehouse.sql_file import AGE_COLUMN, Measure
from kpi_pipeline.warehouse.sql_header import CoveredBy

TOTAL = "total"
PERIOD_KEYS = ("grain", "period_start")
MEMBER_KEYS = (*PERIOD_KEYS, "dimension", "member")


@dataclass(frozen=True)
class Selection:
    """Which values are asked for.

    Attributes:
        dimensions: None stands for the total.
        since: leave out periods that end before this day.
        until: leave out periods that start after this day.
        starts: only the periods that start on these days; at least one for each grain.
        start_from: only the periods that start on this day or later.
        start_before: only the periods that start before this day.
        where: predicate on dimensions, besides the metric's own filter.
    """

    grains: tuple[Grain, ...]
    dimensions: tuple[str | None, ...]
    since: date | None = None
    until: date | None = None
    starts: Mapping[Grain, Collection[date]] | None = None
    start_from: date | None = None
    start_before: date | None = None
    where: str | None = None

    @property
    def members(self) -> tuple[str, ...]:
        """The dimensions without the total."""
        return tuple(dimension for dimension in self.dimensions if dimension is not None)


def moved(day: str, days: int) -> str:
    """Return the SQL of a date some days later, or earlier where negative."""
    if days == 0:
        return day
    return f"cast({day} {'+' if days > 0 else '-'} interval {abs(days)} day as date)"


def covered_days(cover: CoveredBy) -> str:
    """One row per day that the needed subjects cover."""
    subjects = ", ".join(quoted_text(subject) for subject in cover.subjects)
    if len(cover.subjects) == 1:
        return (
            "select\n    coverage.day,\n    coverage.is_final\nfrom core.coverage as coverage\n"
            f"where coverage.subject = {subjects}"
        )
    all_needed = f"\nhaving count(*) = {len(cover.subjects)}" if cover.joined_by == "and" else ""
    return (
        "select\n    coverage.day,\n    bool_and(coverage.is_final) as is_final\nfrom core.coverage as coverage\n"
        f"where coverage.subject in ({subjects})\ngroup by coverage.day{all_needed}"
    )


def beginning(plan: MetricPlan) -> str:
    """One row: the first day with something from every source; one that never delivered does not hold the others up."""
    firsts = {
        f"select {moved(f'min({each.covered}.day)', 7 * each.window.weeks_earlier)} as day from {each.covered}": None
        for each in plan.inputs
    }
    union = indent("\nunion all\n".join(firsts), "    ")
    return (
        "select coalesce(max(firsts.day), (select min(coverage.day) from core.coverage as coverage)) as day\n"
        f"from (\n{union}\n) as firsts"
    )


def periods(selection: Selection) -> str:
    """One row per grain and period that has begun."""
    return "\nunion all\n".join(_periods_of_grain(grain, selection) for grain in selection.grains)


def days_of_periods(
    plan: MetricPlan, selection: Selection, window: Window, *, follow_up: int, with_bounds: bool
) -> str:
    """One row per period and day that counts for it; ``follow_up`` days longer than the window itself."""
    first, last, before = _bounds(plan, selection, window)
    bounds = f",\n    {first} as first_day,\n    {last} as last_day" if with_bounds else ""
    return (
        f"select\n    periods.grain,\n    periods.period_start,\n    calendar.day{bounds}\nfrom periods\n{before}"
        f"inner join core.calendar as calendar\n    on calendar.day between {first}\n    and {moved(last, follow_up)}\n"
        "cross join core.company as company\nwhere calendar.day < company.as_of"
    )


def _bounds(plan: MetricPlan, selection: Selection, window: Window) -> tuple[str, str, str]:
    """The first and last day of a window, and the join that they need."""
    before = ""
    start, end = "periods.period_start", "periods.period_end"
    if window.is_previous:
        before = f"inner join core.calendar as earlier\n    on earlier.day = {moved(start, -1)}\n"
        starts = {grain: "earlier.day" if grain == "day" else f"earlier.{grain}_start" for grain in selection.grains}
        whens = " ".join(f"when '{grain}' then {day}" for grain, day in starts.items())
        start = starts[selection.grains[0]] if len(starts) == 1 else f"case periods.grain {whens} end"
        end = "earlier.day"
    last = moved(end, -7 * window.weeks_earlier)
    if window.trailing_days:
        return moved(end, 1 - window.trailing_days - 7 * window.weeks_earlier), last, before
    first = moved(start, -7 * window.weeks_earlier)
    if (trailing := plan.metric.trailing_weeks) > 1 and "week" in selection.grains:
        week = moved(start, -7 * (window.weeks_earlier + trailing - 1))
        only_weeks = selection.grains == ("week",)
        first = week if only_weeks else f"case when periods.grain = 'week' then {week} else {first} end"
    return first, last, before


def measure_rows(plan: MetricPlan, selection: Selection, each: MeasureInput, *, with_day: bool = False) -> str:
    """The rows of a measures table, once for every period that their day counts for."""
    table = each.file.table.partition(".")[2]
    columns = [
        "days.grain",
        "days.period_start",
        *([f"{table}.day"] if each.is_last or with_day else []),
        *([f"{table}.{AGE_COLUMN}"] if plan.formula.first_age and each.is_cohort else []),
        *(f"coalesce(cast({table}.{name} as varchar), '') as {name}" for name in _divided(selection, each).members),
        *(_row_value(measure, table) for measure in each.measures),
    ]
    filters = () if each.is_undivided else (plan.metric.filter, selection.where)
    conditions = [_qualified(condition, table) for condition in filters if condition]
    if each.is_cohort:
        conditions.append(f"{table}.{AGE_COLUMN} < {plan.metric.cohort_age_days}")
    where = "\nwhere\n    " + "\n    and ".join(conditions) if conditions else ""
    return (
        f"select\n    {listed(columns)}\nfrom {each.file.table} as {table}\n"
        f"inner join {each.days} as days on days.day = {table}.day{where}"
    )


def sums(selection: Selection, each: MeasureInput) -> str:
    """One row per period and member; ``_unknown`` counts the rows whose figure is not known, ``_cases`` those known."""
    selection = _divided(selection, each)
    if each.is_last:
        return _last_figures(selection, each)
    aggregates = []
    for measure in each.measures:
        counted = f"counted.{measure.name}"
        if measure.kind == "distinct":
            aggregates.append(f"count(distinct {counted}) as {measure.name}")
        elif measure.kind in QUANTILES:
            share = QUANTILES[measure.kind]
            value = f"percentile_cont({share}) within group (order by cast({counted} as double))"
            aggregates.append(f"{value} as {measure.name}")
            aggregates.append(f"count({counted}) as {measure.name}_cases")
        else:
            aggregates.append(f"sum({counted}) as {measure.name}")
            aggregates.append(f"count(*) - count({counted}) as {measure.name}_unknown")
    return grouped(selection, f"{each.name}_rows", [], aggregates)


def _divided(selection: Selection, each: MeasureInput) -> Selection:
    return replace(selection, dimensions=(None,)) if each.is_undivided else selection


def coverage(plan: MetricPlan, each: MeasureInput) -> str:
    """One row per period: how many days count, how many of them are covered, and how many will not change any more."""
    # Days before a source began are not missing, except where the name of the metric promises a whole window.
    begun = f"\nwhere days.day >= (select min(begun.day) from {each.covered} as begun)" if not plan.has_window else ""
    return (
        "select\n    days.grain,\n    days.period_start,\n    count(*) as days,\n"
        "    count(covered.day) as days_covered,\n"
        "    count(case when covered.is_final then 1 end) as days_final\n"
        f"from {each.followed_days} as days\nleft join {each.covered} as covered on covered.day = days.day{begun}\n"
        "group by days.grain, days.period_start"
    )


def grouped(selection: Selection, rows: str, keys: list[str], aggregates: list[str]) -> str:
    """Aggregate rows by period, ``keys`` and member: one grouping set per dimension and one for the total."""
    always = [f"counted.{key}" for key in ("grain", "period_start", *keys)]
    sets = [[*always, *([f"counted.{name}"] if name else [])] for name in selection.dimensions]
    if len(sets) == 1:
        group_by = ", ".join(sets[0])
        name = selection.dimensions[0]
        dimension, member = f"'{name or TOTAL}'", f"counted.{name}" if name else f"'{TOTAL}'"
    else:
        group_by = "grouping sets (\n    " + ",\n    ".join(f"({', '.join(one)})" for one in sets) + "\n)"
        # A dimension that a set does not group by is NULL there; as a member it never is.
        whens = " ".join(f"when counted.{name} is not null then '{name}'" for name in selection.members)
        dimension = f"case {whens} else '{TOTAL}' end"
        member = f"coalesce({', '.join(f'counted.{name}' for name in selection.members)}, '{TOTAL}')"
    columns = [*always, f"{dimension} as dimension", f"{member} as member", *aggregates]
    return f"select\n    {listed(columns)}\nfrom {rows} as counted\ngroup by {group_by}"


def listed(columns: list[str]) -> str:
    """Return select items, one on each line."""
    return ",\n    ".join(columns)


def _periods_of_grain(grain: Grain, selection: Selection) -> str:
    start, end = ("calendar.day",) * 2 if grain == "day" else (f"calendar.{grain}_start", f"calendar.{grain}_end")
    conditions = ["calendar.day < company.as_of", f"{end} >= beginning.day"]
    if selection.since:
        conditions.append(f"{end} >= date '{selection.since}'")
    if selection.until:
        conditions.append(f"{start} <= date '{selection.until}'")
    if selection.starts is not None:
        days = ", ".join(f"date '{day}'" for day in sorted(selection.starts[grain]))
        conditions.append(f"{start} in ({days})")
    if selection.start_from is not None:
        conditions.append(f"{start} >= date '{selection.start_from}'")
    if selection.start_before is not None:
        conditions.append(f"{start} < date '{selection.start_before}'")
    where = "\n    and ".join(conditions)
    return (
        f"select distinct\n    '{grain}' as grain,\n    {start} as period_start,\n    {end} as period_end\n"
        "from core.calendar as calendar\ncross join core.company as company\ncross join beginning\n"
        f"where\n    {where}"
    )


def _row_value(measure: Measure, table: str) -> str:
    column = f"{table}.{measure.column}"
    if measure.where is not None:
        # A row that does not count adds nothing; only one that counts can be unknown.
        otherwise = " else 0" if measure.kind == "sum" else ""
        return f"case when {_qualified(measure.where, table)} then {column}{otherwise} end as {measure.name}"
    return column if measure.column == measure.name else f"{column} as {measure.name}"


@lru_cache(maxsize=1024)
def _qualified(condition: str, table: str) -> str:
    bounds = {"period_start": "first_day", "period_end": "last_day"}

    def qualify(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        return (
            exp.column(bounds[node.name], table="days") if node.name in bounds else exp.column(node.name, table=table)
        )

    parsed = sqlglot.parse_one(condition, dialect="duckdb", into=exp.Condition).transform(qualify)
    text = str(parsed.sql(dialect="duckdb", normalize_functions="lower"))
    return f"({text})" if isinstance(parsed, exp.Or) else text


def _last_figures(selection: Selection, each: MeasureInput) -> str:
    """Stock figures: members are added up per day, and the last day that has a figure counts."""
    added = [f"sum(counted.{measure.name}) as {measure.name}" for measure in each.measures]
    by_day = indent(grouped(selection, f"{each.name}_rows", ["day"], added), "    ")
    keys = [f"daily.{key}" for key in MEMBER_KEYS]
    figures = [f"arg_max(daily.{measure.name}, daily.day) as {measure.name}" for measure in each.measures]
    return f"select\n    {listed([*keys, *figures])}\nfrom (\n{by_day}\n) as daily\ngroup by {', '.join(keys)}"
