from datetime import date, datetime, timedelta
from typing import Any

import pytest

from kpi_pipeline.catalogue.metrics.lineage import metric_subjects
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.snapshots.quality import NEUTRAL_MESSAGES, Reach, neutral_message_sql, quality_rows
from kpi_pipeline.sources.custody.arrival import Arrival, Contents, NewArrival, Refusal
from kpi_pipeline.sources.custody.source_state import Coverage, QuarantinedFile, SourceState
from kpi_pipeline.sources.files.opened_file import FileNote
from kpi_pipeline.warehouse.checks import CheckWarning
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, configuration, metric, week

AS_OF = week(4)
METRICS = {
    "ctr": metric("ad_clicks / ad_impressions", unit="percent"),
    "cac": metric("acquisition_cost / new_customers", unit="currency"),
    "sales": metric("gross_sales", unit="currency"),
}
REFUSAL = Refusal(
    "ads.csv, line 7: ...", line=7, column="Cost", found="abc", expected="a number", advice="Export again."
)


@pytest.fixture
def reach(project: SqlProject) -> Reach:
    config = configuration(METRICS)
    plans = {name: plan_metric(name, config, project) for name in METRICS}
    delivered = {
        "ads": frozenset({"ad_performance"}),
        "shop": frozenset({"orders", "order_lines"}),
        "costs": frozenset({"products"}),
    }
    return Reach(project, plans, metric_subjects(plans, project), delivered)


def state(source: str, **changes: Any) -> SourceState:
    parts: dict[str, Any] = {
        "source": source,
        "system": "csv",
        "last_file": "f.csv",
        "exported_at": datetime(2026, 2, 1),
        "is_late": False,
        "files": {},
        "coverage": (),
        "quarantine": (),
    }
    return SourceState(**(parts | changes))


def coverage(subject: str, missing: list[date], last: date = AS_OF - timedelta(days=1)) -> Coverage:
    return Coverage(subject, week(0), last, 10, tuple(missing), ())


def facts(rows: list[Any]) -> list[tuple[Any, ...]]:
    return [(row["kind"], row.get("metric_id"), row["first_day"], row["last_day"]) for row in rows]


def test_missing_days_are_told_as_stretches_for_every_metric_that_needs_them(reach: Reach) -> None:
    gap = [week(1), week(1) + timedelta(days=1), week(2)]
    rows = quality_rows([state("ads", coverage=(coverage("ad_performance", gap),))], [], {}, reach=reach, as_of=AS_OF)

    assert facts(rows) == [
        ("missing_days", "cac", gap[0], gap[1]),
        ("missing_days", "ctr", gap[0], gap[1]),
        ("missing_days", "cac", gap[2], gap[2]),
        ("missing_days", "ctr", gap[2], gap[2]),
    ]
    assert rows[0]["message"] == "ad_performance: nothing delivered for 2 days"


def test_subject_that_nothing_has_to_be_covered_by_has_no_missing_days(reach: Reach) -> None:
    prices = state("costs", coverage=(coverage("products", [week(1)]),))

    assert quality_rows([prices], [], {}, reach=reach, as_of=AS_OF) == []


def test_late_source_touches_the_days_after_its_last_one(reach: Reach) -> None:
    last = AS_OF - timedelta(days=3)
    late = state("shop", is_late=True, coverage=(coverage("orders", [], last),))

    assert facts(quality_rows([late], [], {}, reach=reach, as_of=AS_OF)) == [
        ("late_source", "cac", last + timedelta(days=1), AS_OF - timedelta(days=1)),
        ("late_source", "sales", last + timedelta(days=1), AS_OF - timedelta(days=1)),
    ]
    complete = state("shop", is_late=True, coverage=(coverage("orders", []),))
    assert facts(quality_rows([complete], [], {}, reach=reach, as_of=AS_OF)) == [("late_source", None, None, None)]


def test_source_that_never_delivered_touches_everything_made_from_it(reach: Reach) -> None:
    silent = state("ads", is_late=True, exported_at=None)

    rows = quality_rows([silent], [], {}, reach=reach, as_of=AS_OF)
    assert facts(rows) == [("late_source", "cac", None, None), ("late_source", "ctr", None, None)]
    assert rows[0]["message"] == "no file has arrived, later than promised"


