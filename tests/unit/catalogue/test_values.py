from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_pipeline.catalogue.metrics.values import day_ranges, refresh_values
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, configuration, metric, week

METRICS = {
    "ctr": metric("ad_clicks / ad_impressions", unit="percent"),
    "cpc_mobile": metric("ad_cost / ad_clicks", unit="currency", filter="device = 'mobile'", dimensions=("platform",)),
    "cac": metric(
        "acquisition_cost / new_customers",
        unit="currency",
        trailing_weeks=2,
        cost_lag_weeks=1,
        lagged=("acquisition_cost",),
    ),
    "ltv": metric(
        "cohort_gross_margin / new_customers",
        unit="currency",
        cohort_age_days=10,
        shift_weeks=2,
        trailing_weeks=2,
        dimensions=(),
    ),
    "young_ltv": metric("cohort_gross_margin / new_customers", unit="currency", cohort_age_days=10),
    "payback": metric("first_age(cohort_gross_margin >= acquisition_cost)", unit="months", cohort_age_days=40),
    "buyers": metric("buying_customers", unit="count"),
}
TABLES = ("ads", "acquisition", "orders", "cohorts", "buyers")
SUBJECTS = ("ad_performance", "ledger_entries", "orders")
ALL_VALUES = "select * from kpi.values order by all"


def refresh(
    warehouse: Warehouse, project: SqlProject, as_of: date, metrics: dict[str, Metric] | None = None
) -> list[str]:
    warehouse.as_of(as_of)
    with warehouse.engine.transaction():
        return refresh_values(warehouse.engine, configuration(metrics or METRICS), project, as_of)


def ad(day: date, clicks: int, impressions: int, cost: int | None, device: str = "mobile") -> dict[str, Any]:
    members = {"platform": "google_ads", "campaign": "brand", "device": device, "country": "DE"}
    figures = {"ad_clicks": clicks, "ad_impressions": impressions, "ad_cost": None if cost is None else Decimal(cost)}
    return {"day": day} | members | figures


