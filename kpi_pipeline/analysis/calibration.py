"""How wide a forecast's interval has to be, judged by how far earlier forecasts of the same series were off.

Here: from past errors to one factor, and which of two methods was less wrong. Making the forecasts belongs to
``forecaster``.
"""

import math
from collections.abc import Sequence

from kpi_pipeline.analysis.forecast import INTERVAL_LEVEL, STANDARD_NORMAL

# So many errors that do not overlap must speak for a narrower interval before it is halfway there.
CAUTION = 2
REQUIRED_GAIN = 0.05


def enough_to_calibrate(weeks: int, weeks_ahead: int, fewest_weeks: int) -> bool:
    """Tell whether a history holds at least one whole forecast span more than the forecast itself reaches."""
    return weeks >= 2 * weeks_ahead + fewest_weeks


def width_factor(errors: Sequence[float], weeks_ahead: int) -> float:
    """Return by how much to multiply the standard error of a forecast.

    The factor that would have held 80 % of m past errors is their ⌈0.8·(m + 1)⌉-th smallest size, in units of what the
    normal distribution puts there (split conformal prediction). A wider interval is taken over as it is. A narrower
    one is only as far believed as there are errors that do not overlap: with k = m / weeks_ahead of them the variance
    is the mean of both, the interval's own with weight ``CAUTION`` and the observed one with weight k. Too few errors
    to name that rank leave the interval as it is.

    Args:
        errors: of forecasts for as many weeks ahead, from one origin after the other, each divided by its own
            standard error.
        weeks_ahead: how far they reached, and how many neighbouring ones therefore share their surprises.
    """
    rank = math.ceil(INTERVAL_LEVEL * (len(errors) + 1))
    if rank > len(errors):
        return 1.0
    observed = sorted(abs(error) for error in errors)[rank - 1] / STANDARD_NORMAL.inv_cdf((1 + INTERVAL_LEVEL) / 2)
    if observed >= 1:
        return observed
    apart = len(errors) / weeks_ahead
    return math.sqrt((CAUTION + apart * observed**2) / (CAUTION + apart))


def is_less_wrong(error: float, *, than: float) -> bool:
    """Tell whether one method's errors are at least 5 % smaller than another's, by their sums over the same weeks.

    The scaled error (MASE) of both has the same denominator, the mean step of the same series, so that it cancels out.
    """
    return error < than and error <= (1 - REQUIRED_GAIN) * than
