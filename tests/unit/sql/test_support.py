"""Support tickets: who was answered when, what is solved, and what was promised."""

from datetime import date, datetime
from typing import Any

from tests.unit.sql.raw_rows import Row, Warehouse

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12)


def ticket(ticket_id: str, **values: object) -> Row:
    return {"ticket_id": ticket_id, "day": DAY, "created_at": NOON, "status": "open"} | values


def solved(ticket_id: str, **values: object) -> Row:
    return ticket(ticket_id, **{"status": "solved"} | values)


def core_rows(warehouse: Warehouse, *columns: str) -> dict[object, Any]:
    warehouse.build("core.tickets")
    rows = warehouse.rows(f"select ticket_id, {', '.join(columns)} from core.tickets")
    return {row[0]: row[1:] if len(columns) > 1 else row[1] for row in rows}


def test_a_reply_is_measured_in_business_minutes_where_there_are_some(warehouse: Warehouse) -> None:
    warehouse.load(
        "support_tickets",
        [
            ticket("both", first_reply_minutes=900, first_reply_business_minutes=20),
            ticket("at once", first_reply_minutes=3, first_reply_business_minutes=0),
            ticket("calendar", first_reply_minutes=45),
            ticket("waits"),
            ticket("answered some time", replies=2),
        ],
    )
    assert core_rows(warehouse, "first_response_minutes", "reply_clock", "is_answered") == {
        "both": (20, "business", True),
        "at once": (0, "business", True),
        "calendar": (45, "calendar", True),
        "waits": (None, "", False),
        "answered some time": (None, "", True),
    }
    report = warehouse.build("core.tickets")
    assert [one.check for result in report.results for one in result.warnings] == ["reply_time_known"]


def test_solved_in_the_promised_time(warehouse: Warehouse) -> None:
    next_day = date(2026, 3, 3)
    tickets: dict[str, tuple[Row, tuple[object, ...]]] = {
        "just in time": ({"full_resolution_minutes": 720, "solved_day": DAY}, (True, DAY, 720, True)),
        "too late": ({"full_resolution_minutes": 721, "solved_day": DAY}, (True, DAY, 721, False)),
        # In Berlin, the next day has begun.
        "by instants": ({"solved_at": datetime(2026, 3, 2, 23, 30)}, (True, next_day, 690, True)),
        "own status": ({"status": "7", "solved_at": datetime(2026, 3, 3, 0, 0, 30)}, (True, next_day, 720.5, False)),
        "some time": ({"status": "closed"}, (True, None, None, None)),
        "opened again": ({"status": "open", "solved_at": NOON, "full_resolution_minutes": 5}, (False, *[None] * 3)),
        "own status, waits": ({"status": "7"}, (False, *[None] * 3)),
    }
    warehouse.load("support_tickets", [solved(name, **values) for name, (values, _) in tickets.items()])
    rows = core_rows(warehouse, "is_solved", "solved_day", "resolution_minutes", "is_within_sla")
    assert rows == {name: expected for name, (_, expected) in tickets.items()}


def test_another_promise_of_the_company(warehouse: Warehouse) -> None:
    warehouse.load("support_tickets", [solved("1", full_resolution_minutes=100)])
    warehouse.engine.run("update core.settings set support_sla_minutes = 60")
    assert core_rows(warehouse, "is_within_sla") == {"1": False}


def test_tickets_by_creation(warehouse: Warehouse) -> None:
    members = {"channel": "Mail", "priority": "High", "group_name": "Team A"}
    warehouse.load(
        "support_tickets",
        [
            solved("1", first_reply_minutes=5, reopens=0, satisfaction="Good", **members),
            solved("2", first_reply_minutes=5, reopens=2, satisfaction="bad_with_comment", **members),
            ticket("3", reopens=1, satisfaction="offered", **members),
            solved("4", satisfaction="unoffered", **members),
            solved("5", status="deleted", **members),
            ticket("6", status="spam", **members),
        ],
    )
    warehouse.build("measures.tickets")
    rows = warehouse.rows(
        "select ticket_key, tickets_created, tickets_answered, tickets_unanswered, tickets_ever_solved,"
        " tickets_reopened, tickets_rated_good, tickets_rated_bad from measures.tickets order by all"
    )
    assert rows == [
        ("support_tickets_source:1:1", 1, 1, 0, 1, 0, 1, 0),
        ("support_tickets_source:1:2", 1, 1, 0, 1, 1, 0, 1),
        ("support_tickets_source:1:3", 1, 0, 1, 1, 1, 0, 0),
        ("support_tickets_source:1:4", 1, 0, 1, 1, None, 0, 0),
    ]
    assert warehouse.rows("select distinct day, channel, priority, group_name from measures.tickets") == [
        (DAY, "mail", "high", "Team A")
    ]


def test_tickets_by_age_and_day_of_the_solution(warehouse: Warehouse) -> None:
    next_day = date(2026, 3, 3)
    warehouse.load(
        "support_tickets",
        [
            solved("1", full_resolution_minutes=600, solved_day=DAY),
            solved("2", full_resolution_minutes=700, solved_day=next_day),
            solved("3", full_resolution_minutes=800, solved_day=next_day),
            ticket("4"),
            solved("5", status="deleted", full_resolution_minutes=1, solved_day=DAY),
        ],
    )
    warehouse.build("measures.tickets_resolved", "measures.tickets_solved")
    assert warehouse.rows("select day, age_days, tickets_within_sla from measures.tickets_resolved order by all") == [
        (DAY, 0, 1),
        (DAY, 1, 1),
    ]
    assert warehouse.rows("select day, tickets_solved from measures.tickets_solved order by all") == [
        (DAY, 1),
        (next_day, 2),
    ]


def test_a_solution_at_an_unknown_time_leaves_the_promise_open(warehouse: Warehouse) -> None:
    warehouse.load("support_tickets", [solved("1", full_resolution_minutes=600, solved_day=DAY), solved("2")])
    warehouse.build("measures.tickets_resolved")
    assert warehouse.rows("select tickets_within_sla from measures.tickets_resolved") == [(None,)]


def test_a_promise_that_outlasts_the_cohorts_age_is_reported(warehouse: Warehouse) -> None:
    warehouse.engine.run("update core.settings set support_sla_minutes = 5000")
    warehouse.load("support_tickets", [solved("1", full_resolution_minutes=4000, solved_day=date(2026, 3, 5))])
    report = warehouse.build("measures.tickets_resolved")
    assert [one.check for result in report.results for one in result.warnings] == ["promise_of_a_day_at_most"]
