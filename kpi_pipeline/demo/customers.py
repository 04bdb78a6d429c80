"""The customers of the demo shop: who has bought, and when they come back.

Here: what is remembered about each customer and the diary of planned visits. Add a fact about customers here. What they
buy belongs to ``orders``.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from kpi_pipeline.demo.exchange import IntArray

NEVER = 1 << 30  # a day index that is never reached
RETURN_RATE = 0.33
MINIMUM_DAYS_TO_RETURN = 2
MEAN_DAYS_TO_RETURN = 30.0


def _empty() -> IntArray:
    return np.zeros(0, dtype=np.int64)


@dataclass
class Customers:
    """All customers by number.

    Attributes:
        count: how many there are.
        first_valid_day: index of the day of the first order that counts, or ``NEVER``.
        country: position in ``COUNTRIES``.
        last_counted_week: the last week in which the customer was counted as a buyer, and as a returning one.
    """

    count: int = 0
    first_valid_day: IntArray = field(default_factory=_empty)
    country: IntArray = field(default_factory=_empty)
    last_buying_week: IntArray = field(default_factory=_empty)
    last_returning_week: IntArray = field(default_factory=_empty)
    diary: dict[int, list[IntArray]] = field(default_factory=lambda: defaultdict(list))

    def enrol(self, country: IntArray) -> IntArray:
        """Add customers who live in ``country``; return their numbers."""
        first, self.count = self.count, self.count + len(country)
        if self.count > len(self.country):
            room = max(self.count, 2 * len(self.country), 1024)
            self.first_valid_day = _grown(self.first_valid_day, room, NEVER)
            self.country = _grown(self.country, room, 0)
            self.last_buying_week = _grown(self.last_buying_week, room, -1)
            self.last_returning_week = _grown(self.last_returning_week, room, -1)
        self.country[first : self.count] = country
        return np.arange(first, self.count)

    def plan_returns(self, rng: np.random.Generator, customer: IntArray, day: int) -> None:
        """Let some of the customers who bought on ``day`` come back, some days later."""
        comes_back = rng.random(len(customer)) < RETURN_RATE
        wait = MINIMUM_DAYS_TO_RETURN + rng.exponential(MEAN_DAYS_TO_RETURN, len(customer)).astype(np.int64)
        self._note(customer[comes_back], day + wait[comes_back])

    def try_again(self, rng: np.random.Generator, customer: IntArray, day: int) -> None:
        """Let customers who could not buy on ``day`` come once more some days later."""
        self._note(customer, day + rng.integers(5, 11, len(customer)))

    def returning_on(self, day: int) -> IntArray:
        """Return the customers who come back on ``day``, and forget the plan."""
        return np.concatenate(self.diary.pop(day, [_empty()]))

    def _note(self, customer: IntArray, day: IntArray) -> None:
        for planned in np.unique(day):
            self.diary[int(planned)].append(customer[day == planned])


def _grown(numbers: IntArray, size: int, filler: int) -> IntArray:
    grown = np.full(size, filler, dtype=np.int64)
    grown[: len(numbers)] = numbers
    return grown
