from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

import pytest

from kpi_pipeline.errors import EngineError
from kpi_pipeline.sources.files.reading import PreparedFile
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.loading.loading import load_file, unload_source
from kpi_pipeline.sources.loading.raw_tables import LoadedBatch, loaded_batches, standing_batches
from kpi_pipeline.warehouse.changes import changes_since, last_sequence
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from tests.unit.sources.hand_made_files import Row, batch, prepared, table


def november(day: int) -> date:
    return date(2026, 11, day)


def rate(day: int, value: str, account_id: str = "") -> Row:
    return {"day": november(day), "base": "EUR", "quote": "USD", "rate": value, "account_id": account_id}


def rates(*rows: Row, stated: tuple[int, int] | None = None) -> PreparedFile:
    stated_range = None if stated is None else (november(stated[0]), november(stated[1]))
    return prepared(table("fx_rates", rows), stated_range=stated_range)


def load(
    engine: DuckDbEngine,
    file: PreparedFile,
    exported_on: int,
    *,
    coverage: Literal["range", "days_present"] = "range",
    is_confirmed: bool = False,
    is_loaded: bool = False,
    source: str = "shop",
) -> LoadedBatch:
    return load_file(
        engine,
        file,
        batch(file, datetime(2026, 12, exported_on), source),
        account_id="main",
        coverage=coverage,
        is_confirmed=is_confirmed,
        is_loaded=is_loaded,
    )


def standing_rates(engine: DuckDbEngine) -> dict[int, str]:
    rows = engine.read("select day, rate from raw.fx_rates order by day").to_pylist()
    assert len({row["day"] for row in rows}) == len(rows)
    return {row["day"].day: str(row["rate"].normalize()) for row in rows}


def covered(engine: DuckDbEngine, subject: str = "fx_rates") -> list[int]:
    rows = engine.read(f"select day from raw.covered_days where subject = '{subject}' order by account_id, day")
    return [day.day for day in rows["day"].to_pylist()]


def changed(engine: DuckDbEngine, sequence: int, subject: str = "fx_rates") -> list[int]:
    days = changes_since(engine, [f"raw.{subject}"], sequence).get(f"raw.{subject}", set())
    assert days is not None
    return sorted(day.day for day in days)


def test_rows_arrive_with_their_lineage(engine: DuckDbEngine) -> None:
    file = rates(rate(1, "1.1", account_id="a"))
    loaded = load(engine, file, 5)

    assert engine.read("select * from raw.fx_rates").to_pylist() == [
        {
            "day": november(1),
            "base": "EUR",
            "quote": "USD",
            "rate": Decimal("1.1"),
            "source": "shop",
            "account_id": "a",
            "batch_id": batch(file, datetime(2026, 12, 5)).batch_id,
            "exported_at": datetime(2026, 12, 5),
        }
    ]
    assert loaded_batches(engine) == {loaded.batch_id: loaded}
    assert (loaded.rows_loaded, loaded.first_day, loaded.last_day) == (1, november(1), november(1))


def test_a_newer_export_replaces_whole_days_and_leaves_the_others(engine: DuckDbEngine) -> None:
    load(engine, rates(rate(1, "1.1"), rate(2, "1.2"), rate(3, "1.3")), 5)
    sequence = last_sequence(engine)
    load(engine, rates(rate(2, "2.2"), rate(4, "2.4")), 6)

    # The newer file speaks for the 2nd to the 4th, so that the 3rd is empty now.
    assert standing_rates(engine) == {1: "1.1", 2: "2.2", 4: "2.4"}
    assert covered(engine) == [1, 2, 3, 4]
    assert changed(engine, sequence) == [2, 3, 4]


