"""What a purchase of a customer is worth: the Gamma-Gamma model of Fader and Hardie (2013).

Here: fitting its three parameters, and the margin to be expected of a customer's next purchase. Purchases of a customer
scatter around a mean of his own (gamma: ``p``); these means scatter among customers (``q``, ``v``). How often somebody
buys belongs to ``bg_nbd``.
"""

from dataclasses import dataclass

import numpy as np

from kpi_pipeline.analysis.lifetime.maximum_likelihood import Optimum, maximise
from kpi_pipeline.analysis.lifetime.purchase_history import Numbers, RepeatMargins

# For margins with a mean of 1, see fit_gamma_gamma.
STARTS = ((1.0, 2.0, 1.0), (5.0, 4.0, 0.6), (2.0, 3.0, 1.0), (10.0, 2.0, 0.1))
# What somebody spends must not depend on how often he buys.
LARGEST_CORRELATION = 0.3
# The model knows positive margins only. Leaving many others out would make customers look better than they are.
LARGEST_SHARE_WITHOUT_MARGIN = 0.05


@dataclass(frozen=True)
class GammaGamma:
    """The model's parameters; ``v`` is in the unit of the margins."""

    p: float
    q: float
    v: float

    @property
    def population_mean(self) -> float:
        """Margin of a purchase of a customer of whom nothing is known; needs ``q`` above 1."""
        return self.p * self.v / (self.q - 1)

    def own_weight(self, frequency: Numbers) -> Numbers:
        """Return how much a customer's own mean counts against that of all, 0 without repeat purchases."""
        return self.p * frequency / (self.p * frequency + self.q - 1)

    def expected_margin(self, frequency: Numbers, mean_margin: Numbers) -> Numbers:
        """Return the margin of a customer's next purchase, between his own mean and that of all."""
        own = self.own_weight(frequency)
        return (1 - own) * self.population_mean + own * mean_margin


@dataclass(frozen=True)
class GammaGammaFit:
    """The most likely parameters, and what is wrong with them.

    Attributes:
        model: None where there is nothing to fit it to.
        correlation: of the number of repeat purchases with their mean margin; None if one of them never differs.
        fault: why the model says nothing about these customers; None if it does.
    """

    model: GammaGamma | None
    correlation: float | None
    fault: str | None


def fit_gamma_gamma(margins: RepeatMargins) -> GammaGammaFit:
    """Fit the model by maximum likelihood to the customers whose mean margin is above zero."""
    correlation = _correlation(margins)
    positive = margins.mean_margin > 0
    earning = float(margins.customers[positive].sum())
    if earning < (1 - LARGEST_SHARE_WITHOUT_MARGIN) * margins.customers.sum() or not earning:
        return GammaGammaFit(None, correlation, "margins_not_positive")
    kept = RepeatMargins(margins.frequency[positive], margins.mean_margin[positive], margins.customers[positive])
    # Whatever the currency, margins around 1 keep the search within its bounds.
    unit = float(kept.customers @ kept.mean_margin) / earning
    scaled = RepeatMargins(kept.frequency, kept.mean_margin / unit, kept.customers)
    optimum = maximise(GammaGammaLikelihood(scaled), STARTS)
    p, q, v = optimum.parameters
    return GammaGammaFit(GammaGamma(p, q, v * unit), correlation, _fault(q, optimum, correlation))


def _fault(q: float, optimum: Optimum, correlation: float | None) -> str | None:
    if q <= 1:
        return "margins_without_mean"
    if optimum.is_at_bound:
        return "margins_at_bound"
    if not optimum.starts_agree:
        return "margins_starts_disagree"
    return "margins_follow_frequency" if correlation is not None and abs(correlation) >= LARGEST_CORRELATION else None


def _correlation(margins: RepeatMargins) -> float | None:
    if not len(margins.customers):
        return None
    weights = margins.customers / margins.customers.sum()
    frequencies = margins.frequency - weights @ margins.frequency
    means = margins.mean_margin - weights @ margins.mean_margin
    spread = float(np.sqrt((weights @ frequencies**2) * (weights @ means**2)))
    return float(weights @ (frequencies * means)) / spread if spread > 0 else None


class GammaGammaLikelihood:
    """The mean log-likelihood by the logarithms of p, q and v."""

    def __init__(self, margins: RepeatMargins) -> None:
        self._frequencies, self._rows = np.unique(margins.frequency, return_inverse=True)
        self._counts = np.bincount(self._rows, margins.customers)
        self._customers = margins.customers
        self._sums = margins.frequency * margins.mean_margin
        self._total = float(margins.customers.sum())
        self._log_margins = float((margins.customers * np.log(margins.mean_margin)).sum())
        self._frequency_log_sums = float((margins.customers * margins.frequency * np.log(self._sums)).sum())

    def value(self, log_parameters: Numbers) -> float:
        """Return the mean log-likelihood."""
        from scipy.special import gammaln

        p, q, v = np.exp(log_parameters)
        x = self._frequencies
        by_frequency = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * log_parameters[2]
        total = self._counts @ by_frequency + p * self._frequency_log_sums - self._log_margins
        total -= (self._customers * (p * x + q)[self._rows] * np.log(self._sums + v)).sum()
        return float(total) / self._total

    def gradient(self, log_parameters: Numbers) -> Numbers:
        """Return its derivatives by the three logarithms."""
        from scipy.special import psi

        p, q, v = np.exp(log_parameters)
        x = self._frequencies
        log_sums = np.bincount(self._rows, self._customers * np.log(self._sums + v))
        inverse_sums = np.bincount(self._rows, self._customers / (self._sums + v))
        by_p = (self._counts * x) @ (psi(p * x + q) - psi(p * x)) + self._frequency_log_sums - x @ log_sums
        by_q = self._counts @ (psi(p * x + q) - psi(q) + log_parameters[2]) - log_sums.sum()
        by_v = self._total * q / v - (p * x + q) @ inverse_sums
        return np.array([by_p * p, by_q * q, by_v * v]) / self._total
