"""Every comparison of the layers holds for tables that agree, and fires when one row or one cent is changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.reconciliation import RECONCILIATIONS, reconcile_tables, reconcile_values
from kpi_pipeline.config.configuration import load_configuration
from kpi_pipeline.pipeline import RAW_TABLES
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.seeds import SEED_TABLES
from kpi_pipeline.warehouse.sql_project import load_sql_project

# Two orders of 10.00 USD and 20.00 EUR on 2 November, the dollar at 0.9; ads for 5.00 EUR with 100 impressions.
TABLES = """
create schema if not exists raw;
create schema if not exists core;
create schema if not exists measures;
create schema if not exists kpi;
create table raw.orders as
    select 'shop' as source, date '2026-11-02' as day, 'usd ' as currency, 10.00::decimal(18, 4) as total,
        1.00::decimal(18, 4) as discounts
    union all by name
    select 'shop' as source, date '2026-11-02' as day, 'EUR' as currency, 20.00::decimal(18, 4) as total,
        null as discounts;
create table core.exchange_rates as
    select date '2026-11-02' as day, 'USD' as currency, 0.9::decimal(24, 10) as rate
    union all select date '2026-11-02', 'EUR', 1;
create table core.orders as
    select 'shop' as source, date '2026-11-02' as day, true as is_valid, 9.00::decimal(18, 4) as total,
        0.90::decimal(18, 4) as discounts, 9.90::decimal(18, 4) as gross_items
    union all select 'shop', date '2026-11-02', true, 20, 0, 20;
create table measures.orders as
    select date '2026-11-02' as day, 2 as orders, 29.90::decimal(18, 4) as gross_sales,
        0.90::decimal(18, 4) as discounts;
create table raw.ad_performance as
    select 'ads' as source, 'eur' as currency, 5.00::decimal(18, 4) as cost, 100 as impressions;
create table core.ad_performance as
    select 'ads' as source, date '2026-11-02' as day, 'EUR' as currency, 5.00::decimal(18, 4) as cost,
        5.00::decimal(18, 4) as cost_in_account_currency, 100 as impressions;
create table measures.ads as
    select date '2026-11-02' as day, 5.00::decimal(18, 4) as ad_cost, 100 as ad_impressions, 7 as ad_clicks;
create table kpi.values as
    select 'ctr_ads' as metric_id, 'week' as grain, date '2026-11-02' as period_start, date '2026-11-08' as period_end,
        'total' as dimension, 7.00::decimal(38, 4) as numerator, 100.00::decimal(38, 4) as denominator,
        'provisional' as status;
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDbEngine]:
    engine = DuckDbEngine(tmp_path / "w.duckdb")
    engine.connection.execute(TABLES)
    yield engine
    engine.close()


def differing(engine: DuckDbEngine) -> dict[str, tuple[str, ...]]:
    found = reconcile_tables(engine, [one.table for one in RECONCILIATIONS])
    assert {one.name for one in found} == {one.name for one in RECONCILIATIONS}
    assert all(one.places for one in found)
    return {one.name: one.differences for one in found if one.differences}


def test_layers_that_agree_are_left_alone(engine: DuckDbEngine) -> None:
    assert differing(engine) == {}


@pytest.mark.parametrize(
    ("damage", "comparison", "told"),
    [
        ("delete from core.orders where total = 20", "orders_as_delivered", "shop: orders is 1, expected 2"),
        (
            "insert into core.orders select * from core.orders where total = 9",
            "orders_as_delivered",
            "shop: totals is 38.0000, expected 29.0000",
        ),
        (
            "update core.orders set discounts = 0.91 where total = 9",
            "orders_as_delivered",
            "shop: discounts is 0.9100, expected 0.9000",
        ),
        (
            "update core.ad_performance set cost_in_account_currency = 4.99",
            "spend_as_delivered",
            "ads EUR: spent is 4.9900, expected 5.0000",
        ),
        ("delete from core.ad_performance", "spend_as_delivered", "ads EUR: impressions is None, expected 100"),
        ("update measures.orders set orders = 1", "orders_measured", "2026-11-02: orders is 1, expected 2"),
        (
            "update measures.orders set gross_sales = 29.89",
            "orders_measured",
            "2026-11-02: gross_sales is 29.8900, expected 29.9000",
        ),
        # An amount without a rate is unknown: it must not be counted as zero further up.
        (
            "update core.orders set gross_items = null where total = 20",
            "orders_measured",
            "2026-11-02: gross_sales is 29.9000, expected None",
        ),
        ("update measures.ads set ad_cost = 5.01", "spend_measured", "2026-11-02: spent is 5.0100, expected 5.0000"),
    ],
)
def test_a_row_or_a_cent_too_much_is_found(engine: DuckDbEngine, damage: str, comparison: str, told: str) -> None:
    engine.connection.execute(damage)
    assert told in differing(engine)[comparison]


def test_a_value_made_from_other_sums_is_found(engine: DuckDbEngine, checkout: Path) -> None:
    configuration = load_configuration(checkout / "config")
    project = load_sql_project(checkout / "sql", (*RAW_TABLES, *SEED_TABLES))
    plans = [plan_metric("ctr_ads", configuration, project)]
    found = reconcile_values(engine, plans)
    assert (found.places, found.differences) == (2, ())
    engine.connection.execute("update measures.ads set ad_clicks = 8")
    assert reconcile_values(engine, plans).differences == ("ctr_ads 2026-11-02: numerator is 7.0000, expected 8.0000",)
