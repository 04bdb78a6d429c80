"""Which weeks of a proportion are unusual: Laney's p' chart.

Here: the chart of a baseline, and judging the weeks after it. How much more than chance a series wobbles is known to
``proportions``; amounts are judged in ``anomalies``.

Method: a p chart expects nothing but chance; with the cases of a web shop its limits are so tight that every second
week lies outside. Laney (2002) widens them by what neighbouring weeks really differ.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby, pairwise
from statistics import fmean, stdev

from kpi_pipeline.analysis.anomalies import BASELINE_WEEKS, JudgedWeek, Rule
from kpi_pipeline.analysis.proportions import MINIMUM_BASELINE_WEEKS, Share, overdispersion

WEEKS_OF_BLOCK = 13
RUN_LENGTH = 8
# So often a week beyond the limits is news; then the level has moved, which is told.
TOLD_IN_A_ROW = 2
# Below so many expected cases, or cases of the contrary, a week's chance is too lopsided for a band.
FEWEST_CASES = 5
# Where neighbouring weeks differ in turn up and down, their differences tell more than the spread is.
ALTERNATING = -0.3


@dataclass(frozen=True)
class ShareObservation:
    """A final week of a proportion; a special one is judged, but nothing is learnt from it."""

    week: date
    share: Share
    is_special: bool = False


@dataclass(frozen=True)
class ProportionChart:
    """The limits that a baseline sets.

    Attributes:
        middle: the pooled proportion, above 0 and below 1.
        width: how many times wider than chance the weeks wobble.
        weeks: how many weeks the baseline had.
    """

    middle: float
    width: float
    weeks: int

    def chance(self, total: float) -> float:
        """Return the standard deviation of a week of ``total`` cases by chance alone."""
        return math.sqrt(self.middle * (1 - self.middle) / total)

    def score(self, share: Share) -> float:
        """Return how far a week lies from the middle, in standard deviations of the chart."""
        return (share.value - self.middle) / self.chance(share.total) / self.width

    def limits(self, total: float, limit: float) -> tuple[float, float]:
        """Return the range of what is usual for a week of ``total`` cases."""
        reach = limit * self.width * self.chance(total)
        return max(self.middle - reach, 0.0), min(self.middle + reach, 1.0)

    def can_judge(self, share: Share) -> bool:
        """Tell whether the week has enough cases."""
        return share.total * min(self.middle, 1 - self.middle) >= FEWEST_CASES


def proportion_chart(baseline: Sequence[Share]) -> ProportionChart | None:
    """Return the chart of at least 12 weeks; None for fewer, or if they never differed."""
    if len(baseline) < MINIMUM_BASELINE_WEEKS:
        return None
    middle = sum(share.count for share in baseline) / sum(share.total for share in baseline)
    if not 0 < middle < 1:
        return None
    chance = ProportionChart(middle, 1.0, len(baseline))
    scores = [chance.score(share) for share in baseline]
    width = stdev(scores) if neighbour_correlation(scores) < ALTERNATING else overdispersion(baseline)
    return ProportionChart(middle, width, len(baseline)) if width > 0 else None


def neighbour_correlation(scores: Sequence[float]) -> float:
    """Return the autocorrelation at one week's distance; 0 for scores that are all alike."""
    middle = fmean(scores)
    distances = [score - middle for score in scores]
    squares = sum(distance * distance for distance in distances)
    return sum(first * second for first, second in pairwise(distances)) / squares if squares > 0 else 0.0


def judge_proportions(weeks: Sequence[ShareObservation], limit: float) -> list[JudgedWeek]:
    """Judge each week against a baseline that later weeks do not change.

    Weeks are taken in blocks of 13 that are the same for all series and runs. The baseline of a block are the last 26
    weeks before it that were usual; where there are not 12 yet, the first 12, and the weeks after them are judged.
    A week beyond the limits beside another one on the same side counts as usual there: the level has moved. So that
    nobody is told of it every week until the block is over, only the first two are called unusual.

    Args:
        weeks: final weeks in order that mean the same.
        limit: how many standard deviations are still usual.
    """
    judged: list[JudgedWeek] = []
    before: list[ShareObservation] = []
    streaks = _Streaks()
    for _, found in groupby(weeks, key=lambda one: one.week.toordinal() // 7 // WEEKS_OF_BLOCK):
        block = list(found)
        baseline, start = _baseline(_usual(before, judged, limit), block)
        if chart := proportion_chart([one.share for one in baseline]):
            judged += _judge_block(chart, block[start:], limit, streaks)
        before += block
    return judged


def _baseline(
    before: Sequence[ShareObservation], block: Sequence[ShareObservation]
) -> tuple[Sequence[ShareObservation], int]:
    """The weeks that set the limits, and from which week of the block on they hold."""
    if len(before) >= MINIMUM_BASELINE_WEEKS:
        return before[-BASELINE_WEEKS:], 0
    places = [place for place, one in enumerate(block) if not one.is_special]
    missing = MINIMUM_BASELINE_WEEKS - len(before)
    if len(places) < missing:
        return (), 0
    return [*before, *(block[place] for place in places[:missing])], places[missing - 1] + 1


def _usual(weeks: Sequence[ShareObservation], judged: Sequence[JudgedWeek], limit: float) -> list[ShareObservation]:
    """The weeks that are neither special nor beyond the limits alone."""
    sides = [(one.score > 0) if abs(one.score) > limit else None for one in judged]
    padded = [None, *sides, None]
    alone = {
        one.week
        for place, one in enumerate(judged)
        if sides[place] is not None and sides[place] not in (padded[place], padded[place + 2])
    }
    return [one for one in weeks if not one.is_special and one.week not in alone]


@dataclass
class _Streak:
    """How many weeks in a row were on one side."""

    is_above: bool | None = None
    length: int = 0

    def longer_by(self, is_above: bool | None) -> int:
        """Take in the side of the next week, None for neither; return how many weeks in a row it is now."""
        self.length = 0 if is_above is None else self.length + 1 if is_above == self.is_above else 1
        self.is_above = is_above
        return self.length


@dataclass
class _Streaks:
    """Weeks in a row on one side of the middle, and beyond one limit."""

    aside: _Streak = field(default_factory=_Streak)
    beyond: _Streak = field(default_factory=_Streak)

    def rule_of(self, score: float, limit: float) -> Rule | None:
        """Take in the next week; tell what makes it unusual."""
        aside = self.aside.longer_by(None if score == 0 else score > 0)
        beyond = self.beyond.longer_by(score > 0 if abs(score) > limit else None)
        if 0 < beyond <= TOLD_IN_A_ROW:
            return "beyond_limits"
        return "one_sided_run" if aside == RUN_LENGTH else None


def _judge_block(
    chart: ProportionChart, block: Sequence[ShareObservation], limit: float, streaks: _Streaks
) -> Iterator[JudgedWeek]:
    for one in block:
        if not chart.can_judge(one.share):
            continue
        score = chart.score(one.share)
        low, high = chart.limits(one.share.total, limit)
        # A special week continues nothing and interrupts nothing.
        rule = (_Streaks() if one.is_special else streaks).rule_of(score, limit)
        yield JudgedWeek(one.week, one.share.value, chart.middle, low, high, score, rule, chart.weeks)
