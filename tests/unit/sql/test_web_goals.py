from datetime import date, datetime
from decimal import Decimal

from kpi_pipeline.warehouse.changes import record_changes
from tests.unit.sql.raw_rows import Warehouse, event

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12)
GOALS = "select subject, day from core.coverage where subject like 'web_goal%' order by subject"


def minute(number: int) -> datetime:
    return NOON.replace(minute=number)


def test_goals_are_counted_by_event_and_by_session_and_valued_where_they_have_a_value(warehouse: Warehouse) -> None:
    # The company of these tests counts sign_up as newsletter, worth 2.50, and contact without a value.
    warehouse.load(
        "web_events",
        [
            event("sign_up", minute(0), session="a", channel="Email"),
            event("sign_up", minute(1), session="a", channel="Email"),
            event("contact", minute(2), session="a", channel="Email"),
            event("contact", minute(3), session="b"),
            event("purchase", minute(4), session="c"),
        ],
    )
    warehouse.build("measures.goals", "measures.goal_values", "measures.goal_values_of_visits", "core.coverage")

    found = warehouse.rows("select goal, channel, session_key, goal_completions from measures.goals order by 1, 2")
    assert found == [
        ("contact", "Direct", "web_events_source:1:b", 1),
        ("contact", "Email", "web_events_source:1:a", 1),
        ("newsletter", "Email", "web_events_source:1:a", 2),
    ]
    assert warehouse.rows("select goal, goal_value from measures.goal_values") == [("newsletter", Decimal(5))]
    assert warehouse.rows("select goal_value_of_visits from measures.goal_values_of_visits") == [(Decimal(5),)]
    assert warehouse.rows(GOALS) == [("web_goal_values", DAY), ("web_goals", DAY)]


def test_goals_are_known_only_once_the_company_has_set_some_and_valued_only_with_a_value(warehouse: Warehouse) -> None:
    warehouse.load("web_events", [event("contact", NOON)])
    for condition, subjects in (("value is not null", ["web_goals"]), ("true", [])):
        warehouse.engine.run(f"delete from core.web_goals where {condition}")
        record_changes(warehouse.engine, "core.web_goals", None)
        warehouse.build("measures.goals", "measures.goal_values", "core.coverage")
        assert [subject for subject, _ in warehouse.rows(GOALS)] == subjects
    assert warehouse.rows("select count(*) from measures.goals") == [(0,)]
