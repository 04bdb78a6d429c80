"""The index of shared files: what each is connected as, what it must give, and where that number comes from.

Here: reading ``shared_files.yaml``, the independent origins of its numbers, and the page of the documentation that it
becomes. Loading the files belongs to ``test_every_shared_file``.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
INDEX, MAPPINGS = HERE / "shared_files.yaml", HERE / "shared_sources"
ORIGINS = {
    "lines": "own count of lines",
    "sum": "own sum of the column",
    "values": "own count of values",
    "total": "the file's own total row",
    "expected": "expected.json",
    "read": "the file, read by a person",
}
_INTRODUCTION = """\
# Tested files

These files are not part of the project; their layouts come from public exports, test shops and vendors' documentation.
Every one of them is loaded by `tests/integration/test_every_shared_file.py` through the configuration named here, with
the figures named here, or is refused for the reason named here.
"""
_FIGURE = re.compile(r"(?P<value>\S+) = (?P<kind>[a-z]+) ?(?P<what>.*)")
_CONDITION = re.compile(r" (?P<word>with|without) (?P<column>.+?) = (?P<value>.*)$")


@dataclass(frozen=True)
class Figure:
    """One number that a file must give.

    Attributes:
        name: ``rows``, a canonical column that is summed, or an SQL aggregate.
        value: the number, or a day.
        kind: a key of ``ORIGINS``.
        what: which lines, column, or entry of ``expected.json`` it comes from.
    """

    subject: str
    name: str
    value: str
    kind: str
    what: str

    @property
    def expression(self) -> str:
        """The figure as SQL over the subject's raw table."""
        if self.name == "rows":
            return "count(*)"
        return f"sum({self.name})" if self.name.isidentifier() else self.name

    def is_met_by(self, found: object) -> bool:
        """Tell whether a number is this one, to as many places as are written here."""
        if not re.fullmatch(r"-?[0-9.]+", self.value):
            return str(found) == self.value
        wanted = Decimal(self.value)
        places = -int(wanted.as_tuple().exponent)
        return round(Decimal(str(found)), places) == wanted if places >= 2 else Decimal(str(found)) == wanted


@dataclass(frozen=True)
class Entry:
    """Files of one folder that are treated alike.

    Attributes:
        mapping: name of the configuration in ``shared_sources``.
        source: the configuration, where it is only a line or two.
        answer: how the file is stored as the answers of a pull: ``days`` and ``pages``.
        status: the file is what an API answers to every question, with this HTTP status.
        refused: what the refusal says.
        reference: what the file is, if it holds no data.
        why: for the reader of the page.
    """

    folder: str
    files: tuple[str, ...]
    mapping: str = ""
    source: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    status: int = 0
    refused: str = ""
    reference: str = ""
    why: str = ""
    figures: tuple[Figure, ...] = ()

    @property
    def settings(self) -> dict[str, Any]:
        """The configuration of the source."""
        if not self.mapping:
            return dict(self.source)
        content: dict[str, Any] = yaml.safe_load((MAPPINGS / f"{self.mapping}.yaml").read_text(encoding="utf-8"))
        return content

    @property
    def subjects(self) -> list[str]:
        """The subjects that figures are given of."""
        return list(dict.fromkeys(figure.subject for figure in self.figures))


@cache
def read_index() -> tuple[Entry, ...]:
    """Read the index."""
    content = yaml.safe_load(INDEX.read_text(encoding="utf-8"))
    return tuple(_entry(dict(item)) for item in content)


def _entry(item: dict[str, Any]) -> Entry:
    files, gives = item.pop("files"), item.pop("gives", {})
    figures = [
        Figure(subject, name, **_figure(text)) for subject, lines in gives.items() for name, text in lines.items()
    ]
    return Entry(files=tuple(files) if isinstance(files, list) else (files,), figures=tuple(figures), **item)


def _figure(text: str) -> dict[str, str]:
    match = _FIGURE.fullmatch(text)
    assert match and match["kind"] in ORIGINS, f"{text!r} is not of the form 'number = origin'"
    return match.groupdict()


