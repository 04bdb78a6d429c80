"""Tables that are built day by day hold the same as those that are built at once."""

import shutil
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from kpi_pipeline.warehouse.canonical_hash import canonical_hash
from kpi_pipeline.warehouse.changes import record_changes
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.sql.raw_rows import Row, Warehouse, ad, event, order, rate

DAYS = [date(2026, 2, 27) + timedelta(days=number) for number in range(4)]
ONE_DAY = timedelta(days=1)


def arrivals(day: date) -> Iterator[tuple[str, list[Row]]]:
    """Yield what arrives on the morning after ``day``: all of that day, and something late for the day before."""
    number = DAYS.index(day)
    at = datetime.combine(day, time(11))
    yield "fx_rates", [rate(day, "EUR", "GBP", f"0.8{number}")] if number != 1 else []
    yield "ad_performance", [ad(day, cost=number), ad(day, campaign_id="2", currency="GBP", cost=7, device="Tablets")]
    yield "web_sessions_daily", [{"day": day, "channel": "Direct", "sessions": 10 + number, "engaged_sessions": 4}]
    if number != 2:  # the daily report speaks for the third day
        began_before = day - ONE_DAY if number else day
        yield (
            "web_events",
            [
                event("session_start", at, session=f"s{number}"),
                event("add_to_cart", at, session=f"s{number}"),
                event("add_to_cart", at, session=f"s{number}"),
                event("purchase", at, session=f"s{number}", transaction_id=f"#{number}"),
                event("begin_checkout", at, session=f"s{number - 1}", day=began_before),
            ],
        )
    yield "products", [{"product_id": "chair", "day": day, "unit_cost": 30 + number, "currency": "EUR"}]
    yield (
        "orders",
        [
            order(f"{number}", day, customer_key="anna"),
            order(f"{number}b", day, customer_key=f"ben {number // 2}", currency="GBP", channel="Email", discounts=5),
            order(f"{number}c", day, is_test=True),
        ],
    )
    yield (
        "order_lines",
        [
            {
                "order_id": f"{number}",
                "line_number": 1,
                "day": day,
                "product_id": "chair",
                "quantity": 2,
                "line_total": 9,
            },
        ],
    )
    yield (
        "refunds",
        [{"refund_id": f"r{number}", "order_id": f"{number // 2}", "day": day, "amount": 3, "currency": "EUR"}],
    )
    period = {"period_start": day, "period_end": day + 2 * ONE_DAY, "account_code": "6000", "currency": "GBP"}
    yield "ledger_entries", [period | {"day": day, "section": "opex", "purpose": "acquisition", "amount": 100}]
    users = {"day": day, "users": 9 + number, "new_users": 2}
    yield "web_users_daily", [users | {"users_1_day": 9}]
    yield "web_users_periods", [users | {"period_start": day, "grain": "day"}]
    yield "web_events_daily", [{"day": day, "event_name": "sign_up", "events": 3, "users": 2}]
    yield "customers", [{"customer_key": f"anna {number}", "day": day, "first_seen_at": at}]
    yield "leads", [{"lead_id": f"l{number}", "day": day, "created_at": at, "is_qualified": True}]
    yield "deals", [{"deal_id": f"d{number}", "day": day, "created_at": at, "is_closed": False, "is_won": False}]
    yield "support_tickets", [{"ticket_id": f"t{number}", "day": day, "created_at": at, "status": "open"}]
    answer = {"response_id": f"a{number}", "survey_type": "nps", "day": day, "is_complete": True}
    yield "survey_responses", [answer | {"submitted_at": at, "score": 9, "scale_max": 10}]
    yield "email_campaigns", [{"campaign_id": f"m{number}", "day": day, "sent_at": at, "recipients": 100}]
    yield "email_list_daily", [{"day": day, "list_id": "news", "members": 100 + number}]
    yield "social_posts", [{"post_id": f"p{number}", "platform": "instagram", "day": day, "views": 50}]
    yield "social_daily", [{"day": day, "platform": "instagram", "profile_id": "shop", "followers": 100 + number}]


def load_day(warehouse: Warehouse, day: date) -> None:
    for subject, rows in arrivals(day):
        if rows:
            warehouse.load(subject, rows)


@pytest.fixture
def built_at_once(warehouse: Warehouse) -> Warehouse:
    for day in DAYS:
        load_day(warehouse, day)
    report = warehouse.build()
    assert {result.table for result in report.results if not result.rows} == set()
    return warehouse


def test_a_day_depends_only_on_that_day_of_the_inputs(built_at_once: Warehouse, sql_project: SqlProject) -> None:
    connection = built_at_once.engine.connection
    incremental = [file for file in sql_project.files if file.incremental]
    assert len(incremental) > 15
    for file in incremental:
        days = [day for (day,) in connection.execute(f"select distinct day from {file.table}").fetchall()]
        for day in days:
            connection.execute("begin")
            for table in file.inputs:
                connection.execute(f"delete from {table} where day <> $day", {"day": day})
            alone = connection.execute(f"select * from ({file.query}) where day = $day order by all", {"day": day})
            rows = alone.fetchall()
            connection.execute("rollback")
            expected = connection.execute(f"select * from {file.table} where day = $day order by all", {"day": day})
            assert rows == expected.fetchall(), f"{file.table} on {day}"


def test_day_by_day_equals_all_at_once(
    built_at_once: Warehouse, sql_project: SqlProject, empty_warehouse: Path, tmp_path: Path
) -> None:
    path = tmp_path / "day_by_day.duckdb"
    shutil.copyfile(empty_warehouse, path)
    engine = DuckDbEngine(path, threads=1)
    day_by_day = Warehouse(engine, sql_project)
    for day in reversed(DAYS):
        load_day(day_by_day, day)
        if day == DAYS[1]:
            day_by_day.load("ad_performance", [ad(DAYS[2], campaign_id="withdrawn", cost=99)])
        day_by_day.build()
    engine.run("delete from raw.ad_performance where campaign_id = 'withdrawn'")
    record_changes(engine, "raw.ad_performance", {DAYS[2]})
    day_by_day.build()

    tables = [file.table for file in sql_project.files]
    differing = [
        table for table in tables if canonical_hash(engine, table) != canonical_hash(built_at_once.engine, table)
    ]
    engine.close()
    assert differing == []


def test_a_second_build_has_nothing_to_do(built_at_once: Warehouse) -> None:
    assert [result.table for result in built_at_once.build().results if result.was_built] == []
