"""What ``kpi history`` prints: what was said of one week, and why it is different now.

Here: layout for a terminal and for scripts. The facts come ready from ``catalogue.history.history``.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rich.text import Text

from kpi_pipeline.catalogue.history.history import OPEN_WEEK, History, Said
from kpi_pipeline.console.metrics import REASONS, number_text
from kpi_pipeline.console.runs import Column, print_facts, print_table, terminal

CAUSES = {
    OPEN_WEEK: "days that were still to come",
    "late_data": "late data",
    "refund": "refunds",
    "fx": "exchange rates",
    "definition": "definition",
    "source_correction": "correction by a source",
    "unknown": "not known: the old value's parts were not kept",
}
FILES_SHOWN = 20


def print_history(history: History, kpi: Mapping[str, Any]) -> None:
    """Print a week's history; ``kpi`` is its row of ``kpi.catalogue`` with the reporting currency."""
    console = terminal()
    console.print(Text.assemble((history.kpi_id, "bold"), f"   {kpi['name_en']}   {kpi['name_fa']}"))
    console.print(Text(f"Week {history.week_start} … {history.week_end}, as {history.audience} readers were told\n"))
    facts = [(f"on {history.asked}", _value(history.then, kpi))]
    if history.then is not history.now:
        facts += [("now", _value(history.now, kpi)), ("difference", _step(history.difference, kpi))]
    print_facts(console, facts)
    console.print(Text("\nEverything that was said", style="bold"))
    print_table(list(_said(history, kpi)))
    if history.then is history.now:
        console.print(Text("\nNothing else has been said since."))
        return
    console.print(Text("\nWhy it is different now", style="bold"))
    _print_reasons(history, kpi)
    console.print(Text("\nFiles that arrived in between", style="bold"))
    _print_files(history)


def history_as_json(history: History) -> str:
    """Return the same for scripts."""
    return json.dumps({**asdict(history), "difference": history.difference}, default=str, ensure_ascii=False, indent=2)


def _said(history: History, kpi: Mapping[str, Any]) -> Iterator[Column]:
    said = history.said
    yield Column("day of the run", tuple(str(one.day) for one in said))
    yield Column("value", tuple(_number(one.value, kpi) for one in said), is_number=True)
    yield Column("status", tuple(_status(one) for one in said))
    yield Column("age in days", tuple(str(one.data_age_days) for one in said), is_number=True)
    yield Column(
        "published at (UTC)", tuple(f"{one.published_at:%Y-%m-%d %H:%M}" for one in said), may_be_left_out=True
    )
    yield Column("snapshot", tuple(one.snapshot_id for one in said), may_be_left_out=True)


def _print_reasons(history: History, kpi: Mapping[str, Any]) -> None:
    if not history.reasons:
        terminal().print(Text("  The value is the same; its status or definition was published anew."))
        return
    causes = [CAUSES.get(reason.cause, reason.cause) for reason in history.reasons]
    effects = [_step(reason.effect, kpi) or "cannot be told" for reason in history.reasons]
    if history.difference is not None and len(causes) > 1:
        causes.append("together")
        effects.append(_step(history.difference, kpi))
    print_table([Column("cause", tuple(causes)), Column("accounts for", tuple(effects), is_number=True)])
    console = terminal()
    for reason in history.reasons:
        for finding in reason.findings:
            console.print(Text(f"  {finding}"))


def _print_files(history: History) -> None:
    files = history.files[-FILES_SHOWN:]
    if not files:
        terminal().print(Text("  None of its sources brought anything for these days."))
        return
    print_table(
        [
            Column("arrived at (UTC)", tuple(f"{file.arrived_at:%Y-%m-%d %H:%M}" for file in files)),
            Column("source", tuple(file.source for file in files)),
            Column("file", tuple(file.file_name for file in files), may_be_cut=True),
            Column("first day", tuple(str(file.first_day or "–") for file in files), may_be_left_out=True),
            Column("last day", tuple(str(file.last_day or "–") for file in files), may_be_left_out=True),
        ]
    )
    if len(history.files) > len(files):
        terminal().print(Text(f"  and {len(history.files) - len(files)} more before these; --json lists all"))


def _value(said: Said, kpi: Mapping[str, Any]) -> str:
    reason = "" if said.value is not None else f" ({REASONS.get(str(said.null_reason), said.null_reason)})"
    return f"{_number(said.value, kpi)}{reason}, {_status(said)}, snapshot {said.snapshot_id}"


def _status(said: Said) -> str:
    return "week not over" if said.data_age_days < 1 else said.status


def _number(value: float | None, kpi: Mapping[str, Any]) -> str:
    return number_text(value, kpi["unit"], kpi["decimals"], kpi["reporting_currency"])


def _step(step: float | None, kpi: Mapping[str, Any]) -> str:
    if step is None:
        return ""
    return f"{'+' if step > 0 else ''}{_number(step, kpi)}"
