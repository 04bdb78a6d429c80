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
LONG_AGO = DAYS[0] - timedelta(weeks=13)  # sales long enough ago for a list of bestsellers


def arrivals(day: date) -> Iterator[tuple[str, list[Row]]]:
    """Yield what arrives on the morning after ``day``: all of that day, and something late for the day before."""
    number = DAYS.index(day)
    at = datetime.combine(day, time(11))
    yield "fx_rates", [rate(day, "EUR", "GBP", f"0.8{number}")] if number != 1 else []
    yield (
        "ad_performance",
        [ad(day, cost=number, reach=5), ad(day, campaign_id="2", currency="GBP", cost=7, device="Tablets")],
    )
    yield "web_sessions_daily", [{"day": day, "channel": "Direct", "sessions": 10 + number, "engaged_sessions": 4}]
    if number != 2:  # the daily report speaks for the third day
        began_before = day - ONE_DAY if number else day
        yield (
            "web_events",
            [
                event("session_start", at, session=f"s{number}", visitor_id="anna's browser"),
                event("add_to_cart", at, session=f"s{number}", visitor_id="anna's browser"),
                event("add_to_cart", at, session=f"s{number}", visitor_id="anna's browser"),
                event("sign_up", at, session=f"s{number}", visitor_id="anna's browser"),
                event("purchase", at, session=f"s{number}", visitor_id="anna's browser", transaction_id=f"#{number}"),
                event("begin_checkout", at, session=f"s{number - 1}", visitor_id="anna's browser", day=began_before),
            ],
        )
    yield "products", [{"product_id": "chair", "day": day, "unit_cost": 30 + number, "currency": "EUR"}]
    yield (
        "orders",
        [
            order(f"{number}", day, customer_key="anna"),
            order(f"{number}b", day, customer_key=f"ben {number // 2}", currency="GBP", channel="Email", discounts=5),
            order(f"{number}c", day, is_test=True),
            *([] if number else [order("old", LONG_AGO)]),
        ],
    )
    chairs = {"line_number": 1, "product_id": "chair", "quantity": 2, "line_total": 9}
    yield (
        "order_lines",
        [
            chairs | {"order_id": f"{number}", "day": day},
            *([] if number else [chairs | {"order_id": "old", "day": LONG_AGO}]),
        ],
    )
    back = {"order_id": f"{number // 2}", "amount": 3, "currency": "EUR", "quantity": 1}
    yield "refunds", [back | {"refund_id": f"r{number}", "day": day}]
    yield "market_sales", [{"day": day, "market": "DACH", "amount": 900 + number, "currency": "GBP"}]
    yield (
        "investments",
        [{"investment_id": f"i{number}", "day": day, "kind": "investment", "cost": number, "currency": "EUR"}],
    )
    period = {"period_start": day, "period_end": day + 2 * ONE_DAY, "account_code": "6000", "currency": "GBP"}
    yield "ledger_entries", [period | {"day": day, "section": "opex", "purpose": "acquisition", "amount": 100}]
    users = {"day": day, "users": 9 + number, "new_users": 2}
    yield "web_users_daily", [users | {"users_1_day": 9}]
    yield "web_users_periods", [users | {"period_start": day, "grain": "day"}]
    yield "web_events_daily", [{"day": day, "event_name": "sign_up", "events": 3, "users": 2}]
    yield "customers", [{"customer_key": f"anna {number}", "day": day, "first_seen_at": at}]
    yield "leads", [{"lead_id": f"l{number}", "day": day, "created_at": at, "is_qualified": True, "converted_at": at}]
    deal = {"day": day, "created_at": at, "is_closed": True, "is_won": True, "amount": 9, "currency": "GBP"}
    contract = {"closed_day": day, "contract_start": day, "contract_end": day, "renewed_from": f"d{number - 1}"}
    yield "deals", [deal | contract | {"deal_id": f"d{number}"}]
    ticket = {"ticket_id": f"t{number}", "status": "solved", "solved_at": at + timedelta(hours=1)}
    yield "support_tickets", [ticket | {"day": day, "created_at": at, "first_reply_minutes": number}]
    answer = {"day": day, "is_complete": True, "submitted_at": at, "score": 9, "scale_max": 10, "customer_key": "anna"}
    kinds = ("nps", "csat", "task")
    yield "survey_responses", [answer | {"response_id": f"{kind} {number}", "survey_type": kind} for kind in kinds]
    yield "key_accounts", [{"account_key": f"k{number}", "day": day}]
    yield "email_campaigns", [{"campaign_id": f"m{number}", "day": day, "sent_at": at, "recipients": 100}]
    message = {"message_id": f"o{number}", "day": day, "kind": "outreach", "sent_at": at, "delivered_at": at}
    human = {"open_is_machine": False, "reply_is_auto": False}
    later = at + timedelta(days=1)
    yield "email_messages", [message | human | {"first_open_at": later, "first_reply_at": later}]
    yield "email_list_daily", [{"day": day, "list_id": "news", "members": 100 + number}]
    yield "social_posts", [{"post_id": f"p{number}", "platform": "instagram", "day": day, "views": 50}]
    yield (
        "social_daily",
        [{"day": day, "platform": "instagram", "profile_id": "shop", "followers": 100 + number, "reach": 9}],
    )
    yield "backlinks", [{"domain": f"site{number}.example", "day": day, "authority": 50}]


def load_day(warehouse: Warehouse, day: date) -> None:
    for subject, rows in arrivals(day):
        if rows:
            warehouse.load(subject, rows)


@pytest.fixture(scope="module")
def built_at_once(
    tmp_path_factory: pytest.TempPathFactory, sql_project: SqlProject, empty_warehouse: Path
) -> Iterator[Warehouse]:
    """All tables, built in one go; no test changes them."""
    path = tmp_path_factory.mktemp("at_once") / "warehouse.duckdb"
    shutil.copyfile(empty_warehouse, path)
    engine = DuckDbEngine(path, threads=1)
    warehouse = Warehouse(engine, sql_project)
    for day in DAYS:
        load_day(warehouse, day)
    report = warehouse.build()
    assert {result.table for result in report.results if not result.rows} == set()
    yield warehouse
    engine.close()


def test_a_day_depends_only_on_that_day_of_the_inputs(built_at_once: Warehouse, sql_project: SqlProject) -> None:
    connection = built_at_once.engine.connection
    incremental = [file for file in sql_project.files if file.incremental]
    assert len(incremental) > 15
    for file in incremental:
        days = [day for (day,) in connection.execute(f"select distinct day from {file.table}").fetchall()]
        for day in days:
            connection.execute("begin")
            for table in file.inputs:
                if "day" in built_at_once.engine.read(f"select * from {table} limit 0").column_names:
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
