import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pypdf import PdfReader

from kpi_pipeline.reports.model import report_model
from kpi_pipeline.reports.pages import page_count, render_pages
from tests.unit.reports.full_snapshot import HOSTILE, full_snapshot

WEEK = date(2026, 11, 9)


def text_of(pages: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pages)).pages).split())


@pytest.mark.parametrize("language", ["en", "fa"])
def test_a_scorecard_of_nine_kpis_is_one_page_and_made_for_assistive_technology(
    new_snapshot: Callable[..., Any], language: str
) -> None:
    maker = new_snapshot()
    for number in range(9):
        maker.add_kpi(f"kpi_{number}", pace_status="off_track" if number < 2 else "on_track", path_value=6.0)
    pages = render_pages(report_model(maker.write(), "executive", WEEK, language).as_json())
    reader = PdfReader(io.BytesIO(pages))
    assert len(reader.pages) == 1
    assert reader.root_object["/MarkInfo"]["/Marked"] == True  # noqa: E712 (an object of the file)
    assert reader.root_object["/Lang"] == language
    assert reader.metadata is not None
    assert reader.metadata.title


def test_the_numbers_of_the_model_stand_in_the_page(new_snapshot: Callable[..., Any]) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion", pace_status="at_risk", forecast_at_deadline=6.25, probability=0.31)
    report = report_model(maker.write(), "executive", WEEK, "en")
    text = text_of(render_pages(report.as_json()))
    (line,) = report.objectives[0].kpis
    for shown in (
        line.value.text,
        line.change.text,
        line.target.text,
        line.forecast.text,
        line.probability,
        line.owner,
    ):
        assert shown.replace("\u2212", "−") in text, shown
    assert line.status.word in text


@pytest.mark.parametrize("count", [0, 1, 40])
def test_no_kpi_one_and_forty_have_their_pages(new_snapshot: Callable[..., Any], count: int) -> None:
    maker = new_snapshot()
    for number in range(count):
        maker.add_kpi(f"kpi_{number:02d}", name_en=f"Number {number} " + "with a very long name " * 4)
    if not count:
        maker.add_kpi("other", values=[5.0])
    kpis = None if count else ["nothing"]
    pages = render_pages(report_model(maker.write(), "executive", WEEK, "en", kpis).as_json())
    assert (page_count(pages) == 1) == (count < 2)


@pytest.mark.parametrize("audience", ["executive", "internal"])
def test_texts_from_outside_are_never_code_of_the_page(new_snapshot: Callable[..., Any], audience: str) -> None:
    hostile = HOSTILE + ' #panic("x") $ * _ ` @ref <label> \\ // [x](y) #"q"'
    snapshot = full_snapshot(new_snapshot(audience), hostile)
    text = text_of(render_pages(report_model(snapshot, audience, WEEK, "en").as_json()))
    assert '#panic("x")' in text


def test_no_page_ends_between_a_kpi_and_its_remarks(new_snapshot: Callable[..., Any]) -> None:
    maker = new_snapshot()
    for number in range(40):
        names = {
            "name_en": f"Number{number:02d} " + "long " * (number % 7 * 3),
            "action_en": f"Action{number:02d} " * 40,
        }
        maker.add_kpi(f"kpi_{number:02d}", pace_status="off_track", **names)
    reader = PdfReader(io.BytesIO(render_pages(report_model(maker.write(), "executive", WEEK, "en").as_json())))
    texts = [page.extract_text() for page in reader.pages]
    assert len(texts) > 3
    # The headline names three of them once more.
    for number in range(3, 40):
        with_name = {place for place, text in enumerate(texts) if f"Number{number:02d}" in text}
        with_action = {place for place, text in enumerate(texts) if f"Action{number:02d}" in text}
        assert len(with_name) == 1
        assert with_action == with_name


def test_names_lead_to_their_definitions(new_snapshot: Callable[..., Any]) -> None:
    maker = new_snapshot("internal")
    maker.add_kpi("conversion", definition_en="Orders for each hundred visits.", formula="orders / visits")
    reader = PdfReader(io.BytesIO(render_pages(report_model(maker.write(), "internal", WEEK, "en").as_json())))
    # The scorecard, and the commitment.
    links = [each.get_object() for page in reader.pages for each in page.get("/Annots", [])]
    assert [link["/Subtype"] for link in links] == ["/Link", "/Link"]
    assert "Orders for each hundred visits." in reader.pages[-1].extract_text()
    assert "orders ÷ visits" in reader.pages[-1].extract_text()
