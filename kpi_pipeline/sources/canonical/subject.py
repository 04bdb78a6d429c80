"""What a canonical subject is: a raw table that any system can deliver to.

Here: the shape of an entry and the columns that every raw table has. The entries themselves stand beside this module,
one module per field of business.
"""

from dataclasses import dataclass

LINEAGE_COLUMNS: dict[str, str] = {
    "source": "varchar",
    "account_id": "varchar",
    "batch_id": "varchar",
    "exported_at": "timestamp",
}
MONEY = "decimal(18, 4)"


@dataclass(frozen=True)
class Subject:
    """One canonical subject.

    Attributes:
        name: the raw table's name, ``raw.<name>``.
        unit: the column whose values a newer export replaces whole, within (source, account_id): a day for facts that
            platforms restate, an identifier for entities.
        columns: every column but the lineage ones, with its DuckDB type. Each subject has a ``day`` column.
        required: the columns that must never be NULL.
        holds_on: a row holds from its day on, so that a file speaks for every day from its first one to its export.
    """

    name: str
    unit: str
    columns: dict[str, str]
    required: tuple[str, ...]
    holds_on: bool = False

    @property
    def table(self) -> str:
        """Name of the raw table."""
        return f"raw.{self.name}"


def columns(text: str) -> dict[str, str]:
    """Read a list ``name type, name type ...``; ``money`` stands for the type of amounts, ``text`` for varchar."""
    words = {"text": "varchar", "money": MONEY, "rate": "decimal(24, 10)"}
    pairs = (entry.split() for entry in text.split(","))
    return {name: words.get(data_type, data_type) for name, data_type in pairs}
