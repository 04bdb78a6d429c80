"""Stored answers of an API: one text file per pull, kept in custody like any export.

Here: how the file is written while a pull goes on, and how it is read again. Answers are kept word for word, so that a
changed mapping can be applied to them later; what the questions were is kept beside them, without any secret. What the
records in the answers mean belongs to the systems.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from kpi_pipeline.sources.api.http_client import parse_json
from kpi_pipeline.sources.files.opened_file import FileNote
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten, write_rows

FORMAT = "kpi-pipeline pull 1"
Record = Mapping[str, str | None]


@dataclass(frozen=True)
class Page:
    """One answer and what was asked.

    Attributes:
        about: what the question was, as far as the reader of the answer needs it; never a secret.
        content: the answer word for word.
    """

    about: Mapping[str, str]
    content: str

    @property
    def body(self) -> Any:
        """The answer, parsed; numbers are texts."""
        return parse_json(self.content)


@dataclass(frozen=True)
class StoredPull:
    """A pull as it was stored.

    Attributes:
        first_day: first day that it speaks for.
        last_day: last day that it speaks for.
    """

    first_day: date
    last_day: date
    pages: tuple[Page, ...]


@dataclass
class Extracted:
    """What a system finds in the pages beside the records, filled while they are read."""

    notes: list[FileNote] = field(default_factory=list)
    control_totals: dict[str, Decimal | int] = field(default_factory=dict)


def write_pull(target: Path, system: str, first_day: date, last_day: date, pages: Iterable[Page]) -> int:
    """Write a pull page by page and return how many there were; the last line proves that it is complete."""
    count = 0
    with target.open("w", encoding="utf-8") as file:
        head = {"format": FORMAT, "system": system, "first_day": str(first_day), "last_day": str(last_day)}
        file.write(json.dumps(head) + "\n")
        for page in pages:
            file.write(json.dumps({"about": dict(page.about), "content": page.content}, ensure_ascii=False) + "\n")
            count += 1
        file.write(json.dumps({"pages": count}) + "\n")
    return count


def read_pull(path: Path, file_name: str, system: str) -> StoredPull:
    """Read a stored pull.

    Raises:
        RefusedFile: it is not one of this system, or not complete.
    """
    try:
        head, *pages, end = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        if head["format"] != FORMAT or head["system"] != system or end["pages"] != len(pages):
            raise ValueError
        return StoredPull(
            date.fromisoformat(head["first_day"]),
            date.fromisoformat(head["last_day"]),
            tuple(Page(page["about"], page["content"]) for page in pages),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise RefusedFile(
            file_name,
            found="a file that is not a complete pull",
            expected=f"answers of {system}, as this program stores them",
            advice="A source with an API takes no files; connect exports as a source of their own.",
        ) from error


def rewrite_pull(file: FileToRewrite, records: Callable[[StoredPull, Extracted], Iterable[Record]]) -> Rewritten:
    """Rewrite a stored pull as CSV with one row per record.

    Args:
        file: the stored pull.
        records: yields field → text; fields that a record lacks are empty, and a field that the contract does not have
            is a mistake of the system.

    Raises:
        RefusedFile: the pull is not complete, or an answer does not have the shape that the system knows.
    """
    contract = file.contract
    pull = read_pull(file.path, file.file_name, contract.system)
    names = [entry.name for entry in contract.fields]
    extracted = Extracted()
    with refusing_unknown_shapes(file.file_name, contract.system):
        write_rows(
            file.target,
            [entry.headers[0] for entry in contract.fields],
            ((None, _cells(record, names)) for record in records(pull, extracted)),
        )
    return Rewritten(
        stated_range=(pull.first_day, pull.last_day),
        control_totals=extracted.control_totals,
        is_end_verifiable=True,
        notes=tuple(dict.fromkeys(extracted.notes)),
    )


@contextmanager
def refusing_unknown_shapes(file_name: str, system: str) -> Iterator[None]:
    """Turn the errors of code that takes an answer apart into a refusal.

    Raises:
        RefusedFile: the answer lacks something, or has something else in its place.
    """
    try:
        yield
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise RefusedFile(
            file_name,
            found=f"an answer without {error}" if isinstance(error, KeyError) else "an answer of an unknown shape",
            expected=f"the answers that {system} was written for",
            advice="The vendor may have changed its API; compare the version with docs/apis.md.",
        ) from error


def plain_number(text: str | None) -> str | None:
    """Return a number without exponent (``1.5E-4`` becomes ``0.00015``); other texts stay as they are."""
    if text is None or "e" not in text.lower():
        return text
    try:
        return f"{Decimal(text):f}"
    except InvalidOperation:
        return text


def rows_of(pages: Sequence[Page], *names: str) -> Iterator[Any]:
    """Yield the entries of the list under ``names`` in every page; a page without it has none."""
    for page in pages:
        value = page.body
        for name in names:
            value = value.get(name) or {}
        yield from value


def _cells(record: Record, names: Sequence[str]) -> list[str | None]:
    if unknown := record.keys() - set(names):
        raise AssertionError(f"the contract has no field {', '.join(sorted(unknown))}")
    return [record.get(name) for name in names]
