"""On which scale the changes of a metric are compared.

Here: the choice and the values on it: logarithms of amounts and counts, log-odds of proportions, otherwise the values
as they are. Forecasts choose their own scale in ``forecast``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kpi_pipeline.analysis.forecast import Scale
from kpi_pipeline.analysis.proportions import Share
from kpi_pipeline.config.model import Unit

# A percentage that is no proportion may pass 100, and points may lie below zero: neither is an amount.
UNITS_WITHOUT_AMOUNT: frozenset[Unit] = frozenset({"percent", "points"})


@dataclass(frozen=True)
class ScaledSeries:
    """The weeks of one metric on the scale on which its changes are compared."""

    scale: Scale
    values: tuple[float, ...]


def scaled(unit: Unit, values: Sequence[float], shares: Sequence[Share | None]) -> ScaledSeries:
    """Bring a series to its scale.

    Args:
        unit: the metric's unit.
        values: consecutive weeks in that unit.
        shares: the counts behind each of them where it is a proportion.
    """
    proportions = [share for share in shares if share is not None]
    if unit == "percent" and len(proportions) == len(values):
        return ScaledSeries("logit", tuple(_log_odds(share) for share in proportions))
    if unit not in UNITS_WITHOUT_AMOUNT and all(value > 0 for value in values):
        return ScaledSeries("log", tuple(math.log(value) for value in values))
    return ScaledSeries("level", tuple(values))


def _log_odds(share: Share) -> float:
    """With half a case added to both sides, so that none and all have odds as well."""
    return math.log((share.count + 0.5) / (share.total - share.count + 0.5))
