"""Tables and notes that are made from ``kpi.values`` by one statement: segments, efficiency, suspected units."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.findings.efficiency import efficiency_rows
from kpi_pipeline.catalogue.findings.segments import refresh_segments
from kpi_pipeline.catalogue.metrics.value_notes import suspected_units
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.kpi import Where
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, configuration, goals, kpi, metric, week

VALUE_TYPES = {
    "metric_id": "varchar",
    "grain": "varchar",
    "period_start": "date",
    "period_end": "date",
    "dimension": "varchar",
    "member": "varchar",
    "numerator": "decimal(38, 4)",
    "denominator": "decimal(38, 4)",
    "value": "double",
    "null_reason": "varchar",
    "status": "varchar",
}


def write_values(warehouse: Warehouse, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in VALUE_TYPES.items())
    warehouse.engine.run("create schema if not exists kpi")
    warehouse.engine.run(f"create or replace table kpi.values ({columns})")
    for row in rows:
        filled = {"grain": "week", "dimension": "total", "member": "total", "status": "final"} | row
        filled["period_end"] = filled["period_start"] + timedelta(days=6)
        names = ", ".join(filled)
        warehouse.engine.run(
            f"insert into kpi.values ({names}) values ({', '.join(f'${name}' for name in filled)})", filled
        )


def company(**where: Any) -> Configuration:
    metrics = {
        "ctr": metric("ad_clicks / ad_impressions", unit="percent"),
        "cost": metric("ad_cost", unit="currency").model_copy(update={"direction": "lower_better"}),
        "traffic": metric("ad_clicks", unit="count"),
    }
    place = {"where": Where(**({"scope": "all", "efficiency_metric": "ctr", "per": "cost"} | where))}
    return configuration(
        metrics, goals=goals(), kpis={"clicking": kpi("ctr", "convert", **place), "spending": kpi("cost", "grow")}
    )


def test_members_are_ranked_from_the_best_with_shared_places(warehouse: Warehouse) -> None:
    rows = [
        {"metric_id": name, "period_start": start, "dimension": "device", "member": member, "value": value}
        for name, start, member, value in (
            ("ctr", week(4), "mobile", 2.0),
            ("ctr", week(4), "desktop", 3.0),
            ("ctr", week(4), "tablet", 3.0),
            ("ctr", week(4), "", 1.0),
            ("ctr", week(4), "watch", None),
            ("ctr", week(3), "mobile", 9.0),
            ("cost", week(4), "mobile", 5.0),
            ("cost", week(4), "desktop", 7.0),
            ("traffic", week(4), "mobile", 1.0),
        )
    ]
    write_values(warehouse, [*rows, {"metric_id": "ctr", "period_start": week(4), "value": 2.5}])
    with warehouse.engine.transaction():
        refresh_segments(warehouse.engine, Audiences(company()), week(4))

    found = warehouse.rows("select * from kpi.segments order by kpi_id, rank, member")
    assert [(row["kpi_id"], row["member"], row["rank"], row["members"]) for row in found] == [
        ("clicking", "desktop", 1, 4),
        ("clicking", "tablet", 1, 4),
        ("clicking", "mobile", 2, 4),
        ("clicking", "", 3, 4),
        # Cheaper is better.
        ("spending", "mobile", 1, 2),
        ("spending", "desktop", 2, 2),
    ]


def efficiency(warehouse: Warehouse, project: SqlProject, **where: Any) -> list[tuple[Any, ...]]:
    rows = efficiency_rows(warehouse.engine, Audiences(company(**where)), project, week(13))
    return [
        (row["week_start"], row["result"], row["effort"], row["result_per_effort"])
        for row in rows
        if row["kpi_id"] == "clicking"
    ]


def test_result_per_effort_of_metrics_and_measures(warehouse: Warehouse, project: SqlProject) -> None:
    write_values(
        warehouse,
        [
            {"metric_id": "traffic", "period_start": week(number), "value": value}
            for number, value in ((0, 7.0), (1, 60.0), (12, 90.0), (13, None))
        ],
    )
    member = {"platform": "p", "campaign": "c", "device": "d", "country": "DE"}
    days = [member | {"day": week(n), "ad_cost": Decimal(30), "ad_clicks": 1, "ad_impressions": 1} for n in (0, 1, 13)]
    days += [member | {"day": week(12), "ad_cost": Decimal(0), "ad_clicks": 1, "ad_impressions": 1}]
    warehouse.measures("ads", days)
    warehouse.cover({"ad_performance": (week(0), week(14) - timedelta(days=1))})
    warehouse.as_of(week(14))

    # A metric of the library by a measure that no metric shows.
    assert efficiency(warehouse, project, efficiency_metric="traffic", per="ad_cost") == [
        # 13 weeks up to the last complete one: week 0 is too long ago. 60 / 30; then nothing was spent; then no value.
        (week(1), 60.0, 30.0, 2.0),
        (week(12), 90.0, 0.0, None),
        (week(13), None, 30.0, None),
    ]


def test_names_that_nothing_makes_have_no_efficiency(warehouse: Warehouse, project: SqlProject) -> None:
    write_values(warehouse, [{"metric_id": "traffic", "period_start": week(1), "value": 60.0}])

    assert efficiency(warehouse, project, efficiency_metric="traffic", per="nothing") == []
    # There is such a measure, but nothing fills its table here.
    assert efficiency(warehouse, project, efficiency_metric="traffic", per="ad_cost") == []


def notes(warehouse: Warehouse, values: list[float | None], **changes: Any) -> list[date]:
    rows = [
        {"metric_id": changes.get("metric_id", "cost"), "period_start": week(number), "value": value}
        for number, value in enumerate(values)
    ]
    rows[-1]["status"] = changes.get("status", "final")
    write_values(warehouse, rows)
    found = list(suspected_units(warehouse.engine, company().metrics))
    assert {row["kind"] for row in found} <= {"unit_suspected"}
    return [row["first_day"] for row in found]  # type: ignore[misc]


EIGHT: list[float | None] = [100.0, 90.0, 110.0, 105.0, 95.0, 100.0, 100.0, 100.0]


SUSPECTED = (1_000.0, 800.0, 1_200.0, 10.0, 8.0, 12.5)
USUAL = (799.0, 1_201.0, 7.9, 12.6, 100.0)


@pytest.mark.parametrize("value", [*SUSPECTED, *USUAL])
def test_ten_times_the_usual_amount_may_be_another_unit(warehouse: Warehouse, value: float) -> None:
    # The median of the eight weeks before is 100.
    assert notes(warehouse, [*EIGHT, value]) == ([week(8)] if value in SUSPECTED else [])


def test_suspicion_needs_eight_weeks_a_whole_week_and_an_amount(warehouse: Warehouse) -> None:
    assert notes(warehouse, [*EIGHT[1:], 1_000.0]) == []
    assert notes(warehouse, [None, *EIGHT[1:], 1_000.0]) == []
    assert notes(warehouse, [*EIGHT, 1_000.0], status="partial") == []
    assert notes(warehouse, [*EIGHT, 1_000.0], metric_id="traffic") == []
    assert notes(warehouse, [*[0.0] * 8, 1_000.0]) == []
    assert notes(warehouse, [*EIGHT, 1_000.0], status="provisional") == [week(8)]
