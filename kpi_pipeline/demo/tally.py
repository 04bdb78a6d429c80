"""What truly happened in each week, counted while it happens.

Here: weekly sums of the measures that the pipeline derives from the exports, taken from the simulation's own state. Add
a measure here when a metric of ``truth`` needs it. Ratios belong to ``truth``.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kpi_pipeline.demo.advertising import AdDay, AdUnits, platform_sums
from kpi_pipeline.demo.bookkeeping import Posting, daily_ten_thousandths
from kpi_pipeline.demo.company import (
    ATTRIBUTIONS,
    CHANNELS,
    COUNTRIES,
    DEVICES,
    GOOGLE,
    META,
    ORDER_CHANNELS,
    PAID_SEARCH,
    PAID_SOCIAL,
    PLATFORMS,
)
from kpi_pipeline.demo.customers import NEVER, Customers
from kpi_pipeline.demo.events import BoolArray
from kpi_pipeline.demo.exchange import ExchangeRates, IntArray, is_foreign
from kpi_pipeline.demo.orders import OrderDay
from kpi_pipeline.demo.timeline import DayPlan, Timeline
from kpi_pipeline.demo.visits import FUNNEL, VisitDay

COHORT_AGE_DAYS = 90
AD_MEASURES = ("ad_impressions", "ad_clicks", "ad_cost")
CLAIMS = ("ad_conversion_value", "claimant_cost")
ORDER_MEASURES = ("orders", "gross_sales", "discounts", "orders_refunded", "new_customers", "order_gross_margin")
TOTAL_MEASURES = (
    "returns",
    "new_customers_paid",
    "returning_customers",
    "buying_customers",
    "acquisition_cost",
)
MONEY = frozenset(
    {
        "ad_cost",
        "ad_conversion_value",
        "claimant_cost",
        "gross_sales",
        "discounts",
        "order_gross_margin",
        "returns",
        "acquisition_cost",
        "cohort_gross_margin",
    }
)


@dataclass(frozen=True)
class Measure:
    """One measure by week and members; money in ten-thousandths of the reporting currency."""

    values: IntArray
    dimensions: tuple[str, ...] = ()

    def by(self, dimension: str | None) -> IntArray:
        """Return the sums by week, or by week and member of ``dimension``."""
        kept = self.dimensions.index(dimension) + 1 if dimension else 0
        others = tuple(axis for axis in range(1, self.values.ndim) if axis != kept)
        sums: IntArray = self.values.sum(axis=others)
        return sums


# What a platform claims is never added up over attribution settings; Google's is always the same.
CLAIMANTS = (PLATFORMS[GOOGLE], *(f"{PLATFORMS[META]} ({setting})" for setting in ATTRIBUTIONS))
MEMBERS: dict[str, tuple[str, ...]] = {
    "platform": PLATFORMS,
    "claimed_by": CLAIMANTS,
    "channel": ORDER_CHANNELS,
    "device": DEVICES,
}


class Tally:
    """Counts the simulation as it stands when the last export has arrived."""

    def __init__(self, timeline: Timeline, rates: ExchangeRates, units: AdUnits, customers: Customers) -> None:
        weeks = timeline.weeks
        self._timeline, self._rates, self._units, self.customers = timeline, rates, units, customers
        self.measures = {
            **{name: Measure(_zeros(weeks, len(PLATFORMS)), ("platform",)) for name in AD_MEASURES},
            **{name: Measure(_zeros(weeks, len(CLAIMANTS)), ("claimed_by",)) for name in CLAIMS},
            **{
                name: Measure(_zeros(weeks, len(ORDER_CHANNELS), len(DEVICES)), ("channel", "device"))
                for name in FUNNEL
            },
            **{name: Measure(_zeros(weeks, len(ORDER_CHANNELS)), ("channel",)) for name in ORDER_MEASURES},
            **{name: Measure(_zeros(weeks)) for name in TOTAL_MEASURES},
            "cohort_gross_margin": Measure(_zeros(weeks, COHORT_AGE_DAYS), ("age_days",)),
        }
        self.goods_cents = [0] * timeline.days
        self.sales_cents = [0] * timeline.days
        self.sessions = 0
        self.orders = 0

    def add_ads(self, plan: DayPlan, day: AdDay) -> None:
        """Count a day of advertising."""
        units = self._units
        reported = day.reported_at(self._timeline.days - plan.index)
        foreign = units.platform == META
        cost = self._rates.to_reporting(reported.cost, foreign, plan.index)
        claimed = self._rates.to_reporting(reported.conversion_value, foreign, plan.index)
        for name, number in zip(AD_MEASURES, (day.impressions, day.clicks, cost), strict=True):
            self.measures[name].values[plan.week] += platform_sums(units, number)
        for name, number in zip(CLAIMS, (claimed, cost), strict=True):
            by_platform = platform_sums(units, number)
            self.measures[name].values[plan.week, 0] += by_platform[GOOGLE]
            self.measures[name].values[plan.week, 1 + plan.is_new_attribution] += by_platform[META]
        self.measures["acquisition_cost"].values[plan.week] += cost.sum()

    def add_visits(self, plan: DayPlan, day: VisitDay) -> None:
        """Count the sessions that began on a day."""
        for name in FUNNEL:
            self.measures[name].values[plan.week, : len(CHANNELS)] += day.counts[name].sum(axis=2)
        self.sessions += int(day.counts["sessions"].sum())

    def add_orders(self, plan: DayPlan, day: OrderDay) -> None:
        """Count a day of orders, and the refunds that follow until the end.

        Call it in the order of days: a customer is new with the first order that counts.
        """
        end = self._timeline.days
        foreign = np.array([is_foreign(country.currency) for country in COUNTRIES])[day.country]
        gross = self._rates.to_reporting(day.goods, foreign, plan.index)
        discounts = self._rates.to_reporting(day.discount, foreign, plan.index)
        refunded = day.refunded_before(end)
        margin = gross - discounts - self._rates.to_reporting(refunded, foreign, plan.index) - day.product_cost * 100
        valid = day.is_valid_before(end)
        is_new = self._welcome(day, valid)
        self._add_by_channel("orders", plan, day, valid.astype(np.int64))
        self._add_by_channel("gross_sales", plan, day, gross * valid)
        self._add_by_channel("discounts", plan, day, discounts * valid)
        self._add_by_channel("orders_refunded", plan, day, valid & (refunded > 0))
        self._add_by_channel("new_customers", plan, day, is_new)
        self._add_by_channel("order_gross_margin", plan, day, margin * valid)
        paid = is_new & ((day.channel == PAID_SEARCH) | (day.channel == PAID_SOCIAL))
        self.measures["new_customers_paid"].values[plan.week] += np.count_nonzero(paid)
        self._add_buyers(plan, day, valid, is_new)
        self._add_cohort_margin(day, valid, margin)
        self._add_returns(day, foreign)
        self.goods_cents[plan.index] = int(day.product_cost[valid].sum())
        self.sales_cents[plan.index] = int((gross - discounts)[valid].sum()) // 100
        self.orders += len(day)

    def add_costs(self, postings: Iterable[Posting]) -> None:
        """Count the ledger's costs of winning customers, each in the weeks that it is for."""
        for posting in postings:
            if posting.account.purpose != "acquisition":
                continue
            first = self._timeline.index(posting.period_start)
            for offset, amount in enumerate(daily_ten_thousandths(posting)):
                if first + offset < self._timeline.days:
                    self.measures["acquisition_cost"].values[(first + offset) // 7] += amount

    def _add_by_channel(self, name: str, plan: DayPlan, day: OrderDay, numbers: IntArray | BoolArray) -> None:
        np.add.at(self.measures[name].values[plan.week], day.channel, numbers.astype(np.int64))

    def _welcome(self, day: OrderDay, valid: BoolArray) -> BoolArray:
        first_valid_day = self.customers.first_valid_day
        is_new = valid.copy()
        is_new[valid] = first_valid_day[day.customer[valid]] == NEVER
        first_valid_day[day.customer[is_new]] = day.day
        return is_new

    def _add_buyers(self, plan: DayPlan, day: OrderDay, valid: BoolArray, is_new: BoolArray) -> None:
        for name, buyers, last_week in (
            ("buying_customers", valid, self.customers.last_buying_week),
            ("returning_customers", valid & ~is_new, self.customers.last_returning_week),
        ):
            customer = np.unique(day.customer[buyers])
            self.measures[name].values[plan.week] += np.count_nonzero(last_week[customer] != plan.week)
            last_week[customer] = plan.week

    def _add_cohort_margin(self, day: OrderDay, valid: BoolArray, margin: IntArray) -> None:
        born = self.customers.first_valid_day[day.customer[valid]]
        age = day.day - born
        is_young = age < COHORT_AGE_DAYS
        cohorts = self.measures["cohort_gross_margin"].values
        np.add.at(cohorts, (born[is_young] // 7, age[is_young]), margin[valid][is_young])

    def _add_returns(self, day: OrderDay, foreign: BoolArray) -> None:
        happens = day.refund_day < self._timeline.days
        refund_day = day.refund_day[happens]
        amounts = self._rates.to_reporting(day.refund[happens], foreign[happens], refund_day)
        np.add.at(self.measures["returns"].values, refund_day // 7, amounts)


def _zeros(*shape: int) -> IntArray:
    return np.zeros(shape, dtype=np.int64)
