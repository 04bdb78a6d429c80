"""Fixtures for the tests of sources: an empty warehouse and an empty custody ledger."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.loading.raw_tables import prepare_raw_tables
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDbEngine]:
    engine = DuckDbEngine(tmp_path / "data" / "warehouse.duckdb")
    prepare_meta(engine)
    prepare_raw_tables(engine)
    yield engine
    engine.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[CustodyLedger]:
    with CustodyLedger(tmp_path / "data" / "custody.sqlite") as ledger:
        yield ledger
