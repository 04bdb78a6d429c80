"""How often customers without a contract will buy: the BG/NBD model of Fader, Hardie and Lee (2005).

Here: fitting its four parameters, what they say about a customer's future purchases and about whether the customer is
still there. While active, a customer buys at a rate of his own (gamma: ``r``, ``alpha``); after each purchase he leaves
with a probability of his own (beta: ``a``, ``b``). Money belongs to ``gamma_gamma``, publishing to ``lifetime_value``.
"""

from dataclasses import dataclass

import numpy as np

from kpi_pipeline.analysis.lifetime.maximum_likelihood import Optimum, maximise
from kpi_pipeline.analysis.lifetime.purchase_history import Numbers, PurchaseHistories

STARTS = ((1.0, 1.0, 1.0, 1.0), (0.1, 10.0, 0.5, 5.0), (0.5, 5.0, 1.0, 2.0), (2.0, 20.0, 0.2, 1.0))
WEEKS_OF_YEAR = 52
# With a smaller chance of leaving, the model cannot tell customers who left from customers who wait.
SMALLEST_DROPOUT = 1e-3
# Beyond it all customers leave with the same chance, and the purchases say nothing of how these chances differ.
LARGEST_B = 1e3


@dataclass(frozen=True)
class BgNbd:
    """The model's parameters; all times are in weeks, all arrays hold one value per history."""

    r: float
    alpha: float
    a: float
    b: float

    def active_probability(self, frequency: Numbers, recency: Numbers, age: Numbers) -> Numbers:
        """Return how likely a customer is still there; NaN without a repeat purchase.

        For those the model always says 1, which comes from its assumptions and not from anything observed.
        """
        return np.where(frequency > 0, self._active(frequency, recency, age), np.nan)

    def expected_purchases(self, frequency: Numbers, recency: Numbers, age: Numbers, weeks: float) -> Numbers:
        """Return how many purchase days are expected of a customer in the weeks that follow."""
        return self._if_active(frequency, age, weeks) * self._active(frequency, recency, age)

    def discounted_purchases(
        self, frequency: Numbers, recency: Numbers, age: Numbers, weeks: int, discount_rate: float
    ) -> Numbers:
        """Return the same with each coming week's purchases discounted at a yearly rate (0.1) to today."""
        weekly = (1 + discount_rate) ** (1 / WEEKS_OF_YEAR)
        # Times of the last purchase do not matter here: far fewer rows are different.
        pairs, rows = np.unique(np.column_stack((frequency, age)), axis=0, return_inverse=True)
        discounted, before = np.zeros(len(pairs)), np.zeros(len(pairs))
        for week in range(1, weeks + 1):
            until = self._if_active(pairs[:, 0], pairs[:, 1], week)
            discounted += (until - before) / weekly**week
            before = until
        return discounted[rows.reshape(-1)] * self._active(frequency, recency, age)

    def _active(self, frequency: Numbers, recency: Numbers, age: Numbers) -> Numbers:
        from scipy.special import expit

        repeats = np.maximum(frequency, 1.0)
        log_odds_of_having_left = (
            np.log(self.a)
            - np.log(self.b + repeats - 1)
            + (self.r + frequency) * (np.log(self.alpha + age) - np.log(self.alpha + recency))
        )
        return np.where(frequency > 0, expit(-log_odds_of_having_left), 1.0)

    def _if_active(self, frequency: Numbers, age: Numbers, weeks: float) -> Numbers:
        """The numerator of the paper's equation 10.

        Its hypergeometric function grows without bound with the frequency. Euler's transformation takes the power in
        front of it away, and the frequency out of its upper parameters.
        """
        from scipy.special import hyp2f1

        share = weeks / (self.alpha + age + weeks)
        lower = self.a + self.b + frequency - 1
        series = hyp2f1(self.a + self.b - 1 - self.r, self.a - 1, lower, share)
        return np.asarray(lower / (self.a - 1) * (1 - (1 - share) ** (self.a - 1) * series))


@dataclass(frozen=True)
class BgNbdFit:
    """The most likely parameters, and what is wrong with them.

    Attributes:
        log_likelihood: of all customers together.
        fault: why the model says nothing about these customers; None if it does.
    """

    model: BgNbd
    log_likelihood: float
    fault: str | None


def fit_bg_nbd(histories: PurchaseHistories) -> BgNbdFit:
    """Fit the model by maximum likelihood."""
    optimum = maximise(BgNbdLikelihood(histories), STARTS)
    model = BgNbd(*optimum.parameters)
    return BgNbdFit(model, optimum.mean_log_likelihood * histories.total, _fault(model, optimum))


