"""How sure a net promoter score is, and whether it really changed.

Here: the interval of one score and the comparison of two, in points from -100 to 100. Which metrics are such scores
belongs to ``catalogue``.
"""

import math
from dataclasses import dataclass

from kpi_pipeline.analysis.proportions import CONFIDENCE, STANDARD_NORMAL
from kpi_pipeline.analysis.ratio_change import RatioChange


@dataclass(frozen=True)
class NetPromoterScore:
    """Answers to how likely one is to recommend: ``total`` also has those that are neither; it is positive."""

    promoters: float
    detractors: float
    total: float

    @property
    def value(self) -> float:
        """The score."""
        return 100 * (self.promoters - self.detractors) / self.total

    @property
    def standard_error(self) -> float:
        """Each answer counts 1, 0 or -1; this is the standard error of their mean."""
        variance = (self.promoters + self.detractors) / self.total - (self.value / 100) ** 2
        return 100 * math.sqrt(max(variance, 0.0) / self.total)

    def interval(self) -> tuple[float, float]:
        """Return the range that holds the score of everybody with a confidence of 95 %."""
        reach = STANDARD_NORMAL.inv_cdf((1 + CONFIDENCE) / 2) * self.standard_error
        return max(self.value - reach, -100.0), min(self.value + reach, 100.0)


def compare_scores(before: NetPromoterScore, after: NetPromoterScore) -> RatioChange | None:
    """Compare two weeks; None where all answers of a week are of one kind, so that nothing tells how sure it is."""
    errors = before.standard_error, after.standard_error
    if not all(errors):
        return None
    reach = STANDARD_NORMAL.inv_cdf((1 + CONFIDENCE) / 2) * math.hypot(*errors)
    difference = after.value - before.value
    return RatioChange(difference, difference - reach, difference + reach)
