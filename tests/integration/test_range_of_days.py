"""A range of days made up for in one run gives what the daily runs give, table by table."""

from datetime import date
from pathlib import Path

import dagster as dg

from kpi_pipeline.defs.assembly import assemble
from kpi_pipeline.defs.partitions import RANGE_END, RANGE_START
from kpi_pipeline.defs.run_settings import prepare_dagster_home
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from tests.integration.books_company import BooksCompany, new_books_company

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
# One run publishes once, so what was said on the days before its last one is not among what it makes; and it numbers
# its changes anew.
OF_ONE_PUBLICATION = ("kpi.reported", "kpi.restatements", "kpi.snapshot", "meta.")


def contents(company: BooksCompany) -> dict[str, list[tuple[object, ...]]]:
    engine = DuckDbEngine(company.installation.paths.warehouse, read_only=True)
    try:
        tables = engine.read(
            "select schema_name || '.' || table_name as name from duckdb_tables() where not internal order by all"
        )["name"].to_pylist()
        found = {}
        for table in tables:
            if not table.startswith(OF_ONE_PUBLICATION):
                rows = (
                    engine.connection.execute(
                        f"select * exclude ({_left_out(engine, table)}) from {table} order by all"
                    )
                    if _left_out(engine, table)
                    else engine.connection.execute(f"select * from {table} order by all")
                )
                found[table] = rows.fetchall()
        return found
    finally:
        engine.close()


def _left_out(engine: DuckDbEngine, table: str) -> str:
    """A snapshot's name tells the number of the change that it was made from."""
    names = engine.read(f"describe {table}")["column_name"].to_pylist()
    return ", ".join({"snapshot_id", "sequence"} & set(names))


def run_range(company: BooksCompany, first: date, last: date) -> None:
    paths = company.installation.paths
    prepare_dagster_home(paths)
    job = assemble(company.installation).resolve_job_def("daily")
    with dg.DagsterInstance.from_config(str(paths.dagster_home)) as instance:
        result = job.execute_in_process(
            instance=instance,
            tags={RANGE_START: first.isoformat(), RANGE_END: last.isoformat()},
            run_config=QUIET,
        )
        assert result.success
        partitions = instance.get_materialized_partitions(dg.AssetKey(["raw", "books"]))
    days = {date.fromordinal(day).isoformat() for day in range(first.toordinal(), last.toordinal() + 1)}
    assert partitions == days


def test_a_range_in_one_run_equals_the_daily_runs(tmp_path: Path, checkout: Path) -> None:
    daily = new_books_company(tmp_path / "daily", checkout)
    daily.export(9, {day: 100 + day for day in range(2, 9)})
    daily.export(10, {day: 100 + day for day in range(2, 10)} | {5: 7})
    at_once = new_books_company(tmp_path / "at_once", checkout)
    at_once.export(9, {day: 100 + day for day in range(2, 9)})
    at_once.export(10, {day: 100 + day for day in range(2, 10)} | {5: 7})
    for day in (10, 11, 12):
        daily.run(day)
    run_range(at_once, date(2026, 11, 10), date(2026, 11, 12))
    expected, found = contents(daily), contents(at_once)
    assert found.keys() == expected.keys()
    assert {table for table in expected if found[table] != expected[table]} == set()
    assert expected["measures.finance"], "there is something to compare"
