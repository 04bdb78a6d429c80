"""Contracts that a user writes: columns and tables declared in ``config/sources/<name>.yaml``.

Here: from the declarations to a contract, with every mistake named by its key. The systems ``csv``, ``xlsx``,
``jsonl`` and ``parquet`` differ only in the formats they read. Whether an expression can run is asked of
``expression_check``.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from kpi_pipeline.config.source import Column, Source, TableMapping
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract, ContractTable, FileFormat, contract_table, source_error
from kpi_pipeline.sources.contracts.field import Field, Kind, NumberStyle
from kpi_pipeline.sources.files.header_binding import comparable
from kpi_pipeline.sources.layouts.without_header import HEADER_OPTION, SPACES
from kpi_pipeline.sources.subjects import SUBJECTS, Subject
from kpi_pipeline.sources.values.expression_check import check_tables
from kpi_pipeline.sources.values.personal_data import announced
from kpi_pipeline.sources.values.sql_text import literal
from kpi_pipeline.sources.values.time_conversion import STYLE_PATTERNS, is_readable_style

_KINDS: dict[str, Kind] = {
    "varchar": "text",
    "bigint": "integer",
    "integer": "integer",
    "double": "double",
    "date": "date",
    "timestamp": "timestamp",
    "boolean": "boolean",
}


def mapped_contract(name: str, source: Source, *formats: FileFormat) -> Contract:
    """Make the contract of a source whose YAML declares its columns and tables.

    Raises:
        ConfigurationError: an unknown subject, column or name, or an expression that cannot run.
    """
    _refuse_unreadable_styles(name, source)
    _refuse_wrong_header(name, source, formats)
    mappings = _mappings(name, source)
    fields = tuple(
        _field(key, column, list(_direct_targets(key, mappings, source))) for key, column in source.columns.items()
    )
    _refuse_unsaid_personal(name, source, fields)
    options = declared_options(name, source, ())
    if source.header:
        options = (*options, (HEADER_OPTION, source.header))
    contract = Contract(
        source=name,
        system=source.system,
        formats=formats,
        fields=fields,
        tables=tuple(_table(name, source, SUBJECTS[subject], mapping, fields) for subject, mapping in mappings.items()),
        rewriter="layouts.without_header" if source.header else "",
        options=options,
        number_style=NumberStyle(source.decimal_separator, source.thousands_separator),
        lines_before_header=source.lines_before_header,
    )
    check_tables(contract, is_short_form=source.subject is not None)
    return contract


def _refuse_wrong_header(name: str, source: Source, formats: tuple[FileFormat, ...]) -> None:
    if not source.header:
        if source.delimiter == SPACES:
            raise source_error(name, "delimiter", "runs of spaces need header, the columns' names")
        return
    if "csv" not in formats:
        raise source_error(name, "header", f"{source.system} files name their columns; take it out")
    if source.lines_before_header is not None:
        raise source_error(name, "lines_before_header", "contradicts header, which says that there is no header line")
    names = [comparable(written) for written in source.header]
    if len(set(names)) < len(names):
        raise source_error(name, "header", "names a column twice")
    for key, column in source.columns.items():
        accepted = (column.header,) if isinstance(column.header, str) else column.header
        if column.required and not any(comparable(written) in names for written in accepted):
            _refuse_unknown(name, f"columns.{key}.header", accepted[:1], source.header)


def _refuse_unreadable_styles(name: str, source: Source) -> None:
    if source.decimal_separator == source.thousands_separator:
        raise source_error(name, "thousands_separator", "is the same as the decimal separator")
    for key, column in source.columns.items():
        for style in _styles(column):
            if not is_readable_style(style):
                problem = f"{style!r} is neither iso nor jalali nor made of {' '.join(STYLE_PATTERNS)}"
                raise source_error(name, f"columns.{key}.style", problem)
        if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,8})?", column.scale):
            raise source_error(name, f"columns.{key}.scale", f"{column.scale!r} is not a factor such as 10 or 0.000001")
        if column.personal and column.type != "text":
            raise source_error(name, f"columns.{key}.personal", "only a text can be replaced by its hash")
        if column.free_text and (column.type != "text" or column.personal):
            raise source_error(name, f"columns.{key}.free_text", "only a text that is kept can have parts taken out")


def _refuse_unsaid_personal(name: str, source: Source, fields: tuple[Field, ...]) -> None:
    for field in fields:
        column = source.columns[field.name]
        if field.kind != "text" or column.free_text or "personal" in column.model_fields_set:
            continue
        if kind := announced((*field.headers, field.name)):
            raise source_error(
                name,
                f"columns.{field.name}",
                f"{field.headers[0]!r} sounds like {kind}; say personal: true, and only its keyed hash is kept, or "
                "personal: false if it identifies nobody",
            )


def _mappings(name: str, source: Source) -> dict[str, TableMapping]:
    if (source.subject is None) == (not source.tables):
        raise source_error(name, "subject", "give either one subject, or tables")
    if not source.columns:
        raise source_error(name, "columns", "there are none")
    if source.subject is None:
        for subject, mapping in source.tables.items():
            _refuse_unknown(name, f"tables.{subject}", [subject], SUBJECTS)
            _refuse_unknown(name, f"tables.{subject}.columns", mapping.columns, _canonical(subject))
            _refuse_unknown(name, f"tables.{subject}.group_by", mapping.group_by, source.columns)
        return source.tables
    _refuse_unknown(name, "subject", [source.subject], SUBJECTS)
    _refuse_unknown(name, "columns", source.columns, _canonical(source.subject))
    _refuse_unknown(name, "constants", source.constants, _canonical(source.subject))
    columns = {key: key for key in source.columns}
    columns |= {key: literal(value) for key, value in source.constants.items()}
    return {source.subject: TableMapping(columns=columns)}


def _canonical(subject: str) -> list[str]:
    return [*SUBJECTS[subject].columns, "account_id"]


def _refuse_unknown(name: str, key: str, given: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for entry in given:
        if entry not in known:
            near = get_close_matches(entry, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"
            raise source_error(name, key, f"unknown {entry!r}{hint}")


def _direct_targets(key: str, mappings: dict[str, TableMapping], source: Source) -> Iterable[str]:
    """Yield the types of the canonical columns that take a file's column as it is."""
    for subject, mapping in mappings.items():
        for canonical, expression in mapping.columns.items():
            if expression.strip() == key:
                yield SUBJECTS[subject].columns.get(canonical, "varchar")


