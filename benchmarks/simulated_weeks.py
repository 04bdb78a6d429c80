"""Weeks that pass in minutes: ``python -m benchmarks.simulated_weeks`` writes ``benchmarks/simulated_weeks.md``.

Here: which periods there are, the command line, and the page. The daemon, the code server and the runs are real
processes, the mail server and the files too; only their clock is not. Needs libfaketime.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.weeks.checks import Check, checks
from benchmarks.weeks.story import LatePosting, Period, act_out
from benchmarks.weeks.traces import read_traces

RESULTS = Path(__file__).with_name("simulated_weeks.md")
NEW_YEAR = Period(
    "new_year",
    date(2026, 12, 14),
    date(2027, 1, 11),
    lost=frozenset({date(2026, 12, 19), date(2026, 12, 20), date(2026, 12, 21)}),
    late_posting=LatePosting(date(2027, 1, 6), date(2026, 12, 30), 500),
    odd_hour=date(2027, 1, 2),
    killed_on=date(2026, 12, 24),
    down_on=date(2026, 12, 28),
)
# A run at an hour that the one night does not have and the other has twice.
SPRING = Period("spring", date(2026, 3, 23), date(2026, 3, 30), run_at="02:30")
AUTUMN = Period("autumn", date(2026, 10, 19), date(2026, 10, 26), run_at="02:30")
TITLES = {
    NEW_YEAR: "Four weeks around New Year, with week 53: an advertising source that exports nothing on three mornings,"
    " a posting that comes a week late, a file at an odd hour, a daemon that is killed during a run, and one that is"
    " down when the run is due",
    SPRING: "The week in which the clock skips an hour: the daily run is due at 02:30, which that night does not have",
    AUTUMN: "The week in which an hour comes twice: the daily run is due at 02:30, which that night has twice",
}
INTRODUCTION = """\
# Simulated weeks

Lived through on {day} by `make weeks`, in {minutes} minutes; everything on this page was seen in that one run.

The daemon, the code server and the runs are real processes under libfaketime, whose clock leaps from one event to the
next: the daily run is due, and the morning's files come while it waits in the queue; then everything looks around, a
minute apart, until nothing is started any more. Mail goes to a real server on this machine. The time zone is
Europe/Berlin. Dagster {dagster}, DuckDB {duckdb}.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Live through the periods side by side and write the page; end with 1 if anything was not as expected."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulated_weeks", description="Simulate weeks.")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder if absent")
    parser.add_argument("--only", choices=[period.name for period in TITLES], help="print this one; write nothing")
    options = parser.parse_args(arguments)
    periods = [period for period in TITLES if options.only in (None, period.name)]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        found = _lived_through(periods, options.folder or Path(temporary))
    page = _page(found, round((time.monotonic() - started) / 60))
    print(f"\n{page}")
    if not options.only:
        RESULTS.write_text(page, encoding="utf-8")
        print(f"Written to {RESULTS}")
    sys.exit(not all(check.is_met for several in found.values() for check in several))


def _lived_through(periods: Sequence[Period], folder: Path) -> dict[Period, list[Check]]:
    with ProcessPoolExecutor(min(os.cpu_count() or 1, len(periods)) + 1) as processes:
        return dict(zip(periods, processes.map(_live, periods, [folder / one.name for one in periods]), strict=True))


def _live(period: Period, folder: Path) -> list[Check]:
    act_out(period, folder)
    return checks(period, read_traces(folder))


def _page(found: dict[Period, list[Check]], minutes: int) -> str:
    versions = {name: version(name) for name in ("dagster", "duckdb")}
    parts = [INTRODUCTION.format(day=date.today().isoformat(), minutes=minutes, **versions)]
    for period, several in found.items():
        rows = "\n".join(
            f"| {check.question} | {check.expected} | {check.seen} | {'yes' if check.is_met else '**no**'} |"
            for check in several
        )
        parts.append(
            f"## {period.first} to {period.last}\n\n{TITLES[period]}.\n\n"
            f"| Question | Expected | Seen | As expected |\n|---|---|---|---|\n{rows}\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    main()
