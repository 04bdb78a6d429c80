import re
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from kpi_pipeline.reports import html as html_module
from kpi_pipeline.reports.html import render_frozen, render_html
from kpi_pipeline.reports.model import report_model
from tests.unit.reports.full_snapshot import HOSTILE, full_snapshot
from tests.unit.reports.markup import Page

WEEK = date(2026, 11, 9)
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "div", "h1", "h2", "h3"),
    *(
        "p",
        "span",
        "small",
        "b",
        "bdi",
        "br",
        "ul",
        "li",
        "table",
        "colgroup",
        "col",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    ),
    *("svg", "rect", "path", "circle", "polyline", "polygon", "text", "details", "summary"),
    *("article", "dl", "dt", "dd", "caption"),
}


@pytest.fixture(params=[("executive", "en"), ("executive", "fa"), ("internal", "en"), ("internal", "fa")])
def render(request: pytest.FixtureRequest, new_snapshot: Callable[..., Any]) -> Callable[[str], Page]:
    """Render a report in which every text from outside is the given one, for each audience and language."""
    audience, language = request.param

    def page(text: str) -> Page:
        return Page(render_html(report_model(full_snapshot(new_snapshot(audience), text), audience, WEEK, language)))

    return page


def test_the_page_is_well_formed_and_made_for_assistive_technology(render: Callable[[str], Page]) -> None:
    page = render("Name")
    assert {tag for tag, _ in page.elements} <= ALLOWED
    (root,) = page.all("html")
    assert (root["lang"], root["dir"]) in {("en", "ltr"), ("fa", "rtl")}
    assert len(page.all("main")) == len(page.all("h1")) == len(page.all("title")) == 1
    assert {header.get("scope") for header in page.all("th")} == {"col", "row", "rowgroup"}
    assert all(svg.get("aria-hidden") or (svg["role"] == "img" and svg["aria-label"]) for svg in page.all("svg"))
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert {value["aria-labelledby"] for _, value in page.elements if "aria-labelledby" in value} <= ids
    levels = [int(tag[1]) for tag, _ in page.elements if tag in {"h1", "h2", "h3"}]
    assert all(lower - upper <= 1 for upper, lower in pairwise(levels))


def test_the_page_asks_the_network_for_nothing(render: Callable[[str], Page]) -> None:
    page = render("Name")
    for tag, attributes in page.elements:
        assert not {"src", "srcset", "data", "action", "style"} & attributes.keys(), tag
        assert str(attributes.get("href", "#")).startswith("#"), tag
        assert not [name for name in attributes if name.startswith("on")], tag
    style = (html_module.TEMPLATES / "report.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|@font-face|http", style)


def test_names_lead_to_definitions_of_what_is_shown_and_of_nothing_else(new_snapshot: Callable[..., Any]) -> None:
    maker = new_snapshot("internal")
    maker.add_kpi("conversion", definition_en="Orders for each hundred visits.", formula="orders / web_visits")
    for metric_id, name in (("visits", "Visits"), ("unused", "Unused"), ("one", "Shared name"), ("two", "Shared name")):
        maker.add("catalogue", metric_id=metric_id, name_en=name, unit="count", decimals=0, audience="internal")
        if metric_id != "unused":
            maker.add_value(metric_id, 5.0)
    page = Page(render_html(report_model(maker.write(), "internal", WEEK, "en")))
    targets = {str(row["id"]) for row in page.all("tr") if "id" in row}
    assert targets == {f"definition-{name}" for name in ("conversion", "visits", "one", "two")}
    # Which of two metrics of one name is meant cannot be told by the name.
    assert {str(link["href"]) for link in page.all("a")} == {"#definition-conversion", "#definition-visits"}
    assert "Orders for each hundred visits. \u2066orders ÷ web visits\u2069" in page.text


def test_executives_have_no_definitions_and_no_list_of_what_is_due(new_snapshot: Callable[..., Any]) -> None:
    page = Page(render_html(report_model(full_snapshot(new_snapshot()), "executive", WEEK, "en")))
    assert page.all("a") == []
    assert not {"due", "definitions"} & {attributes.get("id") for _, attributes in page.elements}


def test_hostile_texts_stay_texts(render: Callable[[str], Page]) -> None:
    page = render(HOSTILE)
    assert {tag for tag, _ in page.elements} <= ALLOWED
    assert "49" not in page.text
    assert "{{ 7*7 }}{0}{name}&amp;" in page.text or "{{ 7*7 }}{0}{name} &amp;" in page.text
    assert "\u202e" not in page.text
    isolates = re.sub("[^\u2066\u2067\u2068\u2069]", "", page.text)
    assert isolates.count("\u2069") == len(isolates) / 2


def test_very_long_texts_are_cut(render: Callable[[str], Page]) -> None:
    assert max(len(word) for word in render("W" * 5000).text.split()) <= 1000


def test_markup_and_direction_marks_keep_rows_apart(new_snapshot: Callable[..., Any]) -> None:
    page = Page(render_html(report_model(full_snapshot(new_snapshot(), "\u202eA\u2069B"), "executive", WEEK, "fa")))
    assert "AB" in page.text


def test_status_is_shape_and_word_and_colour(new_snapshot: Callable[..., Any]) -> None:
    maker = new_snapshot()
    statuses = ["missed", "off_track", "at_risk", "on_track", "achieved", "unknown"]
    for number, status in enumerate(statuses):
        maker.add_kpi(f"kpi_{number}", pace_status=status)
    text = render_html(report_model(maker.write(), "executive", WEEK, "en"))
    marks = re.findall(r'<svg class="mark (\w+)" viewBox="0 0 12 12" aria-hidden="true">(.*?)</svg>', text)
    assert len(set(marks)) == len({shape for _, shape in marks}) == 6
    for word in ("Missed", "Off track", "At risk", "On track", "Achieved", "Not judged"):
        # Once in the tally, once in its row.
        assert len(re.findall(rf"</svg> (?:<b>1</b> <span>)?{word}</span>", text)) == 2


def test_a_page_without_kpis_has_no_empty_table(new_snapshot: Callable[..., Any]) -> None:
    page = Page(render_html(report_model(new_snapshot().write(), "executive", WEEK, "en")))
    assert page.all("table") == []
    assert "No KPI has been committed to" in page.text


def test_the_frozen_report_alone_gives_the_page(new_snapshot: Callable[..., Any]) -> None:
    report = report_model(full_snapshot(new_snapshot("internal")), "internal", WEEK, "fa")
    assert render_frozen(report.as_json()) == render_html(report)


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_text_colour_has_enough_contrast_in_light_and_dark() -> None:
    style = (html_module.TEMPLATES / "report.css").read_text(encoding="utf-8")
    palettes = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in style.split(":root")[1:]]
    assert len(palettes) == 3
    assert palettes[0] == palettes[2], "print uses the light palette"
    for palette in palettes:
        for ground in ("paper", "band"):
            for ink in ("ink", "soft", "good", "warn", "bad", "plan"):
                dark, light = sorted((luminance(palette[ground]), luminance(palette[ink])))
                # WCAG 2.2, 1.4.3; the band carries ink only.
                if ground == "paper" or ink == "ink":
                    assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)