class History:
    """What the sources have delivered so far, as plain rows by table and day."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._rows: dict[str, dict[date, list[dict[str, Any]]]] = defaultdict(dict)
        self._covered: set[tuple[str, date]] = set()
        self._changed: set[tuple[str, date]] = set()
        for table in TABLES:
            self.deliver(table, week(-10), 0)

    def deliver(self, table: str, day: date, amount: int) -> None:
        where = {"channel": "Direct", "country": "DE"}
        rows: list[dict[str, Any]] = {
            "ads": [ad(day, amount, 3 * amount, amount), ad(day, 1, amount, None if amount == 3 else 2, "desktop")],
            "acquisition": [{"day": day, "acquisition_cost": Decimal(amount)}],
            "orders": [{"day": day, "new_customers": amount, **where}],
            "cohorts": [
                {"day": day, "age_days": 5 * age, "cohort_gross_margin": Decimal(amount), **where} for age in range(9)
            ],
            "buyers": [{"day": day, "customer_key": f"c{n}", "is_returning": False, **where} for n in range(amount)],
        }[table]
        self._rows[table][day] = rows or [{"day": day, "customer_key": None, "is_returning": False, **where}]
        self._changed.add((table, day))

    def cover(self, subject: str, first: date, last: date) -> None:
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        self._warehouse.changed("core.coverage", *days)
        self._covered |= {(subject, day) for day in days}

    def build(self, as_of: date) -> None:
        """Bring the tables up to date; coverage is final after five days, which is worked out anew in every run."""
        for table in {table for table, _ in self._changed}:
            self._warehouse.measures(table, [row for rows in self._rows[table].values() for row in rows])
            self._warehouse.changed(f"measures.{table}", *(day for name, day in self._changed if name == table))
        self._changed = set()
        values = ", ".join(
            f"('{subject}', date '{day}', {str(day < as_of - timedelta(days=5)).lower()})"
            for subject, day in sorted(self._covered)
        )
        engine = self._warehouse.engine
        flips = f"select * from (values {values}) as covered (subject, day, is_final)"
        if engine.exists("core.coverage"):
            changed = engine.read(f"select distinct day from (({flips}) except select * from core.coverage)")
            if days := changed.column("day").to_pylist():
                self._warehouse.changed("core.coverage", *days)
        engine.replace_table("core.coverage", flips)


def assert_as_if_all_at_once(warehouse: Warehouse, project: SqlProject, as_of: date) -> None:
    refresh(warehouse, project, as_of)
    day_by_day = warehouse.rows(ALL_VALUES)
    warehouse.engine.run("delete from meta.computed_metrics")
    refresh(warehouse, project, as_of)
    assert day_by_day == warehouse.rows(ALL_VALUES)


offsets = st.integers(-3, 45)
run = st.fixed_dictionaries(
    {
        "days": st.integers(0, 12),
        "delivered": st.lists(st.tuples(st.sampled_from(TABLES), offsets, st.integers(0, 5)), max_size=3),
        "covered": st.lists(st.tuples(st.sampled_from(SUBJECTS), offsets, st.integers(0, 20)), max_size=3),
    }
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(run, min_size=1, max_size=3))
def test_day_by_day_gives_the_same_values_as_all_at_once(
    warehouse: Warehouse, project: SqlProject, runs: list[dict[str, Any]]
) -> None:
    for table in ("meta.changes", "meta.computed_metrics", "kpi.values", "core.coverage"):
        if warehouse.engine.exists(table):
            warehouse.engine.run(f"drop table {table}" if table == "core.coverage" else f"delete from {table}")
    history, as_of = History(warehouse), week(2)
    for subject in SUBJECTS:
        history.cover(subject, week(0), week(2))
    for table in TABLES:
        history.deliver(table, week(0), 4)
    history.build(as_of)
    refresh(warehouse, project, as_of)
    for one in runs:
        as_of += timedelta(days=one["days"])
        for subject, offset, length in one["covered"]:
            first = week(0) + timedelta(days=offset)
            history.cover(subject, first, first + timedelta(days=length))
        for table, offset, amount in one["delivered"]:
            history.deliver(table, week(0) + timedelta(days=offset), amount)
        history.build(as_of)
        assert_as_if_all_at_once(warehouse, project, as_of)


@pytest.fixture
def filled(warehouse: Warehouse, project: SqlProject) -> Warehouse:
    history = History(warehouse)
    for subject in SUBJECTS:
        history.cover(subject, week(0), week(8))
    for number in range(8):
        for table in TABLES:
            history.deliver(table, week(number), 4)
    history.build(week(8))
    refresh(warehouse, project, week(8))
    return warehouse


def test_nothing_new_computes_nothing(filled: Warehouse, project: SqlProject) -> None:
    before = filled.rows(ALL_VALUES)

    assert refresh(filled, project, week(8)) == []
    assert filled.rows(ALL_VALUES) == before


def test_changed_day_computes_only_the_metrics_and_periods_that_it_reaches(
    filled: Warehouse, project: SqlProject
) -> None:
    filled.engine.run("update kpi.values set value = -1")
    filled.changed("measures.acquisition", week(2))

    assert refresh(filled, project, week(8)) == ["cac", "payback"]
    fresh = filled.rows(
        "select metric_id, grain, period_start from kpi.values where value <> -1 and grain = 'week' order by all"
    )
    # Its costs reach the two trailing weeks, one week later; the payback is that of the week itself.
    assert [(row["metric_id"], row["period_start"]) for row in fresh] == [("cac", week(3)), ("cac", week(4))]
    touched = filled.rows("select distinct grain from kpi.values where value <> -1 and metric_id = 'cac' order by all")
    assert [row["grain"] for row in touched] == ["month", "quarter", "week", "year"]


def test_time_that_passes_ends_weeks_and_ripens_cohorts(warehouse: Warehouse, project: SqlProject) -> None:
    history = History(warehouse)
    for subject in SUBJECTS:
        history.cover(subject, week(0), week(9))
    for table in TABLES:
        history.deliver(table, week(0), 4)
    history.build(week(1))
    refresh(warehouse, project, week(1))
    # The cohort of week 0 is 10 days old three days into week 2, and week 1 is over by then.
    as_of = week(2) + timedelta(days=3)
    warehouse.engine.run("update core.coverage set is_final = true")

    refresh(warehouse, project, as_of)
    rows = warehouse.rows(
        "select metric_id, period_start, null_reason, status from kpi.values"
        " where metric_id in ('ctr', 'young_ltv') and dimension = 'total' and grain = 'week' order by all"
    )
    assert [(row["metric_id"], row["period_start"], row["null_reason"], row["status"]) for row in rows] == [
        ("ctr", week(0), None, "provisional"),
        ("ctr", week(1), "zero_denominator", "final"),
        ("ctr", week(2), "zero_denominator", "partial"),
        ("young_ltv", week(0), None, "final"),
        ("young_ltv", week(1), "immature_cohort", "partial"),
        ("young_ltv", week(2), "immature_cohort", "partial"),
    ]


def test_history_that_arrives_later_makes_gaps_of_what_was_before_the_data(
    filled: Warehouse, project: SqlProject
) -> None:
    for subject, day in (("orders", week(-6)), ("ad_performance", week(-4))):
        filled.engine.run(f"insert into core.coverage values ('{subject}', date '{day}', true)")
        filled.changed("core.coverage", day)
        refresh(filled, project, week(8))

    rows = filled.rows(
        "select period_start, null_reason from kpi.values where metric_id = 'ctr' and grain = 'week'"
        " and dimension = 'total' and status = 'partial' order by all"
    )
    assert [(row["period_start"], row["null_reason"]) for row in rows] == [
        (week(-4), "zero_denominator"),
        (week(-3), "source_missing"),
        (week(-2), "source_missing"),
        (week(-1), "source_missing"),
    ]


def test_changed_cohort_reaches_the_weeks_that_show_it_later(filled: Warehouse, project: SqlProject) -> None:
    filled.engine.run("update kpi.values set value = -1")
    filled.changed("measures.cohorts", week(2))

    assert refresh(filled, project, week(8)) == ["ltv", "young_ltv", "payback"]
    fresh = filled.rows(
        "select metric_id, period_start from kpi.values"
        " where value <> -1 and grain = 'week' and dimension = 'total' and metric_id like '%ltv' order by all"
    )
    assert [(row["metric_id"], row["period_start"]) for row in fresh] == [
        ("ltv", week(4)),
        ("ltv", week(5)),
        ("young_ltv", week(2)),
    ]


def test_changed_formula_computes_its_metric_again(filled: Warehouse, project: SqlProject) -> None:
    changed = METRICS | {"ctr": metric("ad_clicks / ad_impressions", unit="ratio")}

    assert refresh(filled, project, week(8), changed) == ["ctr"]


def test_removed_metric_leaves_no_values(filled: Warehouse, project: SqlProject) -> None:
    refresh(filled, project, week(8), {"ctr": METRICS["ctr"]})

    assert {row["metric_id"] for row in filled.rows(ALL_VALUES)} == {"ctr"}
    assert len(filled.rows("select * from meta.computed_metrics")) == 1


def test_changed_calendar_or_unknown_changes_compute_everything(filled: Warehouse, project: SqlProject) -> None:
    filled.changed("core.calendar")
    assert refresh(filled, project, week(8)) == list(METRICS)
    filled.changed("measures.buyers")
    assert refresh(filled, project, week(8)) == ["buyers"]


def test_earlier_day_of_the_run_computes_everything_as_it_was(filled: Warehouse, project: SqlProject) -> None:
    assert refresh(filled, project, week(6)) == list(METRICS)
    last = filled.rows("select max(period_start) as last from kpi.values where grain = 'week' and metric_id = 'ctr'")
    assert last[0]["last"] == week(5)


def test_values_have_every_grain_dimension_and_member(filled: Warehouse) -> None:
    rows = filled.rows("select distinct grain, dimension, member from kpi.values where metric_id = 'ctr' order by all")

    members = {
        ("total", "total"),
        ("platform", "google_ads"),
        ("campaign", "brand"),
        ("country", "DE"),
        ("device", "desktop"),
        ("device", "mobile"),
    }
    found = defaultdict(set)
    for row in rows:
        found[row["grain"]].add((row["dimension"], row["member"]))
    assert found == dict.fromkeys(("week", "month", "quarter", "year"), members)


def test_sums_of_members_are_the_total_in_every_period(filled: Warehouse) -> None:
    different = filled.rows(
        "with sums as (select grain, period_start, dimension, sum(numerator) as above, sum(denominator) as below"
        " from kpi.values where metric_id = 'ctr' group by all)"
        " select * from sums inner join sums as total using (grain, period_start)"
        " where total.dimension = 'total' and (sums.above, sums.below) <> (total.above, total.below)"
    )

    assert different == []


def test_no_value_is_ever_infinite_and_every_missing_one_has_a_reason(filled: Warehouse) -> None:
    wrong = "select * from kpi.values where (value is null) = (null_reason is null) or not isfinite(value)"

    assert filled.rows(wrong) == []


def test_stretches_of_days_are_joined() -> None:
    first, second, fourth = (week(0) + timedelta(days=number) for number in (0, 1, 3))

    assert day_ranges([fourth, second, first]) == [(first, second), (fourth, fourth)]
    assert day_ranges([]) == []
