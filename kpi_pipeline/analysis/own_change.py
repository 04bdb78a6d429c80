"""Whether members of a dimension changed by more than chance or by more than they usually do, many at once.

Here: the comparison of ``proportions`` for arrays, because thousands of members are judged in every run, and the
comparison with a series' own weekly changes for what is no proportion. Both are tested against plain calculations.
Which members are judged belongs to ``catalogue``.

All arrays have one row per member and one column per week, in order and without a gap; NaN where there is nothing. A
baseline says of each of them whether it shows how much the member usually moves.
"""

from statistics import NormalDist
from typing import TYPE_CHECKING

from kpi_pipeline.analysis.proportions import CONFIDENCE, MINIMUM_BASELINE_WEEKS, MOVING_RANGE_OF_TWO

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]

MINIMUM_CHANGES = 8
# What turns a median distance, and a distance of quartiles, into a standard deviation of normal values.
MEDIAN_DISTANCE, QUARTILE_DISTANCE = 1.4826, 1.349
NORMAL_BOUND = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


def beyond_chance(counts: "Array", totals: "Array", baseline: "Mask", *, week: int) -> list[bool | None]:
    """Tell for each member whether its proportion of ``week`` differs from that of the week before.

    The Newcombe interval of ``proportions.compare_proportions``, widened by how much more than chance neighbouring
    weeks of the member's baseline differ.

    Args:
        counts: how many.
        totals: out of how many; where it is not above zero, or below the count, nothing can be told.
        baseline: the weeks that show how much a proportion wobbles; neighbours are compared.
        week: the column to judge; the one before it is what it is compared with.
    """
    import numpy as np

    is_share = (totals > 0) & (counts >= 0) & (counts <= totals)
    counts, totals = np.where(is_share, counts, np.nan), np.where(is_share, totals, np.nan)
    known = baseline & is_share
    overdispersion = _overdispersion(np.where(known, counts, np.nan), np.where(known, totals, np.nan))
    deflation = np.maximum(overdispersion, 1.0) ** 2
    before, after = (_wilson(counts[:, each] / deflation, totals[:, each] / deflation) for each in (week - 1, week))
    difference = after[0] - before[0]
    low = difference - np.hypot(after[0] - after[1], before[2] - before[0])
    high = difference + np.hypot(after[2] - after[0], before[0] - before[1])
    return _answers((low > 0) | (high < 0), np.isnan(difference))


def beyond_usual(values: "Array", baseline: "Mask", *, week: int) -> list[bool | None]:
    """Tell for each member whether its step from the week before is larger than 95 % of its usual ones.

    The distance from the median of the steps between neighbouring baseline weeks is compared with their spread: the
    median distance, or that of the quartiles where most steps are equal. With fewer than eight steps, or without any
    spread, nothing can be told.
    """
    import numpy as np

    steps = np.diff(np.where(baseline, values, np.nan), axis=1)
    step = values[:, week] - values[:, week - 1]
    can_tell = (np.count_nonzero(~np.isnan(steps), axis=1) >= MINIMUM_CHANGES) & ~np.isnan(step)
    # A member without any step would only raise a warning, and nothing is told about it.
    steps = np.where(can_tell[:, None], steps, 0.0)
    median = np.nanmedian(steps, axis=1)
    spread = MEDIAN_DISTANCE * np.nanmedian(np.abs(steps - median[:, None]), axis=1)
    low, high = np.nanpercentile(steps, [25, 75], axis=1)
    spread = np.where(spread > 0, spread, (high - low) / QUARTILE_DISTANCE)
    return _answers(np.abs(step - median) > NORMAL_BOUND * spread, ~can_tell | (spread <= 0))


def _overdispersion(counts: "Array", totals: "Array") -> "Array":
    """Laney's sigma z of each row; 1 where the baseline is too short or never changes."""
    import numpy as np

    pooled = np.nansum(counts, axis=1) / np.maximum(np.nansum(totals, axis=1), 1.0)
    is_told = (np.count_nonzero(~np.isnan(counts), axis=1) >= MINIMUM_BASELINE_WEEKS) & (pooled > 0) & (pooled < 1)
    center = np.where(is_told, pooled, 0.5)[:, None]
    scores = (counts / totals - center) / np.sqrt(center * (1 - center) / totals)
    ranges = np.abs(np.diff(scores, axis=1))
    pairs = np.count_nonzero(~np.isnan(ranges), axis=1)
    mean = np.nansum(ranges, axis=1) / np.maximum(pairs, 1) / MOVING_RANGE_OF_TWO
    return np.where(is_told & (pairs > 0), mean, 1.0)


def _wilson(counts: "Array", totals: "Array") -> "tuple[Array, Array, Array]":
    """The proportion and both ends of its interval."""
    import numpy as np

    share, scaled = counts / totals, NORMAL_BOUND**2 / totals
    middle = (share + scaled / 2) / (1 + scaled)
    reach = NORMAL_BOUND / (1 + scaled) * np.sqrt(share * (1 - share) / totals + scaled / (4 * totals))
    return share, middle - reach, middle + reach


def _answers(is_more: "Mask", is_untold: "Mask") -> list[bool | None]:
    return [None if untold else bool(more) for more, untold in zip(is_more, is_untold, strict=True)]
