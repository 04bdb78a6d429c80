"""Day by day equals all at once, whatever changes in whatever order."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.warehouse.build import build_tables
from kpi_pipeline.warehouse.canonical_hash import canonical_hash
from kpi_pipeline.warehouse.changes import prepare_meta, record_changes
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.sql_project import SqlProject, load_sql_project

FILES = {
    "staging/orders.sql": """\
-- One row per order.
-- grain: order_id
-- incremental: day
select orders.order_id, orders.day, orders.currency, orders.amount
from raw.orders as orders
qualify row_number() over (partition by orders.order_id, orders.day order by orders.amount) = 1
""",
    "staging/rates.sql": "-- One row per rate.\n-- incremental: day\nselect day, currency, rate from raw.rates\n",
    "core/rates.sql": """\
-- One row per day and currency: the last rate up to that day.
-- grain: day, currency
select
    days.day, -- day
    rates.currency, -- currency
    max_by(rates.rate, rates.day) as rate -- last earlier rate
from (select distinct day from staging.orders) as days
inner join staging.rates as rates on days.day >= rates.day
group by days.day, rates.currency
""",
    "core/orders.sql": """\
-- One row per order.
-- grain: day, order_id
-- incremental: day
select
    orders.day, -- day
    orders.order_id, -- order
    orders.amount * rates.rate as amount -- in reporting currency, unknown without rate
from staging.orders as orders
left join core.rates as rates using (day, currency)
""",
    "measures/orders.sql": """\
-- One row per day.
-- grain: day
-- incremental: day
-- covered by: orders
select
    day, -- day
    count(*) as orders, -- orders
    count(amount) as converted, -- orders with a known amount
    sum(amount) as sales -- amount
from core.orders
group by day
""",
    "views/running.sql": """\
-- One row per day.
-- grain: day
select
    day, -- day
    sum(orders) over (order by day) as orders_so_far -- orders up to this day
from measures.orders
""",
}

days = st.integers(0, 5).map(lambda number: date(2026, 1, 1) + timedelta(days=number))
currencies = st.sampled_from(["EUR", "GBP"])
order_rows = st.lists(st.tuples(st.integers(1, 4), currencies, st.integers(-3, 9)), max_size=4)
steps = st.one_of(
    st.tuples(st.just("orders"), days, order_rows),
    st.tuples(
        st.just("rates"), days, st.lists(st.tuples(currencies, st.integers(1, 3)), max_size=2, unique_by=lambda r: r[0])
    ),
    st.tuples(st.just("build"), days, st.just([])),
    st.tuples(st.just("everything"), days, st.just([])),
)


@contextmanager
def opened(folder: str, name: str) -> Iterator[DuckDbEngine]:
    engine = DuckDbEngine(Path(folder) / name, threads=1)
    prepare_meta(engine)
    engine.run("create schema raw")
    # Order ids of different days do not meet, so that the grain of staging holds.
    engine.run("create table raw.orders (order_id varchar, day date, currency varchar, amount decimal(18, 4))")
    engine.run("create table raw.rates (day date, currency varchar, rate decimal(10, 4))")
    yield engine
    engine.connection.close()


def replace_day(engine: DuckDbEngine, table: str, day: date, rows: list[tuple[object, ...]]) -> None:
    with engine.transaction():
        engine.run(f"delete from raw.{table} where day = $day", {"day": day})
        if table == "orders":
            listed = [f"('{day}-{number}', date '{day}', '{currency}', {amount})" for number, currency, amount in rows]
        else:
            listed = [f"(date '{day}', '{currency}', {rate})" for currency, rate in rows]
        if listed:
            engine.run(f"insert into raw.{table} values {', '.join(listed)}")
        record_changes(engine, f"raw.{table}", [day])


def hashes(engine: DuckDbEngine, project: SqlProject) -> dict[str, str]:
    return {file.table: canonical_hash(engine, file.table) for file in project.files}


@given(st.lists(steps, min_size=1, max_size=9))
@settings(max_examples=12, deadline=None)
def test_day_by_day_equals_all_at_once(taken: list[tuple[str, date, list[tuple[object, ...]]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            path = Path(folder) / "sql" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        project = load_sql_project(Path(folder) / "sql", ["raw.orders", "raw.rates"])
        with opened(folder, "day_by_day.duckdb") as engine:
            for kind, day, rows in taken:
                if kind == "build":
                    build_tables(engine, project).raise_failures()
                elif kind == "everything":
                    record_changes(engine, "raw.rates", None)
                else:
                    replace_day(engine, kind, day, rows)
            build_tables(engine, project).raise_failures()
            day_by_day = hashes(engine, project)
            raw = {table: engine.read(f"select * from raw.{table}") for table in ("orders", "rates")}
        with opened(folder, "at_once.duckdb") as engine:
            for table, rows_of_raw in raw.items():
                engine.connection.register("given", rows_of_raw)
                engine.run(f"insert into raw.{table} by name select * from given")
            build_tables(engine, project).raise_failures()
            assert hashes(engine, project) == day_by_day
