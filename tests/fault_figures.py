"""What the fault tests counted, kept for the committed page of results when ``make faults`` asks for it."""

import json
import os
from pathlib import Path


def note_figures(test: str, **figures: int) -> None:
    """Append what a test counted to the file that ``KPI_FAULT_FIGURES`` names; do nothing without it."""
    if named := os.environ.get("KPI_FAULT_FIGURES"):
        with Path(named).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"test": test, **figures}) + "\n")
