"""The pages in a real browser, where one is installed: rules of accessibility, narrow screens, dark mode, print."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from kpi_pipeline.reports.html import render_frozen
from kpi_pipeline.reports.mail import render_mail
from kpi_pipeline.reports.model import report_model
from tests.unit.reports.full_snapshot import full_snapshot

WEEK = date(2026, 11, 9)
LONG = "A name without an end " * 6
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = os.environ.get("KPI_TEST_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


def page_file(new_snapshot: Callable[..., Any], folder: Path, audience: str, language: str, form: str) -> str:
    frozen = report_model(full_snapshot(new_snapshot(audience), LONG), audience, WEEK, language).as_json()
    path = folder / f"{form}.html"
    path.write_text(render_frozen(frozen) if form == "web" else render_mail(frozen).html, encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize(
    ("audience", "language", "form", "scheme"),
    [
        ("executive", "en", "web", "light"),
        ("internal", "fa", "web", "light"),
        ("internal", "en", "web", "dark"),
        ("executive", "fa", "mail", "light"),
    ],
)
def test_axe_finds_nothing_and_no_page_is_wider_than_its_screen(
    browser: Browser,
    new_snapshot: Callable[..., Any],
    tmp_path: Path,
    audience: str,
    language: str,
    form: str,
    scheme: Any,
) -> None:
    address = page_file(new_snapshot, tmp_path, audience, language, form)
    # The rules run as a script, which the page's own policy forbids.
    context = browser.new_context(bypass_csp=True, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    found = Axe().run(page)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    assert [url for url in asked if not url.startswith(("file:", "cid:"))] == []
    if form == "web":
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    context.close()
