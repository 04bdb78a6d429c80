from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from kpi_pipeline.reports.internal_document import (
    BreakdownLine,
    Cell,
    InternalPart,
    LineageLine,
    MetricLine,
    OpenCommitment,
    QualityNote,
    QuarantinedFile,
)
from kpi_pipeline.reports.model import report_model

WEEK = date(2026, 11, 9)
BEFORE = WEEK - timedelta(weeks=1)


@pytest.fixture
def maker(new_snapshot: Callable[..., Any]) -> Any:
    snapshot = new_snapshot("internal")
    snapshot.add_kpi("conversion")
    for metric, unit, decimals in (("sessions", "count", 0), ("roas", "ratio", 2), ("payback", "months", 0)):
        name = {"name_en": metric.capitalize(), "name_fa": f"سنجهٔ {metric}"}
        snapshot.add("catalogue", metric_id=metric, unit=unit, decimals=decimals, audience="internal", **name)
    return snapshot


def internal(maker: Any, language: str = "en") -> InternalPart:
    part = report_model(maker.write(), "internal", WEEK, language).internal
    assert part is not None
    return part


def test_metrics_without_commitment_with_the_week_before(maker: Any) -> None:
    maker.add_value("sessions", 1100.0, status="provisional")
    maker.add_value("sessions", 1000.0, period_start=BEFORE)
    maker.add_value("roas", 3.9, dimension="platform", member="google_ads")
    maker.add_value("payback", None, null_reason="not_reached")
    maker.add_value("conversion", 5.5)
    assert internal(maker).metrics == (
        MetricLine("Payback", "No value", "–", "–", "not reached within the observed time"),
        MetricLine("Roas", "No value", "–", "–", "only split values exist, no total"),
        MetricLine("Sessions", "1,100", "1,000", "+10.0%", "Provisional"),
    )


def test_metrics_without_any_row_are_listed_apart_and_partial_weeks_are_not_compared(maker: Any) -> None:
    maker.add_value("sessions", 1100.0, status="partial")
    maker.add_value("sessions", 1000.0, period_start=BEFORE)
    part = internal(maker)
    lines = {line.name: line for line in part.metrics}
    # Nothing speaks for two of them; a table of such metrics would be long and empty.
    assert part.without_data == "\u2068Payback\u2069, \u2068Roas\u2069"
    assert (lines["Sessions"].change, lines["Sessions"].note) == ("–", "Partial")


def test_breakdowns_list_members_by_size_with_kpis_first(maker: Any) -> None:
    for member, conversion, sessions in (("Direct", 2.0, 300.0), ("Paid Search", 3.0, 200.0), ("", None, 10.0)):
        reason = "zero_denominator" if conversion is None else None
        maker.add_value("conversion", conversion, dimension="channel", member=member, null_reason=reason)
        maker.add_value("sessions", sessions, dimension="channel", member=member)
    maker.add_value("sessions", 150.0, dimension="channel", member="Paid Search", period_start=BEFORE)
    (breakdown,) = internal(maker).breakdowns
    assert (breakdown.title, breakdown.dimension) == ("By channel", "Channel")
    assert breakdown.metrics == ("Conversion", "Sessions")
    assert breakdown.lines == (
        BreakdownLine("Paid Search", (Cell("3.00%"), Cell("200", "+33.3%"))),
        BreakdownLine("Direct", (Cell("2.00%"), Cell("300"))),
        BreakdownLine("(not set)", (Cell("–", "nothing to divide by in this period"), Cell("10"))),
    )
    assert breakdown.remainder == ""


def test_long_breakdowns_say_what_they_leave_out(maker: Any) -> None:
    for number in range(15):
        maker.add_value("sessions", 100.0 - number, dimension="device", member=f"device {number:02d}")
    (breakdown,) = internal(maker).breakdowns
    assert [line.member for line in breakdown.lines] == [f"device {number:02d}" for number in range(12)]
    assert breakdown.remainder == "3 more rows are not shown."


def test_quarantined_files_tell_place_and_advice_once(maker: Any) -> None:
    for metric in ("conversion", "sessions"):
        maker.add(
            "quality",
            kind="quarantined_file",
            metric_id=metric,
            source="meta_ads",
            file_name="ads.csv",
            line=1217,
            column_name="Amount spent",
            found="12,40,1",
            expected="a decimal number",
            message="Export the file again.",
        )
    assert internal(maker).quarantine == (
        QuarantinedFile(
            "ads.csv", "meta_ads", "1,217", "Amount spent", "12,40,1", "a decimal number", "Export the file again."
        ),
    )


def test_remarks_on_several_metrics_become_one(maker: Any) -> None:
    days = {"first_day": date(2026, 11, 12), "last_day": date(2026, 11, 13)}
    for metric in ("conversion", "sessions"):
        maker.add("quality", kind="missing_days", source="ga4", metric_id=metric, message="not arrived", **days)
    maker.add("quality", kind="something_new", message="a remark")
    assert internal(maker).quality == (
        QualityNote("Missing days", "ga4", "12–13 Nov 2026", "not arrived", "Conversion, Sessions"),
        QualityNote("Note", "", "", "a remark", ""),
    )


def test_remarks_on_other_weeks_are_left_out(maker: Any) -> None:
    maker.add("quality", kind="missing_days", first_day=date(2026, 10, 1), last_day=date(2026, 11, 8))
    maker.add("quality", kind="missing_days", first_day=date(2026, 11, 16), last_day=date(2026, 11, 16))
    assert internal(maker).quality == ()


def test_lineage_counts_each_file_once(maker: Any) -> None:
    for metric in ("conversion", "sessions"):
        for number in (1, 2):
            maker.add(
                "lineage",
                metric_id=metric,
                source="google_ads",
                batch_id=f"batch{number}",
                file_name=f"ads-{number}.csv",
                exported_at=datetime(2026, 11, 15 + number, 6),
                first_day=date(2026, 11, 7 + number),
                last_day=date(2026, 11, 14 + number),
                rows_loaded=1000 * number,
            )
    assert internal(maker).lineage == (
        LineageLine("google_ads", "2", "17 Nov 2026", "8–16 Nov 2026", "3,000", ("ads-1.csv", "ads-2.csv")),
    )


def test_what_keeps_a_commitment_from_being_a_kpi(maker: Any) -> None:
    name = {
        "name_en": "Order value",
        "name_fa": "ارزش سفارش",
        "unit": "currency",
        "decimals": 2,
        "audience": "internal",
    }
    maker.add("catalogue", metric_id="aov", missing_parts="target, deadline, custom part", owner_name_en="Jo", **name)
    part = internal(maker)
    assert part.commitments == (OpenCommitment("Order value", "Jo", "target, deadline, custom part"),)
    assert "Order value" in part.without_data


def test_persian_words_for_what_is_missing(maker: Any) -> None:
    name = {
        "name_en": "Order value",
        "name_fa": "ارزش سفارش",
        "unit": "currency",
        "decimals": 2,
        "audience": "internal",
    }
    maker.add("catalogue", metric_id="aov", missing_parts="target,deadline", **name)
    assert internal(maker, "fa").commitments == (OpenCommitment("ارزش سفارش", "", "مقدار هدف، سررسید"),)
