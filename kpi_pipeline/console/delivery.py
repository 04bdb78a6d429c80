"""What ``kpi deliver`` prints: one line for each copy, and how to go on where something is wrong.

Here: layout for a terminal. Facts come ready from ``delivery``.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from kpi_pipeline.console.runs import Column, print_table, terminal

if TYPE_CHECKING:
    from kpi_pipeline.delivery.delivery_ledger import Entry
    from kpi_pipeline.delivery.delivery_round import Delivered

MARKS = {"sent": "●", "skipped": "●", "claimed": "●", "held": "▲", "unknown": "▲", "failed": "■"}
WORDS = {
    "sent": "sent",
    "skipped": "not sent",
    "claimed": "being sent",
    "held": "held back",
    "unknown": "unknown",
    "failed": "failed",
}
TO_DO = {
    "held": "Held back: the inputs are not complete. Bring them (kpi sources), kpi run, then kpi deliver; or set"
    " incomplete: mark in config/delivery.yaml.",
    "unknown": "Unknown: ask the reader, or look into the mail server's log for the message id (kpi deliver --status"
    " --json); then: kpi deliver --resolve sent|not-sent --recipient TO",
    "failed": "Failed: mend the reason, then kpi deliver once more; only those who have no copy get one.",
}


def print_as_json(found: "Iterable[Delivered | Entry]") -> None:
    """Print everything that is known, for scripts."""
    print(json.dumps([asdict(one) for one in found], default=str, ensure_ascii=False, indent=2))


def print_delivered(delivered: "Sequence[Delivered]", outbox: Path, *, is_enabled: bool) -> None:
    """Print what a run did for each recipient."""
    console = terminal()
    if not delivered:
        console.print("Nobody is named under recipients in config/delivery.yaml; nothing to do.")
        return
    reasons = [
        one.reason if one.is_news or one.state != "sent" else "before; no second copy is sent" for one in delivered
    ]
    _print(delivered, [one.state for one in delivered], reasons)
    if any(one.state == "skipped" for one in delivered):
        why = "" if is_enabled else " Nothing is sent until config/delivery.yaml says enabled: true."
        console.print(f"What would be sent lies in {outbox}.{why}", markup=False)


def print_entries(entries: "Sequence[Entry]") -> None:
    """Print what the ledger holds."""
    if not entries:
        terminal().print("Nothing was delivered yet.")
        return
    _print(entries, [one.state for one in entries], [one.reason for one in entries])


def _print(shown: "Sequence[Delivered] | Sequence[Entry]", states: Sequence[str], reasons: Sequence[str]) -> None:
    print_table(
        [
            Column("", tuple(MARKS[state] for state in states)),
            Column("state", tuple(WORDS[state] for state in states)),
            Column("week", tuple(str(one.week_start) for one in shown)),
            Column("report", tuple(_report(one) for one in shown), may_be_cut=True),
            Column("by", tuple(one.channel for one in shown)),
            Column("to", tuple(one.recipient for one in shown), may_be_cut=True),
            Column("in", tuple(one.language for one in shown), may_be_left_out=True),
            Column("", tuple(reasons), may_be_cut=True),
        ]
    )
    console = terminal()
    for state, advice in TO_DO.items():
        if state in states:
            console.print()
            for reason in sorted({reason for reason, other in zip(reasons, states, strict=True) if other == state}):
                console.print(f"{MARKS[state]} {reason}", markup=False)
            console.print(advice, markup=False)


def _report(one: "Delivered | Entry") -> str:
    return f"{one.report}, correction {one.revision}" if one.revision else one.report
