"""What ``kpi sources`` prints: how each source stands, and how to go on where something is wrong.

Here: layout for a terminal of 100 columns; in a file nothing is cut. Facts come ready from ``source_state``.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from kpi_pipeline.sources.custody.source_state import QuarantinedFile, SourceState
    from kpi_pipeline.sources.loading.ingest_report import IngestReport

MINUTES = "%Y-%m-%d %H:%M"
SHOWN_HASH = 12
# The widths of all columns but the source and its last file, with the spaces between.
OTHER_COLUMNS, SHORTEST_NAME = 67, 12


def print_states_as_json(states: Sequence["SourceState"]) -> bool:
    """Print all that is known for scripts; return whether all is well."""
    print(json.dumps([asdict(state) for state in states], default=str, ensure_ascii=False, indent=2))
    return all(map(_is_well, states))


def print_states(console: Console, states: Sequence["SourceState"], inboxes: Path) -> bool:
    """Print one line for each source, then what is wrong and how to go on; return whether all is well."""
    longest = max((len(state.source) for state in states), default=0)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("source", no_wrap=True)
    width = max(SHORTEST_NAME, console.width - longest - OTHER_COLUMNS)
    table.add_column("last file or pull", no_wrap=True, overflow="ellipsis", max_width=width)
    table.add_column("exported", no_wrap=True)
    table.add_column("covered days", no_wrap=True)
    table.add_column("missing", justify="right", no_wrap=True)
    table.add_column("prov.", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for state in states:
        coverage = state.coverage[0] if state.coverage else None
        table.add_row(
            _mark(state),
            Text(state.source),
            Text(state.last_file or "nothing arrived"),
            f"{state.exported_at:%Y-%m-%d}" if state.exported_at else "",
            f"{coverage.covered_days:,} to {coverage.last_day}" if coverage else "",
            str(len(coverage.missing_days)) if coverage else "",
            str(len(coverage.provisional_days)) if coverage else "",
            _freshness(state, short=True),
        )
    console.print(table)
    for state in states:
        for problem in _problems(state, inboxes):
            console.print()
            console.print(problem)
    console.print(
        "\nprov.: days that the source may still change.   One source in detail: kpi sources NAME", style="dim"
    )
    return all(map(_is_well, states))


def print_state(console: Console, state: "SourceState", inboxes: Path) -> bool:
    """Print everything about one source; return whether all is well."""
    console.print(Text.assemble(_mark(state), " ", (state.source, "bold"), f"  ({state.system})"))
    facts = _facts()
    last = "nothing arrived"
    if state.exported_at and state.arrived_at:
        verb = "pulled" if state.is_pulled else "arrived"
        last = f"{state.last_file}, exported {state.exported_at:{MINUTES}} UTC, {verb} {state.arrived_at:{MINUTES}}"
    facts.add_row("last pull" if state.is_pulled else "last file", Text(last))
    promise = "every day" if state.promised_every_days == 1 else f"every {state.promised_every_days} days"
    facts.add_row("promised", Text.assemble(f"{promise}: ", _freshness(state, short=False)))
    for coverage in state.coverage:
        stretch = f"{coverage.first_day} … {coverage.last_day}, {coverage.covered_days:,} days"
        facts.add_row(coverage.subject, stretch)
        if coverage.missing_days:
            facts.add_row("", Text(f"missing: {_stretches(coverage.missing_days)}", style="yellow"))
        if coverage.provisional_days:
            facts.add_row("", f"provisional: {_stretches(coverage.provisional_days)}")
    counts = ", ".join(f"{count} {name or 'waiting'}" for name, count in sorted(state.files.items(), key=str))
    facts.add_row("files", counts or "none")
    if not state.is_pulled:
        facts.add_row("inbox", Text(str(inboxes / state.inbox)))
    console.print(Padding(facts, (0, 0, 0, 2), expand=False))
    for problem in _problems(state, inboxes):
        console.print()
        console.print(problem)
    return _is_well(state)


def print_replay(console: Console, report: "IngestReport") -> bool:
    """Print what was loaded anew; return whether nothing was refused."""
    rows = sum(file.rows_loaded for file in report.files)
    console.print(
        f"{report.source}: {len(report.files)} file(s) loaded anew from custody, {rows:,} rows. The next run brings "
        "the tables up to date.",
        markup=False,
    )
    for note in report.notes:
        console.print(note, markup=False)
    refused = [file.problem for file in report.files if file.problem is not None]
    for problem in refused:
        console.print(Text.assemble(("▲ quarantined ", "yellow"), problem))
    return not refused


def _is_well(state: "SourceState") -> bool:
    return not state.is_late and not state.quarantine and state.failure is None


def _mark(state: "SourceState") -> Text:
    if state.quarantine or state.failure:
        return Text("■", style="red")
    return Text("▲", style="yellow") if state.is_late else Text("●", style="green")


def _freshness(state: "SourceState", *, short: bool) -> Text:
    if state.late_by_days is None:
        return Text("nothing yet" if short else "nothing arrived yet", style="yellow")
    if state.late_by_days == 0:
        return Text("" if short else "kept", style="green")
    days = "1 day" if state.late_by_days == 1 else f"{state.late_by_days} days"
    return Text(f"{days} late", style="yellow")


def _facts() -> Table:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    return facts


def _problems(state: "SourceState", inboxes: Path) -> Iterator[Table | Text]:
    if state.failure is not None:
        told = f" could not be taken on {state.failure.failed_for}: {state.failure.problem}"
        yield Text.assemble(("■ ", "red"), (state.source, "bold"), told)
    if state.is_late:
        ask = "look at the last run's message" if state.is_pulled else f"put an export into {inboxes / state.inbox}"
        yield Text.assemble(("▲ ", "yellow"), (state.source, "bold"), f" is late; {ask}, then: kpi run")
    for file in state.quarantine:
        yield _quarantined(state, file, inboxes)
    if state.waiting:
        names = ", ".join(state.waiting[:5]) + (" …" if len(state.waiting) > 5 else "")
        yield Text.assemble(("● ", "green"), (state.source, "bold"), f": the next run decides on {names}")
    if state.expired_files:
        lost = f"; {state.frozen_files} of them stay as a former configuration made them" if state.frozen_files else ""
        yield Text.assemble(
            ("● ", "dim"),
            (state.source, "bold"),
            f": the bytes of {state.expired_files} file(s) were deleted after the time that the configuration keeps "
            f"them; their rows stay and cannot be made anew{lost}",
        )


def _quarantined(state: "SourceState", file: "QuarantinedFile", inboxes: Path) -> Table:
    refusal = file.refusal
    block = Table.grid(padding=(0, 2))
    block.add_column()
    heading = f": {file.file_name} is in quarantine since {file.arrived_at:{MINUTES}}"
    block.add_row(Text.assemble(("■ ", "red"), (state.source, "bold"), heading))
    facts = _facts()
    place = [f"line {refusal.line}"] if refusal.line else []
    place += [f"column {refusal.column!r}"] if refusal.column else []
    if place:
        facts.add_row("where", Text(", ".join(place)))
    facts.add_row("found", Text(refusal.found))
    facts.add_row("expected", Text(refusal.expected))
    for number, step in enumerate(_ways_out(state, file, inboxes)):
        facts.add_row("" if number else "to do", Text(step))
    block.add_row(Padding(facts, (0, 0, 0, 2), expand=False))
    return block


def _ways_out(state: "SourceState", file: "QuarantinedFile", inboxes: Path) -> Iterator[str]:
    if file.refusal.advice:
        yield file.refusal.advice
    if not state.is_pulled:
        yield f"A corrected export of the same name, put into {inboxes / state.inbox}, closes this entry."
    prefix = file.sha256[:SHOWN_HASH]
    if file.is_kept and file.is_confirmable:
        yield f'There is no more: kpi sources --confirm {prefix} --reason "..."'
    elif file.is_kept:
        yield f"After a change of the configuration the next run decides again. Else: kpi sources --release {prefix}"


def _stretches(days: Sequence[date]) -> str:
    """Write days as stretches: 2026-11-02 … 2026-11-05, 2026-11-09."""
    stretches: list[list[date]] = []
    for day in days:
        if stretches and day - stretches[-1][-1] == timedelta(days=1):
            stretches[-1][1:] = [day]
        else:
            stretches.append([day])
    return ", ".join(" … ".join(map(str, stretch)) for stretch in stretches)
