"""The Theta method: exponential smoothing with half of the linear trend as drift.

Here: one fit for every length of a series that grows by a week at a time, so that each week can be judged by what was
known in it. Season, scales and what a fit says about a target belong to ``seasonality`` and ``forecast``.

Method: Assimakopoulos & Nikolopoulos (2000); Hyndman & Billah (2003) show that it is simple exponential smoothing with
drift, whose errors are those of an ARIMA(0,1,1). Point and standard error are those of ``ThetaModel`` of statsmodels
without season. It is not used itself because one fit of it takes 10 ms, and every week of every KPI needs one.
"""

import math
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

CANDIDATES = 61
# Below this share of what the series moves, its surprises are rounding.
SMALLEST_SURPRISE = 1e-12


@dataclass(frozen=True)
class ThetaFit:
    """What is known after the last value of a series, on the series' own scale.

    Attributes:
        weeks: how many values there were.
        level: the smoothed level after the last value.
        slope: of the line through all values by least squares, per week.
        alpha: the weight of the newest value in the level, 0 to 1.
        spread: standard deviation of the surprise of one week.
    """

    weeks: int
    level: float
    slope: float
    alpha: float
    spread: float

    def mean(self, weeks_ahead: int) -> float:
        """Return the point forecast."""
        return self.level + self.drift(weeks_ahead)

    def drift(self, weeks_ahead: int) -> float:
        """Return what half of the trend adds to the level, which itself lags behind the trend."""
        behind = (1 - (1 - self.alpha) ** self.weeks) / self.alpha if self.alpha > 0 else self.weeks
        return self.slope / 2 * (weeks_ahead - 1 + behind)

    def standard_error(self, weeks_ahead: int) -> float:
        """Return the standard error; its growth is on the safe side, as in statsmodels."""
        return self.spread * math.sqrt(1 + (weeks_ahead - 1) * (1 + (1 - self.alpha) ** 2))


@dataclass(frozen=True)
class _Candidates:
    """What is the same for every series after so many steps: the moving average's part of the likelihood.

    Attributes:
        theta: candidates, -1 to 1.
        pull: how much of the last step's surprise comes back in this step.
        variance: of this step's surprise, in units of a week's.
        log_variances: sum of its logarithms so far.
        unit: what a mean of 1 would add to this step's surprise.
        of_units: sum of its squares so far, each over its variance.
    """

    theta: "Vector"
    pull: "Vector"
    variance: "Vector"
    log_variances: "Vector"
    unit: "Vector"
    of_units: "Vector"

    @classmethod
    def first(cls) -> Self:
        import numpy as np

        theta = 2 * _alphas() - 1
        variance, unit = 1 + theta * theta, np.ones(CANDIDATES)
        return cls(theta, np.zeros(CANDIDATES), variance, np.log(variance), unit, 1 / variance)

    def next(self) -> Self:
        import numpy as np

        pull = self.theta / self.variance
        variance = 1 + self.theta * self.theta - self.theta * pull
        unit = 1 - pull * self.unit
        return replace(
            self,
            pull=pull,
            variance=variance,
            log_variances=self.log_variances + np.log(variance),
            unit=unit,
            of_units=self.of_units + unit * unit / variance,
        )


@dataclass
class ThetaFitter:
    """A series that grows; every candidate for a parameter is carried along, so that a week costs the same each time.

    For the level, ``alpha`` has the smallest sum of squared errors one week ahead, the first value being the first
    level. For the spread, the steps from week to week are a moving average of order one with a mean, by exact maximum
    likelihood; the mean and the variance are known in closed form for each candidate.
    """

    values: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        import numpy as np

        given, self.values = self.values, []
        zeros = np.zeros(CANDIDATES)
        self._level, self._squares, self._surprise, self._of_steps, self._of_both = zeros, zeros, zeros, zeros, zeros
        self._moved = self._sum = self._weighted_sum = 0.0
        for value in given:
            self.add(value)

    def add(self, value: float) -> None:
        """Take in the value of the next week."""
        if not self.values:
            self._level = self._level + value
        else:
            error = value - self._level
            self._level = self._level + _alphas() * error
            self._squares = self._squares + error * error
            step, candidates = value - self.values[-1], _candidates(len(self.values))
            self._surprise = step - candidates.pull * self._surprise
            weighted = self._surprise / candidates.variance
            self._of_steps = self._of_steps + self._surprise * weighted
            self._of_both = self._of_both + candidates.unit * weighted
            self._moved += step * step
        self._sum += value
        self._weighted_sum += len(self.values) * value
        self.values.append(value)

    def fit(self) -> ThetaFit | None:
        """Return what is known now, after at least three values; None where nothing ever surprised.

        Then the series is a line, and any method that divides by its surprises has nothing to say.
        """
        import numpy as np

        steps = len(self.values) - 1
        candidates = _candidates(steps)
        rest = self._of_steps - self._of_both * self._of_both / candidates.of_units
        if not rest.min() > SMALLEST_SURPRISE * self._moved:
            return None
        variance = rest / steps
        alpha, _ = _lowest(_alphas(), self._squares, self._squares)
        _, variance_there = _lowest(candidates.theta, steps * np.log(variance) + candidates.log_variances, variance)
        return ThetaFit(
            weeks=steps + 1,
            level=_smoothed(self.values, alpha),
            slope=self._slope(),
            alpha=alpha,
            spread=math.sqrt(variance_there),
        )

    def _slope(self) -> float:
        """Of the line through all values by least squares, per week."""
        count = len(self.values)
        return (self._weighted_sum - (count - 1) / 2 * self._sum) / (count * (count**2 - 1) / 12)


@cache
def _alphas() -> "Vector":
    """The candidates, 0 to 1, dense where little smoothing is left."""
    import numpy as np

    found: Vector = np.linspace(0, 1, CANDIDATES) ** 2
    return found


@cache
def _candidates(steps: int) -> _Candidates:
    return _Candidates.first() if steps == 1 else _candidates(steps - 1).next()


def _lowest(places: "Vector", heights: "Vector", others: "Vector") -> tuple[float, float]:
    """Where a curve is lowest, by a parabola through the lowest candidate and its neighbours; another curve there."""
    best = int(heights.argmin())
    # At an end, the lowest place may still lie before it.
    among = min(max(best, 1), len(places) - 2)
    a, b, c = (float(place) for place in places[among - 1 : among + 2])
    low, middle, high = (float(height) for height in heights[among - 1 : among + 2])
    left, right = (middle - low) / (b - a), (high - middle) / (c - b)
    bend = right - left
    if bend <= 0:
        return float(places[best]), float(others[best])
    place = min(max((a + b) / 2 - left * (c - a) / (2 * bend), a), c)
    first, second, third = (float(other) for other in others[among - 1 : among + 2])
    there = (
        first * (place - b) * (place - c) / ((a - b) * (a - c))
        + second * (place - a) * (place - c) / ((b - a) * (b - c))
        + third * (place - a) * (place - b) / ((c - a) * (c - b))
    )
    return place, there


def _smoothed(values: list[float], alpha: float) -> float:
    level = values[0]
    for value in values:
        level += alpha * (value - level)
    return level
