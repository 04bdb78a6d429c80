"""One number for everything that a table holds, whatever order its rows stand in.

Here: the hash by which two runs, two arrival orders or two engines are compared. What changed between two states of one
table is told faster by ``contents``.
"""

import hashlib
from collections.abc import Collection

import pyarrow as pa

from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.warehouse.quoting import quoted_name, quoted_table


def canonical_hash(engine: Engine, table: str, exclude: Collection[str] = ()) -> str:
    """Return the SHA-256 of a table's column names and rows, sorted by all columns as text.

    Values of type double count by their first twelve digits, because sums of them differ in the last ones with the
    order of addition; a negative zero counts as zero.
    """
    schema = engine.read(f"select * from {quoted_table(table)} limit 0").schema
    fields = sorted((field for field in schema if field.name not in exclude), key=lambda field: str(field.name))
    line = " || chr(31) || ".join(_as_text(field) for field in fields)
    digest = hashlib.sha256("\x1f".join(field.name for field in fields).encode())
    for value in engine.read(f"select {line} as line from {quoted_table(table)} order by line").column("line"):
        digest.update(b"\x1e" + value.as_py().encode())
    return digest.hexdigest()


def _as_text(field: pa.Field) -> str:
    name = quoted_name(field.name)
    text = f"printf('%.11e', {name} + 0)" if pa.types.is_floating(field.type) else f"cast({name} as varchar)"
    # Separators and the sign of a missing value are kept from standing inside a text.
    escaped = f"replace(replace(replace({text}, '\\', '\\\\'), chr(31), '\\s'), chr(30), '\\r')"
    return f"coalesce({escaped}, '\\N')"
