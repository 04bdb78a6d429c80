from collections.abc import Callable, Mapping
from datetime import date

import pytest

from kpi_pipeline.errors import CheckFailedError
from kpi_pipeline.warehouse.checks import CheckWarning, TableCheckError, check_rows, refresh_warnings, standing_warnings
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.sql_file import SqlFile
from kpi_pipeline.warehouse.sql_project import SqlProject

FIRST, SECOND, THIRD = date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)
CLICKS = """
-- One row per campaign and day.
-- grain: day, campaign
-- check clicks_not_negative: clicks >= 0 -- a comment
-- check cost_is_known: cost is not null
-- warn clicks_within_impressions: clicks <= impressions
select
    day, -- day
    campaign, -- campaign
    clicks, -- clicks
    impressions, -- impressions
    cost -- cost
from raw.clicks
"""
GOOD = ["date '2026-01-01', 'a', 1, 9, 1.5", "date '2026-01-01', 'b', 2, 9, 1.5", "date '2026-01-02', 'a', 3, 9, 0"]

Load = Callable[[Mapping[str, str]], SqlProject]


@pytest.fixture
def clicks(load: Load) -> SqlFile:
    return load({"core/clicks.sql": CLICKS}).file("core.clicks")


def write(engine: DuckDbEngine, rows: list[str]) -> None:
    listed = ", ".join(f"({row})" for row in rows)
    engine.replace_table(
        "core.clicks", f"select * from (values {listed}) as rows(day, campaign, clicks, impressions, cost)"
    )


def test_good_rows_pass(engine: DuckDbEngine, clicks: SqlFile) -> None:
    write(engine, GOOD)
    check_rows(engine, clicks, None)
    refresh_warnings(engine, clicks, None)
    assert standing_warnings(engine) == {}


@pytest.mark.parametrize(
    ("row", "check", "messages"),
    [
        (
            "date '2026-01-03', 'a', -5, 9, 1",
            "clicks_not_negative",
            [":3: check clicks", "for 1 of", "clicks=-5", "Exp"],
        ),
        ("date '2026-01-03', 'a', 5, 9, null", "cost_is_known", [":4: check cost", "cost=None", "cost is not null"]),
        (
            "date '2026-01-03', null, 5, 9, 1",
            "grain",
            [":1: check grain", "campaign=None", "one row per day, campaign"],
        ),
        ("date '2026-01-02', 'a', 3, 9, 0", "grain", ["number_of_rows=2", "campaign=a", "2026-01-02"]),
    ],
)
def test_a_failing_row_is_shown(
    engine: DuckDbEngine, clicks: SqlFile, row: str, check: str, messages: list[str]
) -> None:
    write(engine, [*GOOD, row])
    with pytest.raises(TableCheckError) as caught:
        check_rows(engine, clicks, None)
    assert caught.value.check == check
    assert isinstance(caught.value, CheckFailedError)
    assert str(caught.value).startswith("sql/core/clicks.sql")
    assert all(message in str(caught.value) for message in messages), str(caught.value)


def test_an_unknown_value_does_not_fail_a_comparison(engine: DuckDbEngine, clicks: SqlFile) -> None:
    write(engine, [*GOOD, "date '2026-01-03', 'a', null, 9, 1"])
    check_rows(engine, clicks, None)


def test_only_a_few_failing_rows_are_shown(engine: DuckDbEngine, clicks: SqlFile) -> None:
    write(engine, [f"date '2026-01-01', 'c{number}', -1, 1, 1" for number in range(50)])
    with pytest.raises(TableCheckError, match="fails for 50 of") as caught:
        check_rows(engine, clicks, None)
    assert str(caught.value).count("campaign=") == 3


def test_rows_that_were_checked_before_are_not_checked_again(engine: DuckDbEngine, clicks: SqlFile) -> None:
    write(engine, [*GOOD, "date '2026-01-03', 'a', -5, 9, 1", "date '2026-01-02', 'a', 3, 9, 0"])
    check_rows(engine, clicks, [FIRST])
    with pytest.raises(TableCheckError, match="clicks_not_negative"):
        check_rows(engine, clicks, [FIRST, THIRD])
    with pytest.raises(TableCheckError, match="check grain"):
        check_rows(engine, clicks, [SECOND])


def test_a_grain_without_day_is_checked_over_all_days(engine: DuckDbEngine, load: Load) -> None:
    text = "-- One row.\n-- grain: id\n-- incremental: day\nselect day, -- d\nid -- i\nfrom raw.orders"
    orders = load({"core/orders.sql": text}).file("core.orders")
    engine.replace_table("core.orders", "select unnest([date '2026-01-01', '2026-01-02']) as day, 7 as id")
    with pytest.raises(TableCheckError, match="id=7, number_of_rows=2"):
        check_rows(engine, orders, [SECOND])


def test_a_check_may_be_named_like_a_word_of_sql(engine: DuckDbEngine, load: Load) -> None:
    text = "-- One row.\n-- grain: id\n-- check order: id > 5\n-- warn select: id > 6\nselect id -- i\nfrom raw.orders"
    file = load({"core/orders.sql": text}).file("core.orders")
    engine.replace_table("core.orders", "select 6 as id")
    check_rows(engine, file, None)
    refresh_warnings(engine, file, None)
    assert [warning.check for warning in standing_warnings(engine)["core.orders"]] == ["select"]


def test_a_table_without_grain_and_checks_is_not_read(engine: DuckDbEngine, load: Load) -> None:
    file = load({"staging/x.sql": "-- One row.\nselect a from raw.orders"}).file("staging.x")
    check_rows(engine, file, None)


def test_warnings_are_counted_and_stand_until_their_days_are_rebuilt(engine: DuckDbEngine, clicks: SqlFile) -> None:
    bad = [f"date '2026-01-0{day}', 'c{number}', 10, 9, 1" for day, number in ((1, 1), (1, 2), (3, 1))]
    write(engine, [*GOOD, *bad])
    check_rows(engine, clicks, None)
    refresh_warnings(engine, clicks, None)
    warning = CheckWarning("clicks_within_impressions", 3, FIRST, THIRD)
    assert standing_warnings(engine) == {"core.clicks": (warning,)}
    assert str(warning) == "clicks_within_impressions does not hold for 3 rows from 2026-01-01 to 2026-01-03"
    write(engine, GOOD)
    refresh_warnings(engine, clicks, [SECOND])
    assert standing_warnings(engine) == {"core.clicks": (warning,)}
    refresh_warnings(engine, clicks, [THIRD])
    assert standing_warnings(engine)["core.clicks"][0].failing_rows == 2
    refresh_warnings(engine, clicks, None)
    assert standing_warnings(engine) == {}


def test_warnings_of_a_table_without_day_have_no_days(engine: DuckDbEngine, load: Load) -> None:
    text = "-- One row.\n-- grain: id\n-- warn small: id < 5\nselect id -- i\nfrom raw.orders"
    file = load({"core/orders.sql": text}).file("core.orders")
    engine.replace_table("core.orders", "select i as id from range(9) as numbers(i)")
    refresh_warnings(engine, file, None)
    refresh_warnings(engine, file, None)
    warning = CheckWarning("small", 4, None, None)
    assert standing_warnings(engine) == {"core.orders": (warning,)}
    assert str(warning) == "small does not hold for 4 rows"
