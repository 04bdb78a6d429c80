"""Opening a file of records: JSON lines or Parquet.

Here: which columns such a file has, and how DuckDB reads them with declared types. CSV files belong to ``csv_file``.
"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files.header_binding import Binding, bind_header
from kpi_pipeline.sources.files.opened_file import OpenedFile, date_rows
from kpi_pipeline.sources.files.plain_file import PlainFile
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.values.date_styles import with_decided_styles
from kpi_pipeline.sources.values.file_query import FileFacts, FileQuery
from kpi_pipeline.sources.values.sql_text import literal, quoted

_SAMPLE_BYTES = 262_144


def open_record_file(plain: PlainFile) -> OpenedFile:
    """Check the columns of a file of records.

    Raises:
        RefusedFile: it is not what it seems, or required columns are missing.
    """
    path, file_name, contract = plain.path, plain.file_name, plain.contract
    is_parquet = plain.arrived_as == "parquet"
    types = _parquet_types(path, file_name) if is_parquet else _json_types(path, file_name)
    binding = bind_header(file_name, list(types), contract, None)
    missing = [column.name for column in contract.nested_columns if column.required and column.name not in types]
    if missing:
        raise RefusedFile(
            file_name,
            column=missing[0],
            found="the columns " + ", ".join(map(repr, types)),
            expected=" and ".join(f"a column {name!r}" for name in missing),
        )
    dating = date_rows(file_name, contract, binding, None)
    read = _read_parquet if is_parquet else _read_json
    nested = {column.name for column in contract.nested_columns}
    query = FileQuery(
        contract,
        file_rows=read(path, types, contract, binding),
        cells={name: quoted(types_name) for name in binding.positions if (types_name := binding.written_name(name))},
        facts=FileFacts(contract.currency, dating.first_day, dating.only_day),
    )
    return OpenedFile(
        query=with_decided_styles(query, file_name, binding, None),
        binding=Binding(
            binding.positions, binding.header, None, tuple(name for name in binding.unknown if name not in nested)
        ),
        csv_place=None,
        stated_range=dating.stated_range,
        control_totals={},
        is_end_verifiable=is_parquet,
        notes=dating.notes,
        temporary=plain.temporary,
    )


def _parquet_types(path: Path, file_name: str) -> dict[str, pa.DataType]:
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise RefusedFile(
            file_name,
            found="a Parquet file that cannot be opened",
            expected="a complete Parquet file",
            advice="The file may be cut; export it again.",
        ) from error
    return {field.name: field.type for field in schema}


def _json_types(path: Path, file_name: str) -> dict[str, pa.DataType]:
    """Collect the keys of the first records; a key that comes later for the first time stays unknown."""
    with path.open("rb") as file:
        start = file.read(_SAMPLE_BYTES)
    if not start.strip():
        raise RefusedFile(file_name, found="an empty file", expected="one JSON object per line")
    lines = start.split(b"\n")
    if len(start) == _SAMPLE_BYTES and len(lines) > 1:
        lines.pop()
    keys: dict[str, None] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise RefusedFile(
                file_name,
                line=number,
                found="something that is not JSON",
                expected="one JSON object per line",
                advice="The file may be cut; export it again." if number == len(lines) else "",
            ) from error
        if not isinstance(record, dict):
            raise RefusedFile(file_name, line=number, found=type(record).__name__, expected="a JSON object")
        keys |= dict.fromkeys(record)
    return dict.fromkeys(keys, pa.string())


def _read_json(path: Path, types: dict[str, pa.DataType], contract: Contract, binding: Binding) -> str:
    nested = {column.name: column.data_type for column in contract.nested_columns}
    bound = {binding.header[position]: "varchar" for position in binding.positions.values()}
    columns = ", ".join(f"{literal(name)}: {literal(data_type)}" for name, data_type in {**bound, **nested}.items())
    return (
        f"read_json({literal(str(path))}, columns = {{{columns}}}, auto_detect = false,"
        f" format = 'newline_delimited', records = 'true', compression = 'uncompressed')"
    )


def _read_parquet(path: Path, types: dict[str, pa.DataType], contract: Contract, binding: Binding) -> str:
    items = [
        f"{_as_text(name, types[name])} as {quoted(name)}"
        for name in dict.fromkeys(binding.header[position] for position in binding.positions.values())
    ]
    for column in contract.nested_columns:
        value = quoted(column.name) if column.name in types else "null"
        items.append(f"cast({value} as {column.data_type}) as {quoted(column.name)}")
    return f"(select {', '.join(items)} from read_parquet({literal(str(path))}))"


def _as_text(name: str, data_type: pa.DataType) -> str:
    """Write a typed value as the strict conversions expect it; they then check it as in any other file."""
    value = quoted(name)
    if pa.types.is_timestamp(data_type):
        instant = f"{value} at time zone 'UTC'" if data_type.tz else value
        return f"cast(cast({instant} as timestamp) as varchar)" + (" || 'Z'" if data_type.tz else "")
    return f"cast({value} as varchar)"
