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
    from kpi_pipeline.doctor.finding import Finding

MARKS = {"good": Text("✔", "green"), "warning": Text("▲", "yellow"), "problem": Text("■", "red")}


def print_findings(findings: Sequence["Finding"], *, as_json: bool) -> bool:
    """Print one line per finding, and what to do; return whether none is a problem."""
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, style="bold")
        grid.add_column(overflow="fold")
        for finding in findings:
            grid.add_row(MARKS[finding.level], finding.subject, Text(finding.message))
            if finding.advice:
                grid.add_row("", "", Text(f"→ {finding.advice}", style="dim"))
        terminal().print(grid)
    return not any(finding.level == "problem" for finding in findings)
