"""What purchase models need to know of customers: how often, until when and for how long, many customers in one row.

Here: the sufficient statistics, each distinct one once with the number of customers that share it; a million customers
are some hundred thousand such rows. What is made of them belongs to the models; reading orders to ``catalogue``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

DAYS_OF_WEEK = 7


@dataclass(frozen=True)
class PurchaseHistories:
    """Customers by what they did; arrays of equal length, one row per distinct history.

    Attributes:
        frequency: days with a purchase after the first such day.
        recency: weeks from the first to the last purchase day; 0 without a repeat purchase.
        age: weeks from the first purchase day to the end of observation.
        customers: how many share the history.
    """

    frequency: Numbers
    recency: Numbers
    age: Numbers
    customers: Numbers

    @property
    def total(self) -> int:
        """All customers."""
        return round(float(self.customers.sum()))

    @property
    def repeaters(self) -> int:
        """Customers with a repeat purchase."""
        return round(float(self.customers[self.frequency > 0].sum()))

    @property
    def span(self) -> float:
        """Weeks from the first purchase of the oldest customer to the end of observation."""
        return float(self.age.max(initial=0.0))


@dataclass(frozen=True)
class RepeatMargins:
    """Customers with repeat purchases by what these brought, one row per distinct pair.

    Attributes:
        frequency: days with a repeat purchase.
        mean_margin: gross margin of a repeat purchase day on average.
        customers: how many share both.
    """

    frequency: Numbers
    mean_margin: Numbers
    customers: Numbers


def grouped_histories(
    frequency: Numbers, recency: Numbers, age: Numbers, customers: Numbers | None = None
) -> PurchaseHistories:
    """Put equal histories together; one customer each unless ``customers`` says how many."""
    (frequency, recency, age), shared = _grouped((frequency, recency, age), customers)
    return PurchaseHistories(frequency, recency, age, shared)


def grouped_margins(frequency: Numbers, mean_margin: Numbers, customers: Numbers | None = None) -> RepeatMargins:
    """Put equal pairs together; rows without a repeat purchase are left out."""
    counts = np.ones(len(frequency)) if customers is None else customers
    kept = frequency > 0
    (frequency, mean_margin), shared = _grouped((frequency[kept], mean_margin[kept]), counts[kept])
    return RepeatMargins(frequency, mean_margin, shared)


def _grouped(columns: tuple[Numbers, ...], customers: Numbers | None) -> tuple[tuple[Numbers, ...], Numbers]:
    if not len(columns[0]):
        return columns, np.zeros(0)
    order = np.lexsort(columns[::-1])
    columns = tuple(column[order] for column in columns)
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    starts = np.flatnonzero(is_new)
    if customers is None:
        shared = np.diff(starts, append=len(order)).astype(np.float64)
    else:
        shared = np.add.reduceat(customers[order], starts)
    return tuple(column[starts] for column in columns), shared
