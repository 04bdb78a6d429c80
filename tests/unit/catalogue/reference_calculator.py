"""Metrics worked out by plain Python with decimals, row by row: what compiled statements must equal.

Here: the rules of docs/metrics.md written a second time, without SQL and without anything of the catalogue. A rule that
changes there must be changed here by hand, from its words. Making up data belongs to ``random_measures``, comparing to
``test_compiled_equals_reference``.
"""

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from functools import cached_property
from typing import Any

from kpi_pipeline.calendar.company_calendar import CompanyCalendar, Grain, Period
from kpi_pipeline.config.metric import Metric
from tests.unit.catalogue.plain_expressions import Operand, holds, sides, worked_out

Row = Mapping[str, Any]
EXACT = Context(prec=60)
QUANTILES = {"median": Decimal("0.5"), "percentile_90": Decimal("0.9")}
REASONS = ("source_missing", "immature_cohort", "missing_rate")


@dataclass(frozen=True)
class Measured:
    """One measure: what is done with a column, of the rows of which a predicate in SQL holds."""

    kind: str
    column: str
    where: str | None = None


@dataclass(frozen=True)
class MeasuresTable:
    """A measures table with its rows; a day is covered when all or any of the subjects cover it."""

    measures: Mapping[str, Measured]
    has_age: bool
    subjects: tuple[str, ...]
    needs_all_subjects: bool
    rows: Sequence[Row]


@dataclass(frozen=True)
class World:
    """Everything that values follow from; ``covered`` says of each subject's days whether they are final."""

    calendar: CompanyCalendar
    as_of: date
    tables: Sequence[MeasuresTable]
    covered: Mapping[str, Mapping[date, bool]]
    delivered: Collection[str]

    @cached_property
    def days(self) -> dict[str, tuple[list[date], list[date]]]:
        """The covered days of each measure's table, and those of them that are final."""
        found = {}
        for table in self.tables:
            known = [self.covered.get(subject, {}) for subject in table.subjects]
            days = sorted(set.intersection(*map(set, known)) if table.needs_all_subjects else set().union(*known))
            final = [day for day in days if all(one.get(day, True) for one in known)]
            found.update(dict.fromkeys(table.measures, (days, final)))
        return found


@dataclass(frozen=True)
class ReferenceRow:
    """One value as the statement would give it."""

    period_start: date
    period_end: date
    member: str
    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None
    null_reason: str | None
    status: str


def reference_rows(
    metric: Metric, world: World, grain: Grain, dimension: str | None, since: date = date.min
) -> list[ReferenceRow]:
    """Return the values of all periods that end on ``since`` or later, in total or by one dimension."""
    found: list[ReferenceRow] = []
    first = date.min
    with localcontext(EXACT):
        for earlier in metric.earlier:
            before = metric.model_copy(update={"formula": earlier.formula, "filter": earlier.filter})
            found += _Definition(before, world, grain, dimension).rows(first, earlier.until, since)
            first = earlier.until
        return found + _Definition(metric, world, grain, dimension).rows(first, date.max, since)


