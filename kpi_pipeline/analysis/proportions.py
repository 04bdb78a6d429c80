"""Whether a proportion really changed from one week to the next, or only by chance.

Here: the interval of a proportion, the comparison of two, and how much more than chance a series wobbles. Other ratios
are compared in ``ratio_change``; unusual weeks are found in ``proportion_chart``. Which metrics are proportions belongs
to ``catalogue``.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, mean

CONFIDENCE = 0.95
# Mean distance of two neighbouring standard normal values: turns a moving range into a standard deviation.
MOVING_RANGE_OF_TWO = 1.128
MINIMUM_BASELINE_WEEKS = 12
STANDARD_NORMAL = NormalDist()


@dataclass(frozen=True)
class Share:
    """``count`` of ``total``; both may be fractions once they are deflated for overdispersion."""

    count: float
    total: float

    @property
    def value(self) -> float:
        """The proportion, 0 to 1."""
        return self.count / self.total


@dataclass(frozen=True)
class ProportionChange:
    """A change of a proportion, 0 to 1, with its Newcombe interval and the z test of no change."""

    difference: float
    low: float
    high: float
    z: float
    p_value: float

    @property
    def is_detectable(self) -> bool:
        """False if no change at all would be compatible with the data."""
        return self.low > 0 or self.high < 0


def compare_proportions(before: Share, after: Share, overdispersion: float = 1.0) -> ProportionChange:
    """Compare two proportions with positive totals.

    Args:
        before: the earlier week.
        after: the later week.
        overdispersion: how many times wider than chance the series wobbles; widens everything if above 1.
    """
    deflation = max(overdispersion, 1.0) ** 2
    first = Share(before.count / deflation, before.total / deflation)
    second = Share(after.count / deflation, after.total / deflation)
    difference = second.value - first.value
    first_low, first_high = wilson_interval(first)
    second_low, second_high = wilson_interval(second)
    pooled = (first.count + second.count) / (first.total + second.total)
    error = math.sqrt(pooled * (1 - pooled) * (1 / first.total + 1 / second.total))
    z = difference / error if error > 0 else 0.0
    return ProportionChange(
        difference=difference,
        low=difference - math.hypot(second.value - second_low, first_high - first.value),
        high=difference + math.hypot(second_high - second.value, first.value - first_low),
        z=z,
        p_value=2 * STANDARD_NORMAL.cdf(-abs(z)),
    )


def overdispersion(baseline: Sequence[Share]) -> float:
    """Return how many times wider than chance neighbouring weeks differ (Laney's sigma z); 1 for short series."""
    if len(baseline) < MINIMUM_BASELINE_WEEKS:
        return 1.0
    pooled = sum(share.count for share in baseline) / sum(share.total for share in baseline)
    if not 0 < pooled < 1:
        return 1.0
    scores = [(share.value - pooled) / math.sqrt(pooled * (1 - pooled) / share.total) for share in baseline]
    return mean(abs(later - earlier) for earlier, later in itertools.pairwise(scores)) / MOVING_RANGE_OF_TWO


def wilson_interval(share: Share) -> tuple[float, float]:
    """Return the range of proportions that a share of a positive total is compatible with (Wilson, 95 %)."""
    z = STANDARD_NORMAL.inv_cdf((1 + CONFIDENCE) / 2)
    scaled = z * z / share.total
    middle = (share.value + scaled / 2) / (1 + scaled)
    reach = z / (1 + scaled) * math.sqrt(share.value * (1 - share.value) / share.total + scaled / (4 * share.total))
    return middle - reach, middle + reach
