"""What the lines around a CSV file's rows, and the language of its header, say about the file.

Here: the number style that goes with the header's language, and the lines that must be told with the numbers. Which
those are belongs to the contract.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime

from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.contracts.field import NumberStyle
from kpi_pipeline.sources.files.header_binding import comparable
from kpi_pipeline.sources.files.opened_file import FileNote


def number_style(contract: Contract, header: Sequence[str], delimiter: str) -> NumberStyle:
    """Return how numbers are written in a file with this header."""
    names = {comparable(cell) for cell in header}
    for local in contract.local_styles:
        if local.delimiter in ("", delimiter) and names.intersection(map(comparable, local.headers)):
            return local.number_style
    return contract.number_style


def line_notes(contract: Contract, lines: Sequence[str], stated: tuple[date, date] | None) -> tuple[FileNote, ...]:
    """Return the notes that the lines above the header and below the rows call for."""
    notes = []
    for noted in contract.noted_lines:
        for line in lines:
            text = " ".join(re.sub(r'[",;\t]+', " ", line).split())
            match = re.search(noted.pattern, text)
            if match and not (match.re.groups and _is_complete(match[1], stated)):
                notes.append(FileNote(noted.kind, match[0], noted.message))
    return tuple(notes)


def _is_complete(last_complete: str, stated: tuple[date, date] | None) -> bool:
    try:
        return stated is not None and stated[1] <= datetime.strptime(last_complete, "%m/%d/%Y").date()
    except ValueError:
        return False
