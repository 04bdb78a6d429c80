"""From one file that arrived to the queries that load it.

Here: what a file becomes once its head and tail were checked against its contract. Bulk rows never pass through Python:
the queries read the file when they are run. Which systems exist belongs to ``systems``; why a query failed belongs to
``diagnosis``; running the queries belongs to ``loading``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files.csv_file import open_csv_file
from kpi_pipeline.sources.files.opened_file import CsvPlace, FileNote, OpenedFile
from kpi_pipeline.sources.files.plain_file import plain_file
from kpi_pipeline.sources.files.record_file import open_record_file
from kpi_pipeline.sources.files.record_lines import line_of_cells
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.values.personal_data import hash_parameters

# How a refusal says that the file contradicts itself.
AS_STATED = "as the file's own total row says"
ROUNDING_PER_ROW = Decimal("0.01")


@dataclass(frozen=True)
class PreparedTable:
    """One subject's rows in a file.

    Attributes:
        subject: name of the subject.
        query: a SELECT of every column of the subject, in the subject's order and types, then ``account_id``. It raises
            inside DuckDB at the first value that breaks the contract; ``diagnosis.diagnose`` then says which. All
            parameters of the file must be given with it.
    """

    subject: str
    query: str


@dataclass(frozen=True)
class PreparedFile:
    """An accepted head and tail, and the queries for everything between.

    Attributes:
        tables: one per subject of the contract, in the contract's order.
        parameters: named parameters; every query needs exactly these.
        stated_range: first and last day that the file says it speaks for, where it says so.
        control_totals: what the file itself says its rows add up to: column of the first table's subject → sum.
        is_end_verifiable: whether something in the file proves that no rows are missing at its end.
        unknown_columns: columns of the file that the contract does not know, as the header writes them.
        notes: what else should be told with the numbers.
        temporary: a copy that the queries read instead of the file; the caller deletes it after loading.
        total_row: for CSV files with control totals, where the rows are and the cells of the row that states them.
    """

    file_name: str
    tables: tuple[PreparedTable, ...]
    parameters: dict[str, object]
    stated_range: tuple[date, date] | None
    control_totals: dict[str, Decimal | int]
    is_end_verifiable: bool
    unknown_columns: tuple[str, ...]
    notes: tuple[FileNote, ...]
    temporary: Path | None
    total_row: tuple[CsvPlace, tuple[str, ...]] | None = None


def prepare_file(
    path: Path, file_name: str, contract: Contract, *, hash_key: bytes | None, scratch: Path
) -> PreparedFile:
    """Check the head and the tail of a file and make the queries that load it.

    Args:
        path: where the bytes are.
        file_name: the name that the file arrived with, for messages.
        contract: the contract of its source.
        hash_key: key for the hashes of personal columns; needed only if the contract has such columns.
        scratch: folder for a copy, where the file cannot be read as it is.

    Raises:
        RefusedFile: the file breaks the contract.
        ConfigurationError: the contract has personal columns and there is no key.
    """
    if any(entry.personal for entry in contract.fields) and not hash_key:
        names = ", ".join(repr(entry.headers[0]) for entry in contract.fields if entry.personal)
        raise ConfigurationError(
            f"config/sources/{contract.source}.yaml: the personal column {names} is kept only as a keyed hash, and"
            f" there is no key; set KPI_HASH_KEY, or KPI_HASH_KEY_FILE to a file that holds it."
        )
    opened = open_file(path, file_name, contract, scratch)
    has_personal_cells = any(contract.field(name).personal for name in opened.query.cells)
    return PreparedFile(
        file_name=file_name,
        tables=tuple(PreparedTable(table.subject, opened.query.table(table)) for table in contract.tables),
        parameters=hash_parameters(hash_key) if hash_key and has_personal_cells else {},
        stated_range=opened.stated_range,
        control_totals=opened.control_totals,
        is_end_verifiable=opened.is_end_verifiable,
        unknown_columns=opened.binding.unknown,
        notes=opened.notes,
        temporary=opened.temporary,
        total_row=(opened.csv_place, opened.total_row) if opened.csv_place and opened.total_row else None,
    )


def open_file(path: Path, file_name: str, contract: Contract, scratch: Path) -> OpenedFile:
    """Check the head and the tail of a file of any format.

    Raises:
        RefusedFile: they break the contract.
    """
    plain = plain_file(path, file_name, contract, scratch)
    try:
        if plain.rewritten is None and plain.arrived_as in ("jsonl", "parquet"):
            return open_record_file(plain)
        return open_csv_file(plain)
    except BaseException:
        if plain.temporary:
            plain.temporary.unlink(missing_ok=True)
        raise


def verify_totals(prepared: PreparedFile, sums: Mapping[str, Decimal | int | float | None], rows: int) -> None:
    """Compare a file's own totals with what was loaded from it; platforms round each row, so 0.01 per row is allowed.

    Args:
        prepared: the file.
        sums: for each key of ``prepared.control_totals`` the sum of that column over the loaded rows.
        rows: number of loaded rows of the first table.

    Raises:
        RefusedFile: a sum is further away than rounding explains.
    """
    for column, stated in prepared.control_totals.items():
        loaded = Decimal(str(sums[column] or 0))
        tolerance = Decimal(0) if isinstance(stated, int) else ROUNDING_PER_ROW * rows
        if abs(loaded - stated) > tolerance:
            raise RefusedFile(
                prepared.file_name,
                line=line_of_cells(*prepared.total_row) if prepared.total_row else None,
                column=column,
                found=f"{rows} rows that add up to {loaded.normalize():f}",
                expected=f"{Decimal(stated).normalize():f}, {AS_STATED}",
                advice="Rows are missing, repeated or filtered out; export again without filters.",
            )
