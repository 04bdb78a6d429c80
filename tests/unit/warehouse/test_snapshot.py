import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import PublishError
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.publish import publish_snapshot
from kpi_pipeline.warehouse.snapshot import current_snapshot, list_snapshots, open_snapshot
from kpi_pipeline.warehouse.snapshot_file import PublishedTable

VALUES = PublishedTable("kpi.values", "select 1 as a", "values", {"a": "a"})


def publish(folder: Path) -> Path:
    with closing(DuckDbEngine(folder / "warehouse.duckdb", threads=1)) as engine:
        plan: dict[Audience, list[PublishedTable]] = {"internal": [VALUES], "executive": [VALUES]}
        publish_snapshot(engine, folder / "published", "20260101-aa", plan, keep=3)
    return folder / "published"


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("untouched"))


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return publish(tmp_path)


# DuckDB's type stands in quotes here: the property tests keep test modules alive until the interpreter ends, and DuckDB
# reports types that live so long as leaked.
@pytest.fixture
def connection(untouched: Path) -> Iterator["duckdb.DuckDBPyConnection"]:
    with closing(open_snapshot(current_snapshot(untouched, "internal"))) as connection:
        yield connection


def test_the_current_snapshot_is_the_file_itself_and_not_the_pointer(published: Path) -> None:
    assert current_snapshot(published, "executive") == (published / "executive" / "20260101-aa.duckdb").resolve()


def test_nothing_published_is_an_error_with_advice(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"(?s)internal snapshot, found no pointer.*kpi run"):
        current_snapshot(tmp_path, "internal")
    assert list_snapshots(tmp_path, "internal") == []


def test_a_pointer_to_a_lost_file_is_an_error(published: Path) -> None:
    current_snapshot(published, "internal").unlink()
    with pytest.raises(PublishError, match="a file that is gone"):
        current_snapshot(published, "internal")


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").write_bytes(b"damaged")
    with pytest.raises(PublishError, match=r"x\.duckdb: the snapshot cannot be opened"):
        open_snapshot(tmp_path / "x.duckdb")
    with pytest.raises(PublishError, match="does not exist"):
        open_snapshot(tmp_path / "y.duckdb")


@pytest.mark.parametrize(
    "statement",
    [
        "create table kpi.x (i integer)",
        "insert into kpi.values values (2)",
        "drop table kpi.values",
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select * from read_text('/etc/passwd')",
        "select * from read_blob('/etc/passwd')",
        "select * from glob('/*')",
        "select * from sniff_csv('/etc/passwd')",
        "select * from read_json('/etc/passwd')",
        "select * from parquet_metadata('/etc/passwd')",
        "copy kpi.values to '/tmp/stolen.csv'",
        "copy kpi.values from '/etc/passwd'",
        "export database '/tmp/stolen'",
        "import database '/tmp/stolen'",
        "attach '/tmp/other.duckdb' as other",
        "attach ':memory:' as other",
        "install httpfs",
        "load httpfs",
        "force install httpfs from community",
        "set enable_external_access = true",
        "set memory_limit = '100GB'",
        "set threads = 64",
        "set temp_directory = '/tmp'",
        "set autoload_known_extensions = true",
        "set lock_configuration = false",
        "reset memory_limit",
        "set TimeZone = 'Asia/Tehran'",
        "create persistent secret s (type http, bearer_token 'x')",
        "select * from untouched",
    ],
)
def test_a_statement_that_reaches_out_of_the_file_is_refused(
    connection: "duckdb.DuckDBPyConnection", untouched: Path, statement: str
) -> None:
    before = sorted(path.name for path in untouched.rglob("*"))
    with pytest.raises(duckdb.Error):
        connection.execute(statement).fetchall()
    assert connection.execute("select a from kpi.values").fetchall() == [(1,)]
    assert sorted(path.name for path in untouched.rglob("*")) == before


@pytest.mark.parametrize(
    "statement",
    [
        "select a from kpi.values",
        "create temp table t as select 1",
        "select a from kpi.values; select 2",
        "show tables",
    ],
)
def test_ordinary_statements_run(connection: "duckdb.DuckDBPyConnection", statement: str) -> None:
    connection.execute(statement).fetchall()


def test_the_limits_are_set(connection: "duckdb.DuckDBPyConnection") -> None:
    found = dict(connection.execute("select name, value from duckdb_settings()").fetchall())
    assert (found["memory_limit"], found["threads"], found["temp_directory"]) == ("1.8 GiB", "4", "")
    assert (found["TimeZone"], found["access_mode"]) == ("UTC", "read_only")


def test_a_query_that_needs_too_much_memory_fails_and_writes_nothing(
    untouched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kpi_pipeline.warehouse.snapshot.MEMORY_LIMIT", "60MB")
    before = sorted(untouched.rglob("*"))
    with (
        closing(open_snapshot(untouched / "internal.duckdb")) as connection,
        pytest.raises(duckdb.OutOfMemoryException),
    ):
        connection.execute("select list(repeat('x', 1000) || i) from range(200000) as numbers(i)").fetchall()
    assert sorted(untouched.rglob("*")) == before


def test_several_programs_read_at_once_and_do_not_disturb_the_writer(
    connection: "duckdb.DuckDBPyConnection", engine: DuckDbEngine, untouched: Path
) -> None:
    script = (
        "import sys, pathlib\nfrom kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot\n"
        "print(open_snapshot(current_snapshot(pathlib.Path(sys.argv[1]), 'internal'))"
        ".execute('select a from kpi.values').fetchall())"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(untouched)], capture_output=True, text=True, check=True
    ).stdout
    assert told == "[(1,)]\n"
    engine.replace_table("core.t", "select 1 as a")
