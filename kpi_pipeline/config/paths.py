"""Where the pipeline finds its files: configuration, SQL and data.

Here: the folders and files below the data folder, each named once. Environment variables are read by the callers at the
edge (``cli``, ``defs``) through ``Paths.from_environment``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
TEMPLATES = CHECKOUT / "templates"


@dataclass(frozen=True)
class Paths:
    """The folders of one installation."""

    config: Path
    sql: Path
    data: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Paths":
        """Read ``KPI_CONFIG_DIR``, ``KPI_SQL_DIR`` and ``KPI_DATA_DIR``; where unset, the checkout's folders."""
        return cls(
            config=Path(environment.get("KPI_CONFIG_DIR", CHECKOUT / "config")).resolve(),
            sql=Path(environment.get("KPI_SQL_DIR", CHECKOUT / "sql")).resolve(),
            data=Path(environment.get("KPI_DATA_DIR", CHECKOUT / "data")).resolve(),
        )

    @property
    def inbox(self) -> Path:
        """Where files are dropped, one folder per source."""
        return self.data / "inbox"

    @property
    def custody(self) -> Path:
        """Unchanged copies of everything that arrived, named by SHA-256."""
        return self.data / "custody"

    @property
    def custody_ledger(self) -> Path:
        """SQLite: what arrived and what became of it."""
        return self.data / "custody.sqlite"

    @property
    def publication_ledger(self) -> Path:
        """SQLite: every value that was ever published."""
        return self.data / "publication.sqlite"

    @property
    def delivery_ledger(self) -> Path:
        """SQLite: what was sent to whom."""
        return self.data / "delivery.sqlite"

    @property
    def alert_ledger(self) -> Path:
        """SQLite: what the data team was told."""
        return self.data / "alerts.sqlite"

    @property
    def warehouse(self) -> Path:
        """The pipeline's own database; nobody else opens it."""
        return self.data / "warehouse.duckdb"

    @property
    def half_restored(self) -> Path:
        """What a restore has copied and not put in its place yet."""
        return self.data / ".restoring"

    @property
    def published(self) -> Path:
        """Snapshots for readers, one folder per audience, and the pointers to the current ones."""
        return self.data / "published"

    @property
    def reports(self) -> Path:
        """Weekly reports, one folder per audience."""
        return self.data / "reports"

    @property
    def site(self) -> Path:
        """The archive of issued reports, one folder per audience, for any web server."""
        return self.data / "site"

    @property
    def outbox(self) -> Path:
        """What would be sent, while delivery is not enabled."""
        return self.data / "outbox"

    @property
    def dagster_home(self) -> Path:
        """The orchestrator's own storage."""
        return self.data / "dagster"

    @property
    def demo(self) -> Path:
        """The simulated company's exports and its own truth."""
        return self.data / "demo"
