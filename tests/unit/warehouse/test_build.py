from collections.abc import Callable, Mapping
from datetime import date
from time import process_time

import pytest

from kpi_pipeline.errors import CheckFailedError, EngineLostError
from kpi_pipeline.warehouse.build import BuildReport, TableResult, build_tables
from kpi_pipeline.warehouse.changes import changes_since, last_sequence, record_changes
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.sql_project import SqlProject

Load = Callable[[Mapping[str, str]], SqlProject]

FIRST, SECOND, THIRD = date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)

STAGING = """
-- One row per click.
-- incremental: day
select day, campaign, cost from raw.clicks
"""
CORE = """
-- One row per day and campaign.
-- grain: day, campaign
-- incremental: day
-- check cost_not_negative: cost >= 0
-- warn cost_is_low: cost < 100
select
    day, -- day
    campaign, -- campaign
    sum(cost) as cost -- cost
from staging.clicks
group by day, campaign
"""
SHARE = """
-- One row per day: its cost and the running total, so that no day stands by itself.
-- grain: day
select
    day, -- day
    sum(cost) as cost, -- cost
    sum(sum(cost)) over (order by day) as total -- cost up to this day
from core.clicks
group by day
"""
LAST = """
-- One row per day.
-- grain: day
-- incremental: day
select day, -- day
total -- cost up to this day
from core.share
"""
CAMPAIGNS = """
-- One row per campaign.
-- grain: campaign
select distinct campaign -- campaign
from core.clicks
"""
FILES = {
    "staging/clicks.sql": STAGING,
    "core/clicks.sql": CORE,
    "core/share.sql": SHARE,
    "core/campaigns.sql": CAMPAIGNS,
    "views/last.sql": LAST,
}


@pytest.fixture
def project(engine: DuckDbEngine, load: Load) -> SqlProject:
    engine.run("create schema raw")
    engine.run("create table raw.clicks (day date, campaign varchar, cost decimal(18, 4))")
    put(engine, FIRST, ("a", 1), ("a", 2), ("b", 4))
    put(engine, SECOND, ("a", 8))
    put(engine, THIRD, ("b", 16))
    return load(FILES)


def put(engine: DuckDbEngine, day: date, *rows: tuple[str, float]) -> None:
    listed = ", ".join(f"(date '{day}', '{campaign}', {cost})" for campaign, cost in rows)
    with engine.transaction():
        engine.run("delete from raw.clicks where day = $day", {"day": day})
        if rows:
            engine.run(f"insert into raw.clicks values {listed}")
        record_changes(engine, "raw.clicks", [day])


def rows(engine: DuckDbEngine, table: str, columns: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in engine.read(f"select {columns} from {table} order by all").to_pylist()]


def by_table(report: BuildReport) -> dict[str, TableResult]:
    return {result.table: result for result in report.results}


def built(report: BuildReport) -> set[str]:
    return {result.table for result in report.results if result.was_built}


def test_a_first_build_makes_every_table(engine: DuckDbEngine, project: SqlProject) -> None:
    told: list[TableResult] = []
    report = build_tables(engine, project, told.append)
    assert report.results == tuple(told)
    assert built(report) == {file.table for file in project.files}
    assert [(result.rows, result.changed_days) for result in told if result.table == "core.clicks"] == [(4, None)]
    assert rows(engine, "core.share", "cast(day as varchar), cast(total as integer)") == [
        ("2026-01-01", 7),
        ("2026-01-02", 15),
        ("2026-01-03", 31),
    ]
    report.raise_failures()


def test_nothing_new_builds_nothing(engine: DuckDbEngine, project: SqlProject) -> None:
    build_tables(engine, project)
    sequence = last_sequence(engine)
    report = build_tables(engine, project)
    assert built(report) == set()
    assert {result.changed_days for result in report.results} == {frozenset()}
    assert by_table(report)["core.clicks"].rows == 4
    assert last_sequence(engine) == sequence


