"""How two weekly series move together: the correlation of their changes, how sure it is, and its slope.

Here: one pair of series at one lag. Levels are never evidence, because whatever trends correlates with whatever else
trends; changes are. What to conclude belongs to ``relation_verdict``, the choice of a scale to ``relation_scale``,
everything about one KPI together to ``relation``.
"""

import itertools
import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean

CONFIDENCE = 0.95
# Fisher's interval divides by what is above three.
FEWEST_EFFECTIVE_PAIRS = 4
STANDARD_NORMAL = NormalDist()
# Beyond it the transformation of a correlation of one has no value.
LARGEST_CORRELATION = 1 - 1e-15


@dataclass(frozen=True)
class ChangePairs:
    """Changes of a KPI and, some weeks later, of its objective's metric.

    Attributes:
        weeks: the objective's week of each pair, counted from the first one; neighbours are one apart unless weeks were
            left out.
        kpi: changes of the KPI.
        objective: changes of the objective's metric.
    """

    weeks: tuple[int, ...]
    kpi: tuple[float, ...]
    objective: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.weeks)


@dataclass(frozen=True)
class Correlation:
    """Pearson's r of changes, with its interval by Fisher's transformation.

    Attributes:
        effective_pairs: how many independent pairs they are worth.
        p_value: how often independent series would look like this.
    """

    r: float
    effective_pairs: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True)
class Slope:
    """Change of the objective's metric for one unit of change of the KPI, with errors that neighbours may share."""

    value: float
    standard_error: float
    low: float
    high: float


def pair_changes(
    kpi: Sequence[float],
    objective: Sequence[float],
    lag_weeks: int,
    *,
    over_weeks: int = 1,
    without: Collection[int] = (),
) -> ChangePairs:
    """Pair the changes of one series with those of another some weeks later.

    Args:
        kpi: consecutive weeks on their scale.
        objective: the same weeks of the other metric.
        lag_weeks: how many weeks later.
        over_weeks: against which week before a change is taken.
        without: positions of weeks that must have no part in a change.
    """
    left_out = frozenset(without)
    weeks = tuple(
        week
        for week in range(lag_weeks + over_weeks, len(kpi))
        if left_out.isdisjoint((week, week - over_weeks, week - lag_weeks, week - lag_weeks - over_weeks))
    )
    return ChangePairs(
        weeks=weeks,
        kpi=tuple(kpi[week - lag_weeks] - kpi[week - lag_weeks - over_weeks] for week in weeks),
        objective=tuple(objective[week] - objective[week - over_weeks] for week in weeks),
    )


def correlate(pairs: ChangePairs) -> Correlation | None:
    """Correlate changes; None if there are fewer than four pairs or one of the series does not vary."""
    if len(pairs) < FEWEST_EFFECTIVE_PAIRS:
        return None
    r = pearson(pairs.kpi, pairs.objective)
    if r is None:
        return None
    effective = effective_pairs(
        len(pairs), _autocorrelation(pairs.kpi, pairs.weeks), _autocorrelation(pairs.objective, pairs.weeks)
    )
    low, high = fisher_interval(r, effective)
    z = math.atanh(_inside(r)) * math.sqrt(effective - 3)
    return Correlation(r, effective, low, high, p_value=math.erfc(abs(z) / math.sqrt(2)))


def effective_pairs(pairs: int, kpi_autocorrelation: float, objective_autocorrelation: float) -> float:
    """Return how many independent pairs so many autocorrelated ones are worth (Bartlett 1935), from 4 to all."""
    shared = kpi_autocorrelation * objective_autocorrelation
    return min(max(pairs * (1 - shared) / (1 + shared), FEWEST_EFFECTIVE_PAIRS), pairs)


def fisher_interval(r: float, effective: float) -> tuple[float, float]:
    """Return the 95 % interval of a correlation of more than three independent pairs."""
    reach = STANDARD_NORMAL.inv_cdf((1 + CONFIDENCE) / 2) / math.sqrt(effective - 3)
    middle = math.atanh(_inside(r))
    return math.tanh(middle - reach), math.tanh(middle + reach)


def pearson(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return Pearson's r of two sequences of one length; None if one of them does not vary."""
    first, second = _centred(one), _centred(other)
    spread = math.sqrt(_product(first, first) * _product(second, second))
    return _product(first, second) / spread if spread else None


def rank_correlation(pairs: ChangePairs) -> float | None:
    """Return Spearman's correlation of changes: that of their ranks; None if one of the series does not vary."""
    return pearson(_ranks(pairs.kpi), _ranks(pairs.objective))


def slope(pairs: ChangePairs) -> Slope:
    """Fit a line through changes that vary, by least squares, with Newey-West errors.

    Bartlett's kernel over ⌊4 (m / 100)^(2/9)⌋ weeks, the correction for small samples, and the t distribution. Written
    out, because importing statsmodels, which the tests compare it with, takes longer than judging all KPIs.
    """
    from scipy.special import stdtrit

    count = len(pairs)
    kpi, objective = _centred(pairs.kpi), _centred(pairs.objective)
    spread = _product(kpi, kpi)
    value = _product(kpi, objective) / spread
    scores = [change * (other - value * change) for change, other in zip(kpi, objective, strict=True)]
    furthest = math.floor(4 * (count / 100) ** (2 / 9))
    shared = sum((1 - lag / (furthest + 1)) * _product(scores[lag:], scores[:-lag]) for lag in range(1, furthest + 1))
    freedom = count - 2
    # Below zero only by rounding, where the line fits perfectly.
    variance = max(_product(scores, scores) + 2 * shared, 0.0) * count / freedom
    error = math.sqrt(variance) / spread
    reach = float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * error
    return Slope(value, error, value - reach, value + reach)


def _ranks(values: Sequence[float]) -> list[float]:
    """Places from the smallest on; equal values share the middle of theirs."""
    order = sorted(values)
    return [(bisect_left(order, value) + bisect_right(order, value) + 1) / 2 for value in values]


def _autocorrelation(changes: Sequence[float], weeks: Sequence[int]) -> float:
    """At lag one; pairs that weeks were left out between are no neighbours."""
    centred = _centred(changes)
    neighbours = sum(
        one * other
        for (one, other), (week, next_week) in zip(itertools.pairwise(centred), itertools.pairwise(weeks), strict=True)
        if next_week == week + 1
    )
    return neighbours / _product(centred, centred)


def _centred(values: Sequence[float]) -> list[float]:
    mean = fmean(values)
    return [value - mean for value in values]


def _product(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(first * second for first, second in zip(one, other, strict=True))


def _inside(r: float) -> float:
    return min(max(r, -LARGEST_CORRELATION), LARGEST_CORRELATION)
