"""Scenario program: judging all KPIs of a made-up company, from the values on.

Here: filling a warehouse up to the values, and a run from there on whose parts are timed. Add a part to ``PARTS`` when
``judgement`` gets one that takes time. The company belongs to ``analysis_company``.

Usage: ``prepare FOLDER`` fills a warehouse, ``run FOLDER`` judges what it holds.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks import analysis_company
from benchmarks.analysis_scenario import JUDGEMENTS, WEEKLY
from benchmarks.measure import reported
from benchmarks.stopwatch import Stopwatch, own_clock
from kpi_pipeline.catalogue import judgement, refresh
from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.catalogue.metrics.values import refresh_values
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.loading.raw_tables import prepare_raw_tables
from kpi_pipeline.warehouse.changes import prepare_meta, record_changes
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.sql_project import SqlProject

WAREHOUSE = "warehouse.duckdb"
FACTS = "measures.facts"
MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
# Inside the judgements: name in ``judgement``, what it is shown as.
PARTS = {
    "target_facts": "whether targets can be reached",
    "kpi_relations": "relations",
    "read_series": "anomalies: reading",
    "watch_kpis": "anomalies: judging",
    "contribution_rows": "contributions",
}
TABLES = ("weekly_internal", "relations", "anomalies", "watched", "contributions")


@dataclass(frozen=True)
class Opened:
    """The company's warehouse and ledgers."""

    engine: DuckDbEngine
    project: SqlProject
    custody: CustodyLedger
    publications: PublicationLedger


def prepare(folder: Path, report: dict[str, Any]) -> None:
    """Fill a new warehouse with measures and compute the values of all metrics; report how large the company is."""
    with _opened(folder) as opened:
        engine = opened.engine
        prepare_meta(engine)
        prepare_raw_tables(engine)
        _write(engine, "core.calendar", analysis_company.calendar_rows())
        engine.replace_table(
            "core.company",
            f"select date '{analysis_company.AS_OF}' as as_of, 'EUR' as reporting_currency,"
            " 'Europe/Berlin' as time_zone, 7 as fx_max_age_days",
        )
        covered = [
            {"subject": analysis_company.SUBJECT, "day": day, "is_final": True} for day in analysis_company.days()
        ]
        _write(engine, "core.coverage", pa.Table.from_pylist(covered))
        _write(engine, FACTS, analysis_company.facts())
        record_changes(engine, FACTS, None)
        with engine.transaction():
            refresh_values(engine, analysis_company.configuration(), opened.project, analysis_company.AS_OF)
    report |= {
        "kpis": analysis_company.KPIS,
        "weeks": analysis_company.WEEKS,
        "dimensions": len(analysis_company.DIMENSIONS),
        "members": analysis_company.MEMBERS,
    }


def run(folder: Path, report: dict[str, Any]) -> None:
    """Judge the values, and report how long the parts took and how many rows there are."""
    stopwatch = Stopwatch()
    stopwatch.watch(refresh, "refresh_weekly", WEEKLY)
    stopwatch.watch(refresh, "refresh_judgements", JUDGEMENTS)
    for name, part in PARTS.items():
        stopwatch.watch(judgement, name, part)
    with _opened(folder) as opened:
        with own_clock(report):
            refresh.refresh_kpi_tables(
                opened.engine,
                analysis_company.configuration(),
                opened.project,
                as_of=analysis_company.AS_OF,
                snapshot_id="judged",
                published_at=MADE_AT,
                custody=opened.custody,
                publications=opened.publications,
            )
        report["rows"] = {name: opened.engine.read(f"select kpi_id from kpi.{name}").num_rows for name in TABLES}
    report["parts"] = stopwatch.seconds


@contextmanager
def _opened(folder: Path) -> Iterator[Opened]:
    folder.mkdir(parents=True, exist_ok=True)
    engine = DuckDbEngine(folder / WAREHOUSE)
    try:
        with (
            CustodyLedger(folder / "custody.sqlite") as custody,
            PublicationLedger(folder / "publication.sqlite") as publications,
        ):
            yield Opened(engine, analysis_company.sql_project(folder), custody, publications)
    finally:
        engine.close()


def _write(engine: DuckDbEngine, table: str, rows: pa.Table) -> None:
    engine.connection.register("made_up", rows)
    engine.replace_table(table, "select * from made_up")
    engine.connection.unregister("made_up")


if __name__ == "__main__":
    found: dict[str, Any] = {}
    {"prepare": prepare, "run": run}[sys.argv[1]](Path(sys.argv[2]), found)
    reported(found)