def test_only_changed_days_are_replaced_and_passed_on(engine: DuckDbEngine, project: SqlProject) -> None:
    build_tables(engine, project)
    # Nobody recorded this change, so an incremental table must not see it.
    engine.run("update raw.clicks set cost = 1000 where day = date '2026-01-03'")
    put(engine, SECOND, ("a", 3))
    results = by_table(build_tables(engine, project))
    assert results["staging.clicks"].changed_days == {SECOND}
    assert results["core.clicks"].changed_days == {SECOND}
    assert rows(engine, "core.clicks", "cast(day as varchar), campaign, cast(cost as integer)") == [
        ("2026-01-01", "a", 3),
        ("2026-01-01", "b", 4),
        ("2026-01-02", "a", 3),
        ("2026-01-03", "b", 16),
    ]
    # Rebuilt whole, because it is not incremental: the running total differs from the second day on.
    assert results["core.share"].changed_days == {SECOND, THIRD}
    assert results["views.last"].changed_days == {SECOND, THIRD}
    # Rebuilt, but no campaign came or went.
    assert results["core.campaigns"].changed_days == frozenset()


def test_the_changed_days_of_all_inputs_are_replaced(engine: DuckDbEngine, project: SqlProject, load: Load) -> None:
    engine.run("create table raw.orders (day date, orders integer)")
    engine.run("insert into raw.orders select day, 1 from raw.clicks group by day")
    both = """
        -- One row per day.
        -- grain: day
        -- incremental: day
        select
            clicks.day, -- day
            sum(clicks.cost) as cost, -- cost
            max(orders.orders) as orders -- orders
        from staging.clicks as clicks
        inner join raw.orders as orders using (day)
        group by clicks.day
    """
    project = load({"staging/clicks.sql": STAGING, "core/both.sql": both})
    build_tables(engine, project)
    put(engine, FIRST, ("a", 100))
    engine.run("update raw.orders set orders = 5 where day = date '2026-01-03'")
    record_changes(engine, "raw.orders", [THIRD])
    assert by_table(build_tables(engine, project))["core.both"].changed_days == {FIRST, THIRD}
    assert rows(engine, "core.both", "cast(cost as integer), orders") == [(8, 1), (16, 5), (100, 1)]


def test_a_table_rebuilt_whole_passes_on_only_the_days_that_differ(engine: DuckDbEngine, project: SqlProject) -> None:
    build_tables(engine, project)
    sequence = last_sequence(engine)
    put(engine, THIRD, ("b", 17))
    build_tables(engine, project)
    changes = changes_since(engine, ["core.share", "core.campaigns", "views.last"], sequence)
    assert changes == {"core.share": {THIRD}, "views.last": {THIRD}}


def test_a_change_that_changes_no_row_goes_no_further(engine: DuckDbEngine, project: SqlProject) -> None:
    build_tables(engine, project)
    put(engine, SECOND, ("a", 5), ("a", 3))
    results = by_table(build_tables(engine, project))
    assert results["staging.clicks"].changed_days == {SECOND}
    assert results["core.clicks"].was_built
    assert results["core.clicks"].changed_days == frozenset()
    assert not results["core.share"].was_built


def test_a_day_that_becomes_empty_vanishes(engine: DuckDbEngine, project: SqlProject) -> None:
    build_tables(engine, project)
    put(engine, THIRD)
    build_tables(engine, project)
    assert [row[0] for row in rows(engine, "views.last", "day")] == [FIRST, SECOND]
    assert by_table(build_tables(engine, project))["core.campaigns"].rows == 2


def test_a_change_of_everything_rebuilds_whole(engine: DuckDbEngine, project: SqlProject) -> None:
    build_tables(engine, project)
    engine.run("update raw.clicks set cost = cost + 1 where day <> date '2026-01-02'")
    record_changes(engine, "raw.clicks", None)
    results = by_table(build_tables(engine, project))
    assert results["staging.clicks"].changed_days == {FIRST, THIRD}


