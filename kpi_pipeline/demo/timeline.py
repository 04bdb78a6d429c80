"""The demo company's time: its days and weeks, when exports arrive, and what happens when.

Here: dates, the planted events, the trends, and the movements of demand, conversion and ads. Add an event of the demo's
history here. What an event does to visitors or ads belongs to ``visits`` and ``advertising``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.demo.company import PLATFORMS, TIME_ZONE
from kpi_pipeline.errors import DemoError

CALENDAR = CompanyCalendar(TIME_ZONE, "monday", "gregorian")
MICROSECONDS = 1_000_000
EXPORT_WINDOW_DAYS = 30
# What is added every week, in parts of the first week's value.
CONVERSION_TREND, CLICK_RATE_TREND, CLICK_PRICE_TREND, ENGAGEMENT_TREND = 0.007, 0.005, -0.005, 0.006
RECALL = 2.2  # how many per cent more come by themselves when the ads of the week before were liked one per cent more
WEEKDAY_DEMAND = (1.06, 1.04, 1.0, 0.98, 0.92, 0.9, 1.1)
INCIDENT_DAYS = 4


@dataclass(frozen=True)
class DayPlan:
    """What one day is like before anything random happens on it.

    Attributes:
        index: days since the first day.
        week: weeks since the first week.
        start_at, end_at: microseconds since the epoch, end exclusive.
        demand: the season's factor on visitors and impressions.
        conversion: factor on the step from checkout to purchase.
        click_rates: factor on the click rate, by platform.
        click_price: factor on what a click costs.
        recall: factor on the visitors who come by themselves, because they remember the ads of the week before.
        engagement: factor on the share of visitors who stay a while without filling a cart.
        is_late_day: some devices send this day's events only days later.
    """

    index: int
    day: date
    week: int
    start_at: int
    end_at: int
    demand: float
    conversion: float
    click_rates: tuple[float, ...]
    click_price: float
    recall: float
    engagement: float
    is_checkout_broken: bool
    is_launched: bool
    is_new_attribution: bool
    is_late_day: bool
    is_last: bool


@dataclass(frozen=True)
class Timeline:
    """All days of one simulation.

    Attributes:
        conversion_drift: one factor a week.
        ad_appeal: how well the ads are liked on all platforms; one factor a week.
        click_drift: how much more than that the ads of each platform are clicked; one factor a week.
    """

    first_day: date
    last_day: date
    conversion_drift: Sequence[float]
    ad_appeal: Sequence[float]
    click_drift: Sequence[Sequence[float]]

    @property
    def days(self) -> int:
        """How many days are simulated."""
        return (self.last_day - self.first_day).days + 1

    @property
    def weeks(self) -> int:
        """How many weeks are simulated; the last one may be incomplete."""
        return (self.days + 6) // 7

    @property
    def arrival_days(self) -> tuple[date, ...]:
        """The days on which exports arrive; each export speaks for days before its arrival only."""
        return tuple(self.last_day + timedelta(days=offset) for offset in range(-2, 2))

    @property
    def late_day(self) -> date:
        """The day whose events are delivered twice: at first without those of late devices."""
        return self.last_day - timedelta(days=2)

    @property
    def incident_days(self) -> tuple[date, ...]:
        """The days of the broken mobile checkout."""
        start = self.first_day + timedelta(days=7 * self._week_before_end(5) + 1)
        return tuple(start + timedelta(days=offset) for offset in range(INCIDENT_DAYS))

    @property
    def launch_day(self) -> date:
        """The first day of the new Meta campaign."""
        return self.first_day + timedelta(days=7 * self._week_before_end(10))

    @property
    def attribution_change_day(self) -> date:
        """The first day on which Meta counts conversions after clicks only."""
        return self.first_day + timedelta(days=7 * self._week_before_end(7) + 2)

    def _week_before_end(self, weeks: int) -> int:
        return max(self.weeks - weeks, self.weeks // 3)

    @cached_property
    def midnights(self) -> tuple[int, ...]:
        """When each day begins, in microseconds since the epoch; one more than there are days."""
        return tuple(
            int(CALENDAR.day_bounds(self.day(index))[0].timestamp()) * MICROSECONDS for index in range(self.days + 1)
        )

    def day(self, index: int) -> date:
        """The day ``index`` days after the first."""
        return self.first_day + timedelta(days=index)

    def index(self, day: date) -> int:
        """How many days ``day`` is after the first."""
        return (day - self.first_day).days

    def plan(self, index: int) -> DayPlan:
        """What the day ``index`` is like."""
        day = self.day(index)
        week = index // 7
        return DayPlan(
            index=index,
            day=day,
            week=week,
            start_at=self.midnights[index],
            end_at=self.midnights[index + 1],
            demand=season(day) * WEEKDAY_DEMAND[index % 7],
            conversion=(1 + CONVERSION_TREND * index / 7) * self.conversion_drift[week],
            click_rates=tuple(
                (1 + CLICK_RATE_TREND * index / 7) * self.ad_appeal[week] * drift[week] for drift in self.click_drift
            ),
            click_price=1 + CLICK_PRICE_TREND * index / 7,
            recall=self.ad_appeal[week - 1] ** RECALL if week else 1.0,
            engagement=1 + ENGAGEMENT_TREND * index / 7,
            is_checkout_broken=day in self.incident_days,
            is_launched=day >= self.launch_day,
            is_new_attribution=day >= self.attribution_change_day,
            is_late_day=day == self.late_day,
            is_last=day == self.last_day,
        )


def season(day: date) -> float:
    """Demand relative to an ordinary day: higher in the dark months, and a rise around the last Friday of November."""
    dark = 0.07 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 345) / 365)
    black_week = 0.6 * math.exp(-(((day - date(day.year, 11, 27)).days / 6) ** 2))
    return 1 + dark + black_week


def utc_offset_minutes(seconds: int) -> int:
    """How far the company's wall clock is ahead of UTC at a moment given in seconds since the epoch."""
    offset = datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(TIME_ZONE)).utcoffset()
    return int((offset or timedelta()).total_seconds()) // 60


def draw_timeline(rng: np.random.Generator, *, weeks: int, last_day: date) -> Timeline:
    """Lay out ``weeks`` weeks that end with the week of ``last_day``, with their random movements.

    Raises:
        DemoError: fewer than three weeks are asked for.
    """
    if weeks < 3:
        raise DemoError(f"The demo company needs at least 3 weeks of history, found {weeks}; ask for more weeks")
    last_week = CALENDAR.period_of("week", last_day)
    return Timeline(
        first_day=last_week.start - timedelta(days=7 * (weeks - 1)),
        last_day=last_day,
        conversion_drift=_drift(rng, weeks, spread=0.02, memory=0.6),
        ad_appeal=_drift(rng, weeks, spread=0.12, memory=0.3),
        click_drift=tuple(_drift(rng, weeks, spread=0.03, memory=0.6) for _ in PLATFORMS),
    )


def _drift(rng: np.random.Generator, weeks: int, *, spread: float, memory: float) -> tuple[float, ...]:
    level, factors = 0.0, []
    for shock in rng.normal(0, spread, weeks):
        level = memory * level + float(shock)
        factors.append(math.exp(level))
    return tuple(factors)
