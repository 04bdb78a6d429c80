"""The shipped metrics of the website and of attribution, over measures that are written down by hand.

Week 0 holds figures, week 1 is covered and holds nothing, week 2 is covered by no source.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.source import Source
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import MONDAY, Calculator, Warehouse, week

SUBJECTS = (
    "web_events",
    "web_sessions_daily",
    "web_events_daily",
    "web_users_daily",
    "web_users_periods",
    "web_goals",
    "web_goal_values",
    "orders",
    "refunds",
)
TUESDAY, WEDNESDAY, SUNDAY = (MONDAY + timedelta(days=number) for number in (1, 2, 6))
EARLIER = MONDAY - timedelta(days=9)
DIRECT = {"day": MONDAY, "channel": "Direct", "device": "desktop", "country": "Germany"}
SEARCH = {"day": SUNDAY, "channel": "Organic Search", "device": "mobile", "country": "Austria"}
SOCIAL = SEARCH | {"channel": "Organic Social"}
UNKNOWN = SEARCH | {"channel": "Unassigned"}
SHOP = {"day": MONDAY, "channel": "Direct", "country": "DE"}
ZERO = "zero_denominator"
FILES = ("marketing_web.yaml", "attribution.yaml")


def credit(model: str, channel: str, orders: str, sales: str, campaign: str = "") -> dict[str, Any]:
    place = {"day": TUESDAY, "model": model, "channel": channel, "campaign": campaign}
    return place | {"attributed_orders": Decimal(orders), "attributed_sales": Decimal(sales)}


MEASURES: dict[str, list[dict[str, Any]]] = {
    "sessions": [
        DIRECT | {"sessions": 2400, "engaged_sessions": 1200, "sessions_unassigned": 0},
        SEARCH | {"sessions": 800, "engaged_sessions": 480, "sessions_unassigned": 0},
        SOCIAL | {"sessions": 400, "engaged_sessions": 120, "sessions_unassigned": 0},
        UNKNOWN | {"sessions": 400, "engaged_sessions": 0, "sessions_unassigned": 400},
    ],
    "funnel": [
        DIRECT
        | {"sessions_with_cart": 400, "sessions_abandoning_cart": 340, "sessions_with_cart_unpurchased": 335}
        | {"sessions_with_checkout": 37, "sessions_abandoning_checkout": 2, "sessions_with_purchase": 90},
        SEARCH
        | {"sessions_with_cart": 600, "sessions_abandoning_cart": 360, "sessions_with_cart_unpurchased": 355}
        | {"sessions_with_checkout": 100, "sessions_abandoning_checkout": 40, "sessions_with_purchase": 250},
    ],
    "funnel_events": [
        DIRECT | {"add_to_cart_events": 1000, "purchase_events": 300},
        SEARCH | {"add_to_cart_events": 600, "purchase_events": 40},
    ],
    "goals": [
        DIRECT | {"goal": "newsletter", "session_key": "s1", "goal_completions": 2},
        DIRECT | {"goal": "contact", "session_key": "s1", "goal_completions": 1},
        SEARCH | {"goal": "newsletter", "session_key": "s2", "goal_completions": 1},
        SEARCH | {"goal": "contact", "session_key": "s3", "goal_completions": 1},
    ],
    "goal_values": [DIRECT | {"goal": "newsletter", "goal_value": Decimal(640)}],
    "goal_values_of_visits": [DIRECT | {"goal_value_of_visits": Decimal(100)}],
    "carts": [{"day": MONDAY, "cart_days": 120}, {"day": SUNDAY, "cart_days": 80}],
    "cart_purchases": [
        {"day": MONDAY, "age_days": 0, "cart_days_bought": 40},
        {"day": SUNDAY, "age_days": 6, "cart_days_bought": 36},
        {"day": MONDAY, "age_days": 7, "cart_days_bought": 10},
    ],
    # Monday's and Tuesday's visitors are 1 and 2, Wednesday's is 3; only 1 was known before, and bought.
    "visitors": [
        DIRECT | {"visitor_key": "1", "first_day": EARLIER, "has_purchase": False},
        DIRECT | {"visitor_key": "2", "first_day": MONDAY, "has_purchase": False},
        SEARCH | {"day": TUESDAY, "visitor_key": "1", "first_day": EARLIER, "has_purchase": True},
        SEARCH | {"day": TUESDAY, "visitor_key": "2", "first_day": MONDAY, "has_purchase": False},
        SEARCH | {"day": WEDNESDAY, "visitor_key": "3", "first_day": WEDNESDAY, "has_purchase": False},
    ],
    "visitor_days": [
        {"day": MONDAY + timedelta(days=number), "web_days": 1, "user_days": users}
        for number, users in enumerate((2, 2, 1, *(11 * [0])))
    ],
    "web_visitors_reported": [
        {"property": "shop", "day": SUNDAY, "reported_from_key": MONDAY, "visitors": 2450, "reports": 1},
        {"property": "blog", "day": SUNDAY, "reported_from_key": MONDAY, "visitors": 300, "reports": 1},
        {"property": "shop", "day": SUNDAY, "reported_from_key": SUNDAY, "visitors": 420, "reports": 1},
        {"property": "shop", "day": week(2) - timedelta(days=1), "reported_from_key": MONDAY}
        | {"visitors": 4000, "reports": 1},
    ],
    "first_purchases": [
        DIRECT | {"visitor_key": key, "elapsed_days": days, "visits": visits}
        for key, days, visits in (("1", 0, 1), ("2", 10, 6), ("3", 3, 2), ("4", None, None))
    ],
    "orders": [
        SHOP
        | {"orders": 100, "online_orders": 80, "gross_sales": Decimal(52000), "discounts": Decimal(3000)}
        | {"online_gross_sales": Decimal(5200), "online_discounts": Decimal(200)},
    ],
    "returns": [
        {"day": MONDAY, "country": "DE", "returns": Decimal(1500), "online_returns": Decimal(320)},
    ],
    "purchase_captures": [SHOP | {"captured_orders": 74}],
    "attribution": [
        credit("first_touch", "Email", "1", "50"),
        credit("first_touch", "Unattributed", "1", "10"),
        credit("last_touch", "Direct", "1", "50"),
        credit("last_touch", "Unattributed", "1", "10"),
        credit("last_non_direct", "Paid Search", "1", "50", "Brand"),
        credit("linear", "Email", "0.5", "25"),
        credit("linear", "Direct", "0.5", "25"),
        credit("position_based", "Email", "0.4", "20"),
        credit("time_decay", "Email", "0.25", "12.5"),
        credit("time_decay", "Direct", "0.75", "37.5"),
    ],
}
# What week 0 comes to, and what week 1 then is.
EXPECTED: dict[str, tuple[float, float | str]] = {
    "sessions": (4000, 0),
    "engagement_rate": (45.0, ZERO),  # 1200 + 480 + 120 of 4000
    "unassigned_sessions_share": (10.0, ZERO),
    "organic_search_sessions": (800, 0),
    "organic_social_sessions": (400, 0),
    "conversion_rate_session": (8.5, ZERO),  # 90 + 250 of 4000
    "conversion_rate_user": (100 / 3, ZERO),
    "conversion_rate_order": (2.5, ZERO),
    "goal_conversion_rate": (0.075, ZERO),  # three sessions, one of them with two goals
    "goal_completions": (5, 0),
    "cart_abandonment_session": (70.0, ZERO),  # 340 + 360 of 1000, not the mean of 85 and 60
    "cart_abandonment_session_unordered": (69.0, ZERO),
    "cart_abandonment_agg": (78.75, ZERO),
    "checkout_abandonment": (4200 / 137, ZERO),
    "users": (3, 0),
    "new_users": (2, 0),
    "dau_avg": (5 / 7, 0),
    "wau": (3, 0),  # where the days' visitors add up to 5
    "mau": (3, 3),
    "stickiness": (500 / 21, 0),  # 5 visitor days over 7 days, of 3 visitors
    "user_return_rate": (100 / 3, ZERO),
    "days_to_purchase": (3, ZERO),
    "visits_to_purchase": (2, ZERO),
    "value_per_visit": (1.195, ZERO),  # 5200 - 200 - 320 + 100 by 4000
    "tev": (48140, 0),  # 52000 - 3000 - 1500 + 640
    "purchase_capture_rate": (92.5, ZERO),
    "orders_first_touch": (2, 0),
    "orders_last_touch": (2, 0),
    "orders_last_non_direct": (1, 0),
    "orders_linear": (1, 0),
    "orders_position_based": (0.4, 0),
    "orders_time_decay": (1, 0),
    "sales_first_touch": (60, 0),
    "sales_last_touch": (60, 0),
    "sales_last_non_direct": (50, 0),
    "sales_linear": (50, 0),
    "sales_position_based": (20, 0),
    "sales_time_decay": (50, 0),
}


class Website:
    """Calculates shipped metrics over ``MEASURES``."""

    def __init__(
        self, warehouse: Warehouse, project: SqlProject, sources: Mapping[str, Source], library: Mapping[str, Metric]
    ) -> None:
        self.warehouse, self.library = warehouse, library
        self._calculator = Calculator(warehouse, project, sources)

    def cover(self, *but: str) -> None:
        """Let every subject cover weeks 0 and 1, except those named."""
        days = (week(0), week(2) - timedelta(days=1))
        self.warehouse.cover({subject: days for subject in SUBJECTS if subject not in but})

    def of(self, metric_id: str, number: int, **options: Any) -> float | str | None:
        """Return the value of a week, or the reason why there is none."""
        value: float | str | None
        (value,) = self.members(metric_id, number, **options).values()
        return value

    def members(self, metric_id: str, number: int, **options: Any) -> dict[str, Any]:
        start = options.pop("start", week(number))
        rows = self._calculator.rows(self.library[metric_id], since=start, until=start, **options)
        return {row["member"]: row["null_reason"] if row["value"] is None else row["value"] for row in rows}


@pytest.fixture(scope="module")
def website(
    tmp_path_factory: pytest.TempPathFactory,
    project: SqlProject,
    sources: dict[str, Source],
    library: dict[str, Metric],
) -> Iterator[Website]:
    engine = DuckDbEngine(tmp_path_factory.mktemp("web_metrics") / "warehouse.duckdb", threads=1)
    prepare_meta(engine)
    warehouse = Warehouse(engine)
    warehouse.calendar()
    warehouse.as_of(week(3))
    for table, rows in MEASURES.items():
        warehouse.measures(table, rows)
    made = Website(warehouse, project, sources, library)
    made.cover()
    yield made
    engine.close()


@pytest.mark.parametrize("metric_id", EXPECTED)
def test_a_metric_is_what_a_hand_calculation_gives(website: Website, metric_id: str) -> None:
    figure, nothing = EXPECTED[metric_id]
    assert website.of(metric_id, 0) == pytest.approx(figure, rel=1e-9)
    assert website.of(metric_id, 1) == nothing
    # Thirty days up to week 2 still hold covered days, so monthly visitors are known in part.
    assert website.of(metric_id, 2) == (3 if metric_id == "mau" else "source_missing")


def test_every_metric_of_the_two_files_is_calculated_here(checkout: Path) -> None:
    folder = checkout / "config" / "metrics"
    shipped = {name for file in FILES for name in yaml.safe_load((folder / file).read_text(encoding="utf-8"))}
    assert shipped == {*EXPECTED, "goal_conversion_rate_by_goal", "cart_abandonment_user_7_days", "users_reported"}


def test_an_order_rate_is_not_clipped_at_100_percent(website: Website) -> None:
    website.warehouse.measures("orders", [SHOP | {"orders": 5000}])
    try:
        assert website.of("conversion_rate_order", 0) == 125.0
    finally:
        website.warehouse.measures("orders", MEASURES["orders"])


def test_purchases_without_carts_make_the_aggregate_abandonment_negative(website: Website) -> None:
    website.warehouse.measures("funnel_events", [DIRECT | {"add_to_cart_events": 40, "purchase_events": 50}])
    try:
        assert website.of("cart_abandonment_agg", 0) == -25.0
    finally:
        website.warehouse.measures("funnel_events", MEASURES["funnel_events"])


def test_carts_are_judged_a_week_later_when_all_had_seven_days(website: Website) -> None:
    # Of 200 carts of week 0, 40 were bought at once and 36 six days later; seven days later is too late.
    assert website.of("cart_abandonment_user_7_days", 1) == pytest.approx(62.0)
    website.warehouse.as_of(week(2) - timedelta(days=2))
    try:
        assert website.of("cart_abandonment_user_7_days", 1) == "immature_cohort"
    finally:
        website.warehouse.as_of(week(3))


def test_members_of_visitors_overlap_and_are_not_added_up(website: Website) -> None:
    assert website.members("users", 0, dimension="channel") == {"Direct": 2, "Organic Search": 3}
    rates = website.members("conversion_rate_user", 0, dimension="channel")
    assert rates == {"Direct": 0, "Organic Search": pytest.approx(100 / 3)}
    # A visitor is new where the first day's sessions came from.
    assert website.members("new_users", 0, dimension="channel") == {"Direct": 1, "Organic Search": 1}


def test_a_visitor_is_new_in_the_month_of_the_first_visit_and_returning_in_a_later_week(website: Website) -> None:
    # Visitor 1 first came on 27 December, visitors 2 and 3 in January.
    assert website.of("user_return_rate", 0, grain="month", start=MONDAY.replace(day=1)) == pytest.approx(100 / 3)
    assert website.of("user_return_rate", 0, grain="day", start=TUESDAY) == 100.0
    assert website.of("new_users", 0, grain="month", start=MONDAY.replace(day=1)) == 2


def test_a_goal_is_compared_with_all_sessions_and_the_goals_are_not_added_up(website: Website) -> None:
    rates = website.members("goal_conversion_rate_by_goal", 0, dimension="goal")
    assert rates == {"newsletter": pytest.approx(0.05), "contact": pytest.approx(0.05)}
    # By channel each has its own sessions: one goal session of 2400, two of 800.
    rates = website.members("goal_conversion_rate", 0, dimension="channel")
    assert (rates["Direct"], rates["Organic Search"]) == (pytest.approx(100 / 2400), 0.25)


def test_visitors_that_a_service_counted_have_no_value_for_other_periods(website: Website) -> None:
    assert website.members("users_reported", 0, dimension="property") == {"shop": 2450, "blog": 300}
    # What is reported for two weeks is not the figure of the second one.
    assert website.members("users_reported", 1, dimension="property") == {"shop": ZERO}
    assert website.members("users_reported", 0, dimension="property", grain="day", start=SUNDAY)["shop"] == 420


def test_only_what_is_attributed_by_the_model_is_split(website: Website) -> None:
    assert website.members("orders_time_decay", 0, dimension="channel") == {"Email": 0.25, "Direct": 0.75}
    assert website.members("sales_last_non_direct", 0, dimension="campaign") == {"Brand": 50}
    assert website.members("orders_first_touch", 0, dimension="channel") == {"Email": 1, "Unattributed": 1}


def test_without_goals_of_the_company_there_are_no_figures_about_goals(website: Website) -> None:
    website.cover("web_goals", "web_goal_values")
    try:
        for metric_id in ("goal_conversion_rate", "goal_completions", "tev"):
            assert website.of(metric_id, 0) == "source_missing"
        # A visit's value is that of its sales then.
        assert website.of("value_per_visit", 0) == pytest.approx(1.195)
        website.cover("web_goal_values")
        assert website.of("goal_completions", 0) == 5
        assert website.of("tev", 0) == "source_missing"
    finally:
        website.cover()


def test_without_web_events_orders_are_not_called_unattributed_or_uncaptured(website: Website) -> None:
    website.cover("web_events")
    try:
        for metric_id in ("orders_linear", "sales_linear", "purchase_capture_rate", "users", "days_to_purchase"):
            assert website.of(metric_id, 0) == "source_missing"
        # Daily reports speak for sessions, visitors of a day and events.
        assert website.of("sessions", 0) == 4000
        assert website.of("dau_avg", 0) == pytest.approx(5 / 7)
        assert website.of("cart_abandonment_agg", 0) == 78.75
    finally:
        website.cover()