def test_a_changed_file_is_rebuilt_with_what_follows_from_it(
    engine: DuckDbEngine, project: SqlProject, load: Load
) -> None:
    build_tables(engine, project)
    changed = FILES | {"core/clicks.sql": CORE.replace("sum(cost) as", "sum(cost) + if(day = '2026-01-03', 1, 0) as")}
    results = by_table(build_tables(engine, load(changed)))
    assert not results["staging.clicks"].was_built
    assert results["core.clicks"].changed_days == {THIRD}
    assert results["views.last"].changed_days == {THIRD}
    again = FILES | {"core/clicks.sql": changed["core/clicks.sql"].replace("-- cost\n", "-- money\n")}
    results = by_table(build_tables(engine, load(again)))
    assert results["core.clicks"].was_built
    assert results["core.clicks"].changed_days == frozenset()


def test_other_columns_are_a_change_of_everything(engine: DuckDbEngine, project: SqlProject, load: Load) -> None:
    build_tables(engine, project)
    wider = CORE.replace("sum(cost) as cost", "cast(sum(cost) as decimal(38, 6)) as cost")
    results = by_table(build_tables(engine, load(FILES | {"core/clicks.sql": wider})))
    assert results["core.clicks"].changed_days is None
    # An incremental reader inserts into the old types; so it must be built anew.
    assert rows(engine, "core.share", "typeof(cost)")[0] == ("DECIMAL(38,6)",)


def test_a_table_that_was_lost_is_built_again(engine: DuckDbEngine, project: SqlProject) -> None:
    build_tables(engine, project)
    engine.run("drop table core.clicks")
    results = by_table(build_tables(engine, project))
    assert results["core.clicks"].was_built
    assert results["core.clicks"].rows == 4


def test_a_table_whose_file_was_removed_is_dropped(engine: DuckDbEngine, project: SqlProject, load: Load) -> None:
    build_tables(engine, project)
    remaining = SqlProject(tuple(file for file in project.files if file.table != "views.last"), project.external_tables)
    build_tables(engine, remaining)
    assert not engine.exists("views.last")
    assert engine.exists("core.share")
    assert built(build_tables(engine, project)) == {"views.last"}


def test_a_failing_check_keeps_the_old_rows_skips_what_follows_and_builds_the_rest(
    engine: DuckDbEngine, project: SqlProject, load: Load
) -> None:
    files = FILES | {"staging/other.sql": "-- One row.\n-- incremental: day\nselect day, cost from raw.clicks"}
    project = load(files)
    build_tables(engine, project)
    before = {table: rows(engine, table, "*") for table in ("core.clicks", "core.share", "views.last")}
    put(engine, SECOND, ("a", -3))
    report = build_tables(engine, project)
    results = by_table(report)
    assert built(report) == {"staging.clicks", "staging.other"}
    failed = results["core.clicks"].failed_check
    assert failed is not None
    assert failed.check == "cost_not_negative"
    assert "sql/core/clicks.sql:4" in str(failed)
    assert "cost=-3.0000" in str(failed)
    skipped = {result.table: result.skipped_because for result in report.results if result.skipped_because}
    assert skipped == dict.fromkeys(("core.share", "core.campaigns", "views.last"), "core.clicks")
    assert before == {table: rows(engine, table, "*") for table in before}
    with pytest.raises(CheckFailedError, match=r"(?s)cost_not_negative.*Not rebuilt for this reason: core\.") as caught:
        report.raise_failures()
    assert "views.last" in str(caught.value)
    # It fails again until the source is corrected, and then all is as if it had never failed.
    assert by_table(build_tables(engine, project))["core.clicks"].failed_check == failed
    put(engine, SECOND, ("a", 3))
    report = build_tables(engine, project)
    report.raise_failures()
    assert by_table(report)["core.clicks"].changed_days == {SECOND}


