from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.sql_project import SqlProject, load_sql_project


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDbEngine]:
    engine = DuckDbEngine(tmp_path / "warehouse.duckdb", threads=1)
    prepare_meta(engine)
    yield engine
    engine.close()


@pytest.fixture
def write_sql(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    def write(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / "sql" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return tmp_path / "sql"

    return write


@pytest.fixture
def load(write_sql: Callable[[Mapping[str, str]], Path]) -> Callable[[Mapping[str, str]], SqlProject]:
    def load(files: Mapping[str, str]) -> SqlProject:
        return load_sql_project(write_sql(files), ("raw.clicks", "raw.orders", "core.company"))

    return load
