"""Small random worlds to compute one metric in: measures tables, covered days, a calendar and a day of the run.

Here: rows that lie where a metric's windows begin and end, with everything in them that a definition must decide about:
unknown figures, zeros, negative amounts, nameless members, holes, provisional days, ages around the limit. What values
follow from a world belongs to ``reference_calculator``.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from kpi_pipeline.calendar.company_calendar import CompanyCalendar, MonthCalendar, WeekStart
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Grain
from kpi_pipeline.warehouse.sql_file import SqlFile
from tests.unit.catalogue.reference_calculator import Measured, MeasuresTable, World

FIRST_DAY, LAST_DAY = date(2023, 6, 1), date(2027, 3, 31)
CALENDARS: tuple[tuple[WeekStart, MonthCalendar], ...] = (
    ("monday", "gregorian"),
    ("saturday", "jalali"),
    ("sunday", "gregorian"),
)
GRAINS: tuple[Grain, ...] = ("day", "week", "month", "quarter", "year")
NEVER = date(9999, 12, 31)


@dataclass(frozen=True)
class RandomWorld:
    """A world, and the periods that are asked for in it: those that end on ``since`` or later."""

    calendar_number: int
    world: World
    since: date


def random_world(
    seed: str,
    metric: Metric,
    files: Sequence[SqlFile],
    types: Mapping[str, Mapping[str, str]],
    delivered: Collection[str],
) -> RandomWorld:
    """Make up a world; the same seed and metric give the same one.

    Args:
        seed: what the choices follow from.
        metric: the metric that will be computed.
        files: the tables of its measures.
        types: table → column → type.
        delivered: the subjects that some source delivers.
    """
    return _Maker(Random(seed), metric, types).world(files, delivered)


class _Maker:
    def __init__(self, random: Random, metric: Metric, types: Mapping[str, Mapping[str, str]]) -> None:
        self._random, self._metric, self._types = random, metric, types
        self._as_of = date(2026, 1, 1) + timedelta(days=random.randrange(200))
        self._calendar_number = random.randrange(len(CALENDARS))
        week_start, month_calendar = CALENDARS[self._calendar_number]
        self._calendar = CompanyCalendar("Europe/Berlin", week_start, month_calendar)
        # Mostly everything is known, because one unknown row empties every value that it counts for.
        self._unknown = random.choice((0, 0, 0, 0.1))
        self._members = {"": ("", "b", "c"), "filter": tuple(re.findall(r"'([^']*)'", metric.filter or ""))}
        weeks = [int(number) for number in re.findall(r"weeks_earlier\([^()]*, (\d+)\)", metric.formula)]
        self._offsets = [
            7 * each for each in {0, *weeks, metric.shift_weeks, metric.shift_weeks + metric.cost_lag_weeks}
        ]
        self._reach = max(self._offsets) + 7 * metric.trailing_weeks
        self._days = [self._some_day() for _ in range(10)]

    def world(self, files: Sequence[SqlFile], delivered: Collection[str]) -> RandomWorld:
        tables = [self._table(file) for file in files]
        subjects = sorted({subject for table in tables for subject in table.subjects})
        covered = {subject: self._covered() for subject in subjects}
        since = self._as_of - timedelta(days=self._random.choice((3, 10, 20, 20, 45)))
        return RandomWorld(self._calendar_number, World(self._calendar, self._as_of, tables, covered, delivered), since)

    def _some_day(self) -> date:
        """A day near the run, or where a window of that time begins or ends."""
        day = self._as_of - timedelta(days=self._random.randint(-3, self._random.choice((8, 25, 45))))
        if self._random.random() < 0.5:
            period = self._calendar.period_of(self._random.choice(GRAINS[1:3]), day)
            day = self._random.choice((period.start, period.end))
        return day - timedelta(days=self._random.choice(self._offsets))

    def _covered(self) -> dict[date, bool]:
        """Days of a subject, true where they are final; a few subjects never delivered anything."""
        if self._random.random() < 0.07:
            return {}
        first = self._as_of - timedelta(days=self._reach + self._random.choice((1, 9, 30, 60, 420)))
        last = self._as_of + timedelta(days=self._random.choice((-25, -9, -2, -1, -1, -1, 4)))
        days = {first + timedelta(days=number) for number in range((last - first).days + 1)}
        for _ in range(self._random.choice((0, 0, 0, 1, 2))):
            hole = self._random.choice(self._days)
            days -= {hole + timedelta(days=number) for number in range(self._random.choice((1, 1, 12)))}
        final_until = self._as_of - timedelta(days=self._random.choice((0, 0, 0, 3, 30)))
        return {day: day < final_until for day in days}

    def _table(self, file: SqlFile) -> MeasuresTable:
        assert file.covered_by is not None
        return MeasuresTable(
            measures={each.name: Measured(each.kind, each.column, each.where) for each in file.measures},
            has_age="age_days" in file.grain,
            subjects=file.covered_by.subjects,
            needs_all_subjects=file.covered_by.joined_by == "and",
            rows=[self._row(file) for _ in range(self._random.choice((0, 2, 8, 8, 14)))],
        )

    def _row(self, file: SqlFile) -> dict[str, Any]:
        return {name: self._value(file, name, kind) for name, kind in self._types[file.table].items()}

    def _value(self, file: SqlFile, name: str, kind: str) -> Any:
        if name == "day":
            return self._random.choice(self._days)
        if name == "age_days":
            limit = self._metric.cohort_age_days or 1
            return self._random.choice((0, 0, 1, 29, 30, limit // 2, limit - 1, limit, limit + 1))
        if name in file.dimensions:
            return self._random.choice((*self._members["filter"] * 3, *self._members[""]))
        if self._random.random() < self._unknown:
            return None
        return self._figure(kind)

    def _figure(self, kind: str) -> Any:
        match kind:
            case "DATE":
                return self._random.choice((*self._days, NEVER))
            case "BOOLEAN":
                return self._random.random() < 0.6
            case "VARCHAR":
                return self._random.choice("wxyz")
            case "DOUBLE":
                return self._random.choice((0.0, 0.25, 7.5, 90.0, self._random.randrange(4000) / 8))
            case "BIGINT" | "INTEGER":
                fewest = self._metric.min_denominator or 2
                small = (0, 1, fewest - 1, fewest, self._random.randrange(50))
                return self._random.choice((*small, self._random.randrange(5000)))
        cents = self._random.choice((0, 1, 250, self._random.randrange(-2_000, 100_000), self._random.randrange(10**9)))
        return Decimal(cents) / 10000
