import os
import struct
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kpi_pipeline.errors import EngineError, EngineLostError
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine

DAYS = "select date '2026-01-01' + cast(number % 10 as integer) as day, number from range(100) as numbers(number)"


def values(engine: DuckDbEngine, query: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in engine.read(query).to_pylist()]


def test_a_table_is_replaced_whole_and_its_schema_is_created(engine: DuckDbEngine) -> None:
    assert engine.replace_table("core.numbers", "select 1 as a union all select 2") == 2
    assert engine.replace_table("core.numbers", "-- a header\nselect 7 as a, 'x' as b -- and a note") == 1
    assert values(engine, "select a, b from core.numbers") == [(7, "x")]


def test_only_the_named_days_are_replaced(engine: DuckDbEngine) -> None:
    engine.replace_table("core.numbers", DAYS)
    third, fifth = date(2026, 1, 3), date(2026, 1, 5)
    # The columns come in another order, and rows of other days must be left out.
    new = f"select -number as number, day from ({DAYS}) as days where number < 50 -- half"
    assert engine.replace_days("core.numbers", new, [fifth, third]) == 10
    sums = dict(values(engine, "select day, sum(number) as total from core.numbers group by day"))
    # Day d holds d-1, d+9 ... d+89: 10 (d-1) + 450, and of the halved ones -(5 (d-1) + 100).
    assert sums == {
        date(2026, 1, day): (Decimal(-(5 * (day - 1) + 100)) if day in (3, 5) else Decimal(10 * (day - 1) + 450))
        for day in range(1, 11)
    }


def test_replacing_no_days_does_nothing(engine: DuckDbEngine) -> None:
    engine.replace_table("core.numbers", DAYS)
    assert engine.replace_days("core.numbers", DAYS, []) == 0
    assert values(engine, "select count(*) from core.numbers") == [(100,)]


def test_a_transaction_keeps_all_or_nothing(engine: DuckDbEngine) -> None:
    engine.replace_table("core.numbers", "select 1 as a")
    with pytest.raises(ZeroDivisionError), engine.transaction():
        engine.replace_table("core.numbers", "select 2 as a")
        engine.replace_table("core.others", "select 2 as a")
        raise ZeroDivisionError
    assert values(engine, "select a from core.numbers") == [(1,)]
    assert not engine.exists("core.others")
    with engine.transaction():
        engine.replace_table("core.others", "select 3 as a")
    assert values(engine, "select a from core.others") == [(3,)]


def test_a_failed_replacement_of_days_leaves_the_rows(engine: DuckDbEngine) -> None:
    engine.replace_table("core.numbers", DAYS)
    with pytest.raises(EngineError, match="Could not convert"):
        engine.replace_days("core.numbers", "select date '2026-01-01' as day, 'x' as number", [date(2026, 1, 1)])
    assert values(engine, "select count(*) from core.numbers") == [(100,)]


def test_transactions_do_not_nest(engine: DuckDbEngine) -> None:
    with pytest.raises(EngineError, match="inside another"), engine.transaction(), engine.transaction():
        pass
    engine.run("create table t (a integer)")


def test_parameters_are_values_and_never_sql(engine: DuckDbEngine) -> None:
    engine.run("create table t (a varchar)")
    engine.run("insert into t values ($a)", {"a": "x'); drop table t; --"})
    assert values(engine, "select a from t") == [("x'); drop table t; --",)]
    found = engine.read("select count(*) as n from t where a = $a", {"a": "x'); drop table t; --"})
    assert found.to_pylist() == [{"n": 1}]


def test_a_table_name_is_a_name_whatever_it_holds(engine: DuckDbEngine) -> None:
    engine.replace_table('core.x" as select 1; create table pwned as select 1; --', "select 1 as a")
    assert not engine.exists("main.pwned")
    assert engine.exists('core.x" as select 1; create table pwned as select 1; --')


def test_an_error_names_the_file_and_the_statement(engine: DuckDbEngine) -> None:
    with pytest.raises(
        EngineError, match=r"(?s)warehouse\.duckdb.*missing_table.*The statement: select a from missing"
    ):
        engine.read("select a from missing_table")


