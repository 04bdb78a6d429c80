"""Tables for analysts: what they say beside the tables that they are made from, and for whom."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from kpi_pipeline.catalogue.snapshots.analyst_tables import AS_REPORTED, README, TARGET_PROGRESS, TOPICS, WIDE
from kpi_pipeline.catalogue.snapshots.snapshot_plan import snapshot_tables
from kpi_pipeline.catalogue.tables.row_tables import REPORTED, WEEKLY, write_rows
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.report import Audience
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, configuration, goals, kpi, metric, text, week

METRICS = {
    "ctr": metric("ad_clicks / ad_impressions", unit="percent", name=text("Click rate")),
    "clicks": metric("ad_clicks", unit="count", name=text("Number of clicks")),
}
CONFIG = configuration(METRICS, goals=goals(), kpis={"rate": kpi("ctr", "convert"), "taps": kpi("clicks", "tune_ads")})


def weekly(kpi_id: str, number: int, value: float | None, **changes: Any) -> dict[str, Any]:
    row = {"kpi_id": kpi_id, "week_start": week(number), "week_end": week(number) + timedelta(days=6)}
    aim = {"baseline": 2.0, "target": 4.0, "path_value": 2.5, "deadline": week(number) + timedelta(days=20)}
    return {**row, "value": value, "status": "final", **aim, **changes}


def reported(kpi_id: str, value: float | None, hour: int, **changes: Any) -> dict[str, Any]:
    at = {"published_at": datetime(2026, 3, 1, hour), "week_start": week(1)}
    return {"kpi_id": kpi_id, "value": value, "status": "provisional", "audience": "executive", **at, **changes}


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    warehouse.engine.run("create schema kpi")
    rows = [weekly("rate", 0, 2.0), weekly("rate", 1, 3.0), weekly("taps", 1, 500.0, target=None)]
    write_rows(warehouse.engine, "kpi.weekly_internal", WEEKLY, rows)
    write_rows(warehouse.engine, "kpi.weekly_executive", WEEKLY, rows[:2])
    said = [
        reported("rate", 2.75, 2, definition_hash="a"),
        reported("rate", None, 1, definition_hash="a"),
        reported("rate", 3.0, 3, definition_hash="b", status="final"),
        reported("taps", 480.0, 1, definition_hash="c", audience="internal"),
    ]
    write_rows(warehouse.engine, "kpi.reported", REPORTED, said)
    return warehouse


def shown(
    warehouse: Warehouse, project: SqlProject, name: str, audience: Audience, config: Configuration = CONFIG
) -> list[dict[str, Any]]:
    (table,) = [one for one in snapshot_tables(config, project)[audience] if one.name == name]
    rows = warehouse.rows(f"select * from ({table.query}) order by all")
    assert all(list(row) == list(table.column_notes) for row in rows)
    return rows


def test_kpis_stand_side_by_side_each_in_the_column_of_its_id(filled: Warehouse, project: SqlProject) -> None:
    assert shown(filled, project, WIDE, "internal") == [
        {"week_start": week(0), "rate": 2.0, "taps": None},
        {"week_start": week(1), "rate": 3.0, "taps": 500.0},
    ]
    assert shown(filled, project, WIDE, "executive") == [
        {"week_start": week(0), "rate": 2.0},
        {"week_start": week(1), "rate": 3.0},
    ]


def test_a_kpi_may_be_called_like_a_text_or_like_the_key(filled: Warehouse, project: SqlProject) -> None:
    named = {"source": kpi("ctr", "convert"), "note_en": kpi("ctr", "grow"), "week_start": kpi("ctr", "grow")}
    config = replace(CONFIG, kpis={**CONFIG.kpis, **named})
    assert list(shown(filled, project, WIDE, "executive", config)[0]) == ["week_start", "note_en", "rate", "source"]


def test_progress_says_how_far_a_kpi_is_from_its_path_and_its_deadline(filled: Warehouse, project: SqlProject) -> None:
    rows = shown(filled, project, TARGET_PROGRESS, "internal")
    # 20 days from Monday are 14 from Sunday.
    assert [(row["kpi_id"], row["value"], row["gap_to_path"], row["weeks_left"]) for row in rows] == [
        ("rate", 2.0, -0.5, 2),
        ("rate", 3.0, 0.5, 2),
    ]


def test_what_was_said_first_stands_beside_what_is_said_now(filled: Warehouse, project: SqlProject) -> None:
    internal = {row["kpi_id"]: row for row in shown(filled, project, AS_REPORTED, "internal")}
    rate = internal["rate"]
    # Nothing was said first, and that is not the first number.
    assert (rate["first_value"], rate["value"], rate["change"]) == (None, 3.0, None)
    assert (rate["times_published"], rate["is_same_definition"]) == (3, False)
    assert (internal["taps"]["change"], internal["taps"]["is_same_definition"]) == (20.0, True)
    assert [row["kpi_id"] for row in shown(filled, project, AS_REPORTED, "executive")] == ["rate"]


@pytest.mark.parametrize("audience", ["internal", "executive"])
def test_the_readme_names_only_tables_that_the_file_has(
    filled: Warehouse, project: SqlProject, audience: Audience
) -> None:
    rows = shown(filled, project, README, audience)
    assert [row["topic"] for row in rows] == list(TOPICS)
    names = {table.name for table in snapshot_tables(CONFIG, project)[audience]}
    words = {word.strip(".,:;()؛،") for row in rows for code in ("en", "fa") for word in row[f"text_{code}"].split()}
    named = {word for word in words if word.startswith(("kpi.", "views."))}
    assert len(named) > 5
    assert named - names == set()
