import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import duckdb
import pytest

from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import EngineError, PublishError
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.publish import publish_snapshot
from kpi_pipeline.warehouse.snapshot import current_snapshot, list_snapshots, open_snapshot
from kpi_pipeline.warehouse.snapshot_file import PublishedTable, verify_snapshot_file

AUDIENCES: tuple[Audience, ...] = ("internal", "executive")


def table(name: str, query: str, **notes: str) -> PublishedTable:
    return PublishedTable(name, query, f"The table {name}.", notes)


def plan(snapshot_id: str) -> dict[Audience, list[PublishedTable]]:
    values = table(
        "kpi.values",
        f"select number % 7 as n, '{snapshot_id}' as snapshot_id from range(20000) as numbers(number) -- all",
        n="a number",
        snapshot_id="which",
    )
    snapshot = table("kpi.snapshot", f"select '{snapshot_id}' as snapshot_id", snapshot_id="which")
    return {
        "internal": [values, snapshot, table("core.secret", "select 42 as n", n="it")],
        "executive": [values, snapshot],
    }


def publish(engine: DuckDbEngine, published: Path, snapshot_id: str, keep: int = 14) -> dict[Audience, Path]:
    return publish_snapshot(engine, published, snapshot_id, plan(snapshot_id), keep=keep)


def ids(published: Path, audience: Audience) -> set[tuple[str, int]]:
    with closing(open_snapshot(current_snapshot(published, audience))) as connection:
        return set(
            connection.execute(
                "select snapshot_id, count(*) from kpi.values group by all"
                " union all select snapshot_id, 20000 * count(*) from kpi.snapshot group by all"
            ).fetchall()
        )


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "published"


def test_each_audience_gets_its_file_and_nothing_else(engine: DuckDbEngine, published: Path) -> None:
    files = publish(engine, published, "20260101-aa")
    assert files == {audience: published / audience / "20260101-aa.duckdb" for audience in AUDIENCES}
    assert names(published) == [
        "executive.duckdb",
        "executive/20260101-aa.duckdb",
        "internal.duckdb",
        "internal/20260101-aa.duckdb",
    ]
    assert (published / "internal.duckdb").readlink() == Path("internal/20260101-aa.duckdb")
    with closing(open_snapshot(files["executive"])) as connection:
        found = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() order by all"
        ).fetchall()
    assert found == [("kpi.snapshot",), ("kpi.values",)]
    assert b"secret" not in files["executive"].read_bytes()
    assert ids(published, "internal") == ids(published, "executive") == {("20260101-aa", 20000)}


def test_the_file_is_described_sorted_and_readable_for_older_clients(engine: DuckDbEngine, published: Path) -> None:
    file = publish(engine, published, "a")["internal"]
    with closing(open_snapshot(file)) as connection:
        assert connection.execute("select n from kpi.values").fetchall() == sorted((n % 7,) for n in range(20000))
        assert connection.execute(
            "select comment from duckdb_tables() union all select comment from duckdb_columns() order by all"
        ).fetchall()[:4] == [
            ("The table core.secret.",),
            ("The table kpi.snapshot.",),
            ("The table kpi.values.",),
            ("a number",),
        ]
    # DuckDB 1.5 reads storage versions up to 68; the number stands behind the magic bytes.
    assert int.from_bytes(file.read_bytes()[12:20], "little") <= 68
    assert file.stat().st_mode & 0o222 == 0


def test_hostile_texts_stay_comments(engine: DuckDbEngine, published: Path) -> None:
    note = "it's a \"note\"'; drop table kpi.values; --"
    column = 'x" int); create table pwned(i int); --'
    tables = [PublishedTable("kpi.odd", f'select 1 as "{column.replace(chr(34), chr(34) * 2)}"', note, {column: note})]
    file = publish_snapshot(engine, published, "a", {"internal": tables}, keep=3)["internal"]
    with closing(open_snapshot(file)) as connection:
        assert connection.execute("select table_name, comment from duckdb_tables()").fetchall() == [("odd", note)]
        assert connection.execute(
            "select column_name, comment from duckdb_columns() where not internal"
        ).fetchall() == [(column, note)]


def test_what_stands_is_not_written_again(engine: DuckDbEngine, published: Path) -> None:
    first = publish(engine, published, "a")
    before = [path.stat().st_mtime_ns for path in first.values()]
    assert publish(engine, published, "a") == first
    assert [path.stat().st_mtime_ns for path in first.values()] == before


def test_a_file_that_was_damaged_is_written_again(engine: DuckDbEngine, published: Path) -> None:
    file = publish(engine, published, "a")["internal"]
    file.chmod(0o644)
    file.write_bytes(b"damaged")
    publish(engine, published, "a")
    assert ids(published, "internal") == {("a", 20000)}


def test_an_earlier_state_can_become_current_again(engine: DuckDbEngine, published: Path) -> None:
    for snapshot_id in ("a", "b", "a"):
        publish(engine, published, snapshot_id)
        assert ids(published, "executive") == {(snapshot_id, 20000)}


def test_a_reader_keeps_what_it_opened_even_when_the_file_is_deleted(engine: DuckDbEngine, published: Path) -> None:
    publish(engine, published, "first")
    with closing(open_snapshot(published / "internal.duckdb")) as reader:
        for snapshot_id in ("a", "b", "c"):
            publish(engine, published, snapshot_id, keep=1)
            assert reader.execute("select distinct snapshot_id from kpi.values").fetchall() == [("first",)]
            assert ids(published, "internal") == {(snapshot_id, 20000)}
    assert not (published / "internal" / "first.duckdb").exists()


