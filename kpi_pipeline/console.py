"""What the ``kpi`` command prints: outcomes of runs, the scorecard, tables, explanations.

Here: layout for a terminal. Facts come ready from the layers that know them; nothing is computed here. Sources have
their own module, ``console_sources``.
"""

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from rich.console import Console
from rich.table import Table

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.problems import Problem
from kpi_pipeline.errors import QueryError

if TYPE_CHECKING:
    from kpi_pipeline.defs.daily_run import RunOutcome
    from kpi_pipeline.demo.simulation import DemoSummary

MARKS = {"achieved": "✔", "on_track": "●", "at_risk": "▲", "off_track": "■", "missed": "■", "unknown": "–"}
STYLES = {"achieved": "green", "on_track": "green", "at_risk": "yellow", "off_track": "red", "missed": "red"}


# Wide enough for any line of ours: what goes to a file or another program is never wrapped.
FILE_WIDTH = 1000
DIRECTION_MARKS = "\u2066\u2067\u2068\u2069\u200e\u200f"


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else FILE_WIDTH)


@contextmanager
def working(message: str) -> Iterator[None]:
    """Show that something is going on, where somebody watches."""
    with Console(stderr=True).status(message):
        yield


def print_problems(problems: Sequence[Problem]) -> bool:
    """Print all problems, one a line; return whether none of them is an error."""
    for problem in problems:
        print(problem)
    return all(problem.is_warning for problem in problems)


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
            table.add_row(*("" if value is None else _plain(value) for value in row))
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


def print_explanation(connection: duckdb.DuckDBPyConnection, kpi_id: str, week: date | None) -> None:
    """Print what a KPI is, its value in a week, and the files behind it; the last complete week if none is given.

    Raises:
        QueryError: if the snapshot holds no such KPI or week.
    """
    found = connection.execute(
        "select name_en, definition_en, metric_id, formula, audience, owner_name_en, objective_chain, question_en, "
        "baseline, target, deadline, missing_parts from kpi.catalogue where kpi_id = ?",
        [kpi_id],
    ).fetchone()
    if found is None:
        known = [
            row[0] for row in connection.execute("select kpi_id from kpi.catalogue where kpi_id is not null").fetchall()
        ]
        raise QueryError(f"no KPI {kpi_id}; there are: {', '.join(sorted(known))}")
    labels = (
        "",
        "",
        "metric",
        "formula",
        "audience",
        "owner",
        "objectives",
        "question",
        "baseline",
        "target",
        "deadline",
    )
    for label, value in zip(labels, found, strict=False):
        print(f"{label + ':' if label else '':<12} {value}" if label else value)
    if found[-1]:
        print(f"{'missing:':<12} {found[-1]}; until then it is shown as a metric")
    row = connection.execute(
        "select week_start, week_end, value, null_reason, status, numerator, denominator, path_value, pace_status "
        "from kpi.weekly_internal where kpi_id = $kpi and ($week is null or $week between week_start and week_end) "
        "and week_end < (select as_of from kpi.snapshot) order by week_start desc limit 1",
        {"kpi": kpi_id, "week": week},
    ).fetchone()
    if row is None:
        raise QueryError(f"the snapshot has no complete week{f' around {week}' if week else ''} of {kpi_id}")
    start, end, value, reason, status, numerator, denominator, plan, pace = row
    shown = _plain(value) if value is not None else f"no value ({reason})"
    print(f"\nWeek {start} … {end}: {shown}, {status}")
    if denominator is not None:
        print(f"{'made of:':<12} {_plain(numerator)} / {_plain(denominator)}")
    if plan is not None:
        print(f"{'plan:':<12} {_plain(plan)} ({pace})")
    print()
    files = connection.execute(
        "select source, file_name, exported_at, first_day, last_day, left(sha256, 12) as sha256 from kpi.lineage "
        "where metric_id = ? and first_day <= ? and last_day >= ? order by source, exported_at desc",
        [found[2], end, start],
    )
    print_rows([column[0] for column in files.description or ()], files.fetchall(), "table")


def _plain(value: object) -> str:
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
        is_good &= outcome.failure is None and (may_quarantine or not outcome.problems)
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
    # Marks of text direction are for pages; terminals show them as boxes.
    text = newest.read_text(encoding="utf-8").translate(dict.fromkeys(map(ord, DIRECTION_MARKS)))
    report: Mapping[str, Any] = json.loads(text)
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
    console.print("Orchestrator        make dev, then http://localhost:3000", markup=False)
    console.print(
        "Next                .venv/bin/kpi query revenue   ·   .venv/bin/kpi sources   ·   README.md", markup=False
    )
