from datetime import date

import duckdb

from kpi_pipeline.warehouse.quoting import day_condition, quoted_name, quoted_table, quoted_text

HOSTILE = 'x" int); create table pwn(i int); --'


def test_a_hostile_column_name_stays_a_name() -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table t ({quoted_name(HOSTILE)} integer)")
        assert connection.execute("select table_name from duckdb_tables()").fetchall() == [("t",)]
        assert connection.execute("select column_name from duckdb_columns()").fetchall()[0] == (HOSTILE,)


def test_a_text_literal_is_that_text() -> None:
    text = "it's '' -- \\ \n ; '"
    with duckdb.connect() as connection:
        assert connection.execute(f"select {quoted_text(text)}").fetchall() == [(text,)]


def test_each_part_of_a_table_name_is_quoted() -> None:
    assert quoted_table("kpi.values") == '"kpi"."values"'
    assert quoted_table("snapshot.kpi.values") == '"snapshot"."kpi"."values"'


def test_the_condition_holds_for_the_days_and_no_others() -> None:
    condition = day_condition({date(2026, 1, 5), date(2026, 1, 2)})
    with duckdb.connect() as connection:
        found = connection.execute(
            "select day from (select date '2026-01-01' + cast(i as integer) as day from range(10) as days(i)) as days"
            f" where {condition}"
        ).fetchall()
    assert found == [(date(2026, 1, 2),), (date(2026, 1, 5),)]