def test_the_newest_are_kept_and_the_current_one_always(engine: DuckDbEngine, published: Path) -> None:
    for snapshot_id in ("a", "b", "c", "d"):
        publish(engine, published, snapshot_id, keep=3)
    assert [path.stem for path in list_snapshots(published, "internal")] == ["d", "c", "b"]
    # The oldest becomes current again: it stays, although two others are newer.
    publish(engine, published, "b", keep=1)
    assert {path.stem for path in list_snapshots(published, "executive")} == {"b", "d"}
    assert ids(published, "executive") == {("b", 20000)}


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (table("kpi.bad", "select 1 as a, 2 as b", a="a"), PublishError, r"not described: \['b'\]"),
        (table("kpi.bad", "select 1 as a", a="a", b="b"), PublishError, r"not in the query: \['b'\]"),
        (table("kpi.bad", "select missing as a", a="a"), EngineError, "missing"),
    ],
)
def test_a_file_that_cannot_be_made_leaves_everything_as_it_was(
    engine: DuckDbEngine, published: Path, bad: PublishedTable, error: type[Exception], message: str
) -> None:
    publish(engine, published, "a")
    before = names(published)
    tables = plan("b")
    tables["executive"].append(bad)
    with pytest.raises(error, match=message):
        publish_snapshot(engine, published, "b", tables, keep=3)
    assert ids(published, "internal") == ids(published, "executive") == {("a", 20000)}
    publish(engine, published, "a")
    assert names(published) == before
    publish(engine, published, "b")
    assert ids(published, "internal") == {("b", 20000)}


def test_a_file_that_holds_less_than_was_written_is_not_published(engine: DuckDbEngine, published: Path) -> None:
    file = publish(engine, published, "a")["internal"]
    counts = {"kpi.values": 20000, "kpi.snapshot": 1, "core.secret": 1}
    verify_snapshot_file(file, counts)
    for expected in (counts | {"kpi.values": 20001}, counts | {"kpi.more": 1}, {"kpi.values": 20000}):
        with pytest.raises(PublishError, match="nothing is published"):
            verify_snapshot_file(file, expected)


@pytest.mark.parametrize("snapshot_id", ["../a", "", "a/b", ".a", "a b"])
def test_an_id_that_is_no_file_name_is_refused(engine: DuckDbEngine, published: Path, snapshot_id: str) -> None:
    with pytest.raises(PublishError, match="no snapshot id"):
        publish(engine, published, snapshot_id)
    assert not published.exists()


def test_readers_see_whole_snapshots_while_new_ones_are_published(engine: DuckDbEngine, published: Path) -> None:
    publish(engine, published, "000")
    seen: list[set[tuple[str, int]]] = []
    failures: list[Exception] = []
    done = Event()

    def read() -> None:
        while not done.is_set():
            try:
                seen.append(ids(published, "internal"))
            except Exception as error:
                failures.append(error)

    reader = Thread(target=read)
    reader.start()
    for number in range(1, 5):
        publish(engine, published, f"{number:03}")
    done.set()
    reader.join()
    assert failures == []
    assert all(len(each) == 1 for each in seen)
    order = [next(iter(each))[0] for each in seen]
    assert order == sorted(order)


# Kills itself at the n-th of: each file made read-only, each renamed, each pointer made and switched.
KILLED_PUBLISHER = """
import os, pathlib, signal, sys
sys.path.insert(0, sys.argv[4])
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from test_publish import publish
remaining = int(sys.argv[3])
def kill(event, arguments):
    global remaining
    if event in ("os.chmod", "os.rename", "os.symlink"):
        remaining -= 1
        if not remaining:
            os.kill(os.getpid(), signal.SIGKILL)
engine = DuckDbEngine(pathlib.Path(sys.argv[1]))
sys.addaudithook(kill)
publish(engine, pathlib.Path(sys.argv[2]), "new")
"""


@pytest.mark.parametrize(
    ("point", "current"),
    [
        (2, ("old", "old")),  # one file is written, the other is not yet verified
        (4, ("old", "old")),  # one file has its name, the other is still hidden
        (6, ("old", "old")),  # both files stand, the first pointer is made and not yet switched
        (8, ("new", "old")),  # the first pointer is switched
    ],
)
def test_a_killed_publisher_leaves_whole_snapshots_and_the_next_one_finishes(
    tmp_path: Path, point: int, current: Sequence[str]
) -> None:
    published = tmp_path / "published"
    path = tmp_path / "warehouse.duckdb"
    with closing(DuckDbEngine(path)) as engine:
        publish(engine, published, "old")
    arguments = [str(path), str(published), str(point), str(Path(__file__).parent)]
    killed = subprocess.run([sys.executable, "-c", KILLED_PUBLISHER, *arguments], check=False)
    assert killed.returncode == -9
    found: Mapping[Audience, set[tuple[str, int]]] = {audience: ids(published, audience) for audience in AUDIENCES}
    assert found == {audience: {(which, 20000)} for audience, which in zip(AUDIENCES, current, strict=True)}
    with closing(DuckDbEngine(path)) as engine:
        publish(engine, published, "new")
    assert {audience: ids(published, audience) for audience in AUDIENCES} == {
        each: {("new", 20000)} for each in AUDIENCES
    }
    assert [name for name in names(published) if Path(name).name.startswith(".")] == []
    with pytest.raises(duckdb.Error), closing(open_snapshot(published / "internal.duckdb")) as connection:
        connection.execute("insert into kpi.snapshot values ('x')")