def test_an_older_export_that_arrives_late_fills_only_what_nobody_newer_speaks_for(engine: DuckDbEngine) -> None:
    load(engine, rates(rate(2, "2.2"), rate(4, "2.4")), 6)
    sequence = last_sequence(engine)
    load(engine, rates(rate(1, "1.1"), rate(2, "1.2"), rate(3, "1.3")), 5)

    assert standing_rates(engine) == {1: "1.1", 2: "2.2", 4: "2.4"}
    assert changed(engine, sequence) == [1]


def test_of_two_exports_of_the_same_time_the_same_one_always_wins(engine: DuckDbEngine) -> None:
    files = [rates(rate(1, "1.1")), rates(rate(1, "2.2"))]
    for file in files:
        load(engine, file, 5)
    first = standing_rates(engine)
    unload_source(engine, "shop")
    for file in reversed(files):
        load(engine, file, 5)

    assert standing_rates(engine) == first


def test_only_days_whose_rows_differ_are_recorded_as_changed(engine: DuckDbEngine) -> None:
    load(engine, rates(rate(1, "1.1"), rate(2, "1.2"), rate(3, "1.3")), 5)
    sequence = last_sequence(engine)
    load(engine, rates(rate(1, "1.1"), rate(2, "1.25"), rate(3, "1.3"), rate(4, "1.4")), 6)

    assert changed(engine, sequence) == [2, 4]
    assert [day.day for day in changes_since(engine, ["raw.covered_days"], sequence)["raw.covered_days"] or ()] == [4]
    assert changes_since(engine, ["raw.batches"], sequence) == {"raw.batches": None}


def test_true_twins_are_kept_and_counted(engine: DuckDbEngine) -> None:
    load(engine, rates(rate(1, "1.1"), rate(1, "1.1")), 5)
    sequence = last_sequence(engine)
    assert engine.read("select count(*) as n from raw.fx_rates").to_pylist() == [{"n": 2}]

    load(engine, rates(rate(1, "1.1")), 6)
    assert changed(engine, sequence) == [1]


def test_accounts_and_sources_do_not_replace_each_other(engine: DuckDbEngine) -> None:
    load(engine, rates(rate(1, "1.1", account_id="a")), 5)
    load(engine, rates(rate(1, "2.2", account_id="b")), 6)
    load(engine, rates(rate(1, "3.3", account_id="a")), 7, source="other")

    values = engine.read("select source, account_id, rate from raw.fx_rates order by rate").to_pylist()
    assert [(row["source"], row["account_id"]) for row in values] == [("shop", "a"), ("shop", "b"), ("other", "a")]


def test_a_file_speaks_for_its_range_in_every_account_that_it_holds(engine: DuckDbEngine) -> None:
    load(engine, rates(rate(1, "1.1", account_id="a"), rate(3, "1.3", account_id="b")), 5)
    assert covered(engine) == [1, 2, 3, 1, 2, 3]


@pytest.mark.parametrize(("coverage", "days"), [("range", [1, 2, 3]), ("days_present", [1, 3])])
def test_a_file_speaks_for_its_range_or_only_for_the_days_it_has(
    engine: DuckDbEngine, coverage: Literal["range", "days_present"], days: Sequence[int]
) -> None:
    load(engine, rates(rate(1, "1.1"), rate(3, "1.3")), 5, coverage=coverage)
    assert covered(engine) == days


def test_a_stated_range_counts_before_the_rows(engine: DuckDbEngine) -> None:
    loaded = load(engine, rates(rate(2, "1.1"), stated=(1, 4)), 5, coverage="days_present")
    assert covered(engine) == [1, 2, 3, 4]
    assert (loaded.first_day, loaded.last_day) == (november(1), november(4))


def test_a_row_outside_the_stated_range_is_refused(engine: DuckDbEngine) -> None:
    with pytest.raises(RefusedFile, match=r"found rows of 2026-11-05; expected only days .* 2026-11-01 to 2026-11-04"):
        load(engine, rates(rate(2, "1.1"), rate(5, "1.1"), stated=(1, 4)), 5)
    assert standing_rates(engine) == {}


