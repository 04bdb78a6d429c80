"""How many alarms are to be expected although nothing happened.

Here: the rate per judged week, for each method, width of the band and length of the baseline. The textbook's 0.27 % (3
standard deviations) holds for a known spread; a spread estimated from few weeks is often too small by chance, so that
more weeks lie outside.

How the rates are known: they were simulated, and Student's t with a number of degrees of freedom that grows with the
baseline was fitted to them. ``laney_p``: independent normal weeks, 12 to 26 of them, limits of 2 to 4.5; 1.8 million
weeks in each cell; the fit is within 3 % of the rate. ``robust_z``: 1,500 series each of a level with noise, a random
walk, steady growth and a yearly season, so that the uncertainty of the forecast is in it; 8 to 26 weeks, limits of 2.5
to 4.5; mostly within a fifth of the rate, and a half at worst. ``benchmarks/simulations/anomalies.py`` measures how far
series of each shape keep to them.
"""

import math
from dataclasses import dataclass
from functools import cache

from kpi_pipeline.analysis.anomalies import Method
from kpi_pipeline.analysis.proportion_chart import RUN_LENGTH


@dataclass(frozen=True)
class _Fit:
    """Degrees of freedom of n weeks: ``per_week`` * n + ``more``; the limit is worth ``worth`` * (1 - ``lost`` / n)."""

    per_week: float
    more: float
    lost: float
    worth: float


FITS: dict[Method, _Fit] = {
    "robust_z": _Fit(0.188, 0.568, 1.130, 1.140),
    "laney_p": _Fit(0.686, 0.396, 0.668, 1.0),
}


@cache
def false_alarm_rate(method: Method, limit: float, baseline: int) -> float:
    """Return the share of usual weeks that raise an alarm, 0 to 1.

    Args:
        method: how the week was judged.
        limit: how many standard deviations are still usual.
        baseline: how many weeks the band was estimated from.
    """
    from scipy.special import stdtr

    fit = FITS[method]
    reach = limit * fit.worth * (1 - fit.lost / baseline)
    beyond = 2 * float(stdtr(fit.per_week * baseline + fit.more, -reach))
    return beyond + (_completed_runs(baseline) if method == "laney_p" else 0.0)


def _completed_runs(baseline: int) -> float:
    """How often a week completes a run on one side of a middle that is itself estimated.

    A week lies above with a probability of one half only if the middle is right; its error is normal with a standard
    deviation of 1/sqrt(n) of a week's. The mean over it by Gauss-Hermite quadrature.
    """
    import numpy as np
    from scipy.special import ndtr

    places, weights = np.polynomial.hermite_e.hermegauss(31)
    above = ndtr(places / math.sqrt(baseline))
    completed = above**RUN_LENGTH * (1 - above) + (1 - above) ** RUN_LENGTH * above
    return float((weights * completed).sum() / weights.sum())
