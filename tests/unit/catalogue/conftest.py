from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.config.draft import read_draft
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.seeds import SEED_TABLES
from kpi_pipeline.warehouse.sql_project import SqlProject, load_sql_project
from tests.unit.catalogue.hand_made import Warehouse

RAW_TABLES = (*(subject.table for subject in SUBJECTS.values()), "raw.batches", "raw.covered_days")


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    engine = DuckDbEngine(tmp_path / "warehouse.duckdb", threads=1)
    prepare_meta(engine)
    made = Warehouse(engine)
    made.calendar()
    yield made
    engine.close()


@pytest.fixture
def custody(tmp_path: Path) -> Iterator[CustodyLedger]:
    with CustodyLedger(tmp_path / "custody.sqlite") as ledger:
        yield ledger


@pytest.fixture
def publications(tmp_path: Path) -> Iterator[PublicationLedger]:
    with PublicationLedger(tmp_path / "publication.sqlite") as ledger:
        yield ledger


@pytest.fixture(scope="session")
def project(checkout: Path) -> SqlProject:
    return load_sql_project(checkout / "sql", (*RAW_TABLES, *SEED_TABLES))


@pytest.fixture(scope="session")
def library(checkout: Path) -> dict[str, Metric]:
    """The metrics that ship with the product."""
    return {name: entry.value for name, entry in read_draft(checkout / "config").metrics.entries.items()}


@pytest.fixture(scope="session")
def sources(checkout: Path) -> dict[str, Source]:
    """The sources of the demo company."""
    return {name: entry.value for name, entry in read_draft(checkout / "config").sources.entries.items()}