def test_loading_the_same_file_again_changes_nothing(engine: DuckDbEngine) -> None:
    file = rates(rate(1, "1.1"), rate(2, "1.2"))
    load(engine, file, 5)
    load(engine, rates(rate(2, "2.2")), 6)
    before = [engine.read(f"select * from raw.{name} order by all") for name in ("fx_rates", "covered_days", "batches")]
    load(engine, file, 5, is_loaded=True)

    after = [engine.read(f"select * from raw.{name} order by all") for name in ("fx_rates", "covered_days", "batches")]
    assert after == before


def test_the_same_bytes_exported_again_later_take_their_days_back(engine: DuckDbEngine) -> None:
    file = rates(rate(1, "1.1"), rate(2, "1.2"))
    load(engine, file, 5)
    load(engine, rates(rate(2, "2.2")), 6)
    load(engine, file, 7, is_loaded=True)

    assert standing_rates(engine) == {1: "1.1", 2: "1.2"}
    assert len(loaded_batches(engine)) == 2


def test_a_batch_that_owns_nothing_any_more_does_not_stand(engine: DuckDbEngine) -> None:
    first = load(engine, rates(rate(1, "1.1")), 5)
    second = load(engine, rates(rate(1, "1.1"), rate(2, "1.2")), 6)
    late = load(engine, rates(rate(2, "0.9")), 4)

    assert standing_batches(engine, "shop") == {second.batch_id}
    assert set(loaded_batches(engine, "shop")) == {first.batch_id, second.batch_id, late.batch_id}


# The guard against answers that are far too small


def test_a_file_without_rows_is_refused_where_history_exists(engine: DuckDbEngine) -> None:
    load(engine, rates(stated=(1, 2)), 4)  # nothing is known yet: an empty beginning is no loss
    load(engine, rates(rate(1, "1.1")), 5)
    with pytest.raises(RefusedFile, match="found no rows at all; expected rows, as earlier files brought fx_rates"):
        load(engine, rates(), 6)
    with pytest.raises(RefusedFile, match="confirm this file"):
        load(engine, rates(stated=(1, 2)), 6)
    assert standing_rates(engine) == {1: "1.1"}


def test_less_than_a_tenth_of_what_it_replaces_is_refused(engine: DuckDbEngine) -> None:
    load(engine, rates(*[rate(day, "1.1") for day in range(1, 22)]), 5)
    with pytest.raises(RefusedFile, match="found 2 rows of fx_rates for 2026-11-01 to 2026-11-21; expected about 21"):
        load(engine, rates(rate(1, "2.2"), rate(21, "2.2")), 6)
    assert standing_rates(engine)[1] == "1.1"
    load(engine, rates(rate(1, "2.2"), rate(2, "2.2"), rate(21, "2.2")), 6)  # 3 of 21
    assert standing_rates(engine) == {1: "2.2", 2: "2.2", 21: "2.2"}


def test_rows_of_new_days_do_not_make_up_for_lost_ones(engine: DuckDbEngine) -> None:
    load(engine, rates(*[rate(1, f"1.{number}") for number in range(1, 6)]), 5)
    with pytest.raises(RefusedFile, match="found 0 rows of fx_rates for 2026-11-01 to 2026-11-01; expected about 5"):
        load(engine, rates(*[rate(2, f"1.{number}") for number in range(1, 6)], stated=(1, 2)), 6)


def test_a_confirmed_file_may_bring_little_or_nothing(engine: DuckDbEngine) -> None:
    load(engine, rates(rate(1, "1.1", account_id="main")), 5)
    load(engine, rates(stated=(1, 2)), 6, is_confirmed=True)
    assert standing_rates(engine) == {}
    assert covered(engine) == [1, 2]


