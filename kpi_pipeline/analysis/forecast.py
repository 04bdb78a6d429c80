"""Where a weekly series will stand in some weeks, and how sure that is.

Here: what a forecast is, the scale that fits the unit, and the drift method in closed form. Which method is used for
which history is decided in ``forecaster``. Paths to targets belong to ``course``, status words to ``pace``; reading
series from tables belongs to ``catalogue``.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from kpi_pipeline.analysis.aim import Aim
from kpi_pipeline.config.model import Unit

Scale = Literal["level", "log", "logit"]

INTERVAL_LEVEL = 0.80
STANDARD_NORMAL = NormalDist()


@dataclass(frozen=True)
class Forecast:
    """A normal distribution on ``scale``; everything given out is in the series' own unit."""

    mean: float
    standard_error: float
    scale: Scale

    @property
    def point(self) -> float:
        """The middle of the forecast."""
        return from_scale(self.mean, self.scale)

    def interval(self, level: float = INTERVAL_LEVEL) -> tuple[float, float]:
        """Return the range that holds the value with probability ``level``."""
        reach = STANDARD_NORMAL.inv_cdf((1 + level) / 2) * self.standard_error
        return from_scale(self.mean - reach, self.scale), from_scale(self.mean + reach, self.scale)

    def probability(self, aim: Aim) -> float | None:
        """Return how likely the aim is met; None if the scale can hold no end of it."""
        low, high = self._on_scale(aim.low), self._on_scale(aim.high)
        if low is None and high is None:
            return None
        return max(0.0, self._share_below(high, 1.0) - self._share_below(low, 0.0))

    def _on_scale(self, end: float | None) -> float | None:
        return None if end is None or not fits_scale(end, self.scale) else to_scale(end, self.scale)

    def _share_below(self, end: float | None, otherwise: float) -> float:
        if end is None:
            return otherwise
        if self.standard_error == 0:
            # At the end itself the aim is met, from whichever side.
            return 1.0 if (end >= self.mean if otherwise else end > self.mean) else 0.0
        return STANDARD_NORMAL.cdf((end - self.mean) / self.standard_error)


def drift_forecast(history: Sequence[float], weeks_ahead: int, scale: Scale) -> Forecast:
    """Continue a series along the line from its first to its last value.

    Args:
        history: consecutive weekly values, oldest first; at least three, all inside the scale's range.
        weeks_ahead: at least 1, counted from the last value.
        scale: where the line is straight and errors are even.
    """
    values = [to_scale(value, scale) for value in history]
    steps = len(values) - 1
    drift = (values[-1] - values[0]) / steps
    surprise = sum((later - earlier - drift) ** 2 for earlier, later in itertools.pairwise(values))
    spread = math.sqrt(surprise / (steps - 1))
    return Forecast(
        mean=values[-1] + weeks_ahead * drift,
        standard_error=spread * math.sqrt(weeks_ahead * (1 + weeks_ahead / steps)),
        scale=scale,
    )


def scale_for(unit: Unit, history: Sequence[float]) -> Scale:
    """Choose logit for percentages and log for everything else, unless a value lies outside their range."""
    wanted: Scale = "logit" if unit == "percent" else "log"
    return wanted if all(fits_scale(value, wanted) for value in history) else "level"


def fits_scale(value: float, scale: Scale) -> bool:
    """Tell whether the scale is defined for the value."""
    if scale == "level":
        return True
    return value > 0 if scale == "log" else 0 < value < 100


def to_scale(value: float, scale: Scale) -> float:
    """Bring a value to the scale; percentages are given as 0 to 100."""
    if scale == "level":
        return value
    return math.log(value) if scale == "log" else math.log(value / (100 - value))


def from_scale(value: float, scale: Scale) -> float:
    """Bring a value back from the scale; beyond what a number can hold it stays at the end of the range."""
    if scale == "level":
        return value
    if scale == "log":
        return math.exp(min(value, 700.0))
    return 100 / (1 + math.exp(min(-value, 700.0)))
