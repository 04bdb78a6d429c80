import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.source import Source
from kpi_pipeline.errors import CustodyError
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.reconciliation import reconcile
from kpi_pipeline.sources.loading.ingest import IngestReport, ingest_source
from kpi_pipeline.sources.loading.raw_tables import loaded_batches, prepare_raw_tables
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
TABLES = ("raw.fx_rates", "raw.covered_days", "raw.batches")


class Installation:
    def __init__(self, data: Path, engine: DuckDbEngine, ledger: CustodyLedger) -> None:
        self.paths = Paths(config=data, sql=data, data=data)
        self.engine = engine
        self.ledger = ledger

    def drop(self, name: str, *rows: str) -> None:
        folder = self.paths.inbox / "fx"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("date,base,quote,rate\n" + "".join(f"{row}\n" for row in rows))
        os.utime(folder / name, (0, NOW.timestamp() - 60))

    def ingest(self, source: Source | None = None) -> IngestReport:
        return ingest_source(
            "fx",
            source or Source(system="fx_rates", exported_at=r"_(\d{8})"),
            engine=self.engine,
            ledger=self.ledger,
            paths=self.paths,
            as_of=date(2026, 11, 20),
            now=NOW,
            hash_key=None,
        )

    def tables(self) -> list[object]:
        return [self.engine.read(f"select * from {table} order by all").to_pylist() for table in TABLES]

    def states(self) -> list[str | None]:
        return [arrival.state for arrival in self.ledger.arrivals()]


@pytest.fixture
def installation(tmp_path: Path, engine: DuckDbEngine, ledger: CustodyLedger) -> Installation:
    installation = Installation(tmp_path / "data", engine, ledger)
    installation.drop("a_20261105.csv", "2026-11-01,EUR,USD,1.1", "2026-11-02,EUR,USD,1.2")
    installation.drop("b_20261106.csv", "2026-11-02,EUR,USD,2.2")
    installation.drop("c_20261107.csv", "2026-11-01,EUR,USD,1.1", "2026-11-02,EUR,USD,1.2")  # as a
    installation.drop("d_20261104.csv", "2026-11-01,EUR,USD,0.1")
    installation.drop("e_20261107.csv", "broken")
    installation.ingest()
    return installation


def test_agreement_changes_nothing(installation: Installation) -> None:
    before = installation.ledger.arrivals()
    assert reconcile(installation.engine, installation.ledger) == ()
    assert installation.ledger.arrivals() == before


@pytest.mark.parametrize("keep", range(3))
def test_batches_that_the_warehouse_lost_are_loaded_again_from_custody(installation: Installation, keep: int) -> None:
    """A torn write-ahead log loses the newest transactions: here all but the first ``keep`` loads."""
    tables, states = installation.tables(), installation.states()
    engine = installation.engine
    batches = [
        arrival.batch_id for arrival in installation.ledger.arrivals() if arrival.state in ("loaded", "superseded")
    ]
    for batch in batches[keep:]:
        for table in TABLES:
            engine.run(f"delete from {table} where batch_id = $batch", {"batch": batch})
    for file in (installation.paths.inbox / "fx").iterdir():
        file.unlink()

    disagreements = reconcile(engine, installation.ledger)
    assert [found.file_name for found in disagreements if found.file_name[0] != "c"] == [
        f"{letter}_202611{day}.csv" for letter, day in [("a", "05"), ("b", "06"), ("d", "04")][keep:]
    ]
    assert all("the warehouse has lost its rows" in found.message for found in disagreements)
    report = installation.ingest()

    assert len(report.files) == len(disagreements)
    assert installation.tables() == tables
    assert installation.states() == states
    assert reconcile(engine, installation.ledger) == ()


def test_a_lost_warehouse_is_made_again(installation: Installation, tmp_path: Path) -> None:
    tables = installation.tables()
    installation.engine = DuckDbEngine(tmp_path / "data" / "new.duckdb")
    prepare_meta(installation.engine)
    prepare_raw_tables(installation.engine)

    reconcile(installation.engine, installation.ledger)
    installation.ingest()

    assert installation.tables() == tables
    installation.engine.close()


def test_the_later_export_of_the_same_bytes_is_not_lost_either(installation: Installation) -> None:
    """The transaction that loaded a's bytes again as c was lost; that which loaded them as a was not."""
    tables = installation.tables()
    for table in TABLES:
        installation.engine.run(
            f"update {table} set exported_at = '2026-11-05' where exported_at = '2026-11-07'"
        )  # fmt: skip

    (found,) = reconcile(installation.engine, installation.ledger)
    assert found.file_name == "c_20261107.csv"
    installation.ingest()
    assert installation.tables() == tables


@pytest.mark.parametrize("source", [Source(system="fx_rates"), Source(system="fx_rates", exported_at=r"_(\d{8})")])
def test_entries_that_the_ledger_lost_are_made_again(
    tmp_path: Path, engine: DuckDbEngine, ledger: CustodyLedger, source: Source
) -> None:
    installation = Installation(tmp_path / "data", engine, ledger)
    installation.drop("a_20261105.csv", "2026-11-01,EUR,USD,1.1")
    installation.ingest(source)
    tables, (before,) = installation.tables(), installation.ledger.arrivals()
    ledger._connection.execute("delete from arrivals")

    (found,) = reconcile(engine, ledger)
    assert "fx, a_20261105.csv: the custody ledger has lost its entry" in found.message
    installation.ingest(source)

    (after,) = ledger.arrivals()
    assert (after.state, after.batch_id, after.contents) == ("loaded", before.batch_id, before.contents)
    assert after.exported_at == before.exported_at
    assert installation.tables() == tables
    assert installation.ingest(source).files == ()


def test_what_both_the_ledger_and_custody_have_lost_is_an_error(installation: Installation) -> None:
    installation.ledger._connection.execute("delete from arrivals")
    for folder in (installation.paths.custody, installation.paths.inbox):
        for file in filter(Path.is_file, folder.rglob("*")):
            file.unlink()

    reconcile(installation.engine, installation.ledger)
    with pytest.raises(CustodyError, match="Restore this file from a backup"):
        installation.ingest()
    assert len(loaded_batches(installation.engine)) == 3
