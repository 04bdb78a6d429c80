"""Whether a KPI moves with the metric of its objective, as its commitment says, and what speaks against believing it.

Here: one KPI's whole examination, from two series to a verdict. Its steps stand in ``relation_changes``, ``lag_scan``
and ``relation_verdict``; which weeks may be compared, and who shares measures with whom, is known to ``catalogue``.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from kpi_pipeline.analysis.lag_scan import ScannedLag, better_lag, scan_lags
from kpi_pipeline.analysis.relation_changes import (
    Correlation,
    Slope,
    correlate,
    pair_changes,
    pearson,
    rank_correlation,
    slope,
)
from kpi_pipeline.analysis.relation_verdict import ENOUGH_PAIRS, FEWEST_PAIRS, Verdict, verdict_of

FURTHEST_RANK_CORRELATION = 0.2
WEEKS_FOR_YEARLY_CHANGES = 104
WEEKS_OF_A_YEAR = 52


@dataclass(frozen=True)
class Relation:
    """What the changes of two metrics say.

    Attributes:
        pairs: pairs of changes at the declared lag.
        rank_correlation: Spearman's correlation of the same pairs.
        level_correlation: correlation of the series themselves, which is mostly shared trend.
        yearly_correlation: correlation of the changes against 52 weeks before; None for less than 104 weeks.
        verdict_without_events: the verdict without the special weeks; None if there was none.
        proposed_lag: a lag that fits better, to be confirmed on new weeks.
    """

    verdict: Verdict
    pairs: int
    correlation: Correlation | None = None
    rank_correlation: float | None = None
    slope: Slope | None = None
    level_correlation: float | None = None
    yearly_correlation: float | None = None
    verdict_without_events: Verdict | None = None
    proposed_lag: ScannedLag | None = None

    @property
    def is_indicative(self) -> bool:
        """Whether there is a verdict that rests on few pairs."""
        return FEWEST_PAIRS <= self.pairs < ENOUGH_PAIRS

    @property
    def is_outlier_driven(self) -> bool | None:
        """Whether few weeks make the correlation, because their ranks tell another story."""
        if self.correlation is None or self.rank_correlation is None:
            return None
        r, by_rank = self.correlation.r, self.rank_correlation
        return r * by_rank < 0 or abs(r - by_rank) > FURTHEST_RANK_CORRELATION

    @property
    def depends_on_events(self) -> bool | None:
        """Whether special weeks make the verdict; None if there was none, or too little is left without them."""
        if self.verdict_without_events in (None, "insufficient_data"):
            return None
        return self.verdict_without_events != self.verdict


def relate(
    kpi: Sequence[float],
    objective: Sequence[float],
    *,
    lag_weeks: int,
    expected_sign: int,
    event_weeks: Collection[int] = (),
) -> Relation:
    """Examine two series of the same consecutive weeks.

    Args:
        kpi: the KPI's weeks on their scale.
        objective: the weeks of its objective's metric.
        lag_weeks: how many weeks later the effect is declared to show.
        expected_sign: 1 if both are expected to rise together, -1 if one is to fall.
        event_weeks: positions of the weeks that are special for a known reason.
    """
    pairs = pair_changes(kpi, objective, lag_weeks)
    correlation = correlate(pairs)
    if len(pairs) < FEWEST_PAIRS or correlation is None:
        return Relation("insufficient_data", len(pairs))
    yearly = None
    if len(kpi) >= WEEKS_FOR_YEARLY_CHANGES:
        yearly = pair_changes(kpi, objective, lag_weeks, over_weeks=WEEKS_OF_A_YEAR)
    without_events = pair_changes(kpi, objective, lag_weeks, without=event_weeks) if event_weeks else None
    return Relation(
        verdict=verdict_of(len(pairs), correlation, expected_sign),
        pairs=len(pairs),
        correlation=correlation,
        rank_correlation=rank_correlation(pairs),
        slope=slope(pairs),
        level_correlation=pearson(kpi[: len(kpi) - lag_weeks], objective[lag_weeks:]),
        yearly_correlation=None if yearly is None else pearson(yearly.kpi, yearly.objective),
        verdict_without_events=None
        if without_events is None
        else verdict_of(len(without_events), correlate(without_events), expected_sign),
        proposed_lag=better_lag(scan_lags(kpi, objective), lag_weeks, expected_sign),
    )
