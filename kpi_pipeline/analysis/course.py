"""The way from a KPI's baseline to what it is to reach, week by week.

Here: where the path says the KPI should be, and how much of the way is done. What follows from it for a week belongs to
``pace``; reading commitments from YAML belongs to ``config``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean
from typing import Literal

from kpi_pipeline.analysis.aim import Aim
from kpi_pipeline.config.model import Unit

PathShape = Literal["linear", "geometric", "seasonal"]

ONE_WEEK = timedelta(weeks=1)
WEEKS_OF_A_YEAR = 52
# A week of last year is seen together with its neighbours: one odd week must not become this year's path.
NEIGHBOURS = 2
GUARDED_WEEKS = 4
GUARDED_SHARE = 4


@dataclass(frozen=True)
class Course:
    """An aim and the way to it.

    Attributes:
        baseline_week: the week that the path starts from, the last one of the baseline.
        deadline_week: the last week that ends on or before the deadline.
        consecutive_weeks: how many weeks in a row must meet the aim.
        season: what each week of a year adds or takes, as a factor, the baseline's week first; None where the path has
            no season.
    """

    baseline: float
    baseline_week: date
    aim: Aim
    deadline_week: date
    shape: PathShape
    unit: Unit
    consecutive_weeks: int
    season: tuple[float, ...] | None = None

    @property
    def is_season_missing(self) -> bool:
        """Whether the path should follow the season, but too little of it is known, so that it is a straight line."""
        return self.shape == "seasonal" and self.season is None

    @property
    def weeks(self) -> int:
        """How long the path is."""
        return (self.deadline_week - self.baseline_week) // ONE_WEEK

    def weeks_since_baseline(self, week: date) -> int:
        """Return which week of the path a week is."""
        return (week - self.baseline_week) // ONE_WEEK

    def is_early(self, week: date) -> bool:
        """Tell whether the path is too young to call it lost: its first four weeks, or the first quarter if shorter.

        Until then a forecast rests on weeks in which nobody had committed to anything.
        """
        return self.weeks_since_baseline(week) <= min(GUARDED_WEEKS, -(-self.weeks // GUARDED_SHARE))


def path_value(course: Course, week: date) -> float | None:
    """Return where the path says the KPI should be: None up to the baseline, its end after the deadline.

    The way to a band ends at its nearer side, where its distance is nothing.
    """
    passed, total = course.weeks_since_baseline(week), course.weeks
    if passed <= 0 or total <= 0:
        return None
    share = min(passed / total, 1.0)
    end = course.aim.edge(course.baseline)
    if course.shape != "geometric":
        return (course.baseline + (end - course.baseline) * share) * _season(course, week)
    if course.baseline <= 0 or end <= 0:
        return None
    return course.baseline * float((end / course.baseline) ** share)


def attainment(course: Course, value: float, week: date) -> float | None:
    """Return the share of the way that is done, without the season: below 0 when moved away, above 1 when passed.

    For a band it is the share of the distance to it that is gone, 1 inside. None without a way; a KPI that was inside
    its band from the start has none, and is at 1 as long as it stays there.
    """
    value /= _season(course, week)
    way = course.aim.edge(course.baseline) - course.baseline
    if not way:
        return 1.0 if course.aim.is_band and course.aim.holds(value) else None
    if course.aim.is_band:
        return 1 - course.aim.shortfall(value) / abs(way)
    return (value - course.baseline) / way


def season_before(baseline_week: date, values: Mapping[date, float]) -> tuple[float, ...] | None:
    """Return the season of the year up to the baseline's last week, as factors around that year's own trend.

    The year's trend is the even growth from its first week to the same week a year later; what is left comes back every
    year. Each week is the mean of itself and its two neighbours on both sides.

    Args:
        baseline_week: the last week of the baseline.
        values: the KPI's final weeks by their first days.

    Returns:
        52 factors, that of ``baseline_week`` first; None unless all 53 weeks have a value above zero.
    """
    found = [values.get(baseline_week - number * ONE_WEEK) for number in range(WEEKS_OF_A_YEAR, -1, -1)]
    year = [value for value in found if value is not None and value > 0]
    if len(year) < len(found):
        return None
    growth = (year[-1] / year[0]) ** (1 / WEEKS_OF_A_YEAR)
    even = [value / growth**number for number, value in enumerate(year[:-1])]
    reach = range(-NEIGHBOURS, NEIGHBOURS + 1)
    return tuple(fmean(even[(number + step) % WEEKS_OF_A_YEAR] for step in reach) for number in range(WEEKS_OF_A_YEAR))


def _season(course: Course, week: date) -> float:
    """What the season makes of the straight line: nothing at both ends, because both are given as they are seen."""
    if course.season is None:
        return 1.0
    total = course.weeks
    passed = min(course.weeks_since_baseline(week), total)
    first, last, there = (course.season[number % WEEKS_OF_A_YEAR] for number in (0, total, passed))
    return there / (first + (last - first) * passed / total)
