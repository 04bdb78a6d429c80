"""What the ``kpi`` command prints: outcomes of runs, the scorecard, tables, and what the other modules print with.

Here: layout for a terminal. Facts come ready from the layers that know them; nothing is computed here. Sources,
metrics, goals and explanations have modules of their own, ``console_<subject>``.
"""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.errors import QueryError

if TYPE_CHECKING:
    from kpi_pipeline.defs.daily_run import RunOutcome
    from kpi_pipeline.demo.simulation import DemoSummary

MARKS = {"achieved": "✔", "on_track": "●", "at_risk": "▲", "off_track": "■", "missed": "■", "unknown": "–"}
STYLES = {"achieved": "green", "on_track": "green", "at_risk": "yellow", "off_track": "red", "missed": "red"}


# Wide enough for any line of ours: what goes to a file or another program is never wrapped.
FILE_WIDTH = 1000
COLUMN_GAP, SHORTEST_CELL = 2, 12
DIRECTION_MARKS = "\u2066\u2067\u2068\u2069\u200e\u200f"


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else FILE_WIDTH)


@contextmanager
def working(message: str) -> Iterator[None]:
    """Show that something is going on, where somebody watches."""
    with Console(stderr=True).status(message):
        yield


@dataclass(frozen=True)
class Column:
    """A column of ``print_table`` with its cells; on a narrow terminal it may be cut, or left out altogether."""

    heading: str
    cells: tuple[str, ...]
    is_number: bool = False
    may_be_cut: bool = False
    may_be_left_out: bool = False

    @property
    def width(self) -> int:
        """The width that shows everything."""
        return max(map(cell_len, (self.heading, *self.cells)))

    @property
    def least_width(self) -> int:
        """The width below which it says nothing."""
        return min(self.width, SHORTEST_CELL) if self.may_be_cut else self.width


def terminal() -> Console:
    """Return the console to print tables and texts on; in a file nothing is cut or wrapped."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else FILE_WIDTH)


def print_facts(console: Console, facts: Iterable[tuple[str, str | Sequence[str]]]) -> None:
    """Print a label and what belongs to it in each line; a list takes one line for each item, nothing none at all."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in facts:
        lines = [value] if isinstance(value, str) else value
        for number, line in enumerate(line for line in lines if line):
            grid.add_row("" if number else label, Text(plain(line)))
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))


def print_table(columns: Sequence[Column]) -> None:
    """Print columns so that every line fits, as far as they may be cut or left out."""
    console = terminal()
    shown = list(columns)
    while _least_width(shown) > console.width and any(column.may_be_left_out for column in shown):
        shown.remove([column for column in shown if column.may_be_left_out][-1])
    surplus = sum(column.width + COLUMN_GAP for column in shown) - COLUMN_GAP - console.width
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in shown:
        given = min(max(surplus, 0), column.width - column.least_width)
        surplus -= given
        justify: JustifyMethod = "right" if column.is_number else "left"
        width = column.width - given
        table.add_column(column.heading, justify=justify, no_wrap=True, overflow="ellipsis", width=width)
    for row in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _least_width(columns: Sequence[Column]) -> int:
    return sum(column.least_width + COLUMN_GAP for column in columns) - COLUMN_GAP


def plain(text: str) -> str:
    """Return a text without marks of direction: they are for pages, terminals show them as boxes."""
    return text.translate(dict.fromkeys(map(ord, DIRECTION_MARKS)))


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[object]], form: str) -> None:
    """Print rows as a table, as CSV, or as a JSON array of objects."""
    if form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows(rows)
    elif form == "json":
        print(
            json.dumps(
                [dict(zip(columns, row, strict=True)) for row in rows], default=str, ensure_ascii=False, indent=2
            )
        )
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for index, column in enumerate(columns):
            is_number = any(isinstance(row[index], int | float | Decimal) for row in rows)
            table.add_column(column, justify="right" if is_number else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text("" if value is None else _written(value)) for value in row))
        _console().print(table)


def print_statement(connection: duckdb.DuckDBPyConnection, statement: str, form: str) -> None:
    """Run one statement on a snapshot and print its rows, or what the database says against it."""
    try:
        result = connection.execute(statement)
        columns = [column[0] for column in result.description or ()]
        rows = result.fetchall()
    except duckdb.Error as error:
        raise QueryError(str(error)) from error
    print_rows(columns, rows, form)


