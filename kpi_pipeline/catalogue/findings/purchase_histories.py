"""Purchase days of customers as arrays, put together by the engine: what the models of ``analysis.lifetime`` are fed.

Here: reading ``core.customer_purchases``. A million customers never become Python objects: equal histories are counted
in SQL. Sums are taken over decimals, so that the same purchases give the same bits again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from kpi_pipeline.analysis.lifetime.holdout import Holdout
from kpi_pipeline.analysis.lifetime.lifetime_value import CustomerGroups
from kpi_pipeline.analysis.lifetime.purchase_history import (
    DAYS_OF_WEEK,
    Numbers,
    PurchaseHistories,
    RepeatMargins,
    grouped_histories,
    grouped_margins,
)
from kpi_pipeline.warehouse.engine import Engine

# First order's month and channel.
CohortKey = tuple[date, str]

PURCHASES = """
with purchases as (
    select
        customer_key,
        day,
        gross_margin,
        min(day) over (partition by customer_key) as first_day
    from core.customer_purchases
    where day <= $until
),
"""
HISTORIES = f"""{PURCHASES}
histories as (
    select
        customer_key,
        count(*) - 1 as frequency,
        date_diff('day', first_day, max(day)) as recency_days,
        date_diff('day', first_day, $until) as age_days,
        case
            when count(*) > 1 and count(gross_margin) filter (where day > first_day) = count(*) - 1
                then cast(
                    cast(sum(gross_margin) filter (where day > first_day) as double) / (count(*) - 1)
                    as decimal(28, 6)
                )
        end as mean_margin
    from purchases
    group by customer_key, first_day
)
"""
GROUPS = f"""{HISTORIES},
groups as (
    select
        calendar.month_start,
        customers.channel,
        histories.frequency,
        histories.recency_days,
        histories.age_days,
        count(*) as customers,
        count(histories.mean_margin) as with_margin,
        cast(coalesce(sum(histories.mean_margin), 0) as double) as mean_margins
    from histories
    inner join core.customers as customers using (customer_key)
    inner join core.calendar as calendar on customers.first_order_day = calendar.day
    group by all
)

select groups.*, dense_rank() over (order by month_start, channel) - 1 as cohort
from groups
order by cohort, frequency, recency_days, age_days
"""
MARGINS = f"""{HISTORIES}
select frequency, cast(mean_margin as double) as mean_margin, count(*) as customers
from histories
where mean_margin is not null
group by all
order by all
"""
HOLDOUT = f"""{PURCHASES}
histories as (
    select
        count(*) filter (where day <= $fitted_until) - 1 as frequency,
        date_diff('day', first_day, max(day) filter (where day <= $fitted_until)) as recency_days,
        date_diff('day', first_day, $fitted_until) as age_days,
        count(*) filter (where day > $fitted_until) as purchases
    from purchases
    where first_day <= $fitted_until
    group by customer_key, first_day
)

select frequency, recency_days, age_days, count(*) as customers, sum(purchases) as purchases
from histories
group by all
order by all
"""


@dataclass(frozen=True)
class CustomersByCohort:
    """All customers with a purchase, by cohort and history.

    Attributes:
        cohorts: the months and channels of first orders.
        groups: equal histories of one cohort share a row.
        rows: for each row of ``groups`` the place of its cohort in ``cohorts``.
    """

    cohorts: Sequence[CohortKey]
    groups: CustomerGroups
    rows: Numbers

    @property
    def histories(self) -> PurchaseHistories:
        """The histories without regard to cohorts."""
        found = self.groups.histories
        return grouped_histories(found.frequency, found.recency, found.age, found.customers)

    def by_cohort(self, values: Numbers) -> dict[CohortKey, float]:
        """Return cohort → sum of ``values``, one of which belongs to each row."""
        sums = np.bincount(self.rows.astype(np.intp), values, minlength=len(self.cohorts))
        return {cohort: float(value) for cohort, value in zip(self.cohorts, sums, strict=True)}


def read_customers(engine: Engine, until: date) -> CustomersByCohort:
    """Read what every customer did up to and including ``until``."""
    rows = engine.read(GROUPS, {"until": until})
    cohort_rows = _column(rows, "cohort")
    _, firsts = np.unique(cohort_rows, return_index=True)
    named = rows.select(["month_start", "channel"]).take(firsts).to_pylist()
    return CustomersByCohort(
        cohorts=[(row["month_start"], row["channel"]) for row in named],
        groups=CustomerGroups(_histories(rows), _column(rows, "with_margin"), _column(rows, "mean_margins")),
        rows=cohort_rows,
    )


def read_margins(engine: Engine, until: date) -> RepeatMargins:
    """Read what the repeat purchases of each customer brought, where all their margins are known."""
    rows = engine.read(MARGINS, {"until": until})
    return grouped_margins(_column(rows, "frequency"), _column(rows, "mean_margin"), _column(rows, "customers"))


def read_holdout(engine: Engine, until: date, weeks: int) -> Holdout:
    """Read what customers did in the ``weeks`` up to ``until``, and what they had done before."""
    fitted_until = until - timedelta(weeks=weeks)
    rows = engine.read(HOLDOUT, {"until": until, "fitted_until": fitted_until})
    return Holdout(_histories(rows), _column(rows, "purchases"), weeks)


def _histories(rows: pa.Table) -> PurchaseHistories:
    return PurchaseHistories(
        frequency=_column(rows, "frequency"),
        recency=_column(rows, "recency_days") / DAYS_OF_WEEK,
        age=_column(rows, "age_days") / DAYS_OF_WEEK,
        customers=_column(rows, "customers"),
    )


def _column(rows: pa.Table, name: str) -> Numbers:
    # Sums of integers arrive as decimals.
    return np.asarray(rows.column(name).cast(pa.float64()).to_numpy(), dtype=np.float64)
