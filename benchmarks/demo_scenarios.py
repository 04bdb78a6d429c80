"""How long the whole demo run takes, and how much memory a large simulated company needs.

Here: the questions about the demo. The demo itself belongs to ``kpi_pipeline.demo``.
"""

from functools import partial

from benchmarks.measure import KPI_COMMAND, Program, Series, run_interleaved
from benchmarks.tables import (
    RATIO_COLUMNS,
    SERIES_COLUMNS,
    Table,
    megabytes,
    ratio_cells,
    seconds,
    series_cells,
    verdict,
)
from benchmarks.workspace import Workspace

DEMO_WEEKS = 30
DEMO_TARGET_SECONDS, MEMORY_TARGET_MB = 60.0, 1000.0


def measure_demo(workspace: Workspace) -> list[Table]:
    """Run the demo in a fresh data folder, and parts of it for comparison."""
    company, data = workspace.company(DEMO_WEEKS), workspace.folder / "demo"
    environment, fresh = workspace.environment(data), partial(workspace.fresh_folder, data.name)
    all_days = ("-m", "benchmarks.demo_days", "all", str(company.folder), *company.arrival_days)
    found = run_interleaved(
        [
            Program("`import dagster`", ("-c", "import dagster"), {}),
            Program("`kpi demo`, which simulates alone", (str(KPI_COMMAND), "demo"), environment, fresh),
            Program("its days without the orchestrator", all_days, environment, fresh),
            Program("`kpi demo --run`", (str(KPI_COMMAND), "demo", "--run"), environment, fresh),
        ],
        workspace.extent.demo_repetitions,
        workspace.say,
    )
    imported, whole = found[0], found[-1]
    return [
        Table(
            "How long does the whole demo take?",
            f"Simulating {DEMO_WEEKS} weeks at scale 1, running its {len(company.arrival_days)} days of arrival,"
            " publishing and writing the reports, in a fresh data folder with everything installed, against the import"
            f" of the orchestrator alone. Target: under {DEMO_TARGET_SECONDS:.0f} s;"
            f" **{verdict(whole.best.seconds, DEMO_TARGET_SECONDS)}**.",
            ("", *RATIO_COLUMNS, *SERIES_COLUMNS),
            tuple((each.name, *ratio_cells(each, imported), *series_cells(each)) for each in found),
        )
    ]


def measure_simulation(workspace: Workspace) -> list[Table]:
    """Simulate companies of growing size, once each."""
    rows, peaks = [], []
    for weeks, scale in workspace.extent.simulations:
        folder = workspace.folder / "simulation"
        arguments = ("-m", "benchmarks.demo_days", "simulate", str(folder), str(weeks), str(scale))
        name = f"scale {scale}, {weeks} weeks"
        fresh = partial(workspace.fresh_folder, folder.name)
        (series,) = run_interleaved([Program(name, arguments, {}, fresh)], 1, workspace.say)
        rows.append(_simulation_row(series))
        peaks.append(series.peak_mb)
        fresh()
    return [
        Table(
            "How much memory does a large simulated company need?",
            "Simulation and exports, without a run. Target: a company a hundred times as large stays below"
            f" {MEMORY_TARGET_MB:,.0f} MB; **{verdict(max(peaks), MEMORY_TARGET_MB)}** by those below.",
            ("", "peak MB", "seconds", "CPU seconds", "sessions", "orders", "exports in MB"),
            tuple(rows),
        )
    ]


def _simulation_row(series: Series) -> tuple[str, ...]:
    report = series.best.report
    return (
        series.name,
        f"{series.peak_mb:,.0f}",
        seconds(series.best.seconds),
        seconds(series.cpu_seconds),
        f"{report['sessions']:,}",
        f"{report['orders']:,}",
        megabytes(report["bytes"]),
    )
