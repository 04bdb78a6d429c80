"""Half a year made up for in one run gives what half a year of daily runs gave, table by table."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from benchmarks.weeks.company import ONE_DAY, SOURCES, Company
from kpi_pipeline.calendar.clock import FixedClock
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.defs.assembly import assemble
from kpi_pipeline.defs.partitions import RANGE_END, RANGE_START
from kpi_pipeline.defs.run_settings import prepare_dagster_home
from kpi_pipeline.pipeline import Installation
from kpi_pipeline.warehouse.canonical_hash import canonical_hash
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine

FIRST = date(2026, 6, 1)
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
# One run publishes once: what was said on the days before its last one is not among what it makes.
OF_EVERY_PUBLICATION = ("kpi.reported", "kpi.restatements")
# How soon weeks were published has a score of its own.
SCORES = "select * from kpi.scores where property <> 'timely' order by all"
# When something was done, the number of the change that a snapshot was made from, and comparisons with what was
# published when the week before was as old.
OF_THE_RUN = (
    "snapshot_id",
    "published_at",
    "sequence",
    "loaded_for",
    "previous_value_at_same_age",
    "change_at_same_age",
)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def drop(company: Company, day: date) -> None:
    """Drop the exports of a morning: seven days each, of which the books' change a posting three days later."""
    if day.day % 5 == 0:
        company.late_postings[day - timedelta(days=3)] = day.day
    for source in SOURCES:
        if not (source == "ads" and day.day in (11, 12)):
            company.export(source, day, noon(day) - timedelta(hours=6))


def set_up(folder: Path) -> Company:
    company = Company(folder)
    company.set_up(mail_port=25, run_at="06:00", started_on=FIRST)
    return company


def installation(company: Company, day: date) -> Installation:
    paths = Paths.from_environment(company.environment())
    return Installation(paths, FixedClock(noon(day)), b"a key for tests alone")


def run_day(company: Company, day: date) -> None:
    with installation(company, day).open_run() as run:
        for source in SOURCES:
            run.ingest(source, day)
        run.write_seeds(day)
        run.build_tables().raise_failures()
        run.publish(day)


def run_range(company: Company, first: date, last: date) -> None:
    there = installation(company, last)
    prepare_dagster_home(there.paths)
    with dg.DagsterInstance.from_config(str(there.paths.dagster_home)) as instance:
        result = (
            assemble(there)
            .resolve_job_def("daily")
            .execute_in_process(
                instance=instance,
                tags={RANGE_START: first.isoformat(), RANGE_END: last.isoformat()},
                run_config=QUIET,
            )
        )
    assert result.success


def contents(company: Company) -> dict[str, object]:
    """Return table → what it holds: a hash, or the rows that have nothing to do with publications."""
    engine = DuckDbEngine(Paths.from_environment(company.environment()).warehouse, read_only=True)
    try:
        names = engine.read("select schema_name || '.' || table_name as name from duckdb_tables() where not internal")
        tables = [name for name in names["name"].to_pylist() if not name.startswith(("meta.", *OF_EVERY_PUBLICATION))]
        hashes = {table: canonical_hash(engine, table, OF_THE_RUN) for table in tables}
        return hashes | {"kpi.scores": engine.read(SCORES).to_pylist()}
    finally:
        engine.close()


@pytest.mark.slow
def test_26_weeks_in_one_run_equal_the_daily_runs(tmp_path: Path) -> None:
    daily, at_once = set_up(tmp_path / "daily"), set_up(tmp_path / "at_once")
    days = [FIRST + n * ONE_DAY for n in range(7 * 26)]
    for day in days:
        drop(daily, day)
        run_day(daily, day)
    for day in days:
        drop(at_once, day)
    run_range(at_once, days[0], days[-1])
    expected, found = contents(daily), contents(at_once)
    assert found.keys() == expected.keys()
    assert {"raw.ledger_entries", "core.ad_performance", "kpi.values", "kpi.weekly_internal"} <= expected.keys()
    assert {table for table in expected if found[table] != expected[table]} == set()
