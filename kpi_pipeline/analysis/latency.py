"""How long after the end of a week its value is final.

Here: measuring it from what was published when. What may be expected where nothing was measured yet, and what was
promised, belongs to ``catalogue``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

RECENT_WEEKS = 13


@dataclass(frozen=True)
class WeekPublication:
    """One time at which something about a week was published.

    Attributes:
        week_ended_at: the first instant after the week.
        is_on_its_day: False for a run that was made up for later: it says nothing about the routine.
    """

    week_ended_at: datetime
    published_at: datetime
    is_final: bool
    is_on_its_day: bool


@dataclass(frozen=True)
class Latency:
    """The typical time from the end of a week to its final value, and of how many weeks it is."""

    hours: float
    weeks: int


def measured_latency(publications: Sequence[WeekPublication]) -> Latency | None:
    """Return the median latency of the last weeks that were watched from their end on; None if there is none."""
    routine = [each for each in publications if each.is_on_its_day]
    if not routine:
        return None
    # Weeks that were over before the first publication were final long before anybody could see it.
    began_at = min(each.published_at for each in routine)
    finals: dict[datetime, datetime] = {}
    for each in routine:
        if each.is_final and each.week_ended_at >= began_at:
            known = finals.get(each.week_ended_at, each.published_at)
            finals[each.week_ended_at] = min(known, each.published_at)
    recent = sorted(finals.items())[-RECENT_WEEKS:]
    if not recent:
        return None
    return Latency(median((final - end).total_seconds() / 3600 for end, final in recent), len(recent))
