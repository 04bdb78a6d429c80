"""Cohorts of customers as the shop's orders show them: who joined, what they brought by age, what winning them cost.

Here: reading facts by month and channel of first orders. Values that follow from them belong to
``analysis.lifetime.cohort_value``, rows to ``lifetime_rows``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from kpi_pipeline.catalogue.metrics.measure_sql import TOTAL, Selection
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.metrics.metric_sql import metric_sql
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Text
from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.warehouse.sql_project import SqlProject

# As in the view cohort_triangle and in the metrics of the library.
DAYS_OF_AGE = 30

NEW_CUSTOMERS = """
select
    calendar.month_start,
    calendar.month_end,
    orders.channel,
    cast(sum(orders.new_customers) as bigint) as customers,
    cast(sum(orders.new_customers_known) as bigint) as known_customers
from measures.orders as orders
inner join core.calendar as calendar using (day)
where orders.day <= $until
group by all
having sum(orders.new_customers) > 0
order by all
"""
MARGINS = f"""
select
    calendar.month_start,
    cohorts.channel,
    cast(floor(cohorts.age_days / {DAYS_OF_AGE}) as integer) as age,
    case
        when count(cohorts.cohort_gross_margin) = count(*)
            then cast(sum(cohorts.cohort_gross_margin) as double)
    end as margin
from measures.cohorts as cohorts
inner join core.calendar as calendar using (day)
where cohorts.age_days <= date_diff('day', cohorts.day, $until)
group by all
"""
AD_COSTS = """
select
    calendar.month_start,
    ads.channel,
    case when count(ads.cost) = count(*) then cast(sum(ads.cost) as double) end as cost
from core.ad_performance as ads
inner join core.calendar as calendar using (day)
group by all
"""


@dataclass(frozen=True)
class ShopCohort:
    """Customers whose first orders fell into one month and came by one channel.

    Attributes:
        channel: total for all channels.
        known_customers: those among the customers who would be recognised if they came back.
        margins: gross margin of all of them by age in months of 30 days; None where it is not known.
        complete_ages: how many of these ages every customer has passed.
        acquisition_cost: for each customer; None with a reason.
        cost_basis: all_costs, or ads where only the cost of ads is known by channel.
    """

    first_order_month: date
    channel: str
    customers: int
    known_customers: int
    margins: Sequence[float | None]
    complete_ages: int
    acquisition_cost: float | None = None
    cost_basis: str | None = None
    cost_null_reason: str | None = None


def read_cohorts(
    engine: Engine, configuration: Configuration, project: SqlProject, until: date
) -> Iterator[ShopCohort]:
    """Yield for every month the cohort of all channels, then that of each; ``until`` is the last day that counts."""
    margins: dict[tuple[date, str], dict[int, float | None]] = {}
    for row in engine.read(MARGINS, {"until": until}).to_pylist():
        margins.setdefault((row["month_start"], row["channel"]), {})[row["age"]] = row["margin"]
    months: dict[date, list[ShopCohort]] = {}
    for row in engine.read(NEW_CUSTOMERS, {"until": until}).to_pylist():
        month = row["month_start"]
        begun = max((until - month).days // DAYS_OF_AGE + 1, 0)
        by_age = margins.get((month, row["channel"]), {})
        months.setdefault(month, []).append(
            ShopCohort(
                first_order_month=month,
                channel=row["channel"],
                customers=row["customers"],
                known_customers=row["known_customers"],
                # No order at an age is a margin of zero.
                margins=[by_age.get(age, 0.0) for age in range(begun)],
                complete_ages=max(((until - row["month_end"]).days + 1) // DAYS_OF_AGE, 0),
            )
        )
    if not months:
        return
    costs = _Costs(engine, configuration, project, min(months), until)
    for found in months.values():
        for cohort in (_together(found), *found):
            yield costs.added_to(cohort)


def _together(cohorts: Sequence[ShopCohort]) -> ShopCohort:
    return replace(
        cohorts[0],
        channel=TOTAL,
        customers=sum(cohort.customers for cohort in cohorts),
        known_customers=sum(cohort.known_customers for cohort in cohorts),
        margins=[_sum(margins) for margins in zip(*(cohort.margins for cohort in cohorts), strict=True)],
    )


def _sum(margins: Sequence[float | None]) -> float | None:
    known = [margin for margin in margins if margin is not None]
    return sum(known) if len(known) == len(margins) else None


class _Costs:
    """What new customers cost, in the months of which every day is known."""

    def __init__(
        self, engine: Engine, configuration: Configuration, project: SqlProject, since: date, until: date
    ) -> None:
        self._whole = _complete_months(engine, configuration, project, "acquisition_cost", since, until)
        of_ads = _complete_months(engine, configuration, project, "ad_cost", since, until)
        self._ads: dict[tuple[date, str], float | None] = {}
        if of_ads:
            for row in engine.read(AD_COSTS).to_pylist():
                if row["month_start"] in of_ads:
                    self._ads[row["month_start"], row["channel"]] = row["cost"]

    def added_to(self, cohort: ShopCohort) -> ShopCohort:
        month = cohort.first_order_month
        if cohort.channel == TOTAL:
            basis, cost, is_known = "all_costs", self._whole.get(month), month in self._whole
        else:
            basis, key = "ads", (month, cohort.channel)
            cost, is_known = self._ads.get(key), key in self._ads
        if cost is None:
            reason = "missing_rate" if is_known else "source_missing" if cohort.channel == TOTAL else "not_by_channel"
            return replace(cohort, cost_null_reason=reason)
        return replace(cohort, acquisition_cost=cost / cohort.customers, cost_basis=basis)


def _complete_months(
    engine: Engine, configuration: Configuration, project: SqlProject, cost: str, since: date, until: date
) -> dict[date, float | None]:
    """The months without a missing day of costs or orders → their cost."""
    needed = (cost, "new_customers")
    files = [file for file in project.files if any(measure.name in needed for measure in file.measures)]
    # Tables that no connected source fills are not built.
    if len(files) < len(needed) or not all(engine.exists(file.table) for file in files):
        return {}
    per_customer = Metric(
        name=Text(en=cost, fa=cost),
        formula=" / ".join(needed),
        unit="currency",
        direction="lower_better",
        source="",
    )
    plan = plan_metric(cost, replace(configuration, metrics={cost: per_customer}), project)
    statement = metric_sql(plan, Selection(("month",), (None,), since, until + timedelta(days=1)))
    rows = engine.read(f"select period_start, numerator, status from ({statement}) as months").to_pylist()
    return {
        row["period_start"]: None if row["numerator"] is None else float(row["numerator"])
        for row in rows
        if row["status"] != "partial"
    }
