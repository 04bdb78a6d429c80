"""What a file of one source must look like, and what its rows become: the contract.

Here: the frozen parts of a contract and the way from a source's YAML to it. A system's own columns and rules belong to
``systems/<system>.py``; checking a file against its contract belongs to ``reading``.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Literal, Protocol, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kpi_pipeline.config.source import Source
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.field import Field, NumberStyle
from kpi_pipeline.sources.subjects import SUBJECTS

SOURCES = "kpi_pipeline.sources"
FileFormat = Literal["csv", "jsonl", "parquet", "xlsx"]
MAPPED_SYSTEMS = ("csv", "jsonl", "parquet", "xlsx")
# The option that every system with tables has: which sheet of a workbook is read; the first one without it.
SHEET_OPTION = "sheet"


@dataclass(frozen=True)
class TotalRows:
    """Rows that only repeat the sum of the others: never loaded, but compared with what was.

    Attributes:
        place: ``last_rows``: at the end or right below the header, with a label in the first cell; ``extra_cell``:
            right below the header, with the label in one cell more than the header has; ``empty_names``: first or last,
            with nothing in ``names``.
        label: regular expression of the label.
        compared: which labels' row is compared, best first; the first total row where empty.
        names: fields that are empty in a total row and in no other.
        sums: pairs of a column of the first table and the field that it is the sum of.
    """

    place: Literal["last_rows", "extra_cell", "empty_names"]
    sums: tuple[tuple[str, str], ...]
    label: str = ""
    compared: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowRule:
    """Something that must be true of every row.

    Attributes:
        predicate: SQL over the row's names; NULL counts as broken.
        shown: the field that the refusal shows.
        expected: what the refusal asks for.
    """

    predicate: str
    shown: str
    expected: str
    advice: str = ""


@dataclass(frozen=True)
class NestedColumn:
    """A column of records with structure, read with its DuckDB type."""

    name: str
    data_type: str
    required: bool = False


@dataclass(frozen=True)
class NotedAbsence:
    """A field that a file may lack, and what readers of its numbers should then know."""

    field: str
    kind: str
    message: str


@dataclass(frozen=True)
class NotedLine:
    """A line above the header or below the rows that readers of the numbers should know.

    Attributes:
        pattern: regular expression of the line; its group, where it has one, is the last complete day, ``M/D/YYYY``,
            and the line is told only of files that go beyond that day.
    """

    pattern: str
    kind: str
    message: str


@dataclass(frozen=True)
class LocalStyle:
    """How numbers are written in the files of one language.

    Attributes:
        headers: names of columns that only files of this language have.
        number_style: how they are written.
        delimiter: only in files whose cells are separated by it; in all where empty.
    """

    headers: tuple[str, ...]
    number_style: NumberStyle
    delimiter: str = ""


@dataclass(frozen=True)
class ContractTable:
    """How one subject's rows come from a file's rows.

    Attributes:
        columns: pairs of a canonical column and its SQL expression: all of the subject's, then ``account_id``.
        where: predicate on the file's rows.
        group_by: names to group by; the expressions are then aggregates.
    """

    subject: str
    columns: tuple[tuple[str, str], ...]
    where: str | None = None
    group_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contract:
    """The contract of one source.

    The SQL in it may use the names of ``fields``, ``<name>_utc`` for time stamps, ``file_row`` (number of the row in
    the file), ``file_currency``, ``file_first_day`` (of the stated range) and ``file_day`` (the day of all rows, where
    they have none).

    Attributes:
        fields: the columns that are read.
        nested_columns: the columns of records with structure; they stand beside the fields.
        row_query: SELECT over ``typed_rows`` that adds what needs to be known of other rows of the file.
        one_of: groups of fields; a file must have one of each group.
        dated_by: the fields that can say a row's day; without any of them the rows are totals of the stated range.
        undated_advice: how to get rows by day out of the platform.
        empty_marker: the only cell of the only row of a file without data.
        final_line_break: whether a file that does not end with a line break counts as cut.
        has_preamble: whether title and date range may stand above the header.
        footer: regular expression of a line that may stand below the rows; a date range may follow it.
        noted_lines: what lines above the header and below the rows mean for the numbers.
        local_styles: number styles by language, for platforms that write as their user's language does; a file of
            another language is written in ``number_style``.
        rewriter: module below ``sources`` whose ``rewrite`` turns a file of another shape (stacked tables, a tree of
            accounts, stored API answers) into plain CSV with the contract's columns; none where empty.
        options: the source's own settings for its system, as ``rewrite`` and ``pull`` take them.
        refuse_no_rows: a file without any row is suspicious even if nothing arrived before.
        lines_before_header: a fixed number of lines above the header; searched for by its names when None.
    """

    source: str
    system: str
    formats: tuple[FileFormat, ...]
    fields: tuple[Field, ...]
    tables: tuple[ContractTable, ...]
    nested_columns: tuple[NestedColumn, ...] = ()
    row_query: str | None = None
    row_rules: tuple[RowRule, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    dated_by: tuple[str, ...] = ()
    undated_rows: Literal["refuse", "period_end"] = "refuse"
    undated_advice: str = ""
    noted_absences: tuple[NotedAbsence, ...] = ()
    ignored_headers: tuple[str, ...] = ()
    totals: TotalRows | None = None
    empty_marker: str = ""
    final_line_break: bool = True
    has_preamble: bool = False
    footer: str = ""
    noted_lines: tuple[NotedLine, ...] = ()
    local_styles: tuple[LocalStyle, ...] = ()
    rewriter: str = ""
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()
    refuse_no_rows: bool = False
    encoding: str | None = None
    delimiter: str | None = None
    number_style: NumberStyle = field(default_factory=NumberStyle)
    lines_before_header: int | None = None
    currency: str | None = None
    time_zone: str | None = None
    coverage: Literal["range", "days_present"] = "range"

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects that every file of the source delivers."""
        return tuple(table.subject for table in self.tables)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that decides what a file's rows become; a rewriter and all layouts count with their code."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        if self.rewriter:
            rewriter = Path(str(import_module(f"{SOURCES}.{self.rewriter}").__file__))
            shared = Path(__file__).parents[1] / "layouts"
            text += "".join(path.read_text(encoding="utf-8") for path in (rewriter, *sorted(shared.glob("*.py"))))
        return sha256(text.encode()).hexdigest()

    def option(self, name: str) -> tuple[str, ...]:
        """Return the values of one of the source's own settings; empty where it is not set."""
        return dict(self.options).get(name, ())

    def field(self, name: str) -> Field:
        """Return the field of this name."""
        return next(entry for entry in self.fields if entry.name == name)