def _fault(model: BgNbd, optimum: Optimum) -> str | None:
    if model.a / (model.a + model.b) < SMALLEST_DROPOUT:
        return "nobody_leaves"
    if model.b > LARGEST_B:
        return "all_leave_alike"
    if optimum.is_at_bound:
        return "at_bound"
    return None if optimum.starts_agree else "starts_disagree"


class BgNbdLikelihood:
    """The mean log-likelihood by the logarithms of r, alpha, a and b.

    Logarithms of ages and recencies are taken once for each different day, the gamma functions once for each frequency.
    """

    def __init__(self, histories: PurchaseHistories) -> None:
        self._ages, self._age_rows = np.unique(histories.age, return_inverse=True)
        self._age_counts = np.bincount(self._age_rows, histories.customers)
        self._frequencies, rows = np.unique(histories.frequency, return_inverse=True)
        self._frequency_counts = np.bincount(rows, histories.customers)
        repeated = histories.frequency > 0
        self._repeats, self._repeat_rows = np.unique(histories.frequency[repeated], return_inverse=True)
        self._recencies, self._recency_rows = np.unique(histories.recency[repeated], return_inverse=True)
        self._repeat_age_rows = self._age_rows[repeated]
        self._repeaters = histories.customers[repeated]
        once = ~repeated
        self._once_counts = np.bincount(self._age_rows[once], histories.customers[once], minlength=len(self._ages))
        self._total = float(histories.customers.sum())

    def value(self, log_parameters: Numbers) -> float:
        """Return the mean log-likelihood."""
        from scipy.special import gammaln

        r, alpha, a, b = np.exp(log_parameters)
        x = self._frequencies
        by_frequency = gammaln(r + x) - gammaln(r) + r * log_parameters[1]
        by_frequency += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
        stayed, left = self._terms(r, alpha, log_parameters[2], b)
        once = -r * np.log(alpha + self._ages)
        total = self._frequency_counts @ by_frequency + self._once_counts @ once
        # Not as a dot product: on long arrays those wake threads, which cost more than they save.
        return float(total + (self._repeaters * np.logaddexp(stayed, left)).sum()) / self._total

    def gradient(self, log_parameters: Numbers) -> Numbers:
        """Return its derivatives by the four logarithms."""
        from scipy.special import expit, psi

        r, alpha, a, b = np.exp(log_parameters)
        x, counts = self._frequencies, self._frequency_counts
        stayed, left = self._terms(r, alpha, log_parameters[2], b)
        gone = self._repeaters * expit(left - stayed)
        here = self._repeaters - gone
        repeats = self._repeats[self._repeat_rows]
        ages, recencies = alpha + self._ages, alpha + self._recencies
        here_by_age = np.bincount(self._repeat_age_rows, here, minlength=len(ages))
        gone_by_recency = np.bincount(self._recency_rows, gone, minlength=len(recencies))
        busy_by_age = np.bincount(self._repeat_age_rows, here * (r + repeats), minlength=len(ages))
        busy_by_recency = np.bincount(self._recency_rows, gone * (r + repeats), minlength=len(recencies))
        by_r = counts @ (psi(r + x) - psi(r) + log_parameters[1])
        by_r -= (self._once_counts + here_by_age) @ np.log(ages) + gone_by_recency @ np.log(recencies)
        by_alpha = self._total * r / alpha - self._once_counts @ (r / ages)
        by_alpha -= busy_by_age @ (1 / ages) + busy_by_recency @ (1 / recencies)
        by_a = counts @ (psi(a + b) - psi(a + b + x)) + gone.sum() / a
        by_b = counts @ (psi(a + b) + psi(b + x) - psi(b) - psi(a + b + x)) - (gone / (b + repeats - 1)).sum()
        return np.array([by_r * r, by_alpha * alpha, by_a * a, by_b * b]) / self._total

    def _terms(self, r: float, alpha: float, log_a: float, b: float) -> tuple[Numbers, Numbers]:
        """For each history with a repeat purchase: still there until today, or left after the last purchase."""
        power = (r + self._repeats)[self._repeat_rows]
        stayed = -power * np.log(alpha + self._ages)[self._repeat_age_rows]
        left = (log_a - np.log(b + self._repeats - 1))[self._repeat_rows]
        return stayed, left - power * np.log(alpha + self._recencies)[self._recency_rows]
