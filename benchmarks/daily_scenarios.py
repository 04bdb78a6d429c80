"""How long a daily run takes: with nothing new, and with one new day after a short and after a long history.

Here: the two questions about daily runs. The steps are run by ``demo_days``, the states are made by ``workspace``.
"""

from collections.abc import Mapping
from functools import partial

from benchmarks.measure import Program, Series, run_interleaved
from benchmarks.tables import (
    RATIO_COLUMNS,
    SERIES_COLUMNS,
    Table,
    megabytes,
    ratio,
    ratio_cells,
    seconds,
    series_cells,
    verdict,
)
from benchmarks.workspace import Workspace, kpi_run

DEMO_WEEKS, SHORT_WEEKS = 30, 5
NOTHING_NEW_TARGET, GROWTH_TARGET = 10.0, 1.3
TABLES_SHOWN = 5


def measure_nothing_new(workspace: Workspace) -> list[Table]:
    """Run again when everything has been run already."""
    company, data = workspace.company(DEMO_WEEKS), workspace.after_last_day(DEMO_WEEKS)
    environment = workspace.environment(data)
    whole, steps = run_interleaved(
        [
            Program("nothing new, kpi run", kpi_run(company.last_day), environment),
            Program("nothing new, steps", _steps(company.last_day), environment),
        ],
        workspace.extent.repetitions,
        workspace.say,
    )
    if any(sample.report["is_new"] for sample in steps.samples):
        raise RuntimeError("a run with nothing new published something")
    own = steps.inside("the steps without the orchestrator")
    shown = (
        own,
        Series("the steps as a whole process", steps.samples),
        Series("`kpi run --on DAY`", whole.samples),
    )
    return [
        Table(
            "How long does a run take when nothing is new?",
            f"The demo company at scale 1 after {DEMO_WEEKS} weeks, all exports loaded and published. Target for the"
            f" whole command: under {NOTHING_NEW_TARGET:.0f} s;"
            f" **{verdict(whole.best.seconds, NOTHING_NEW_TARGET)}**.",
            ("", *RATIO_COLUMNS, *SERIES_COLUMNS),
            tuple((each.name, *ratio_cells(each, own), *series_cells(each)) for each in shown),
        )
    ]


def measure_new_day(workspace: Workspace) -> list[Table]:
    """Run one new day after a short and after a long history."""
    weeks = (SHORT_WEEKS, workspace.extent.long_weeks)
    programs = [
        Program(
            f"one new day after {length} weeks, {kind}",
            arguments(workspace.company(length).last_day),
            workspace.environment(workspace.last_day_folder(length)),
            partial(workspace.prepare_last_day, length),
        )
        for kind, arguments in (("steps", _steps), ("kpi run", kpi_run))
        for length in weeks
    ]
    short, long, short_whole, long_whole = run_interleaved(programs, workspace.extent.repetitions, workspace.say)
    short, long = short.inside(short.name), long.inside(long.name)
    pairs = {
        "the steps without the orchestrator": (short, long),
        "`kpi run --on DAY`": (short_whole, long_whole),
    }
    growth = {name: after.best.seconds / before.best.seconds for name, (before, after) in pairs.items()}
    verdicts = ", ".join(f"**{verdict(each, GROWTH_TARGET)}** by {name}" for name, each in growth.items())
    compared = Table(
        "How much longer does a new day take after a long history?",
        f"One more day of the demo company at scale 1 after {weeks[0]} and after {weeks[1]} weeks, when the warehouse"
        f" holds {megabytes(short.best.report['warehouse_bytes'])} and"
        f" {megabytes(long.best.report['warehouse_bytes'])} MB. Target: within {GROWTH_TARGET} times; {verdicts}.",
        ("", *RATIO_COLUMNS, *SERIES_COLUMNS),
        tuple(
            (f"{name}, {length} weeks", *ratio_cells(series, pair[0]), *series_cells(series))
            for name, pair in pairs.items()
            for length, series in zip(weeks, pair, strict=True)
        ),
    )
    return [compared, _by_step(weeks, short.best.report, long.best.report)]


def _steps(day: str) -> tuple[str, ...]:
    return ("-m", "benchmarks.demo_days", "run", day)


def _by_step(
    weeks: tuple[int, int], short: Mapping[str, dict[str, float]], long: Mapping[str, dict[str, float]]
) -> Table:
    names = sorted(long["tables"], key=lambda name: -long["tables"][name])[:TABLES_SHOWN]
    pairs = [(step, short["steps"][step], after) for step, after in long["steps"].items()]
    position = list(long["steps"]).index("build") + 1
    pairs[position:position] = [
        (f"build: {name}", short["tables"].get(name, 0.0), long["tables"][name]) for name in names
    ]
    return Table(
        "Which steps of a new day grow with the history?",
        f"Of the best repetition of the steps without the orchestrator; the {TABLES_SHOWN} slowest tables stand below"
        " the build, which they are part of.",
        ("", "ratio", f"seconds after {weeks[0]} weeks", f"after {weeks[1]} weeks"),
        tuple(
            (name, ratio(after / before) if before else "–", seconds(before), seconds(after))
            for name, before, after in pairs
        ),
    )
