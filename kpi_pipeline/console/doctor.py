"""What ``kpi doctor`` prints.

Here: layout and marks. What is found, and what to do about it, comes ready from ``doctor``.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from kpi_pipeline.console.runs import terminal

if TYPE_CHECKING:
    from kpi_pipeline.alerts.announce import Announced
    from kpi_pipeline.doctor.finding import Finding
    from kpi_pipeline.doctor.watch import Watched

MARKS = {"good": Text("✔", "green"), "warning": Text("▲", "yellow"), "problem": Text("■", "red")}


def print_findings(findings: Sequence["Finding"], *, as_json: bool) -> bool:
    """Print one line per finding, and what to do; return whether none is a problem."""
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        _print_lines(findings)
    return not any(finding.level == "problem" for finding in findings)


def print_watched(watched: "Watched", announced: Sequence["Announced"], *, as_json: bool) -> None:
    """Print what the watchdog found not to be good, and what the team was told."""
    if as_json:
        found = {"findings": [asdict(one) for one in watched.findings], "announced": [asdict(one) for one in announced]}
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    console = terminal()
    wrong = [finding for finding in watched.findings if finding.level != "good"]
    if wrong:
        _print_lines(wrong)
    if not watched.incidents:
        console.print(f"Nobody has to be told anything: {len(watched.findings)} things looked at.")
    for one in announced:
        told = f"told of {one.news}" if one.is_told else f"could not be told of {one.news}"
        console.print(f"{one.channel} {one.recipient}: {told}{f' ({one.reason})' if one.reason else ''}", markup=False)
    if watched.incidents and not announced:
        console.print("No message: the team was told before.")


def _print_lines(findings: Sequence["Finding"]) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for finding in findings:
        grid.add_row(MARKS[finding.level], finding.subject, Text(finding.message))
        if finding.advice:
            grid.add_row("", "", Text(f"→ {finding.advice}", style="dim"))
    terminal().print(grid)