class System(Protocol):
    """What each module under ``systems`` offers."""

    def build(self, name: str, source: Source) -> Contract:
        """Make the contract of the source ``name``."""


def build_contract(name: str, source: Source) -> Contract:
    """Make the contract of the source ``name``.

    A system is a module under ``systems``; nothing registers it.

    Raises:
        ConfigurationError: its YAML names an unknown system, subject or column, or an expression that cannot run.
    """
    package = f"{SOURCES}.systems"
    known = sorted(module.name for module in iter_modules([str(Path(__file__).parents[1] / "systems")]))
    if source.system not in known:
        raise source_error(name, "system", f"there is no system {source.system!r}; there are {', '.join(known)}")
    if source.system not in MAPPED_SYSTEMS and (source.columns or source.tables or source.subject or source.constants):
        problem = (
            f"the system {source.system} brings its own columns; a mapping needs one of {', '.join(MAPPED_SYSTEMS)}"
        )
        raise source_error(name, "system", problem)
    try:
        ZoneInfo(source.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        problem = f"there is no zone {source.time_zone!r}; zones look like Europe/Berlin"
        raise source_error(name, "time_zone", problem) from error
    module = import_module(f"{package}.{source.system}")
    _refuse_wrong_pull(name, source, has_api=hasattr(module, "pull"))
    return _with_declarations(cast(System, module).build(name, source), source)


def _with_declarations(contract: Contract, source: Source) -> Contract:
    """Add what the YAML of any source can say; what a system has settled itself stands."""
    options = contract.options
    if (sheet := source.options.get(SHEET_OPTION)) is not None and not contract.option(SHEET_OPTION):
        options = (*options, (SHEET_OPTION, (str(sheet),)))
    return replace(
        contract,
        options=options,
        final_line_break=contract.final_line_break and source.final_line_break,
        encoding=contract.encoding or source.encoding,
        delimiter=contract.delimiter or source.delimiter,
        currency=contract.currency or source.currency,
        time_zone=contract.time_zone or source.time_zone,
        coverage=source.coverage,
    )


def _refuse_wrong_pull(name: str, source: Source, *, has_api: bool) -> None:
    if has_api and source.pull is None:
        raise source_error(name, "pull", f"is missing; {source.system} asks an API, so say at least pull.starts_on")
    if not has_api and source.pull is not None:
        raise source_error(name, "pull", f"{source.system} reads files; the systems with an API end in _api")
    if has_api and source.exported_at is not None:
        raise source_error(name, "exported_at", "a pull has no file name; its time is when it was made")


def source_error(name: str, key: str, problem: str) -> ConfigurationError:
    """Return the error for something wrong at one key of a source's YAML."""
    return ConfigurationError(f"config/sources/{name}.yaml: {key}: {problem}")


def contract_table(
    subject_name: str, columns: Mapping[str, str], where: str | None = None, group_by: tuple[str, ...] = ()
) -> ContractTable:
    """Make a table from expressions for some of a subject's columns.

    Texts that describe a day's figures (device, country, campaign ...) are never NULL but empty, so that they can be
    part of a key; what an entity does not know stays NULL.
    """
    subject = SUBJECTS[subject_name]
    texts_are_keys = subject.unit == "day"

    def expression(column: str, data_type: str) -> str:
        given = columns.get(column)
        if data_type != "varchar" or not texts_are_keys or column in subject.required:
            return given or "null"
        return f"coalesce({given}, '')" if given else "''"

    pairs = [(column, expression(column, data_type)) for column, data_type in subject.columns.items()]
    pairs.append(("account_id", columns.get("account_id", "''")))
    return ContractTable(subject_name, tuple(pairs), where, group_by)
