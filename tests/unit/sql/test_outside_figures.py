"""Figures that people deliver: sales of markets, and what investments and experiments cost and brought."""

from datetime import date
from decimal import Decimal

import pytest

from kpi_pipeline.errors import CheckFailedError
from tests.unit.sql.raw_rows import Row, Warehouse, rate

FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)


def market(amount: str, first: date | None = FIRST, last: date = LAST, **values: object) -> Row:
    return {"day": last, "period_start": first, "market": "DACH", "amount": amount, "currency": "EUR"} | values


def investment(investment_id: str, **values: object) -> Row:
    return {"investment_id": investment_id, "day": FIRST, "kind": "investment", "cost": 100, "currency": "EUR"} | values


def test_a_figure_of_a_market_is_spread_over_its_days_to_the_last_cent(warehouse: Warehouse) -> None:
    # 1,000 over the 90 days of the quarter: 89 days of 11.1111 and one of 11.1121.
    warehouse.load("market_sales", [market("1000"), market("500", first=None)])
    warehouse.build("measures.market")
    found = warehouse.rows("select market_sales, count(*), max(day) from measures.market group by 1 order by 1")
    assert found == [(Decimal("11.1111"), 89, date(2026, 3, 30)), (Decimal("511.1121"), 1, LAST)]


def test_a_market_without_a_rate_is_unknown_and_another_one_is_not(warehouse: Warehouse) -> None:
    warehouse.load("market_sales", [market("9", first=LAST), market("8", first=LAST, market="UK", currency="GBP")])
    report = warehouse.build("measures.market")
    assert warehouse.rows("select market, market_sales from measures.market order by 1") == [("DACH", 9), ("UK", None)]
    assert {warning.check for result in report.results for warning in result.warnings} == {"amount_converted"}


def test_parts_of_one_market_are_added_up(warehouse: Warehouse) -> None:
    warehouse.load("market_sales", [market("7", first=LAST), market("5", first=LAST)])
    warehouse.build("measures.market")
    assert warehouse.rows("select market_sales from measures.market") == [(Decimal(12),)]


def test_a_period_that_ends_before_it_starts_is_refused(warehouse: Warehouse) -> None:
    warehouse.load("market_sales", [market("7", first=LAST, last=FIRST)])
    with pytest.raises(CheckFailedError, match="period_in_order"):
        warehouse.build("measures.market")


def test_investments_and_experiments_are_kept_apart_and_converted_on_their_day(warehouse: Warehouse) -> None:
    # The experiment: 50,000 pounds of added sales at a margin of 0.4 are worth 24,000 at 1.20.
    warehouse.load("fx_rates", [rate(FIRST, "GBP", "EUR", "1.20")])
    experiment = {"kind": " Experiment ", "incremental_revenue": 50_000, "contribution_margin": "0.4"}
    warehouse.load(
        "investments",
        [
            investment("press", gain=130, investment_name="New press"),
            investment("1", **experiment, cost=16_000, currency="GBP"),
        ],
    )
    warehouse.build("measures.investments")
    found = warehouse.rows(
        "select investment, investment_gain, investment_cost, incremental_contribution, experiment_cost"
        " from measures.investments order by investment"
    )
    assert found == [("1", 0, 0, 24_000, 19_200), ("New press", 130, 100, 0, 0)]


def test_what_is_not_yet_known_is_unknown_and_not_zero(warehouse: Warehouse) -> None:
    warehouse.load(
        "investments",
        [
            investment("a", gain=None),
            investment("b", kind="experiment", incremental_revenue=5, contribution_margin=None),
            investment("c", gain=9, currency="USD"),
        ],
    )
    report = warehouse.build("measures.investments")
    found = warehouse.rows(
        "select investment, investment_gain, investment_cost, incremental_contribution, experiment_cost"
        " from measures.investments order by investment"
    )
    assert found == [("a", None, 100, 0, 0), ("b", 0, 0, None, 100), ("c", None, None, 0, 0)]
    assert {warning.check for result in report.results for warning in result.warnings} == {"cost_converted"}


@pytest.mark.parametrize(
    ("check", "values"),
    [
        ("kind_known", {"kind": "hope"}),
        ("cost_not_negative", {"cost": -1}),
        ("margin_is_a_share", {"kind": "experiment", "contribution_margin": 40}),
    ],
)
def test_figures_that_mean_nothing_are_refused(warehouse: Warehouse, check: str, values: Row) -> None:
    warehouse.load("investments", [investment("a", **values)])
    with pytest.raises(CheckFailedError, match=check):
        warehouse.build("staging.investments")
