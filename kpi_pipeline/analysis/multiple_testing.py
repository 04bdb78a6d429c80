"""P-values of several questions that were asked at once.

Here: the two adjustments that are used. They are written out because ``multipletests`` of statsmodels, which the tests
compare them with, collects garbage at each call: in a process that holds much, that takes longer than all the rest.
"""

import itertools
from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust so that with none of the questions true, any at all passes 5 % only in 5 % of all cases (Holm 1979)."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    raised = [min((len(order) - place) * p_values[index], 1.0) for place, index in enumerate(order)]
    return _at_their_places(order, list(itertools.accumulate(raised, max)))


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjust so that of all that pass 10 %, no more than 10 % are false on average (Benjamini and Hochberg 1995)."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__, reverse=True)
    raised = [p_values[index] * len(order) / (len(order) - place) for place, index in enumerate(order)]
    return _at_their_places(order, list(itertools.accumulate(raised, min)))


def _at_their_places(order: Sequence[int], adjusted: Sequence[float]) -> list[float]:
    return [value for _, value in sorted(zip(order, adjusted, strict=True))]
