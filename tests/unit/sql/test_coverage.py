from datetime import date, timedelta

from tests.unit.sql.raw_rows import AS_OF, Warehouse, ad

COVERAGE = "select day, is_final from core.coverage where subject = 'ad_performance' order by day"


def days_ago(number: int) -> date:
    return AS_OF - timedelta(days=number)


def test_a_day_is_final_when_its_source_has_stopped_changing_it(warehouse: Warehouse) -> None:
    warehouse.add_source("google", restates_days=3)
    warehouse.load("ad_performance", [ad(days_ago(number)) for number in (4, 3, 1)], source="google")
    warehouse.build("core.coverage")
    assert warehouse.rows(COVERAGE) == [(days_ago(4), True), (days_ago(3), False), (days_ago(1), False)]


def test_a_day_is_final_only_when_every_source_that_covers_it_is_done(warehouse: Warehouse) -> None:
    warehouse.add_source("google", restates_days=3)
    warehouse.add_source("meta", restates_days=28)
    warehouse.load("ad_performance", [ad(days_ago(30)), ad(days_ago(10)), ad(days_ago(9))], source="google")
    warehouse.load("ad_performance", [ad(days_ago(30)), ad(days_ago(10))], source="meta")
    warehouse.build("core.coverage")
    assert warehouse.rows(COVERAGE) == [(days_ago(30), True), (days_ago(10), False), (days_ago(9), True)]


def test_a_source_that_is_no_longer_connected_changes_nothing_any_more(warehouse: Warehouse) -> None:
    warehouse.load("ad_performance", [ad(days_ago(1))], source="gone")
    warehouse.build("core.coverage")
    assert warehouse.rows(COVERAGE) == [(days_ago(1), True)]