def test_a_duplicate_of_the_grain_stops_the_table(engine: DuckDbEngine, project: SqlProject, load: Load) -> None:
    doubled = load({**FILES, "core/clicks.sql": CORE.replace("group by day, campaign", "group by day, campaign, cost")})
    failed = by_table(build_tables(engine, doubled))["core.clicks"].failed_check
    assert failed is not None
    assert failed.check == "grain"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select cast(campaign as integer) as n, -- n\nday -- d\nfrom staging.clicks", "Could not convert"),
        ("select missing as n, -- n\nday -- d\nfrom staging.clicks", "missing"),
        (
            "select date_trunc('week', day) as day, -- d\n1 as n -- n\nfrom staging.clicks",
            "expected a column day of type",
        ),
        ("select 1 as n, -- n\n'2026-01-01' as day -- d\nfrom staging.clicks", "expected a column day of type date"),
    ],
)
def test_a_select_that_cannot_run_stops_its_table_alone(
    engine: DuckDbEngine, project: SqlProject, load: Load, text: str, message: str
) -> None:
    files = {**FILES, "core/broken.sql": f"-- One row.\n-- grain: day, n\n{text}"}
    report = build_tables(engine, load(files))
    failed = by_table(report)["core.broken"].failed_check
    assert failed is not None
    assert failed.check == "query"
    assert str(failed).startswith("sql/core/broken.sql: the table cannot be built")
    assert message in str(failed)
    assert built(report) == {file.table for file in project.files}
    assert not engine.exists("core.broken")


def test_warnings_do_not_stop_and_stand_while_nothing_changes(engine: DuckDbEngine, project: SqlProject) -> None:
    put(engine, SECOND, ("a", 800))
    for _ in range(2):
        report = build_tables(engine, project)
        (warning,) = by_table(report)["core.clicks"].warnings
        assert (warning.check, warning.failing_rows, warning.first_day) == ("cost_is_low", 1, SECOND)
        report.raise_failures()
    put(engine, THIRD, ("b", 5))
    assert by_table(build_tables(engine, project))["core.clicks"].warnings == (warning,)
    put(engine, SECOND, ("a", 8))
    assert by_table(build_tables(engine, project))["core.clicks"].warnings == ()


def test_only_some_tables_may_be_asked_for(engine: DuckDbEngine, project: SqlProject) -> None:
    report = build_tables(engine, project, only={"staging.clicks", "core.clicks"})
    assert [result.table for result in report.results] == ["staging.clicks", "core.clicks"]
    assert not engine.exists("core.share")
    assert built(build_tables(engine, project)) == {"core.share", "core.campaigns", "views.last"}


def test_a_run_that_stops_inside_a_table_keeps_what_was_built_before(engine: DuckDbEngine, project: SqlProject) -> None:
    def stop(result: TableResult) -> None:
        if result.table == "core.clicks":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_tables(engine, project, stop)
    assert built(build_tables(engine, project)) == {"core.share", "core.campaigns", "views.last"}


def test_an_engine_that_gave_up_ends_the_build(
    engine: DuckDbEngine, project: SqlProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(table: str, query: str) -> int:
        raise EngineLostError(f"no room for {table}")

    monkeypatch.setattr(engine, "replace_table", give_up)
    with pytest.raises(EngineLostError, match=r"no room for staging\.clicks"):
        build_tables(engine, project)


def test_a_build_without_changes_costs_little(engine: DuckDbEngine, load: Load, project: SqlProject) -> None:
    chain = {
        f"core/t{number:02}.sql": CORE.replace(
            "staging.clicks", f"core.t{number - 1:02}" if number else "staging.clicks"
        )
        for number in range(30)
    }
    project = load({"staging/clicks.sql": STAGING, **chain})
    started = process_time()
    build_tables(engine, project)
    whole = process_time() - started
    started = process_time()
    report = build_tables(engine, project)
    assert built(report) == set()
    # Against the first build, and by the processor's time: other programs must not decide it.
    assert process_time() - started < whole / 2
