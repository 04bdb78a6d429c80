from datetime import date

import pytest

from kpi_pipeline.warehouse.contents import read_contents
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine

FIRST, SECOND, THIRD = date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)
TWICE = ["date '2026-01-01', 1, 'a'", "date '2026-01-01', 1, 'a'"]
ONCE = ["date '2026-01-02', 2, null"]
WITHOUT_DAY = ["null, 3, 'c'"]


def write(engine: DuckDbEngine, rows: list[str], columns: str = "day, n, t") -> None:
    listed = ", ".join(f"({row})" for row in rows)
    engine.replace_table("core.t", f"select {columns} from (values {listed}) as rows(day, n, t)")


@pytest.mark.parametrize(
    ("before", "after", "days"),
    [
        (TWICE + ONCE, ONCE + TWICE, set()),
        (TWICE + ONCE, TWICE[:1] + ONCE, {FIRST}),
        (TWICE + ONCE, [*TWICE, "date '2026-01-02', 2, ''"], {SECOND}),
        (TWICE + ONCE, TWICE, {SECOND}),
        (TWICE + ONCE, [*TWICE, *ONCE, "date '2026-01-03', 2, 'x'"], {THIRD}),
        (TWICE + ONCE, ["date '2026-01-01', 2, null", "date '2026-01-02', 1, 'a'"], {FIRST, SECOND}),
        # Under xor, two equal rows would be as good as two other equal rows.
        (TWICE, ["date '2026-01-01', 7, 'x'", "date '2026-01-01', 7, 'x'"], {FIRST}),
        (TWICE + WITHOUT_DAY, WITHOUT_DAY + TWICE, set()),
        (TWICE + WITHOUT_DAY, TWICE, None),
    ],
)
def test_the_days_whose_rows_differ_are_found(
    engine: DuckDbEngine, before: list[str], after: list[str], days: set[date] | None
) -> None:
    write(engine, before)
    old = read_contents(engine, "core.t")
    write(engine, after)
    assert old.changed_days(read_contents(engine, "core.t")) == days


@pytest.mark.parametrize("columns", ["day, n", "day, n, t as other", "day, cast(n as bigint) as n, t", "n, day, t"])
def test_other_columns_are_a_change_of_everything(engine: DuckDbEngine, columns: str) -> None:
    write(engine, TWICE)
    old = read_contents(engine, "core.t")
    write(engine, TWICE, columns)
    assert old.changed_days(read_contents(engine, "core.t")) is None


def test_a_table_without_day_changes_as_a_whole_or_not_at_all(engine: DuckDbEngine) -> None:
    write(engine, TWICE, "n, t")
    old = read_contents(engine, "core.t")
    assert old.changed_days(read_contents(engine, "core.t")) == set()
    write(engine, TWICE + ONCE, "n, t")
    assert old.changed_days(read_contents(engine, "core.t")) is None


def test_only_the_asked_days_are_compared(engine: DuckDbEngine) -> None:
    write(engine, TWICE + ONCE)
    old = read_contents(engine, "core.t", [FIRST])
    assert set(old.days) == {FIRST}
    write(engine, TWICE)
    assert old.changed_days(read_contents(engine, "core.t", [FIRST])) == set()