def test_an_older_export_that_replaces_nothing_may_be_small(engine: DuckDbEngine) -> None:
    load(engine, rates(*[rate(day, "1.1") for day in range(1, 22)]), 5)
    load(engine, rates(rate(1, "2.2"), rate(21, "2.2")), 4)
    assert len(standing_rates(engine)) == 21


# What stops a load


def test_wrong_control_totals_stop_the_load(engine: DuckDbEngine) -> None:
    ad = {
        "day": november(1),
        "platform": "google_ads",
        "campaign_id": "1",
        "impressions": 10,
        "cost": "2.50",
        "currency": "EUR",
    }
    right: dict[str, Decimal | int] = {"cost": Decimal("5.00"), "impressions": 20}
    wrong: dict[str, Decimal | int] = {"cost": Decimal("7.50"), "impressions": 20}
    file = prepared(table("ad_performance", [ad, ad]), control_totals=wrong)
    with pytest.raises(RefusedFile, match=r"7\.5"):
        load(engine, file, 5)
    assert engine.read("select * from raw.ad_performance").num_rows == 0
    assert loaded_batches(engine) == {}

    load(engine, prepared(table("ad_performance", [ad, ad]), control_totals=right), 5)
    assert engine.read("select * from raw.ad_performance").num_rows == 2


def test_a_missing_required_value_stops_the_load(engine: DuckDbEngine) -> None:
    with pytest.raises(EngineError, match="NOT NULL"):
        load(engine, rates(rate(1, "1.1"), {**rate(2, "1.1"), "base": None}), 5)
    assert standing_rates(engine) == {}
    assert last_sequence(engine) == 0


# Events: the day of an event and that of its session differ


def event(event_day: int, session_day: int, session: str) -> Row:
    return {
        "event_day": november(event_day),
        "day": november(session_day),
        "event_at": datetime(2026, 11, event_day),
        "event_name": "view_item",
        "session_id": session,
    }


def test_events_are_owned_by_their_own_day_and_change_the_day_of_their_session(engine: DuckDbEngine) -> None:
    load(engine, prepared(table("web_events", [event(1, 1, "a"), event(2, 1, "a"), event(2, 2, "b")])), 5)
    sequence = last_sequence(engine)
    load(engine, prepared(table("web_events", [event(2, 1, "a"), event(2, 1, "a"), event(2, 2, "b")])), 6)

    sessions = engine.read("select session_id from raw.web_events order by all")["session_id"].to_pylist()
    assert sessions == ["a", "a", "a", "b"]
    assert changed(engine, sequence, "web_events") == [1]


# Entities: the newest export of each identifier, with its children


def order(order_id: str, day: int, status: str = "paid") -> Row:
    return {
        "order_id": order_id,
        "day": november(day),
        "created_at": datetime(2026, 11, day),
        "customer_key": "c",
        "status": status,
        "currency": "EUR",
        "gross_items": "10",
    }


def line(order_id: str, day: int, number: int = 1) -> Row:
    return {"order_id": order_id, "line_number": number, "day": november(day), "quantity": 1, "line_total": "10"}


def orders(order_rows: Sequence[Row], line_rows: Sequence[Row] = ()) -> PreparedFile:
    return prepared(table("orders", order_rows), table("order_lines", line_rows))


def standing_orders(engine: DuckDbEngine) -> dict[str, str]:
    return {row["order_id"]: row["status"] for row in engine.read("select * from raw.orders").to_pylist()}


def standing_lines(engine: DuckDbEngine) -> list[tuple[str, int]]:
    rows = engine.read("select * from raw.order_lines order by all").to_pylist()
    return [(row["order_id"], row["line_number"]) for row in rows]


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_newest_export_of_each_order_stands_with_its_lines(engine: DuckDbEngine, newest_first: bool) -> None:
    older = orders([order("1", 1), order("2", 2)], [line("1", 1), line("1", 1, 2), line("2", 2)])
    newer = orders([order("1", 1, "refunded"), order("3", 3)], [line("1", 1), line("3", 3)])
    for file, exported_on in [(newer, 6), (older, 5)] if newest_first else [(older, 5), (newer, 6)]:
        load(engine, file, exported_on)

    assert standing_orders(engine) == {"1": "refunded", "2": "paid", "3": "paid"}
    assert standing_lines(engine) == [("1", 1), ("2", 1), ("3", 1)]


