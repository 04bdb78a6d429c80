"""Prepared files made by hand, so that loading is tested without reading."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from kpi_pipeline.sources.files.reading import PreparedFile, PreparedTable
from kpi_pipeline.sources.loading.loading import batch_id
from kpi_pipeline.sources.loading.ownership import Batch
from kpi_pipeline.sources.subjects import SUBJECTS

Row = Mapping[str, object]


def table(subject: str, rows: Sequence[Row]) -> PreparedTable:
    """A query of these rows; columns that a row does not name are NULL, its account is ''."""
    columns = {**SUBJECTS[subject].columns, "account_id": "varchar"}
    selects = [
        "select "
        + ", ".join(
            f"cast({_literal(row.get(name, '' if name == 'account_id' else None))} as {kind}) as {name}"
            for name, kind in columns.items()
        )
        for row in rows
    ]
    nothing = "select " + ", ".join(f"cast(null as {kind}) as {name}" for name, kind in columns.items())
    return PreparedTable(subject, " union all ".join(selects) or f"{nothing} where false")


def prepared(
    *tables: PreparedTable,
    stated_range: tuple[date, date] | None = None,
    control_totals: dict[str, Decimal | int] | None = None,
) -> PreparedFile:
    return PreparedFile(
        file_name="export.csv",
        tables=tables,
        parameters={},
        stated_range=stated_range,
        control_totals=control_totals or {},
        is_end_verifiable=True,
        unknown_columns=(),
        notes=(),
        temporary=None,
    )


def batch(file: PreparedFile, exported_at: datetime, source: str = "shop") -> Batch:
    """A batch whose id follows from the file's content alone."""
    sha256 = hashlib.sha256(repr((file.tables, file.stated_range)).encode()).hexdigest()
    return Batch(batch_id(source, sha256, "contract"), source, file.file_name, sha256, exported_at, date(2026, 11, 20))


def _literal(value: object) -> str:
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"
