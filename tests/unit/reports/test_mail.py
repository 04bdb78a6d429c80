import re
from collections.abc import Callable
from datetime import date
from html import unescape
from typing import Any

import pytest

from kpi_pipeline.reports.mail import render_mail
from kpi_pipeline.reports.markdown import render_markdown
from kpi_pipeline.reports.model import report_model
from tests.unit.reports.full_snapshot import HOSTILE, full_snapshot
from tests.unit.reports.markup import Page

WEEK = date(2026, 11, 9)
# Webmail cuts a message near this size (bytes of HTML).
CLIPPED_FROM = 102_000
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td", "h1", "p", "span", "b"),
    *("bdi", "br", "img"),
}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("language", ["en", "fa"])
def test_every_fact_is_text_and_every_picture_comes_along(new_snapshot: Callable[..., Any], language: str) -> None:
    maker = new_snapshot()
    maker.add_kpi(
        "conversion", pace_status="off_track", action_en="Swap two creatives.", action_fa="دو طرح را عوض کنید."
    )
    report = report_model(maker.write(), "executive", WEEK, language)
    mail = render_mail(report.as_json())
    (line,) = report.objectives[0].kpis
    words = unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<style.*?</style>", "", mail.html, flags=re.DOTALL)))
    for fact in (
        line.name.text,
        line.value.text,
        line.change.text,
        line.status.word,
        line.target.text,
        line.action,
        line.owner,
    ):
        assert fact in words
    assert set(re.findall(r'src="cid:([\w-]+)"', mail.html)) == mail.images.keys() != set()
    assert all(image.startswith(PNG) for image in mail.images.values())
    assert all(image["alt"] for image in Page(mail.html).all("img"))
    assert len(mail.html.encode()) < CLIPPED_FROM
    assert not re.search(r"<svg|var\(--|https?://", mail.html)


@pytest.mark.parametrize("audience", ["executive", "internal"])
def test_hostile_texts_stay_texts(new_snapshot: Callable[..., Any], audience: str) -> None:
    mail = render_mail(report_model(full_snapshot(new_snapshot(audience), HOSTILE), audience, WEEK, "en").as_json())
    page = Page(mail.html)
    assert {tag for tag, _ in page.elements} <= ALLOWED
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert all(image["src"].startswith("cid:") for image in page.all("img") if image["src"])


def test_markdown_quotes_what_came_from_outside(new_snapshot: Callable[..., Any]) -> None:
    text = render_markdown(
        report_model(full_snapshot(new_snapshot(), "*x* [y](z) <b>"), "executive", WEEK, "en").as_json()
    )
    assert r"\*x\* \[y\]\(z\) \<b\>" in text
    assert "<b>" not in text.replace(r"\<b\>", "")
