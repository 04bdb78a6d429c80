"""Whether a ratio that is no proportion, or an amount, really changed from one week to the next.

Here: the delta method for ratios of sums (revenue per order, cost per customer), and the comparison of amounts by what
the series' own weeks surprised with. Proportions are compared in ``proportions``, net promoter scores in
``nps_interval``.

Source of the delta method: Deng, Knoblich & Lu (2018), Applying the delta method in metric analytics.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from statistics import fmean

from kpi_pipeline.analysis.anomalies import FEWEST_SURPRISES, centre_and_spread
from kpi_pipeline.analysis.proportions import CONFIDENCE, MINIMUM_BASELINE_WEEKS, STANDARD_NORMAL

# Mean distance of a standard normal value from zero.
MEAN_DISTANCE = math.sqrt(2 / math.pi)


@dataclass(frozen=True)
class RatioEstimate:
    """A ratio of sums over clusters, such as the days of a week or users, that vary independently of each other."""

    value: float
    standard_error: float
    clusters: int


@dataclass(frozen=True)
class RatioChange:
    """A change of a ratio with its 95 % interval."""

    difference: float
    low: float
    high: float

    @property
    def is_detectable(self) -> bool:
        """False if no change at all would be compatible with the data."""
        return self.low > 0 or self.high < 0


def ratio_estimate(clusters: Sequence[tuple[float, float]]) -> RatioEstimate | None:
    """Estimate a ratio by the delta method; None for fewer than two clusters or a denominator of zero.

    Args:
        clusters: numerator and denominator of each.
    """
    count = len(clusters)
    below = sum(denominator for _, denominator in clusters)
    if count < 2 or below == 0:
        return None
    ratio = sum(numerator for numerator, _ in clusters) / below
    # s²_y - 2R s_xy + R² s²_x is the variance of y - R x, whose mean is zero.
    squares = sum((numerator - ratio * denominator) ** 2 for numerator, denominator in clusters)
    variance = squares / (count - 1) / (count * (below / count) ** 2)
    return RatioEstimate(ratio, math.sqrt(variance), count)


def compare_ratios(before: RatioEstimate, after: RatioEstimate, overdispersion: float = 1.0) -> RatioChange:
    """Compare two weeks; the interval is Student's, for a standard error from seven days is itself uncertain.

    Args:
        before: the earlier week.
        after: the later week.
        overdispersion: how many times wider than within weeks the weeks differ; widens the interval if above 1.
    """
    error = math.hypot(before.standard_error, after.standard_error) * max(overdispersion, 1.0)
    reach = _student(before.clusters + after.clusters - 2) * error
    difference = after.value - before.value
    return RatioChange(difference, difference - reach, difference + reach)


def ratio_overdispersion(baseline: Sequence[RatioEstimate]) -> float:
    """Return how many times wider neighbouring weeks differ than the days within them tell; 1 for short series."""
    if len(baseline) < MINIMUM_BASELINE_WEEKS:
        return 1.0
    distances = [
        abs(later.value - earlier.value) / error
        for earlier, later in pairwise(baseline)
        if (error := math.hypot(earlier.standard_error, later.standard_error)) > 0
    ]
    return fmean(distances) / MEAN_DISTANCE if distances else 1.0


def is_change_beyond_surprises(step: float, surprises: Sequence[float]) -> bool | None:
    """Tell whether a step from one week to the next is more than two weeks' surprises make; None without enough.

    Args:
        step: the change, on the scale of the surprises.
        surprises: of at least 8 weeks, each the distance of a week from its forecast one week ahead.
    """
    if len(surprises) < FEWEST_SURPRISES:
        return None
    _, spread = centre_and_spread(surprises)
    if spread is None:
        return None
    return abs(step) > STANDARD_NORMAL.inv_cdf((1 + CONFIDENCE) / 2) * math.sqrt(2) * spread


@cache
def _student(degrees: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + CONFIDENCE) / 2))
