"""Compiled statements against the same rules written once more in plain Python, on random small data."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_pipeline.calendar.company_calendar import CompanyCalendar, Period
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Calculator, Warehouse, metric, week

DAYS = [week(0) + timedelta(days=number) for number in range(45)]
COUNTRIES = ("DE", "AT", "")


@dataclass(frozen=True)
class Ads:
    day: date
    country: str
    cost: int | None


@dataclass(frozen=True)
class Orders:
    day: date
    country: str
    customers: int


@dataclass(frozen=True)
class Case:
    ads: list[Ads]
    orders: list[Orders]
    ads_covered: frozenset[date]
    orders_covered: frozenset[date]
    as_of: date
    trailing_weeks: int
    cost_lag_weeks: int
    min_denominator: int
    week_start: str
    grain: str


day = st.sampled_from(DAYS)
country = st.sampled_from(COUNTRIES)
covered = st.builds(
    lambda first, last, holes: frozenset(DAYS[min(first, last) : max(first, last) + 1]) - set(holes),
    st.integers(0, len(DAYS)),
    st.integers(0, len(DAYS)),
    st.lists(day, max_size=10),
)
cost = st.one_of(st.integers(0, 50), st.integers(0, 50), st.none())
cases = st.builds(
    Case,
    ads=st.lists(
        st.builds(Ads, day, country, st.one_of(st.integers(0, 50), st.integers(0, 50), st.none())), max_size=8
    ),
    orders=st.lists(st.builds(Orders, day, country, st.integers(0, 3)), max_size=8),
    ads_covered=covered,
    orders_covered=covered,
    as_of=st.sampled_from(DAYS[1:]),
    trailing_weeks=st.integers(1, 3),
    cost_lag_weeks=st.integers(0, 2),
    min_denominator=st.integers(0, 2),
    week_start=st.sampled_from(["monday", "saturday"]),
    grain=st.sampled_from(["day", "week", "month"]),
)


class Reference:
    """Cost for each new customer, from the rows themselves."""

    def __init__(self, case: Case) -> None:
        self._case = case
        calendar = CompanyCalendar("Europe/Berlin", case.week_start, "gregorian")  # type: ignore[arg-type]
        self.periods: list[Period] = []
        if (begin := self._beginning()) is not None:
            last = max(begin, case.as_of - timedelta(days=1))
            begun = calendar.periods(case.grain, begin, last)  # type: ignore[arg-type]
            self.periods = [period for period in begun if period.start < case.as_of]

    def _beginning(self) -> date | None:
        lag = timedelta(weeks=self._case.cost_lag_weeks)
        firsts = [min(self._case.ads_covered) + lag] if self._case.ads_covered else []
        firsts += [min(self._case.orders_covered)] if self._case.orders_covered else []
        return max(firsts) if firsts else None

    def window(self, period: Period, lag_weeks: int) -> list[date]:
        trailing = self._case.trailing_weeks - 1 if self._case.grain == "week" else 0
        first = period.start - timedelta(weeks=lag_weeks + trailing)
        last = period.end - timedelta(weeks=lag_weeks)
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return [one for one in days if one < self._case.as_of]

    def value(self, period: Period, member: str | None) -> tuple[Any, ...] | None:
        case = self._case
        costs, orders = self.window(period, case.cost_lag_weeks), self.window(period, 0)
        cost_rows = [row.cost for row in case.ads if row.day in costs and member in (None, row.country)]
        order_rows = [row.customers for row in case.orders if row.day in orders and member in (None, row.country)]
        if member is not None and not cost_rows and not order_rows:
            return None
        has_cost, has_orders = bool(case.ads_covered & set(costs)), bool(case.orders_covered & set(orders))
        known = [cost for cost in cost_rows if cost is not None]
        above = sum(known) if has_cost and len(known) == len(cost_rows) else None
        below = sum(order_rows) if has_orders else None
        if not has_cost or not has_orders:
            value, reason = None, "source_missing"
        elif above is None or below is None:
            value, reason = None, "missing_rate"
        elif below == 0:
            value, reason = None, "zero_denominator"
        elif below < case.min_denominator:
            value, reason = None, "below_min_denominator"
        else:
            value, reason = above / below, None
        is_complete = period.end < case.as_of and all(
            set(needed) <= days_covered
            for days_covered, days in ((case.ads_covered, costs), (case.orders_covered, orders))
            for needed in [days if self._promises_a_window else [one for one in days if one >= min(days_covered)]]
            if days_covered
        )
        status = "final" if is_complete and has_cost and has_orders else "partial"
        return period.start, period.end, member or "", above, below, value, reason, status

    @property
    def _promises_a_window(self) -> bool:
        return self._case.trailing_weeks > 1 or self._case.cost_lag_weeks > 0

    def rows(self, members: tuple[str | None, ...]) -> list[tuple[Any, ...]]:
        found = [self.value(period, member) for period in self.periods for member in members]
        return [row for row in found if row is not None]


def asked(case: Case) -> Metric:
    return metric(
        "ad_cost / new_customers_paid",
        unit="currency",
        trailing_weeks=case.trailing_weeks,
        min_denominator=case.min_denominator,
        **({"cost_lag_weeks": case.cost_lag_weeks, "lagged": ("ad_cost",)} if case.cost_lag_weeks else {}),
    )


@pytest.fixture
def calculator(warehouse: Warehouse, project: SqlProject) -> Calculator:
    return Calculator(warehouse, project)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases)
def test_statement_follows_the_rules(calculator: Calculator, case: Case) -> None:
    warehouse = calculator.warehouse
    warehouse.calendar(case.week_start)
    warehouse.as_of(case.as_of)
    # A row long before everything else gives an empty table its columns.
    ads = [*case.ads, Ads(week(-50), "DE", 0)]
    orders = [*case.orders, Orders(week(-50), "DE", 0)]
    warehouse.measures(
        "ads",
        [
            {"day": row.day, "country": row.country, "ad_cost": None if row.cost is None else Decimal(row.cost)}
            for row in ads
        ],
    )
    warehouse.measures(
        "orders", [{"day": row.day, "country": row.country, "new_customers_paid": row.customers} for row in orders]
    )
    warehouse.cover_days({"ad_performance": case.ads_covered, "orders": case.orders_covered})

    for dimension, members in ((None, (None,)), ("country", COUNTRIES)):
        found = [
            (
                row["period_start"],
                row["period_end"],
                row["member"] if dimension else "",
                row["numerator"],
                row["denominator"],
                row["value"],
                row["null_reason"],
                row["status"],
            )
            for row in calculator.rows(asked(case), case.grain, dimension)
        ]
        assert sorted(found, key=str) == sorted(Reference(case).rows(members), key=str)