def test_refused_file_is_told_with_place_and_advice(reach: Reach) -> None:
    waiting = (QuarantinedFile("ads.csv", "abc", datetime(2026, 2, 1), REFUSAL),)
    gap = [week(1), week(3)]
    rows = quality_rows(
        [state("ads", quarantine=waiting, coverage=(coverage("ad_performance", gap),))],
        [],
        {},
        reach=reach,
        as_of=AS_OF,
    )

    refused = [row for row in rows if row["kind"] == "quarantined_file"]
    assert facts(refused) == [
        ("quarantined_file", None, None, None),
        ("quarantined_file", "cac", week(1), week(3)),
        ("quarantined_file", "ctr", week(1), week(3)),
    ]
    assert {row["severity"] for row in refused} == {"error"}
    assert (refused[0]["file_name"], refused[0]["line"], refused[0]["column_name"]) == ("ads.csv", 7, "Cost")
    assert (refused[0]["found"], refused[0]["expected"], refused[0]["message"]) == ("abc", "a number", "Export again.")


def test_refused_file_touches_no_metric_where_others_cover_all_days(reach: Reach) -> None:
    waiting = (QuarantinedFile("ads.csv", "abc", datetime(2026, 2, 1), REFUSAL),)
    complete = state("ads", quarantine=waiting, coverage=(coverage("ad_performance", []),))

    assert facts(quality_rows([complete], [], {}, reach=reach, as_of=AS_OF)) == [("quarantined_file", None, None, None)]


def arrival(name: str, day: date, **changes: Any) -> Arrival:
    contents = {"rows": 1, "control_totals": {}, "is_end_verifiable": True, "unknown_columns": (), "notes": ()}
    return Arrival(
        arrival_id=1,
        file=NewArrival("shop", name, 1, "hash", 0, datetime(2026, 2, 1), AS_OF),
        seen_ns=0,
        state=changes.pop("state", "loaded"),
        exported_at=datetime(day.year, day.month, day.day),
        batch_id="b",
        contract_fingerprint="f",
        contents=Contents(first_day=day, last_day=day, **(contents | changes)),
        refusal=None,
    )


def test_notes_that_files_of_a_source_share_are_told_once(reach: Reach) -> None:
    note = FileNote("undated_rows", "3 rows", "rows without a day count for the last one")
    arrivals = [
        arrival("a.csv", week(0), is_end_verifiable=False),
        arrival("b.csv", week(1), is_end_verifiable=False, unknown_columns=("Tags",), notes=(note,)),
        arrival("c.csv", week(2), is_end_verifiable=False, state="superseded"),
    ]
    rows = [row for row in quality_rows([], arrivals, {}, reach=reach, as_of=AS_OF) if row["metric_id"] == "sales"]

    assert facts(rows) == [
        ("unverifiable_end", "sales", week(0), week(1)),
        ("unknown_column", "sales", week(1), week(1)),
        ("undated_rows", "sales", week(1), week(1)),
    ]
    assert rows[0]["message"] == "nothing in the file proves that no rows are missing at its end (2 files)"
    assert (rows[0]["file_name"], rows[1]["found"], rows[2]["found"]) == ("b.csv", "Tags", "3 rows")


def test_warning_of_a_check_touches_what_is_made_from_the_table(reach: Reach) -> None:
    warnings = {"core.order_lines": (CheckWarning("cost_known", 3, week(0), week(1)),)}

    rows = quality_rows([], [], warnings, reach=reach, as_of=AS_OF)
    assert facts(rows) == [
        ("check_warning", "cac", week(0), week(1)),
        ("check_warning", "sales", week(0), week(1)),
    ]
    assert str(rows[0]["message"]).startswith("core.order_lines: cost_known does not hold for 3 rows")


def test_executives_are_told_nothing_that_a_file_says(warehouse: Warehouse) -> None:
    for kind, message in NEUTRAL_MESSAGES.items():
        found = warehouse.rows(f"select {neutral_message_sql('kind')} as message from (select '{kind}' as kind)")
        assert found == [{"message": message}]
    other = warehouse.rows(f"select {neutral_message_sql('kind')} as message from (select 'Secret name' as kind)")
    assert "Secret" not in other[0]["message"]
