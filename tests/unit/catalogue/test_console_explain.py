import duckdb
import pytest

from kpi_pipeline.catalogue.tables.row_tables import ANOMALIES, WATCHED, write_rows
from kpi_pipeline.console.explain import unusual_facts
from tests.unit.catalogue.hand_made import Warehouse, week


@pytest.fixture
def snapshot(warehouse: Warehouse) -> duckdb.DuckDBPyConnection:
    warehouse.engine.run("create schema kpi")
    anomaly = {"kpi_id": "sales", "week_start": week(1), "dimension": "device"}
    rows = [
        anomaly | {"member": "desktop", "priority": 3, "finding_en": "third"},
        anomaly | {"member": "tablet", "priority": None, "event": "sale", "finding_en": "Explained by: sale."},
        anomaly | {"member": "mobile", "priority": 1, "finding_en": "first"},
        anomaly | {"member": "mobile", "priority": 1, "finding_en": "another week", "week_start": week(2)},
        anomaly | {"member": "mobile", "priority": 2, "finding_en": "another KPI", "kpi_id": "orders"},
    ]
    write_rows(warehouse.engine, "kpi.anomalies", ANOMALIES, rows)
    watched = {"method": "laney_p", "limit_width": 3.0, "series": 4, "weeks": 52, "alarms": 3}
    write_rows(
        warehouse.engine,
        "kpi.watched",
        WATCHED,
        [watched | {"kpi_id": "sales", "expected_false_alarms": 0.77}, {"kpi_id": "orders", "weeks": 0}],
    )
    return warehouse.engine.connection


def test_unusual_values_of_the_week_are_told_alarms_first(snapshot: duckdb.DuckDBPyConnection) -> None:
    assert unusual_facts(snapshot, {"kpi_id": "sales", "week_start": week(1)}) == [
        ("unusual", "first"),
        ("unusual", "third"),
        ("explained", "Explained by: sale."),
        ("watched", "4 series, 52 values of 13 weeks by laney_p: 3 alarms, 0.8 expected by chance"),
    ]


def test_nothing_is_told_of_a_kpi_that_cannot_be_watched_yet(snapshot: duckdb.DuckDBPyConnection) -> None:
    assert unusual_facts(snapshot, {"kpi_id": "orders", "week_start": week(3)}) == []
