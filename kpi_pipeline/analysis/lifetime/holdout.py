"""Whether a purchase model would have foreseen the last weeks, had it been fitted before them.

Here: how long these weeks are, and predicted against observed purchases. The model belongs to ``bg_nbd``, what follows
from a bad result to ``lifetime_value``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kpi_pipeline.analysis.lifetime.bg_nbd import BgNbd
from kpi_pipeline.analysis.lifetime.purchase_history import Numbers, PurchaseHistories

FEWEST_WEEKS, MOST_WEEKS = 13, 26
# Customers with this many repeat purchases or more share the last bucket.
LAST_BUCKET = 7


@dataclass(frozen=True)
class Holdout:
    """What customers did in the last weeks, by what they had done before.

    Attributes:
        histories: up to the day before these weeks; customers who came later are not there.
        purchases: purchase days in these weeks of all customers of each history together.
        weeks: how many weeks.
    """

    histories: PurchaseHistories
    purchases: Numbers
    weeks: int


@dataclass(frozen=True)
class Bucket:
    """Customers with equally many repeat purchases before the last weeks, and their purchases in these.

    Attributes:
        frequency_to: the most repeat purchases; None for any number.
    """

    frequency_from: int
    frequency_to: int | None
    customers: int
    predicted: float
    observed: float


def holdout_weeks(span: float) -> int:
    """Return how many weeks to keep back out of ``span`` weeks: a third of them, within limits."""
    return min(max(int(span / 3), FEWEST_WEEKS), MOST_WEEKS)


def calibration(model: BgNbd, holdout: Holdout) -> Iterator[Bucket]:
    """Yield the buckets that have customers, by frequency."""
    histories = holdout.histories
    expected = histories.customers * model.expected_purchases(
        histories.frequency, histories.recency, histories.age, holdout.weeks
    )
    for frequency in range(LAST_BUCKET + 1):
        is_last = frequency == LAST_BUCKET
        members = histories.frequency >= frequency if is_last else histories.frequency == frequency
        if members.any():
            yield Bucket(
                frequency_from=frequency,
                frequency_to=None if is_last else frequency,
                customers=round(float(histories.customers[members].sum())),
                predicted=float(expected[members].sum()),
                observed=float(holdout.purchases[members].sum()),
            )


def total_error(buckets: Sequence[Bucket]) -> float | None:
    """Return predicted less observed purchases as a share of the observed ones; None if there were none."""
    observed = sum(bucket.observed for bucket in buckets)
    return (sum(bucket.predicted for bucket in buckets) - observed) / observed if observed else None