@pytest.mark.parametrize("newest_first", [False, True])
def test_an_order_without_lines_any_more_loses_its_old_lines(engine: DuckDbEngine, newest_first: bool) -> None:
    older, newer = orders([order("1", 1)], [line("1", 1)]), orders([order("1", 1)])
    for file, exported_on in [(newer, 6), (older, 5)] if newest_first else [(older, 5), (newer, 6)]:
        load(engine, file, exported_on)

    assert standing_orders(engine) == {"1": "paid"}
    assert standing_lines(engine) == []


def test_days_of_entities_change_only_where_rows_differ_before_and_after(engine: DuckDbEngine) -> None:
    load(engine, orders([order("1", 1), order("2", 2), order("3", 3)], [line("1", 1), line("2", 2), line("3", 3)]), 5)
    sequence = last_sequence(engine)
    # Order 1 as before, 2 moved to the 5th, 3 with another status but the same line, 4 is new.
    load(
        engine,
        orders(
            [order("1", 1), order("2", 5), order("3", 3, "refunded"), order("4", 6)],
            [line("1", 1), line("2", 5), line("3", 3), line("4", 6)],
        ),
        6,
    )

    assert changed(engine, sequence, "orders") == [2, 3, 5, 6]
    assert changed(engine, sequence, "order_lines") == [2, 5, 6]


def test_a_late_older_export_of_orders_changes_only_what_was_unknown(engine: DuckDbEngine) -> None:
    load(engine, orders([order("1", 1, "refunded")]), 6)
    sequence = last_sequence(engine)
    load(engine, orders([order("1", 1), order("2", 2)]), 5)

    assert standing_orders(engine) == {"1": "refunded", "2": "paid"}
    assert changed(engine, sequence, "orders") == [2]


def test_an_empty_export_of_entities_says_nothing(engine: DuckDbEngine) -> None:
    load(engine, orders([order("1", 1)]), 5)
    loaded = load(engine, orders([]), 6)

    assert (loaded.rows_loaded, loaded.first_day) == (0, None)
    assert standing_orders(engine) == {"1": "paid"}


def test_all_tables_of_a_file_share_its_range(engine: DuckDbEngine) -> None:
    load(engine, orders([order("1", 1), order("2", 4)], [line("1", 1)]), 5)
    assert covered(engine, "orders") == covered(engine, "order_lines") == [1, 2, 3, 4]


def test_unloading_a_source_leaves_the_others(engine: DuckDbEngine) -> None:
    load(engine, rates(rate(1, "1.1")), 5)
    load(engine, rates(rate(2, "1.2")), 5, source="other")
    sequence = last_sequence(engine)
    unload_source(engine, "shop")

    assert standing_rates(engine) == {2: "1.2"}
    assert covered(engine) == [2]
    assert [batch.source for batch in loaded_batches(engine).values()] == ["other"]
    assert changes_since(engine, ["raw.fx_rates", "raw.covered_days"], sequence) == {
        "raw.fx_rates": {november(1)},
        "raw.covered_days": {november(1)},
    }


def test_many_days_are_covered_in_one_load(engine: DuckDbEngine) -> None:
    start = date(2024, 1, 1)
    file = prepared(table("fx_rates", [{**rate(1, "1"), "day": start}, {**rate(1, "1"), "day": date(2026, 12, 31)}]))
    load(engine, file, 5)
    days = engine.read("select count(*) as n from raw.covered_days").to_pylist()[0]["n"]
    assert days == 366 + 365 + 365 == (date(2026, 12, 31) - start + timedelta(days=1)).days
