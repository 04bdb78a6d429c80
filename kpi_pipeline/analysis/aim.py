"""What a KPI is to reach: a value at least or at most, or a band to stay inside.

Here: one kind of thing for all three, so that nobody downstream has to ask which one it is. The way there belongs to
``course``; how likely it is to ``forecast``.
"""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Aim:
    """The values that are good enough, both ends included; None where one end is open."""

    low: float | None
    high: float | None

    @classmethod
    def at_least(cls, target: float) -> Self:
        """Return the aim of a KPI that is to rise."""
        return cls(target, None)

    @classmethod
    def at_most(cls, target: float) -> Self:
        """Return the aim of a KPI that is to fall."""
        return cls(None, target)

    @property
    def is_band(self) -> bool:
        """Whether a value can be too low as well as too high."""
        return self.low is not None and self.high is not None

    def holds(self, value: float) -> bool:
        """Tell whether the value is good enough."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def edge(self, start: float) -> float:
        """Return the value to head for from a start: the nearer end of a band, or the start itself inside one."""
        if self.low is None or self.high is None:
            target = self.high if self.low is None else self.low
            assert target is not None
            return target
        return min(max(start, self.low), self.high)

    def shortfall(self, value: float) -> float:
        """Return how far the value still has to go; negative beyond an end that is the only one, 0 inside a band."""
        if self.is_band:
            return abs(self.edge(value) - value)
        return self.low - value if self.low is not None else value - self.edge(value)

    def is_better(self, value: float, other: float) -> bool:
        """Tell whether one value is better than another; inside a band none is."""
        return self.shortfall(value) < self.shortfall(other)
