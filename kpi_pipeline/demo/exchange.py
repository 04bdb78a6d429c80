"""Exchange rates of the demo company, and conversion to its reporting currency.

Here: the simulated EUR/GBP rate of every business day and exact integer conversion. Add a currency when a demo account
bills in one. The rate file belongs to ``exports``.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from kpi_pipeline.demo.company import REPORTING_CURRENCY
from kpi_pipeline.demo.timeline import Timeline

IntArray = npt.NDArray[np.int64]

RATE_UNITS = 100_000  # the central bank publishes five significant digits: 0.86125
TEN_THOUSANDTHS_PER_CENT = 100
DAYS_OF_RATES_BEFORE = 7  # so that the first day has an earlier rate even on a holiday


@dataclass(frozen=True)
class ExchangeRates:
    """How many GBP one EUR buys, in units of 0.00001.

    Attributes:
        published: the rate of each business day, from some days before the history on.
        by_day: the rate that holds on each day of the history: that of the same day or the last earlier one.
    """

    published: tuple[tuple[date, int], ...]
    by_day: IntArray

    def to_reporting(self, cents: IntArray, is_foreign: npt.NDArray[np.bool_], day: IntArray | int) -> IntArray:
        """Convert amounts in cents of their currency to ten-thousandths of the reporting currency, half rounded up."""
        rate = self.by_day[day]
        foreign = (2 * cents * TEN_THOUSANDTHS_PER_CENT * RATE_UNITS + rate) // (2 * rate)
        return np.where(is_foreign, foreign, cents * TEN_THOUSANDTHS_PER_CENT)


def is_foreign(currency: str) -> bool:
    """Tell whether amounts in ``currency`` need a rate."""
    return currency != REPORTING_CURRENCY


def draw_rates(rng: np.random.Generator, timeline: Timeline) -> ExchangeRates:
    """Draw a slow random walk over the business days."""
    first = timeline.first_day - timedelta(days=DAYS_OF_RATES_BEFORE)
    days = [first + timedelta(days=offset) for offset in range(timeline.days + DAYS_OF_RATES_BEFORE)]
    steps = rng.normal(0, 0.0024, len(days))
    rate, published, by_day = 0.8612, [], []
    for day, step in zip(days, steps, strict=True):
        if day.isoweekday() <= 5:
            rate *= 1 + float(step)
            published.append((day, round(rate * RATE_UNITS)))
        if day >= timeline.first_day:
            by_day.append(published[-1][1])
    return ExchangeRates(tuple(published), np.array(by_day, dtype=np.int64))
