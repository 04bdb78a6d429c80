from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kpi_pipeline.analysis.lifetime.purchase_history import PurchaseHistories
from kpi_pipeline.catalogue.findings.purchase_histories import read_customers, read_holdout, read_margins
from tests.unit.catalogue.hand_made import Warehouse, week

UNTIL = week(20)
# Customer, days on which they bought (counted from week 0) and the margin of each, channel of the first order.
PURCHASES: list[tuple[str, dict[int, int | None], str]] = [
    ("once", {0: 10}, "Direct"),
    ("also once", {0: 99}, "Direct"),
    ("twice", {0: 10, 14: 30}, "Direct"),
    ("three times", {0: 10, 7: 20, 14: 50}, "Email"),
    ("no rate", {0: 10, 7: None, 14: 50}, "Email"),
    ("late", {91: 10, 140: 5}, "Email"),
    ("too late", {141: 10}, "Email"),
]


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    return fill(warehouse, PURCHASES)


def fill(warehouse: Warehouse, purchases: Sequence[tuple[str, dict[int, int | None], str]]) -> Warehouse:
    """The tables of ``core`` that customers are read from."""
    days = [
        {
            "customer_key": customer,
            "day": week(0) + timedelta(days=day),
            "gross_margin": None if margin is None else Decimal(margin),
        }
        for customer, bought, _ in purchases
        for day, margin in bought.items()
    ]
    customers = [
        {"customer_key": customer, "first_order_day": week(0) + timedelta(days=min(bought)), "channel": channel}
        for customer, bought, channel in purchases
    ]
    for name, rows in (("customer_purchases", days), ("customers", customers)):
        warehouse.measures(name, rows)
        warehouse.engine.replace_table(f"core.{name}", f"select * from measures.{name}")
        warehouse.engine.run(f"drop table measures.{name}")
    return warehouse


def listed(histories: PurchaseHistories, *more: Any) -> list[tuple[float, ...]]:
    """Repeat purchases, days to the last one, days of age, customers, and other columns."""
    return [
        (frequency, round(7 * recency), round(7 * age), *rest)
        for frequency, recency, age, *rest in zip(
            histories.frequency, histories.recency, histories.age, histories.customers, *more, strict=True
        )
    ]


def test_equal_histories_of_a_cohort_share_a_row(filled: Warehouse) -> None:
    found = read_customers(filled.engine, UNTIL)

    january, april = date(2026, 1, 1), date(2026, 4, 1)
    assert found.cohorts == [(january, "Direct"), (january, "Email"), (april, "Email")]
    groups = found.groups
    assert listed(groups.histories, groups.with_margin, groups.mean_margins, found.rows) == [
        (0, 0, 140, 2, 0, 0, 0),
        (1, 14, 140, 1, 1, 30, 0),
        # Means of 35 and unknown: one of both customers counts.
        (2, 14, 140, 2, 1, 35, 1),
        (1, 49, 49, 1, 1, 5, 2),
    ]


def test_histories_without_cohorts_and_sums_by_cohort(filled: Warehouse) -> None:
    found = read_customers(filled.engine, UNTIL)

    assert (found.histories.total, found.histories.repeaters, found.histories.span) == (6, 4, 20)
    assert found.by_cohort(found.groups.histories.customers) == {
        (date(2026, 1, 1), "Direct"): 3,
        (date(2026, 1, 1), "Email"): 2,
        (date(2026, 4, 1), "Email"): 1,
    }


def test_margins_of_repeat_purchases_where_all_are_known(filled: Warehouse) -> None:
    found = read_margins(filled.engine, UNTIL)

    assert list(zip(found.frequency, found.mean_margin, found.customers, strict=True)) == [
        (1, 5, 1),
        (1, 30, 1),
        (2, 35, 1),
    ]


def test_the_last_weeks_are_counted_apart(filled: Warehouse) -> None:
    # Until day 7 of 140: the second purchase days of the one who bought twice or three times lie behind it.
    found = read_holdout(filled.engine, UNTIL, 19)

    assert found.weeks == 19
    assert listed(found.histories, found.purchases) == [(0, 0, 7, 3, 1), (1, 7, 7, 2, 2)]


def test_nobody_is_read_from_empty_tables(filled: Warehouse) -> None:
    assert read_customers(filled.engine, week(-1)).histories.total == 0
    assert len(read_margins(filled.engine, week(-1)).customers) == 0
