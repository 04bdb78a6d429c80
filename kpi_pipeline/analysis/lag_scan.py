"""Which lag fits best, found by looking at all of them: a proposal, never evidence.

Here: the scan and what it may propose. Whoever looks nine times finds something far more often than promised, which
Holm's adjustment makes good; a lag that was found so has to be confirmed on new weeks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kpi_pipeline.analysis.multiple_testing import holm
from kpi_pipeline.analysis.relation_changes import Correlation, correlate, pair_changes

LAGS = range(9)
SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class ScannedLag:
    """One lag; the p-value is adjusted for all that were looked at."""

    lag_weeks: int
    correlation: Correlation
    adjusted_p_value: float


def scan_lags(kpi: Sequence[float], objective: Sequence[float]) -> list[ScannedLag]:
    """Correlate the changes of two series at every lag that leaves enough of them."""
    found = [(lag, correlate(pair_changes(kpi, objective, lag))) for lag in LAGS]
    known = [(lag, correlation) for lag, correlation in found if correlation is not None]
    adjusted = holm([_p_value(correlation) for _, correlation in known])
    return [ScannedLag(lag, correlation, p_value) for (lag, correlation), p_value in zip(known, adjusted, strict=True)]


def better_lag(scanned: Sequence[ScannedLag], declared_lag: int, expected_sign: int) -> ScannedLag | None:
    """Return the lag that may be proposed in place of the declared one; None if there is none to speak of.

    It has the expected sign, stands the adjustment, and is the least likely by chance of all.
    """
    best = min(scanned, key=lambda each: each.adjusted_p_value, default=None)
    if best is None or best.lag_weeks == declared_lag or best.adjusted_p_value > SIGNIFICANCE:
        return None
    return best if best.correlation.r * expected_sign > 0 else None


def _p_value(correlation: Correlation) -> float:
    """By Student's t: the adjusted p-values lie far out, where Fisher's approximation is too sure of few pairs."""
    from scipy.special import stdtr

    freedom = correlation.effective_pairs - 2
    unexplained = 1 - correlation.r**2
    if unexplained <= 0:
        return 0.0
    return 2 * float(stdtr(freedom, -abs(correlation.r) * math.sqrt(freedom / unexplained)))
