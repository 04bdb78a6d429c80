from datetime import date

import pytest

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.company import Company
from kpi_pipeline.config.model import Text
from kpi_pipeline.config.source import Source
from kpi_pipeline.warehouse.canonical_hash import canonical_hash
from kpi_pipeline.warehouse.changes import changes_since, last_sequence
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.seeds import SEED_TABLES, write_seeds

AS_OF = date(2026, 11, 20)
GERMAN = CompanyCalendar("Europe/Berlin", "monday", "gregorian")
IRANIAN = CompanyCalendar("Asia/Tehran", "saturday", "jalali")
SOURCES = {
    "orders": Source(system="shopify_orders", restates_days=30, promised_every_days=1),
    "ads": Source(system="google_ads"),
}


@pytest.fixture
def company() -> Company:
    return Company(
        name=Text(en="Shop", fa="فروشگاه"),
        time_zone="Europe/Berlin",
        week_start="monday",
        reporting_currency="EUR",
        started_on=date(2026, 1, 1),
    )


def test_seeds_are_written_once_and_again_only_when_they_differ(engine: DuckDbEngine, company: Company) -> None:
    assert write_seeds(engine, company, SOURCES, GERMAN, AS_OF) == list(SEED_TABLES)
    before = {table: canonical_hash(engine, table) for table in SEED_TABLES}
    sequence = last_sequence(engine)
    assert write_seeds(engine, company, SOURCES, GERMAN, AS_OF) == []
    assert {table: canonical_hash(engine, table) for table in SEED_TABLES} == before
    assert last_sequence(engine) == sequence
    assert write_seeds(engine, company, SOURCES, GERMAN, date(2026, 11, 21)) == ["core.company"]
    assert write_seeds(engine, company, {"ads": SOURCES["ads"]}, GERMAN, date(2026, 11, 21)) == ["core.sources"]
    assert changes_since(engine, list(SEED_TABLES), sequence) == {"core.company": None, "core.sources": None}


def test_the_rows_are_those_of_the_configuration(engine: DuckDbEngine, company: Company) -> None:
    write_seeds(engine, company, SOURCES, GERMAN, AS_OF)
    assert engine.read("select * from core.company").to_pylist() == [
        {"as_of": AS_OF, "reporting_currency": "EUR", "time_zone": "Europe/Berlin", "fx_max_age_days": 7}
    ]
    assert engine.read("select * from core.sources order by source").to_pylist() == [
        {"source": "ads", "system": "google_ads", "restates_days": 3, "promised_every_days": 2},
        {"source": "orders", "system": "shopify_orders", "restates_days": 30, "promised_every_days": 1},
    ]


def test_the_calendar_holds_every_day_once(engine: DuckDbEngine, company: Company) -> None:
    write_seeds(engine, company, {}, GERMAN, AS_OF)
    found = engine.read(
        "select count(*) as days, count(distinct day) as different, min(day) as first, max(day) as last"
        " from core.calendar"
    ).to_pylist()
    # 51 years of which 1992, 1996 ... 2040 are leap years: 51 * 365 + 13.
    assert found == [{"days": 18628, "different": 18628, "first": date(1990, 1, 1), "last": date(2040, 12, 31)}]
    (day,) = engine.read("select * from core.calendar where day = date '2027-01-01'").to_pylist()
    assert (day["week_start"], day["week_end"]) == (date(2026, 12, 28), date(2027, 1, 3))
    assert (day["iso_year"], day["iso_week"], day["weekday"]) == (2026, 53, 5)
    assert (day["quarter_start"], day["year_end"]) == (date(2027, 1, 1), date(2027, 12, 31))


def test_another_calendar_replaces_the_rows(engine: DuckDbEngine, company: Company) -> None:
    write_seeds(engine, company, {}, GERMAN, AS_OF)
    assert write_seeds(engine, company, {}, IRANIAN, AS_OF) == ["core.calendar"]
    (day,) = engine.read("select * from core.calendar where day = date '2025-03-21'").to_pylist()
    # 1 Farvardin 1404, a Friday: the year begins, the week began on the Saturday before.
    assert (day["jalali_year"], day["jalali_month"], day["jalali_day"]) == (1404, 1, 1)
    assert day["year_start"] == day["month_start"] == date(2025, 3, 21)
    assert day["week_start"] == date(2025, 3, 15)


def test_a_table_with_other_columns_is_replaced(engine: DuckDbEngine, company: Company) -> None:
    engine.replace_table("core.company", "select date '2026-11-20' as as_of")
    assert "core.company" in write_seeds(engine, company, {}, GERMAN, AS_OF)
    assert engine.read("select reporting_currency from core.company").to_pylist() == [{"reporting_currency": "EUR"}]
