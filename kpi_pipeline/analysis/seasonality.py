"""What comes back every year in a weekly series.

Here: at most three pairs of harmonics beside a straight line. Two years are too short for a season of 52 free numbers
(STL), and a year is not 52 weeks; harmonics need neither. Whether the season makes forecasts better is decided in
``forecaster``; the season of a path to a target belongs to ``course``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WEEKS_OF_A_YEAR = 365.2425 / 7
MOST_PAIRS = 3


@dataclass(frozen=True)
class Season:
    """Coefficients of cosine and sine of each pair, the yearly one first."""

    pairs: tuple[tuple[float, float], ...]

    def at(self, number: int) -> float:
        """Return what the season adds in a week, counted from the first week of the series as 0."""
        if not self.pairs:
            return 0.0
        turn = 2 * math.pi * number / WEEKS_OF_A_YEAR
        return sum(
            cosine * math.cos(order * turn) + sine * math.sin(order * turn)
            for order, (cosine, sine) in enumerate(self.pairs, start=1)
        )


def fit_season(values: Sequence[float]) -> Season:
    """Fit line and harmonics by least squares, with as many pairs as Akaike's corrected criterion asks for.

    Args:
        values: consecutive weekly values, more than a year of them.
    """
    import numpy as np

    observed = np.asarray(values, dtype=float)
    count = len(observed)
    number = np.arange(count)
    turn = 2 * np.pi * number / WEEKS_OF_A_YEAR
    best, lowest = Season(()), math.inf
    for pairs in range(1, MOST_PAIRS + 1):
        waves = [wave(order * turn) for order in range(1, pairs + 1) for wave in (np.cos, np.sin)]
        design = np.column_stack([np.ones(count), number / count, *waves])
        coefficients, *_ = np.linalg.lstsq(design, observed, rcond=None)
        rest = float(((observed - design @ coefficients) ** 2).sum())
        estimated = design.shape[1] + 1
        criterion = count * math.log(max(rest / count, 1e-300)) + 2 * estimated * count / (count - estimated - 1)
        if criterion < lowest:
            found = [float(each) for each in coefficients[2:]]
            best, lowest = Season(tuple(zip(found[::2], found[1::2], strict=True))), criterion
    return best