def test_a_long_statement_is_cut_in_the_error(engine: DuckDbEngine) -> None:
    with pytest.raises(EngineError) as caught:
        engine.run(f"select nothing from missing -- {'x' * 5000}")
    assert len(str(caught.value)) < 2000


def test_a_python_variable_is_no_table(engine: DuckDbEngine) -> None:
    rows = engine.read("select 1 as a")
    assert rows.num_rows == 1
    with pytest.raises(EngineError, match="rows does not exist"):
        engine.read("select a from rows")


def test_the_settings_do_not_depend_on_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    engine = DuckDbEngine(path, memory_limit="500MB", threads=1)
    found = dict(values(engine, "select name, value from duckdb_settings()"))
    assert found["memory_limit"] == "476.8 MiB"
    assert found["threads"] == "1"
    assert found["temp_directory"] == f"{path}.tmp"
    assert found["TimeZone"] == "UTC"
    off = ("preserve_insertion_order", "autoinstall_known_extensions", "autoload_known_extensions")
    assert {found[name] for name in off} == {"false"}
    engine.close()


def test_instants_do_not_depend_on_the_time_zone_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tehran")
    engine = DuckDbEngine(tmp_path / "zone.duckdb")
    query = "select cast(cast(timestamptz '2026-01-01 00:00:00+00' as timestamp) as varchar) as instant"
    assert values(engine, query) == [("2026-01-01 00:00:00",)]
    engine.close()


def storage_version(path: Path) -> int:
    # Behind a checksum and the magic bytes "DUCK" stands the version number.
    header = path.read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    return int.from_bytes(header[12:20], "little")


def test_the_file_is_readable_for_the_older_supported_version(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    DuckDbEngine(path).close()
    # DuckDB 1.5 refuses a file with: "we can only read versions between 64 and 68".
    assert storage_version(path) <= 68


def test_closing_leaves_no_write_ahead_log(tmp_path: Path) -> None:
    engine = DuckDbEngine(tmp_path / "folder" / "new.duckdb")
    engine.replace_table("core.numbers", "select 1 as a")
    assert (tmp_path / "folder" / "new.duckdb.wal").exists()
    engine.close()
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["new.duckdb"]


def test_a_file_held_by_another_program_is_named(engine: DuckDbEngine, tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\nfrom kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine\n"
        "from kpi_pipeline.errors import EngineError\n"
        "try: DuckDbEngine(pathlib.Path(sys.argv[1]))\nexcept EngineError as error: print(error)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "warehouse.duckdb")], capture_output=True, text=True, check=True
    ).stdout
    assert f"PID {os.getpid()}" in told
    assert "close the other program" in told


def test_a_damaged_file_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "damaged.duckdb"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(EngineError, match=r"(?s)damaged\.duckdb.*kpi rebuild"):
        DuckDbEngine(path)


def test_a_file_of_a_newer_version_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "newer.duckdb"
    DuckDbEngine(path).close()
    content = bytearray(path.read_bytes())
    content[12:20] = (5000).to_bytes(8, "little")
    checksum = 5381
    for (word,) in struct.iter_unpack("<Q", content[8:4096]):
        checksum ^= word * 0xBF58476D1CE4E5B9 % 2**64
    content[:8] = checksum.to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(EngineError, match="made by a newer DuckDB"):
        DuckDbEngine(path)


# The limit makes the disk look full. DuckDB then declares its database invalid; only a new process can go on.
FULL_DISK = """
import pathlib, resource, signal, sys
from kpi_pipeline.errors import EngineError, EngineLostError
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
engine = DuckDbEngine(pathlib.Path(sys.argv[1]))
engine.replace_table("core.texts", "select md5(cast(i as varchar)) as text from range(50000) as numbers(i)")
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for statement in ("checkpoint", "select 1"):
    try:
        engine.run(statement)
    except EngineLostError as error:
        print(type(error).__name__, "must end" in str(error))
engine.close()
"""


def test_when_duckdb_gives_up_the_error_says_so_and_nothing_committed_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "full.duckdb"
    told = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == ["EngineLostError True", "EngineLostError True"]
    engine = DuckDbEngine(path)
    assert values(engine, "select count(*) from core.texts") == [(50000,)]
    engine.close()


def test_an_engine_that_gave_up_is_an_engine_error() -> None:
    assert issubclass(EngineLostError, EngineError)
