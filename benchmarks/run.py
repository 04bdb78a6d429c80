"""The benchmark: ``python -m benchmarks.run`` measures everything and writes ``benchmarks/results.md``.

Here: which scenarios there are, the command line, and the facts about the machine. Add a scenario to ``SCENARIOS``;
what it measures belongs to a module of its own. Nothing here imports the product or DuckDB, see ``measure``. The
temporary folder takes about 3 GB; ``TMPDIR`` says where.
"""

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.analysis_scenario import measure_analysis
from benchmarks.daily_scenarios import measure_new_day, measure_nothing_new
from benchmarks.demo_scenarios import measure_demo, measure_simulation
from benchmarks.lifetime_scenario import measure_lifetime
from benchmarks.load_scenario import measure_load
from benchmarks.report_scenario import measure_reports
from benchmarks.tables import Table
from benchmarks.workspace import FULL, QUICK, Workspace

RESULTS = Path(__file__).with_name("results.md")
SCENARIOS: dict[str, Callable[[Workspace], list[Table]]] = {
    "load": measure_load,
    "nothing-new": measure_nothing_new,
    "new-day": measure_new_day,
    "analysis": measure_analysis,
    "reports": measure_reports,
    "demo": measure_demo,
    "simulation": measure_simulation,
    "lifetime": measure_lifetime,
}
INTRODUCTION = """\
# Benchmark results

Measured on {day} by `{command}`{extent}; every number on this page comes from that one run.

- Machine: {cores} cores ({architecture}), {memory:.0f} GB memory, {system}; load when the run began: {load:.1f}.
- Python {python}, DuckDB {duckdb}, Dagster {dagster}.

Each repetition is a fresh process; what is compared runs in turn. *Best* is the fastest repetition, *median* the middle
one, CPU seconds are the least that a repetition needed in all its threads, and the peak is the largest resident set of
the process. Ratios are against the first row of their table or group.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Measure the pipeline.")
    parser.add_argument("--quick", action="store_true", help="small inputs, few repetitions: about three minutes")
    parser.add_argument("--only", choices=SCENARIOS, help="measure this alone and print it; write nothing")
    parser.add_argument("--export-megabytes", type=int, help="size of the large export, such as 1000")
    chosen = parser.parse_args(arguments)
    extent = QUICK if chosen.quick else FULL
    if chosen.export_megabytes:
        extent = replace(extent, export_megabytes=chosen.export_megabytes)
    introduction = _introduction(date.today(), is_quick=chosen.quick)
    with tempfile.TemporaryDirectory(prefix="kpi-benchmark-") as folder:
        workspace = Workspace(Path(folder), extent)
        names = [chosen.only] if chosen.only else list(SCENARIOS)
        found = [table for name in names for table in SCENARIOS[name](workspace)]
    page = "\n".join([introduction, *(table.markdown() for table in found)])
    print(f"\n{page}")
    if not chosen.only:
        RESULTS.write_text(page, encoding="utf-8")
        print(f"Written to {RESULTS}")


def _introduction(day: date, *, is_quick: bool) -> str:
    return INTRODUCTION.format(
        command="python -m benchmarks.run --quick" if is_quick else "make bench",
        extent=", with small inputs and few repetitions" if is_quick else "",
        day=day.isoformat(),
        cores=os.cpu_count(),
        architecture=platform.machine(),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9,
        system=platform.system(),
        load=os.getloadavg()[0],
        python=platform.python_version(),
        duckdb=version("duckdb"),
        dagster=version("dagster"),
    )


if __name__ == "__main__":
    main()
