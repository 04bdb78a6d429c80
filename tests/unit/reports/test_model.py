import json
from collections.abc import Callable
from datetime import date
from typing import Any

import duckdb
import pytest

from kpi_pipeline.errors import ReportError
from kpi_pipeline.reports.model import report_model

WEEK = date(2026, 11, 9)
NewSnapshot = Callable[..., Any]


def test_the_frame_of_a_report(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion")
    path = maker.write()
    english = report_model(path, "executive", WEEK, "en")
    assert (english.company, english.title, english.direction) == ("Nordlicht Home", "Weekly scorecard", "ltr")
    assert english.facts[:2] == ("Week 9–15 Nov 2026", "Data up to 17 Nov 2026")
    assert english.notices == ()
    persian = report_model(path, "executive", WEEK, "fa")
    assert (persian.company, persian.title, persian.direction) == ("خانهٔ نورد‌لیخت", "کارنامهٔ هفتگی", "rtl")
    assert persian.facts[:2] == ("هفتهٔ ۱۸ تا ۲۴ آبان ۱۴۰۵", "داده‌ها تا ۲۶ آبان ۱۴۰۵")


def test_the_report_is_plain_json_and_the_same_every_time(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot("internal")
    maker.add_kpi("conversion")
    maker.add_value("conversion", 5.5)
    path = maker.write()
    once = report_model(path, "internal", WEEK, "fa").as_json()
    assert once == report_model(path, "internal", WEEK, "fa").as_json()
    assert json.loads(once)["objectives"][0]["kpis"][0]["kpi_id"] == "conversion"


@pytest.mark.parametrize("count", [0, 1, 20])
def test_any_number_of_kpis(new_snapshot: NewSnapshot, count: int) -> None:
    maker = new_snapshot()
    for number in range(count):
        maker.add_kpi(f"kpi_{number:02d}")
    report = report_model(maker.write(), "executive", WEEK, "en")
    assert sum(len(group.kpis) for group in report.objectives) == count
    if count == 0:
        assert report.headline == ("No KPI has been committed to for these readers yet.",)
        assert report.tally == ()


def test_a_report_may_show_some_kpis_in_an_order_of_its_own(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    for kpi_id in ("a_rate", "b_rate", "c_rate"):
        maker.add_kpi(kpi_id)
    report = report_model(maker.write(), "executive", WEEK, "en", kpis=["c_rate", "a_rate", "unknown"])
    assert [kpi.kpi_id for kpi in report.objectives[0].kpis] == ["c_rate", "a_rate"]
    assert report.headline[0] == "All 2 KPIs are on track."


def test_incomplete_inputs_are_told_at_the_top_in_neutral_words(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion")
    maker.add("quality", kind="late_source", source="secret_ledger", metric_id="conversion", message="late again")
    report = report_model(maker.write(), "executive", WEEK, "en")
    assert report.notices == ("Inputs of this week are incomplete; values known to be affected are marked.",)
    assert "secret_ledger" not in report.as_json()
    assert "late again" not in report.as_json()


@pytest.mark.parametrize(
    "columns",
    [{"status": "partial"}, {"values": [5.0, None], "null_reason": "source_missing"}],
)
def test_missing_days_and_sources_make_the_inputs_incomplete(
    new_snapshot: NewSnapshot, columns: dict[str, object]
) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion", **columns)
    notices = report_model(maker.write(), "executive", WEEK, "en").notices
    assert notices == ("Inputs of this week are incomplete; values known to be affected are marked.",)


def test_a_week_that_is_not_over_says_so(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot(as_of=date(2026, 11, 12))
    maker.add_kpi("conversion", status="partial")
    report = report_model(maker.write(), "executive", WEEK, "en")
    assert report.notices == (
        "This week is not over: values run up to 11 Nov 2026 and are not compared with full weeks.",
    )
    (badge,) = report.objectives[0].kpis[0].badges
    assert badge.reason == "the week is not over, values run up to 11 Nov 2026"


def test_provisional_values_are_counted(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    maker.add_kpi("a_rate", status="provisional")
    maker.add_kpi("b_rate", status="provisional")
    path = maker.write()
    assert report_model(path, "executive", WEEK, "en").notices == ("2 values are provisional and may still change.",)
    assert report_model(path, "executive", WEEK, "fa").notices == ("۲ مقدار غیرقطعی است و ممکن است تغییر کند.",)


def test_an_executive_report_shows_nothing_of_what_else_the_file_may_hold(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion")
    canary = {"name_en": "CANARY", "name_fa": "CANARY", "unit": "count", "decimals": 0, "audience": "internal"}
    maker.add("catalogue", metric_id="canary_metric", kpi_id="canary_kpi", missing_parts="CANARY", **canary)
    maker.add_value("canary_metric", 987654.0)
    maker.add_value("canary_metric", 987654.0, dimension="channel", member="CANARY")
    maker.add("quality", kind="late_source", metric_id="canary_metric", source="CANARY", message="CANARY")
    maker.add("lineage", metric_id="canary_metric", source="CANARY", batch_id="1", file_name="CANARY", rows_loaded=1)
    maker.add("objectives", objective_id="canary", level="internal", statement_en="CANARY", position=9)
    report = report_model(maker.write(), "executive", WEEK, "en")
    assert report.internal is None
    assert report.notices == ()
    assert "canary" not in report.as_json().lower()
    assert "987" not in report.as_json()


def test_the_snapshot_of_other_readers_is_refused(new_snapshot: NewSnapshot) -> None:
    path = new_snapshot("internal").write()
    with pytest.raises(ReportError, match="snapshot of \\['internal'\\], expected one of \\['executive'\\]"):
        report_model(path, "executive", WEEK, "en")


def test_a_week_outside_the_snapshot_is_refused(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion")
    with pytest.raises(
        ReportError, match=r"no row .* week of 2026-11-16; it holds weeks from 2026-11-02 to 2026-11-09"
    ):
        report_model(maker.write(), "executive", date(2026, 11, 16), "en")


def test_a_file_without_the_tables_is_refused(new_snapshot: NewSnapshot) -> None:
    path = new_snapshot().write()
    with duckdb.connect(str(path)) as connection:
        connection.execute("drop table kpi.objectives")
    with pytest.raises(ReportError, match="not a snapshot that a report can be made from"):
        report_model(path, "executive", WEEK, "en")


def test_another_language_falls_back_to_english_names(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion", name_fa=None, owner_name_fa=None)
    line = report_model(maker.write(), "executive", WEEK, "fa").objectives[0].kpis[0]
    assert (line.name.text, line.owner) == ("Conversion", "Mara Lind")
