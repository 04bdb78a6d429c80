"""The parameters under which what was observed is most likely, looked for from several starting points.

Here: the search and what makes its result doubtful. The likelihoods belong to the models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kpi_pipeline.analysis.lifetime.purchase_history import Numbers

# All parameters are positive; beyond these a model no longer says anything about people.
SMALLEST, LARGEST = 1e-5, 1e6
AT_BOUND = 1e-3
# Starting points agree when no parameter differs by more than 1 %.
AGREEMENT = 0.01
# Coarse: it only has to reach the valley, the gradient does the rest.
SIMPLEX_OPTIONS = {"xatol": 1e-2, "fatol": 1e-6, "maxiter": 400}
GRADIENT_OPTIONS = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500}


class Likelihood(Protocol):
    """The mean log-likelihood of a customer as a function of the logarithms of the parameters."""

    def value(self, log_parameters: Numbers) -> float:
        """Return it."""

    def gradient(self, log_parameters: Numbers) -> Numbers:
        """Return how it changes with each logarithm."""


@dataclass(frozen=True)
class Optimum:
    """The best parameters that were found.

    Attributes:
        mean_log_likelihood: of one customer.
        is_at_bound: whether a parameter would have gone beyond what is allowed.
        starts_agree: whether all starting points led to these parameters.
    """

    parameters: tuple[float, ...]
    mean_log_likelihood: float
    is_at_bound: bool
    starts_agree: bool


def maximise(likelihood: Likelihood, starts: Sequence[Sequence[float]]) -> Optimum:
    """Search from each of ``starts``: first by a simplex, then along the gradient."""
    from scipy.optimize import minimize

    limits = (np.log(SMALLEST), np.log(LARGEST))
    bounds = [limits] * len(starts[0])
    found = []
    for start in starts:
        rough = minimize(
            lambda logs: -likelihood.value(logs),
            np.log(np.asarray(start)),
            method="Nelder-Mead",
            bounds=bounds,
            options=SIMPLEX_OPTIONS,
        )
        found.append(
            minimize(
                lambda logs: -likelihood.value(logs),
                rough.x,
                jac=lambda logs: -likelihood.gradient(logs),
                method="L-BFGS-B",
                bounds=bounds,
                options=GRADIENT_OPTIONS,
            )
        )
    best = min(found, key=lambda result: float(result.fun))
    distances = [float(np.abs(result.x - best.x).max()) for result in found]
    to_limits = np.abs(np.subtract.outer(best.x, limits))
    return Optimum(
        parameters=tuple(float(value) for value in np.exp(best.x)),
        mean_log_likelihood=-float(best.fun),
        is_at_bound=bool((to_limits < AT_BOUND).any()),
        starts_agree=max(distances) <= AGREEMENT,
    )
