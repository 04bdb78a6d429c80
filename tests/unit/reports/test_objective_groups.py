from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from kpi_pipeline.reports.html import render_frozen
from kpi_pipeline.reports.model import report_model

WEEK = date(2026, 11, 9)
GROW = {
    "en": ("Grow profitably", "Growth pays for the new warehouse."),
    "fa": ("رشد سودآور", "رشد هزینهٔ انبار تازه را می‌دهد."),
}


@pytest.mark.parametrize("language", ["en", "fa"])
def test_sections_begin_with_what_is_wanted_and_why(new_snapshot: Callable[..., Any], language: str) -> None:
    maker = new_snapshot()
    maker.add_kpi("revenue", objective_id="grow", name_en="Sales", name_fa="فروش")
    report = report_model(maker.write(), "executive", WEEK, language)
    (group,) = report.objectives
    assert (group.statement, group.why) == GROW[language]
    page = render_frozen(report.as_json())
    # The tally and the headline stand above; the last mention of the KPI is its own row.
    places = [page.index(text) for text in GROW[language]] + [page.rindex("Sales" if language == "en" else "فروش")]
    assert places == sorted(places)
