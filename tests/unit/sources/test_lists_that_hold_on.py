"""A list of what holds from a day on speaks for every day until it was exported."""

from datetime import date, datetime

from kpi_pipeline.sources.loading.loading import load_file
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from tests.unit.sources.hand_made_files import Row, batch, prepared, table


def november(day: int) -> date:
    return date(2026, 11, day)


def load(engine: DuckDbEngine, exported_on: int, *rows: Row) -> None:
    file = prepared(table("key_accounts", rows))
    exported_at = datetime(2026, 11, exported_on, 6)
    load_file(engine, file, batch(file, exported_at, "crm"), account_id="main", coverage="range", is_confirmed=False)


def covered(engine: DuckDbEngine, account_id: str) -> list[date]:
    query = f"select day from raw.covered_days where account_id = '{account_id}' order by day"
    days: list[date] = engine.read(query)["day"].to_pylist()
    return days


def account(key: str, day: int, account_id: str, valid_to: int | None = None) -> Row:
    last = None if valid_to is None else november(valid_to)
    return {"account_key": key, "day": november(day), "valid_to": last, "account_id": account_id}


def test_a_list_speaks_for_the_days_since_its_last_change(engine: DuckDbEngine) -> None:
    load(engine, 8, account("a", 2, "north"), account("b", 4, "north", 5), account("c", 6, "south"))
    assert covered(engine, "north") == [november(day) for day in range(2, 8)]
    assert covered(engine, "south") == [november(day) for day in range(2, 8)]  # one file has one range
    load(engine, 11, account("a", 2, "north", 9), account("b", 4, "north", 5))
    assert covered(engine, "north") == [november(day) for day in range(2, 11)]
    rows = engine.read("select account_key, valid_to from raw.key_accounts order by account_key").to_pylist()
    assert [tuple(row.values()) for row in rows] == [("a", november(9)), ("b", november(5)), ("c", None)]


def test_what_begins_after_the_export_is_spoken_for_on_its_day_alone(engine: DuckDbEngine) -> None:
    load(engine, 8, account("a", 20, "north"))
    assert covered(engine, "north") == [november(20)]
