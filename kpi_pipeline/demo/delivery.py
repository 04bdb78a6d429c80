"""Bringing the demo company's exports into the inbox, as if they had arrived.

Here: the copying. When which file arrives is decided by ``exports``.
"""

import filecmp
import shutil
from datetime import date
from pathlib import Path

from kpi_pipeline.demo.simulation import EXPORTS_FOLDER


def deliver(directory: Path, inbox: Path, day: date) -> list[Path]:
    """Copy everything that has arrived until ``day`` into the inbox, each source into its folder.

    Files that are there already with the same content stay untouched, so that repeating a delivery changes nothing.

    Args:
        directory: where the demo company was simulated.
        inbox: the folder that holds one folder per source.
        day: the last day of arrival.

    Returns:
        The files that were copied.
    """
    copied = []
    for arrival in sorted((directory / EXPORTS_FOLDER).iterdir()):
        if date.fromisoformat(arrival.name) > day:
            break
        for path in sorted(arrival.glob("*/*")):
            target = inbox / path.parent.name / path.name
            if target.exists() and filecmp.cmp(path, target, shallow=False):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(f".{target.name}.partial")
            shutil.copy2(path, partial)
            partial.replace(target)
            copied.append(target)
    return copied
