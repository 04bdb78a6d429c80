"""DuckDB gives up in the middle of a run: the process ends with a message, and nothing goes on with what is left."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from kpi_pipeline.defs.sources import source_assets
from kpi_pipeline.errors import EngineLostError
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from tests.integration.books_company import BooksCompany, new_books_company

# The limit makes the disk look full when the run ends; DuckDB then declares its database invalid.
FULL_DISK = """
import pathlib, resource, signal, sys
from kpi_pipeline.cli import main as cli
from kpi_pipeline.warehouse import duckdb_engine
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
opened = duckdb_engine.DuckDbEngine.close
def close(engine):
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    opened(engine)
duckdb_engine.DuckDbEngine.close = close
sys.argv = ["kpi", "sources", "books", "--replay"]
cli.main()
"""


@pytest.fixture
def company(tmp_path: Path, checkout: Path) -> BooksCompany:
    company = new_books_company(tmp_path, checkout)
    company.export(12, {day: 100 + day for day in range(2, 12)})
    company.load()
    return company


@pytest.mark.slow
def test_the_process_ends_with_a_message_and_nothing_committed_is_lost(company: BooksCompany) -> None:
    told = subprocess.run(
        [sys.executable, "-c", FULL_DISK], env=company.environment(), capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert "DuckDB gave up" in told.stderr
    assert "This process must end now" in told.stderr
    assert "Traceback" not in told.stderr
    assert company.load() == ()
    engine = DuckDbEngine(company.installation.paths.warehouse, read_only=True)
    assert engine.read("select count(*) as n from raw.ledger_entries").to_pylist() == [{"n": 10}]
    engine.close()


def test_an_engine_that_is_lost_is_not_asked_again(tmp_path: Path) -> None:
    engine = DuckDbEngine(tmp_path / "w.duckdb")
    asked: list[object] = []
    engine._is_lost = True
    engine.connection = SimpleNamespace(execute=asked.append, sql=asked.append, close=lambda: None)  # type: ignore[assignment]
    for ask in (lambda: engine.run("select 1"), lambda: engine.read("select 1"), lambda: engine.exists("core.t")):
        with pytest.raises(EngineLostError, match="must end now"):
            ask()
    engine.close()
    assert asked == []


@pytest.mark.slow
def test_the_orchestrator_does_not_try_it_again_in_the_same_process(company: BooksCompany) -> None:
    attempts: list[str] = []

    class Lost:
        def ingest(self, name: str, _as_of: object) -> None:
            attempts.append(name)
            raise EngineLostError("DuckDB gave up")

    (asset,) = source_assets(company.installation.configuration)
    result = dg.materialize([asset], resources={"warehouse": Lost()}, partition_key="2026-11-20", raise_on_error=False)
    assert not result.success
    assert attempts == ["books"]
