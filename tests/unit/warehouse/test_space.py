import logging
import shutil
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.errors import EngineError
from kpi_pipeline.warehouse import space as space_module
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.space import FileSpace, read_space, reclaim, rewrite

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def mostly_free(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of which most is free: a large table was dropped from it."""
    path = tmp_path_factory.mktemp("space") / "grown.duckdb"
    engine = DuckDbEngine(path, threads=1)
    engine.run("create schema core")
    engine.run("create table core.kept (day date not null, n integer primary key)")
    days = "date '2026-01-01' + cast(n % 7 as integer)"
    engine.run(f"insert into core.kept select {days}, n from range(5000) as numbers(n)")
    engine.replace_table("core.large", "select md5(cast(n as varchar)) as text from range(300000) as numbers(n)")
    # What stands behind a large table keeps the file from becoming shorter when it goes.
    engine.run("checkpoint")
    engine.replace_table("core.behind", "select n from range(5000) as numbers(n)")
    engine.run("checkpoint")
    engine.run("drop table core.large")
    engine.close()
    return path


@pytest.fixture
def grown(mostly_free: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(mostly_free, tmp_path))


def contents(path: Path) -> list[list[tuple[object, ...]]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return [
            connection.execute(query).fetchall()
            for query in ("from core.kept", "from core.behind", "select constraint_text from duckdb_constraints()")
        ]


def storage_version(path: Path) -> int:
    return int.from_bytes(path.read_bytes()[12:20], "little")


def test_a_file_is_written_anew_with_the_same_rows_in_the_same_order(grown: Path) -> None:
    grown.chmod(0o600)
    before, size, version = contents(grown), grown.stat().st_size, storage_version(grown)
    rewrite(grown)
    assert contents(grown) == before
    assert grown.stat().st_size < size / 3
    assert storage_version(grown) == version <= 68
    assert grown.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in grown.parent.iterdir()] == ["grown.duckdb"]


def test_the_space_is_told(grown: Path) -> None:
    engine = DuckDbEngine(grown)
    space = read_space(engine)
    engine.close()
    assert space.size == pytest.approx(grown.stat().st_size, abs=MEGABYTE)
    assert space.free > space.size / 2


@pytest.mark.parametrize(
    ("size", "free", "is_worth_it"),
    [(400, 250, True), (400, 190, False), (150, 99, False), (0, 0, False), (10_000, 5_001, True)],
)
def test_only_much_of_a_large_file_is_given_back(size: int, free: int, is_worth_it: bool) -> None:
    assert FileSpace(size * MEGABYTE, free * MEGABYTE).is_worth_reclaiming == is_worth_it


def test_a_small_file_is_left_alone(grown: Path) -> None:
    before = grown.read_bytes()
    assert not reclaim(grown, FileSpace(len(before), len(before) * 3 // 4))
    assert grown.read_bytes() == before


@pytest.mark.parametrize("fault", ["no room", "a log", "a copy that lacks a row"])
def test_what_goes_wrong_leaves_the_file_and_fails_no_run(
    grown: Path, fault: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = grown.read_bytes()
    if fault == "no room":
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10, 9, 1))  # type: ignore[attr-defined]
    elif fault == "a log":
        grown.with_name("grown.duckdb.wal").write_bytes(b"")
    else:
        counts = iter([{"core.kept": 5000}, {"core.kept": 4999}])
        monkeypatch.setattr(space_module, "_counts", lambda _connection, _name: next(counts))
    with caplog.at_level(logging.WARNING):
        assert not reclaim(grown, FileSpace(400 * MEGABYTE, 300 * MEGABYTE))
    assert "grown.duckdb" in caplog.text
    assert grown.read_bytes() == before
    assert not grown.with_name(".grown.duckdb.fresh").exists()


def test_a_file_in_use_is_not_replaced(grown: Path) -> None:
    engine = DuckDbEngine(grown)
    try:
        with pytest.raises(EngineError, match="stays as it was"):
            rewrite(grown)
    finally:
        engine.close()
