import hashlib

import pytest

from kpi_pipeline.warehouse.canonical_hash import canonical_hash
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine

ROWS = "select 1 as a, 'x' as b union all select 2, null union all select 2, null"


@pytest.fixture
def first(engine: DuckDbEngine) -> str:
    engine.replace_table("core.t", ROWS)
    return canonical_hash(engine, "core.t")


def test_the_hash_is_that_of_the_sorted_rows_as_text(first: str) -> None:
    # Columns by name; 1f between values, 1e before each row; NULL is \N.
    assert first == hashlib.sha256(b"a\x1fb\x1e1\x1fx\x1e2\x1f\\N\x1e2\x1f\\N").hexdigest()


@pytest.mark.parametrize(
    "same",
    [
        "select 2 as a, null as b union all select 1, 'x' union all select 2, null",
        "select 'x' as b, 1 as a union all select null, 2 union all select null, 2",
        f"select * from ({ROWS}) as rows order by a desc",
    ],
)
def test_the_order_of_rows_and_columns_does_not_matter(engine: DuckDbEngine, first: str, same: str) -> None:
    engine.replace_table("core.other", same)
    assert canonical_hash(engine, "core.other") == first


@pytest.mark.parametrize(
    "other",
    [
        "select 1 as a, 'x' as b union all select 2, null",
        "select 1 as a, 'x' as b union all select 2, '' union all select 2, null",
        "select 1 as a, 'x' as b union all select 2, '\\N' union all select 2, null",
        "select 1 as a, 'x' as c union all select 2, null union all select 2, null",
        "select 1 as a, 'X' as b union all select 2, null union all select 2, null",
        "select 1.0 as a, 'x' as b union all select 2, null union all select 2, null",
    ],
)
def test_another_value_or_name_is_another_hash(engine: DuckDbEngine, first: str, other: str) -> None:
    engine.replace_table("core.other", other)
    assert canonical_hash(engine, "core.other") != first


def test_separators_inside_texts_do_not_shift_values(engine: DuckDbEngine) -> None:
    hashes = set()
    for row in ("'a' || chr(31) || 'b', 'c'", "'a', 'b' || chr(31) || 'c'", "'a\\sb', 'c'", "'a' || chr(30), 'b'"):
        engine.replace_table("core.t", f"select a, b from (values ({row})) as rows(a, b)")
        hashes.add(canonical_hash(engine, "core.t"))
    assert len(hashes) == 4


def test_excluded_columns_do_not_count(engine: DuckDbEngine, first: str) -> None:
    engine.replace_table("core.other", f"select *, uuid() as run from ({ROWS}) as rows")
    assert canonical_hash(engine, "core.other", exclude=["run"]) == first


def test_doubles_count_by_their_first_digits(engine: DuckDbEngine) -> None:
    hashes = set()
    for value in ("0.1::double + 0.2::double", "0.3::double", "0.3::double + 1e-15"):
        engine.replace_table("core.t", f"select {value} as a")
        hashes.add(canonical_hash(engine, "core.t"))
    assert len(hashes) == 1
    for value in ("0.30000001::double", "-0.3::double", "'nan'::double", "null::double"):
        engine.replace_table("core.t", f"select {value} as a")
        hashes.add(canonical_hash(engine, "core.t"))
    assert len(hashes) == 5


def test_a_negative_zero_is_zero(engine: DuckDbEngine) -> None:
    engine.replace_table("core.t", "select 0.0::double as a")
    engine.replace_table("core.u", "select -(0.0::double) as a")
    assert canonical_hash(engine, "core.t") == canonical_hash(engine, "core.u")


def test_an_empty_table_has_a_hash_of_its_columns(engine: DuckDbEngine) -> None:
    engine.replace_table("core.t", "select 1 as a where false")
    assert canonical_hash(engine, "core.t") == hashlib.sha256(b"a").hexdigest()
