from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from kpi_pipeline.reports.html import render_html
from kpi_pipeline.reports.markdown import render_markdown
from kpi_pipeline.reports.model import report_model

WEEK = date(2026, 11, 9)
FIRST, SECOND = datetime(2026, 11, 17, 6), datetime(2026, 11, 18, 6)


def restated(maker: Any, old: float | None, new: float | None, **changes: object) -> None:
    known = {
        "kpi_id": "conversion",
        "week_start": WEEK,
        "audience": maker.audience,
        "to_snapshot": "b",
        "to_published_at": FIRST,
        "old_value": old,
        "new_value": new,
        "cause": "late_data",
        "was_sent": True,
        "is_correction": True,
    }
    maker.add("restatements", **known | changes)


@pytest.fixture
def maker(new_snapshot: Callable[..., Any]) -> Any:
    snapshot = new_snapshot()
    snapshot.add_kpi("conversion", values=[5.0, 6.5])
    return snapshot


def lines(maker: Any, language: str = "en", kpis: list[str] | None = None) -> tuple[str, ...]:
    correction = report_model(maker.write(), maker.audience, WEEK, language, kpis).correction
    return correction.lines if correction else ()


def test_a_corrected_week_says_what_it_said_first_what_it_says_now_and_why(maker: Any) -> None:
    restated(maker, 5.5, 6.5)
    report = report_model(maker.write(), "executive", WEEK, "en")
    assert report.correction is not None
    assert report.correction.text.startswith("Corrected edition: ")
    assert report.correction.lines == ("\u2068Conversion\u2069: 5.50% → 6.50% (late data)",)
    for form in (render_html(report), render_markdown(report.as_json())):
        assert "Corrected edition: " in form
        assert "5.50% → 6.50%" in form


def test_several_corrections_become_one_with_all_their_causes(maker: Any) -> None:
    # 5.50 was sent; 5.52 is within the tolerance, and still the value that the first correction replaced.
    restated(maker, 5.5, 5.52, is_correction=False, cause="refund")
    restated(maker, 5.52, 6.5, to_published_at=SECOND, cause="fx")
    restated(maker, 5.52, 6.5, to_published_at=SECOND, cause="late_data")
    assert lines(maker) == ("\u2068Conversion\u2069: 5.50% → 6.50% (refund, exchange rate, late data)",)


def test_a_value_that_came_or_went_is_told_in_words(maker: Any) -> None:
    restated(maker, None, 6.5, cause="unknown")
    assert lines(maker, "fa") == ("\u2068شاخص conversion\u2069: بدون مقدار ← \u2066۶٫۵۰٪\u2069 (علت نامعلوم)",)


@pytest.mark.parametrize(
    "changes",
    [
        {"is_correction": False},
        {"was_sent": False, "is_correction": False},
        {"week_start": WEEK - timedelta(weeks=1)},
        {"new_value": 5.5},
        {"kpi_id": "other"},
    ],
)
def test_other_changes_make_no_corrected_edition(maker: Any, changes: dict[str, object]) -> None:
    restated(maker, 5.5, 6.5, **changes)
    assert lines(maker) == ()


def test_a_report_of_other_kpis_has_nothing_to_correct(maker: Any) -> None:
    maker.add_kpi("orders")
    restated(maker, 5.5, 6.5)
    assert lines(maker, kpis=["orders"]) == ()
