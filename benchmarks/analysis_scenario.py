"""How long judging takes: all KPIs of a company after three years, from their values to every table about them.

Here: the question and its answer by parts. The run itself is ``analysis_step``.
"""

import shutil
from functools import partial
from pathlib import Path

from benchmarks.measure import Program, run_interleaved, run_once
from benchmarks.tables import SERIES_COLUMNS, Table, seconds, series_cells, share, verdict
from benchmarks.workspace import Workspace

TARGET_SECONDS = 20.0
# As ``analysis_step`` calls them; what else it watches happens inside the second.
WEEKLY, JUDGEMENTS = "weekly tables, with changes and forecasts", "judgements"


def measure_analysis(workspace: Workspace) -> list[Table]:
    """Judge the same values again and again."""
    prepared, data = workspace.folder / "analysis-prepared", workspace.folder / "analysis"
    program = ("-m", "benchmarks.analysis_step")
    workspace.say("preparing: the values of a company with sixty KPIs")
    company = run_once(Program("values", (*program, "prepare", str(prepared)), {})).report
    (series,) = run_interleaved(
        [Program("judging", (*program, "run", str(data)), {}, partial(_fresh_copy, prepared, data))],
        workspace.extent.demo_repetitions,
        workspace.say,
    )
    own = series.inside("weekly tables and judgements")
    best = min(series.samples, key=lambda sample: _whole(sample.report["parts"]))
    parts, whole = best.report["parts"], _whole(best.report["parts"])
    rows = ", ".join(f"{count:,} rows of `kpi.{table}`" for table, count in best.report["rows"].items())
    return [
        Table(
            "How long does it take to judge sixty KPIs after three years?",
            f"{company['kpis']} KPIs with {company['weeks']} weeks each, in total and by {company['dimensions']}"
            f" dimensions of {company['members']} members; {rows}. Target for the weekly tables and all judgements"
            f" together, with the imports that they ask for: under {TARGET_SECONDS:.0f} s;"
            f" **{verdict(whole, TARGET_SECONDS)}** with {seconds(whole)} s. The parts below the judgements belong to"
            " them.",
            ("", "share", "seconds"),
            (
                ("together", share(1), seconds(whole)),
                *((name, share(part / whole), seconds(part)) for name, part in sorted(parts.items(), key=_order)),
            ),
        ),
        Table(
            "And the whole step, with the comparison of values before it?",
            "Making all tables of `kpi` when the values themselves are there already.",
            ("", *SERIES_COLUMNS),
            (("all tables of `kpi`", *series_cells(own)), ("as a whole process", *series_cells(series))),
        ),
    ]


def _whole(parts: dict[str, float]) -> float:
    return parts[WEEKLY] + parts[JUDGEMENTS]


def _order(part: tuple[str, float]) -> tuple[bool, bool, float]:
    """The weekly tables, the judgements, and then what is inside them by time."""
    name, needed = part
    return name != WEEKLY, name != JUDGEMENTS, -needed


def _fresh_copy(prepared: Path, data: Path) -> None:
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(prepared, data)