def _field(key: str, column: Column, targets: list[str]) -> Field:
    """Take what the YAML leaves open from the canonical columns that the file's column goes to."""
    decimals = [int(target.split(",")[1].rstrip(") ")) for target in targets if target.startswith("decimal")]
    kind: Kind = column.type
    if "type" not in column.model_fields_set and targets:
        kind = "decimal" if decimals else _KINDS[targets[0]]
    if kind == "decimal" and targets and not decimals and set(targets) == {"double"}:
        kind = "double"
    return Field(
        name=key,
        headers=(column.header,) if isinstance(column.header, str) else column.header,
        kind=kind,
        required=column.required,
        decimals=max(decimals, default=4),
        styles=_styles(column),
        empty_as=column.empty_as,
        scale=column.scale,
        strip=column.strip,
        rounding=column.rounding,
        values=tuple(column.values.items()),
        personal=column.personal,
        free_text=column.free_text,
    )


def _styles(column: Column) -> tuple[str, ...]:
    return (column.style,) if isinstance(column.style, str) else column.style or ()


def _table(
    name: str, source: Source, subject: Subject, mapping: TableMapping, fields: tuple[Field, ...]
) -> ContractTable:
    kinds = {field.name: field.kind for field in fields}
    columns = {
        canonical: _quoted_name(expression.strip(), kinds, subject.columns.get(canonical, "varchar"))
        for canonical, expression in mapping.columns.items()
    }
    columns.setdefault("account_id", literal(source.account_id))
    if "currency" in subject.columns and source.currency:
        columns.setdefault("currency", literal(source.currency))
    missing = [column for column in subject.required if column not in columns]
    if missing:
        raise source_error(name, f"tables.{subject.name}", f"nothing is mapped to {', '.join(missing)}")
    return contract_table(subject.name, columns, mapping.where, mapping.group_by)


def _quoted_name(expression: str, kinds: dict[str, Kind], target: str) -> str:
    """Quote an expression that is just a name; an instant takes the name's time in UTC."""
    if expression not in kinds:
        return expression
    is_instant = target == "timestamp" and kinds[expression] == "timestamp"
    return f'"{expression}_utc"' if is_instant else f'"{expression}"'