def run_shell(connection: duckdb.DuckDBPyConnection, path: Path, form: str) -> None:
    """Read statements from the terminal, each ended by a semicolon, until the end of input."""
    print(f"{path.name}, read-only. End a statement with ; and leave with Ctrl-D. Tables: show all tables;")
    lines: list[str] = []
    while True:
        try:
            lines.append(input("   ...> " if lines else "kpi> "))
        except EOFError:
            print()
            return
        if not lines[-1].rstrip().endswith(";"):
            continue
        try:
            print_statement(connection, "\n".join(lines), form)
        except QueryError as error:
            print(error)
        lines.clear()


def _written(value: object) -> str:
    if isinstance(value, float | Decimal):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def print_outcomes(outcomes: "Iterator[RunOutcome]", first: str, *, may_quarantine: bool = False) -> bool:
    """Wait for runs one after the other, print what came of each, and return whether all were good.

    Args:
        outcomes: an iterator that works while it is asked for the next outcome.
        first: what is shown to be going on before the first outcome.
        may_quarantine: whether a run with quarantined files still counts as good.
    """
    is_good, message = True, first
    while True:
        with working(message):
            outcome = next(outcomes, None)
        if outcome is None:
            return is_good
        _print_outcome(outcome)
        is_good &= outcome.failure is None and not outcome.failed_sources
        is_good &= may_quarantine or not outcome.problems
        message = "going on"


def _print_outcome(outcome: "RunOutcome") -> None:
    console = _console()
    tables = len(outcome.materialized)
    what = "reports of the week from" if outcome.job == "weekly_reports" else "run of"
    if outcome.failure is not None:
        console.print(f"[red]■ {what} {outcome.partition} failed[/]: ", end="")
        console.print(outcome.failure, markup=False)
    else:
        console.print(f"[green]●[/] {what} {outcome.partition}: {tables} assets brought up to date")
    for source, reason in outcome.failed_sources.items():
        console.print(f"[red]■ without {source}[/]: ", end="")
        console.print(reason, markup=False)
    for problem in outcome.problems:
        console.print("[yellow]▲ quarantined[/] ", end="")
        console.print(problem, markup=False)


def print_demo_summary(summary: "DemoSummary", directory: Path) -> None:
    """Say what was simulated and where the exports are."""
    console = _console()
    console.print(
        f"The demo company: {summary.sessions:,} sessions and {summary.orders:,} orders from {summary.first_day} to "
        f"{summary.last_day}, as {summary.files} export files in {directory / 'exports'}",
        markup=False,
    )


def print_scorecard(paths: Paths) -> None:
    """Print the newest internal report as a small scorecard."""
    newest = max((paths.reports / "internal").glob("*/report.en.json"))
    report: Mapping[str, Any] = json.loads(plain(newest.read_text(encoding="utf-8")))
    console = _console()
    console.print()
    console.print(f"{report['company']}: {report['facts'][0]}", style="bold", markup=False)
    for sentence in report["headline"]:
        console.print(sentence, markup=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "KPI", "Value", "Change", "Target", "Owner"):
        table.add_column(heading, justify="right" if heading in ("Value", "Change") else "left")
    for group in report["objectives"]:
        for line in group["kpis"]:
            code = line["status"]["code"]
            style = STYLES.get(code, "")
            table.add_row(
                f"[{style}]{MARKS.get(code, '–')} {line['status']['word']}[/]" if style else line["status"]["word"],
                line["name"]["text"],
                line["value"]["text"],
                line["change"]["text"],
                f"{line['target']['text']} {line['target']['note']}".strip(),
                line["owner"],
            )
    console.print(table)


def print_where(paths: Paths) -> None:
    """Say where the reports, the databases and the UI are."""
    console = _console()
    console.print()
    for audience in ("executive", "internal"):
        newest = sorted((paths.reports / audience).glob("*/report.*.html"))[-2:]
        for page in newest:
            console.print(f"{audience.capitalize():<10} report   {page}", markup=False)
    for audience in ("executive", "internal"):
        console.print(f"{audience.capitalize():<10} database {paths.published / f'{audience}.duckdb'}", markup=False)
    if paths.outbox.exists():
        console.print(f"Outbox              {paths.outbox}, what would be sent (docs/delivery.md)", markup=False)
    console.print("Orchestrator        make dev, then http://localhost:3000", markup=False)
    console.print(
        "Next                .venv/bin/kpi query revenue   ·   .venv/bin/kpi sources   ·   README.md", markup=False
    )
