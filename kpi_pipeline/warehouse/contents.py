"""What a table holds, told by a few numbers per day, so that a rebuilt table can be compared with its former self.

Here: the numbers and their comparison. They serve to find the days that changed, not to prove anything about a table:
that is what ``canonical_hash`` is for. Recording what changed belongs to ``changes``.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.warehouse.quoting import day_condition, quoted_name, quoted_table


@dataclass(frozen=True)
class Contents:
    """The columns with their types, and the row count and sum of row hashes of each day.

    Attributes:
        days: the day None holds the rows without a day; all rows where the table has no column ``day``.
    """

    schema: pa.Schema
    days: dict[date | None, tuple[int, str]]

    def changed_days(self, after: "Contents") -> frozenset[date] | None:
        """Return the days whose rows differ; None if the columns or rows without a day do."""
        if self.schema != after.schema:
            return None
        differing = {day for day in self.days.keys() | after.days.keys() if self.days.get(day) != after.days.get(day)}
        days = frozenset(day for day in differing if day is not None)
        return days if len(days) == len(differing) else None


def read_contents(engine: Engine, table: str, days: Collection[date] | None = None) -> Contents:
    """Return what ``table`` holds, or only what it holds of ``days``."""
    schema = engine.read(f"select * from {quoted_table(table)} limit 0").schema
    # A sum, because two equal rows would cancel each other out under xor; as text, because it exceeds 64 bits.
    row_hash = f"hash({', '.join(quoted_name(name) for name in schema.names)})"
    found = engine.read(
        f"select {'day' if 'day' in schema.names else 'cast(null as date) as day'}, count(*) as row_count,"
        f" cast(sum(cast({row_hash} as hugeint)) as varchar) as row_hashes from {quoted_table(table)}"
        f" where {day_condition(days) if days else 'true'} group by all"
    )
    return Contents(schema, {row["day"]: (row["row_count"], row["row_hashes"]) for row in found.to_pylist()})