class _Definition:
    """One formula at one grain and dimension."""

    def __init__(self, metric: Metric, world: World, grain: Grain, dimension: str | None) -> None:
        self.metric, self.world, self.grain, self.dimension = metric, world, grain, dimension
        self.age = metric.cohort_age_days or 1
        self.formula = ast.parse(metric.formula.strip(), mode="eval").body
        self.tables = {name: table for table in world.tables for name in table.measures}
        named: dict[Operand, None] = {}
        worked_out(self.formula, lambda operand: named.setdefault(operand))
        undelivered = {name for name in self.tables if set(world.delivered).isdisjoint(self.tables[name].subjects)}
        self.zeros = {operand for operand in named if operand.measure in undelivered.intersection(metric.optional)}
        self.operands = [operand for operand in named if operand not in self.zeros]

    def rows(self, first: date, before: date, since: date) -> list[ReferenceRow]:
        periods = [each for each in self._periods() if first <= each.start < before and each.end >= since]
        return [self._row(period, member) for period in periods for member in self._members(period)]

    def _periods(self) -> list[Period]:
        """All that have begun, from the first day on which every source that ever delivered has something."""
        covered = {operand: self.world.days[operand.measure][0] for operand in self.operands}
        starts = [days[0] + timedelta(weeks=self._weeks(operand)) for operand, days in covered.items() if days]
        starts = starts or sorted(day for days in self.world.covered.values() for day in days)[:1]
        periods = self.world.calendar.periods(self.grain, max(starts), self.world.as_of) if starts else []
        return [period for period in periods if period.start < self.world.as_of]

    def _weeks(self, operand: Operand) -> int:
        lag = self.metric.cost_lag_weeks if operand.measure in self.metric.lagged else 0
        return self.metric.shift_weeks + lag + (operand.number if operand.function == "weeks_earlier" else 0)

    def _window(self, operand: Operand, period: Period) -> tuple[date, date]:
        """First and last day that count for an operand, whether they are over or not."""
        if operand.function == "previous":
            period = self.world.calendar.previous_period(period)
        start = period.start
        if operand.function == "trailing":
            start = period.end - timedelta(days=operand.number - 1)
        elif self.grain == "week":
            start -= timedelta(weeks=self.metric.trailing_weeks - 1)
        earlier = timedelta(weeks=self._weeks(operand))
        return start - earlier, period.end - earlier

    def _counted(self, operand: Operand, period: Period) -> list[Row]:
        """The rows of an operand's window, with its bounds; the measure's own predicate is not applied yet."""
        table = self.tables[operand.measure]
        first, last = self._window(operand, period)
        condition = None if operand.measure in self.metric.undivided else self.metric.filter
        return [
            {**row, "period_start": first, "period_end": last}
            for row in table.rows
            if first <= row["day"] <= last and row["day"] < self.world.as_of
            if not table.has_age or row["age_days"] < self.age
            if holds(condition, row)
        ]

    def _members(self, period: Period) -> list[str]:
        if self.dimension is None:
            return [""]
        divided = [operand for operand in self.operands if operand.measure not in self.metric.undivided]
        return sorted({row[self.dimension] or "" for each in divided for row in self._counted(each, period)})

    def _known_and_all(self, operand: Operand, period: Period, member: str) -> tuple[list[Row], list[Row]]:
        measured = self._measured(operand)
        is_whole = self.dimension is None or operand.measure in self.metric.undivided
        rows = [
            row
            for row in self._counted(operand, period)
            if (is_whole or (row[str(self.dimension)] or "") == member) and holds(measured.where, row)
        ]
        return [row for row in rows if row[measured.column] is not None], rows

    def _measured(self, operand: Operand) -> Measured:
        return self.tables[operand.measure].measures[operand.measure]

    def _days(self, operand: Operand, period: Period) -> tuple[int, int, int]:
        """How many days are needed, how many of them are covered, and how many of these are final."""
        first, last = self._window(operand, period)
        if self.tables[operand.measure].has_age:
            last += timedelta(days=self.age - 1)
        last = min(last, self.world.as_of - timedelta(days=1))
        promises_window = self.metric.trailing_weeks > 1 or any(
            each.function or self._weeks(each) for each in self.operands
        )
        covered, final = self.world.days[operand.measure]
        if not promises_window:
            first = max([first, *covered[:1]])
        counts = (max(bisect_right(days, last) - bisect_left(days, first), 0) for days in (covered, final))
        return max((last - first).days + 1, 0), *counts

    def _is_immature(self, operand: Operand, period: Period) -> bool:
        youngest = self._window(operand, period)[1]
        return self.tables[operand.measure].has_age and youngest + timedelta(days=self.age) > self.world.as_of

    def _figure(self, operand: Operand, period: Period, member: str) -> tuple[Decimal | None, str | None]:
        """What an operand is, or why that is not known."""
        kind, column = self._measured(operand).kind, self._measured(operand).column
        if self._days(operand, period)[1] == 0:
            return None, "source_missing"
        if self._is_immature(operand, period):
            return None, "immature_cohort"
        known, rows = self._known_and_all(operand, period, member)
        if kind == "distinct":
            return Decimal(len({row[column] for row in known})), None
        figures = [Decimal(row[column]) for row in known]
        if kind == "sum":
            return (None, "missing_rate") if len(known) < len(rows) else (sum(figures, Decimal()), None)
        if kind == "last":
            last = max((row["day"] for row in known), default=None)
            figure = sum((Decimal(row[column]) for row in known if row["day"] == last), Decimal())
            return (figure, None) if known else (None, "source_missing")
        return _quantile(sorted(figures), QUANTILES[kind]), None

    def _row(self, period: Period, member: str) -> ReferenceRow:
        figures = {operand: self._figure(operand, period, member) for operand in self.operands}
        reason = next((each for each in REASONS if each in {reason for _, reason in figures.values()}), None)
        values = dict.fromkeys(self.zeros, Decimal()) | {operand: figure for operand, (figure, _) in figures.items()}
        above, below = sides(self.formula)
        factor = 100 if self.metric.unit in ("percent", "points") else 1
        first = self.operands[0]
        numerator = worked_out(above, values.__getitem__)
        denominator = worked_out(below, values.__getitem__) if below else None
        if self.metric.formula.startswith("first_age"):
            value = numerator = self._first_month(period, member) if reason is None else None
            reason = reason or ("not_reached" if value is None else None)
        elif self._measured(first).kind in QUANTILES:
            value, numerator = numerator, None
            denominator = Decimal(len(self._known_and_all(first, period, member)[0])) if reason is None else None
        elif below is None:
            value = numerator = None if numerator is None else factor * numerator
        else:
            value = None if numerator is None or not denominator else factor * numerator / denominator
        if value is None and reason is None:
            reason = "zero_denominator"
        is_too_few = (
            self.metric.min_denominator and denominator is not None and denominator < self.metric.min_denominator
        )
        if reason is None and is_too_few:
            value, reason = None, "below_min_denominator"
        status = self._status(period)
        return ReferenceRow(period.start, period.end, member, numerator, denominator, value, reason, status)

    def _first_month(self, period: Period, member: str) -> Decimal | None:
        """The month of 30 days, from 1 on, in which what was gained first reaches what was needed."""
        gained, needed = self.operands
        rows = self._known_and_all(gained, period, member)[0]
        goal, so_far = self._figure(needed, period, member)[0], Decimal()
        # A cohort without anything at an age, such as one without customers, pays nothing back at that age.
        for age in sorted({row["age_days"] for row in rows}):
            so_far += sum(row[gained.measure] for row in rows if row["age_days"] == age)
            if goal is not None and so_far >= goal:
                return Decimal(age // 30 + 1)
        return None

    def _status(self, period: Period) -> str:
        counts = [self._days(operand, period) for operand in self.operands]
        is_open = period.end >= self.world.as_of or any(self._is_immature(each, period) for each in self.operands)
        if is_open or any(covered < max(needed, 1) for needed, covered, _ in counts):
            return "partial"
        return "provisional" if any(final < needed for needed, _, final in counts) else "final"


def _quantile(values: Sequence[Decimal], share: Decimal) -> Decimal | None:
    """The value at a share of the way from the first to the last, in a straight line between neighbours."""
    if not values:
        return None
    position = share * (len(values) - 1)
    below = int(position)
    above = min(below + 1, len(values) - 1)
    return values[below] + (position - below) * (values[above] - values[below])