def origin_of(figure: Figure, path: Path, expected: Path) -> Any:
    """Compute a figure without the program: from ``expected.json``, or with another reader of the file."""
    if figure.kind == "read":
        return figure.value
    if figure.kind == "expected":
        value: Any = json.loads(expected.read_text(encoding="utf-8"))
        where, _, factor = figure.what.partition(" * ")
        for key in where.split("/"):
            value = value[int(key)] if isinstance(value, list) else value[key]
        return value * Decimal(factor) if factor else value
    if figure.kind == "total":
        return _cells_of_total(path)[figure.what]
    condition = _CONDITION.search(" " + figure.what)
    rows = list(_records(path, condition))
    column, _, factor = _CONDITION.sub("", " " + figure.what).strip().partition(" * ")
    if figure.kind == "lines":
        return len(rows)
    if figure.kind == "values":
        return len({row[column] for row in rows})
    return sum((_number(row[column]) for row in rows), Decimal(0)) * Decimal(factor or 1)


def _records(path: Path, condition: re.Match[str] | None) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            is_value = condition is None or row[condition["column"]] == condition["value"]
            if is_value == (condition is None or condition["word"] == "with"):
                yield row


def _cells_of_total(path: Path) -> dict[str, Decimal]:
    """Return the file's last row that begins with Total, by the names of the header above it."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        content = file.read()
    delimiter = ";" if content.count(";") > content.count(",") else ","
    rows = list(csv.reader(content.splitlines(), delimiter=delimiter))
    header = max(rows, key=lambda row: sum(bool(cell) and not re.search("[0-9]", cell) for cell in row))
    total = next(row for row in reversed(rows) if row and row[0].startswith("Total"))
    decimal = "," if delimiter == ";" else "."
    return {
        name: _number(re.sub(rf"[^0-9{decimal}-]", "", cell).replace(decimal, "."))
        for name, cell in zip(header, total, strict=False)
        if re.search("[0-9]", cell)
    }


def _number(cell: str) -> Decimal:
    return Decimal(cell.strip() or 0)


def page() -> str:
    """Return the page of the documentation."""
    entries = read_index()
    folders = sorted({entry.folder for entry in entries})
    return _INTRODUCTION + "".join(
        f"\n## {folder}\n\n| File | Connected as | Gives | Checked against |\n|---|---|---|---|\n"
        + "".join(_row(entry) for entry in entries if entry.folder == folder)
        for folder in folders
    )


def _row(entry: Entry) -> str:
    files = "<br>".join(f"`{name}`" for name in entry.files)
    origins = dict.fromkeys(ORIGINS[figure.kind] for figure in entry.figures)
    checked = ", ".join(origins) or ("the refusal" if entry.refused else "")
    return f"| {files} | {_connected(entry)} | {_given(entry)} | {checked} |\n"


def _connected(entry: Entry) -> str:
    if entry.mapping:
        return f"[{entry.mapping}](../tests/integration/shared_sources/{entry.mapping}.yaml)"
    if not entry.source:
        return "nothing"
    shown = {key: value for key, value in entry.source.items() if key != "pull"}
    text = ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in shown.items())
    way = ", as a stored pull" if entry.answer else ", as the answer to every question" if entry.status else ""
    return f"`{text}`".replace('"', "") + way


def _given(entry: Entry) -> str:
    if entry.reference:
        return entry.reference
    if entry.refused:
        return f"refused: {entry.why}; the message says `{entry.refused}`"
    subjects = [
        f"`{subject}`: "
        + ", ".join(
            f"{figure.value} row{'s' * (figure.value != '1')}"
            if figure.name == "rows"
            else f"`{figure.name}` {figure.value}"
            for figure in entry.figures
            if figure.subject == subject
        )
        for subject in entry.subjects
    ]
    return "<br>".join(subjects) + (f" ({entry.why})" if entry.why else "")
