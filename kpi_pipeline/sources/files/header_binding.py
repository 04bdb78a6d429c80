"""Binding of a file's columns to a contract's fields, by name and never by position.

Here: how names are compared, and what is refused in a header. Finding the header line belongs to ``csv_head``.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.contracts.field import CURRENCY_MARK
from kpi_pipeline.sources.files.refused_file import RefusedFile

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u061c\ufeff"))
_SAME_LETTERS = str.maketrans("يك", "یک")


@dataclass(frozen=True)
class Binding:
    """Which column of a file each field is read from.

    Attributes:
        positions: field → index of its column; fields that the file does not have are absent.
        header: the columns' names as written.
        currency: currency stated in the header.
        unknown: names that the contract does not know.
    """

    positions: dict[str, int]
    header: tuple[str, ...]
    currency: str | None
    unknown: tuple[str, ...]

    def written_name(self, field_name: str) -> str | None:
        """Return the name of a field's column as the file writes it, None where the file does not have it."""
        position = self.positions.get(field_name)
        return None if position is None else self.header[position]


@lru_cache(maxsize=20_000)
def comparable(name: str) -> str:
    """Return a header name without the differences that do not count: case, spaces, letter forms, invisible marks."""
    text = unicodedata.normalize("NFKC", name).translate(_INVISIBLE).translate(_SAME_LETTERS)
    return " ".join(text.casefold().split())


def recognised_cells(cells: Iterable[str], contract: Contract) -> int:
    """Count the cells that are names of the contract's columns."""
    names = [name for cell in cells if (name := comparable(cell))]
    if not names:
        return 0
    headers = (*(header for entry in contract.fields for header in entry.headers), *contract.ignored_headers)
    exact = {comparable(header) for header in headers}
    patterns = [_pattern(header) for header in headers if CURRENCY_MARK in header]
    return sum(1 for name in names if name in exact or any(pattern.fullmatch(name) for pattern in patterns))


def bind_header(file_name: str, header: Sequence[str], contract: Contract, line: int | None) -> Binding:
    """Bind a file's columns to the contract's fields.

    Raises:
        RefusedFile: a required column is missing, or a bound one stands there twice.
    """
    names = [comparable(cell) for cell in header]
    positions: dict[str, int] = {}
    currency = None
    for entry in contract.fields:
        for accepted in entry.headers:
            matches = _matches(names, accepted)
            if len(matches) > 1:
                raise RefusedFile(
                    file_name,
                    line=line,
                    column=header[matches[0]],
                    found=f"the column {len(matches)} times",
                    expected="every column once",
                )
            if matches:
                positions[entry.name] = matches[0]
                if CURRENCY_MARK in accepted and (found := _pattern(accepted).fullmatch(names[matches[0]])):
                    currency = found["currency"].upper()
                break
    _refuse_missing(file_name, header, contract, positions, line)
    bound = set(positions.values())
    ignored = {index for accepted in contract.ignored_headers for index in _matches(names, accepted)}
    unknown = tuple(
        cell for index, cell in enumerate(header) if cell.strip() and index not in bound and index not in ignored
    )
    return Binding(positions, tuple(header), currency, unknown)


def _matches(names: list[str], accepted: str) -> list[int]:
    """Return the positions of the columns that an accepted name means."""
    if CURRENCY_MARK in accepted:
        pattern = _pattern(accepted)
        return [index for index, name in enumerate(names) if pattern.fullmatch(name)]
    wanted = comparable(accepted)
    return [index for index, name in enumerate(names) if name == wanted] if wanted in names else []


def _refuse_missing(
    file_name: str, header: Sequence[str], contract: Contract, positions: dict[str, int], line: int | None
) -> None:
    missing = [entry.headers[0] for entry in contract.fields if entry.required and entry.name not in positions]
    for group in contract.one_of:
        if not any(name in positions for name in group):
            missing.append(" or ".join(contract.field(name).headers[0] for name in group))
    if missing:
        raise RefusedFile(
            file_name,
            line=line,
            column=missing[0],
            found="the columns " + ", ".join(repr(cell) for cell in header[:40]),
            expected=" and ".join(f"a column {name!r}" for name in missing),
            advice="Export again with these columns, or name them in the source's configuration.",
        )


@cache
def _pattern(accepted: str) -> re.Pattern[str]:
    before, mark, after = accepted.partition(CURRENCY_MARK)
    middle = "(?P<currency>[a-z]{3})" if mark else ""
    # comparable() drops spaces at the ends, which belong to the middle here.
    text = comparable(before + "\0" + after).split("\0") if mark else [comparable(before), ""]
    return re.compile(re.escape(text[0]) + middle + re.escape(text[1]))
