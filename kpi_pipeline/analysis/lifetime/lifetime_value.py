"""What customers are still going to bring: purchases and margins put together, and whether that may be published.

Here: the minima, the order of the checks and the sum. A check is added here with a reason in ``messages``. The models
belong to ``bg_nbd`` and ``gamma_gamma``, reading and writing tables to ``catalogue``.
"""

from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.analysis.lifetime.bg_nbd import BgNbd, BgNbdFit, fit_bg_nbd
from kpi_pipeline.analysis.lifetime.gamma_gamma import GammaGamma, GammaGammaFit, fit_gamma_gamma
from kpi_pipeline.analysis.lifetime.holdout import Bucket, Holdout, calibration, total_error
from kpi_pipeline.analysis.lifetime.purchase_history import Numbers, PurchaseHistories, RepeatMargins

ModelStatus = Literal["published", "insufficient_data", "model_invalid"]

# Reason → the least that is needed: customers, customers who came back, weeks of history.
FEWEST = {"few_customers": 500, "few_repeaters": 100, "short_history": 39}
LARGEST_ERROR = 0.20


@dataclass(frozen=True)
class LifetimeFit:
    """Both models and what became of them.

    Attributes:
        reason: what is wrong; None if nothing is.
        holdout_error: predicted less observed purchases of the last weeks, as a share of the observed ones.
    """

    reason: str | None
    purchases: BgNbdFit
    margins: GammaGammaFit
    buckets: tuple[Bucket, ...]
    holdout_error: float | None

    @property
    def status(self) -> ModelStatus:
        """Whether numbers of the models may be shown."""
        return "model_invalid" if self.reason else "published"

    @property
    def models(self) -> tuple[BgNbd, GammaGamma] | None:
        """The models to predict with; None unless they may be."""
        return None if self.reason or self.margins.model is None else (self.purchases.model, self.margins.model)


@dataclass(frozen=True)
class CustomerGroups:
    """Customers with equal histories, and what the repeat purchases of each of them brought on average.

    Attributes:
        with_margin: how many of a history's customers have repeat purchases whose margins are all known.
        mean_margins: sum over these customers of their mean margins.
    """

    histories: PurchaseHistories
    with_margin: Numbers
    mean_margins: Numbers


def missing_data(histories: PurchaseHistories) -> str | None:
    """Return what there is too little of to fit anything; None if there is enough."""
    found = {
        "few_customers": histories.total,
        "few_repeaters": histories.repeaters,
        "short_history": histories.span,
    }
    return next((reason for reason, fewest in FEWEST.items() if found[reason] < fewest), None)


def fit_lifetime(histories: PurchaseHistories, margins: RepeatMargins, holdout: Holdout) -> LifetimeFit:
    """Fit both models and check them; there must be enough data, see ``missing_data``."""
    purchases, money = fit_bg_nbd(histories), fit_gamma_gamma(margins)
    if purchases.fault:
        return LifetimeFit(purchases.fault, purchases, money, (), None)
    before = fit_bg_nbd(holdout.histories)
    if before.fault:
        return LifetimeFit("holdout_not_fitted", purchases, money, (), None)
    buckets = tuple(calibration(before.model, holdout))
    error = total_error(buckets)
    if error is None:
        return LifetimeFit("holdout_empty", purchases, money, buckets, None)
    return LifetimeFit(
        "holdout_missed" if abs(error) > LARGEST_ERROR else money.fault, purchases, money, buckets, error
    )


def expected_margins(
    models: tuple[BgNbd, GammaGamma], groups: CustomerGroups, weeks: int, discount_rate: float
) -> Numbers:
    """Return the discounted gross margin to be expected of each group's customers together in the coming weeks."""
    purchases, money = models
    histories = groups.histories
    discounted = purchases.discounted_purchases(
        histories.frequency, histories.recency, histories.age, weeks, discount_rate
    )
    # The expected margin is a weighted mean of a customer's own and that of all: sums over customers are enough.
    own = money.own_weight(histories.frequency)
    of_all = money.population_mean * (histories.customers - own * groups.with_margin)
    return discounted * (of_all + own * groups.mean_margins)
