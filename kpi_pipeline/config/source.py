"""The model of ``config/sources/<name>.yaml``: where a source's files come from and what they must look like.

Here: what a user can say about a source. A known system (``google_ads``, ``shopify_orders`` ...) brings its own columns
and tables; a generic one (``csv``, ``xlsx``, ``jsonl``, ``parquet``) declares them. What a system brings belongs to
``sources/systems``.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from kpi_pipeline.config.model import CurrencyCode, Identifier, Model

ColumnType = Literal["text", "integer", "decimal", "date", "timestamp", "boolean"]


class Column(Model):
    """One column of a file.

    Attributes:
        header: the accepted names in the file's header; the first found is taken.
        style: how dates or timestamps are written, in strptime directives, ``iso`` or ``jalali``; ISO when absent. Of
            several styles each file decides for the only one that fits, and is refused where it cannot.
        required: whether a file without this column is refused.
        empty_as: the texts that mean "no value" beside the empty text.
        scale: a number is multiplied by this, e.g. 10 for toman to rial, 0.000001 for micros.
        strip: a text removed from every value before reading it, e.g. a unit behind a number.
        rounding: accept more decimals than the canonical column keeps, and round them half away from zero.
        values: replaces whole values, e.g. a status in another language.
        personal: the value identifies a person and is replaced at the door by its keyed hash; where the column's name
            sounds like that and it is not so, say false.
        free_text: people wrote the value; e-mail addresses and phone numbers in it are taken out.
    """

    header: str | tuple[str, ...]
    type: ColumnType = "text"
    style: str | tuple[str, ...] | None = None
    required: bool = True
    empty_as: tuple[str, ...] = ()
    scale: str = "1"
    strip: str = ""
    rounding: bool = False
    values: dict[str, str] = Field(default_factory=dict)
    personal: bool = False
    free_text: bool = False


class TableMapping(Model):
    """How one subject's rows come from the rows of a file: a SELECT over the names of ``Source.columns``.

    Attributes:
        columns: canonical column → SQL expression.
        where: SQL predicate on the file's rows.
        group_by: names to group by; the expressions are then aggregates.
    """

    columns: dict[str, str]
    where: str | None = None
    group_by: tuple[str, ...] = ()


class Pull(Model):
    """How a source's API is asked; which systems have one, and what they need, is said in ``docs/apis.md``.

    Attributes:
        starts_on: the first day that is ever asked for.
        version: version of the API; the one that the system was written for when absent.
        endpoint: where the API is, for systems that every customer hosts (a shop's address) and for tests.
        page_limit: more pages than this in one pull are taken for an endless answer.
        budget_minutes: a pull that takes longer is given up and fails.
    """

    starts_on: date
    version: str | None = None
    endpoint: str | None = None
    page_limit: int = Field(default=5000, ge=1, le=100_000)
    budget_minutes: float = Field(default=30, gt=0, le=600)


class Source(Model):
    """One connected source.

    Attributes:
        inbox: folder below the inbox; the source's own name when absent.
        files: glob of the file names that belong to the source.
        account_id, currency, time_zone: taken for all rows where the file does not say them.
        exported_at: regular expression with one group, found in the file name and read as a date
            (``2026-11-20``, ``20261120``) or a time stamp (``2026-11-20T06-00-00``); the file's modification time
            when absent.
        coverage: which days a file speaks for: from its first to its last day (or its stated range), or only those
            that it has rows of.
        undated_rows: what to do with rows that are totals of the file's stated date range.
        final_line_break: whether a file without a line break after its last row counts as cut; False where the export
            always ends like that.
        restates_days: how long the source keeps changing a day; until then the day is provisional.
        promised_every_days: the source is late when nothing newer than this arrived.
        keep_files_days: the bytes of an arrived file are deleted from custody after so many days; never when absent.
        delimiter: what separates cells; found by the header's names when absent. A space means runs of spaces, in files
            without a header line.
        lines_before_header: how many lines stand above the header; found by the header's names when absent.
        header: the file has no header line, and these are its columns in their order.
        pull: how the system's API is asked, for systems that have one.
        options: the system's own settings, each one text or several; ``docs/sources.md`` lists them.
        subject: short form of ``tables`` for one subject whose columns are all canonical.
        constants: canonical column → value for every row (short form only).
    """

    system: Identifier
    inbox: str | None = None
    files: str = "*"
    account_id: str = ""
    currency: CurrencyCode | None = None
    time_zone: str | None = None
    exported_at: str | None = None
    coverage: Literal["range", "days_present"] = "range"
    undated_rows: Literal["refuse", "period_end"] = "refuse"
    final_line_break: bool = True
    restates_days: int = Field(default=3, ge=0, le=120)
    promised_every_days: int = Field(default=2, ge=1)
    keep_files_days: int | None = Field(default=None, ge=1)
    pull: Pull | None = None
    options: dict[Identifier, str | tuple[str, ...]] = Field(default_factory=dict)
    # Generic systems only:
    encoding: Literal["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp1256"] | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    decimal_separator: Literal[".", ",", "٫"] = "."
    thousands_separator: str = Field(default="", max_length=1)
    lines_before_header: int | None = None
    header: tuple[str, ...] = ()
    columns: dict[Identifier, Column] = Field(default_factory=dict)
    subject: Identifier | None = None
    constants: dict[Identifier, str] = Field(default_factory=dict)
    tables: dict[Identifier, TableMapping] = Field(default_factory=dict)
