"""Scenario program: the demo company's days, run step by step without the orchestrator.

Here: simulating the company, delivering its exports, and timing the steps of a run. Add a step when ``pipeline`` gets
one. The same days with the orchestrator are run by the ``kpi`` command itself; comparing belongs to the scenarios.

Usage, with ``KPI_DATA_DIR`` set: ``simulate COMPANY WEEKS SCALE``, ``deliver COMPANY DAY``, ``run DAY`` or ``all
COMPANY DAY...``; the folder COMPANY is where it was simulated.
"""

import os
import sys
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.measure import reported
from benchmarks.stopwatch import Stopwatch, own_clock
from kpi_pipeline import pipeline
from kpi_pipeline.calendar.clock import SystemClock
from kpi_pipeline.catalogue import refresh
from kpi_pipeline.demo.delivery import deliver
from kpi_pipeline.demo.simulation import simulate
from kpi_pipeline.pipeline import Installation
from kpi_pipeline.warehouse.build import BuildReport
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine


def simulate_company(folder: Path, weeks: int, scale: float, report: dict[str, Any]) -> None:
    """Simulate the company and report what came of it."""
    with own_clock(report):
        summary = simulate(folder, weeks=weeks, scale=scale)
    report |= {
        "arrival_days": [day.isoformat() for day in summary.arrival_days],
        "sessions": summary.sessions,
        "orders": summary.orders,
        "bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
    }


def run_days(installation: Installation, days: list[date], company: Path | None, report: dict[str, Any]) -> None:
    """Run days one after the other, and deliver each before, if the company's folder is given."""
    stopwatch = Stopwatch()
    stopwatch.watch(pipeline, "snapshot_id", "snapshot id")
    stopwatch.watch(pipeline, "refresh_kpi_tables", "kpi tables")
    stopwatch.watch(refresh, "refresh_values", "kpi.values")
    stopwatch.watch(refresh, "refresh_weekly", "weekly tables")
    stopwatch.watch(pipeline, "publish_snapshot", "files")
    stopwatch.watch(DuckDbEngine, "close", "close")
    with own_clock(report):
        for day in days:
            if company is not None:
                deliver(company, installation.paths.inbox, day)
            built, is_new = _run_day(installation, day, stopwatch)
    report |= {
        "steps": _steps(stopwatch.seconds),
        "tables": {result.table: result.seconds for result in built.results if result.was_built},
        "is_new": is_new,
        "warehouse_bytes": installation.paths.warehouse.stat().st_size,
    }


def _run_day(installation: Installation, day: date, stopwatch: Stopwatch) -> tuple[BuildReport, bool]:
    with stopwatch.counted("configuration"):
        sources = sorted(installation.configuration.sources)
        assert installation.project.files
    with ExitStack() as opened:
        with stopwatch.counted("open"):
            run = opened.enter_context(installation.open_run())
        with stopwatch.counted("ingest"):
            for source in sources:
                run.ingest(source, day)
        with stopwatch.counted("seeds"):
            run.write_seeds(day)
        with stopwatch.counted("build"):
            built = run.build_tables()
            built.raise_failures()
        return built, run.publish(day).is_new


def _steps(seconds: dict[str, float]) -> dict[str, float]:
    values, weeks = seconds.get("kpi.values", 0.0), seconds.get("weekly tables", 0.0)
    return {
        "configuration and SQL files": seconds["configuration"],
        "opening and reconciling": seconds["open"],
        "ingest": seconds["ingest"],
        "seeds": seconds["seeds"],
        "build": seconds["build"],
        "publish: id of the snapshot": seconds["snapshot id"],
        "publish: kpi.values": values,
        "publish: weekly tables": weeks,
        "publish: other kpi tables": seconds["kpi tables"] - values - weeks,
        "publish: files": seconds["files"],
        "closing": seconds["close"],
    }


def main(arguments: list[str]) -> None:
    """Do one thing and report about it."""
    report: dict[str, Any] = {}
    installation = Installation.from_environment(os.environ, SystemClock())
    command, *rest = arguments
    if command == "simulate":
        simulate_company(Path(rest[0]), int(rest[1]), float(rest[2]), report)
    elif command == "deliver":
        deliver(Path(rest[0]), installation.paths.inbox, date.fromisoformat(rest[1]))
    elif command == "run":
        run_days(installation, [date.fromisoformat(rest[0])], None, report)
    elif command == "all":
        run_days(installation, [date.fromisoformat(day) for day in rest[1:]], Path(rest[0]), report)
    else:
        raise SystemExit(__doc__)
    reported(report)


if __name__ == "__main__":
    main(sys.argv[1:])
