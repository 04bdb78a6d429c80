from datetime import date

import pytest

from kpi_pipeline.warehouse.changes import (
    Built,
    built_tables,
    changes_since,
    forget_built,
    last_changes,
    last_sequence,
    prepare_meta,
    record_built,
    record_changes,
)
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine

FIRST, SECOND, THIRD = date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)


def test_changed_days_are_told_per_table_since_a_moment(engine: DuckDbEngine) -> None:
    record_changes(engine, "raw.orders", [FIRST])
    record_changes(engine, "raw.orders", {SECOND, THIRD})
    record_changes(engine, "raw.clicks", [SECOND])
    record_changes(engine, "raw.other", [SECOND])
    tables = ["raw.orders", "raw.clicks", "raw.never"]
    assert changes_since(engine, tables, 0) == {"raw.orders": {FIRST, SECOND, THIRD}, "raw.clicks": {SECOND}}
    assert changes_since(engine, tables, 1) == {"raw.orders": {SECOND, THIRD}, "raw.clicks": {SECOND}}
    assert changes_since(engine, tables, 4) == {}
    assert last_sequence(engine) == 4
    assert last_changes(engine) == {"raw.orders": 2, "raw.clicks": 3, "raw.other": 4}


@pytest.mark.parametrize("whole_first", [True, False])
def test_a_change_of_everything_outweighs_days(engine: DuckDbEngine, whole_first: bool) -> None:
    for days in (None, [FIRST]) if whole_first else ([FIRST], None):
        record_changes(engine, "raw.orders", days)
    assert changes_since(engine, ["raw.orders"], 0) == {"raw.orders": None}


def test_a_row_without_a_day_changes_everything(engine: DuckDbEngine) -> None:
    record_changes(engine, "raw.deals", {FIRST, None, SECOND})
    assert changes_since(engine, ["raw.deals"], 0) == {"raw.deals": None}


def test_no_days_are_no_change(engine: DuckDbEngine) -> None:
    record_changes(engine, "raw.orders", [])
    assert last_sequence(engine) == 0
    assert changes_since(engine, ["raw.orders"], 0) == {}


def test_a_change_is_undone_with_its_transaction(engine: DuckDbEngine) -> None:
    with pytest.raises(ZeroDivisionError), engine.transaction():
        record_changes(engine, "raw.orders", [FIRST])
        raise ZeroDivisionError
    assert last_sequence(engine) == 0


def test_the_record_of_a_build_is_replaced_and_forgotten(engine: DuckDbEngine) -> None:
    record_built(engine, "core.orders", Built("a", 1))
    record_built(engine, "core.orders", Built("b", 2))
    record_built(engine, "core.others", Built("c", 3))
    assert built_tables(engine) == {"core.orders": Built("b", 2), "core.others": Built("c", 3)}
    forget_built(engine, "core.orders")
    assert built_tables(engine) == {"core.others": Built("c", 3)}


def test_preparing_again_keeps_everything(engine: DuckDbEngine) -> None:
    record_changes(engine, "raw.orders", [FIRST])
    record_built(engine, "core.orders", Built("a", 1))
    prepare_meta(engine)
    assert last_sequence(engine) == 1
    assert built_tables(engine) == {"core.orders": Built("a", 1)}
