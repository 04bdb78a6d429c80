"""The served pages in a real browser, where one is installed: accessibility, keyboard, phones, no request outside."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.unit.serve.conftest import new_maker
from tests.unit.serve.visitor import Visitor, publish, served

KPI = "kpis/conversion/2026-11-09"
PHONE = {"width": 390, "height": 844}
FOCUSED = "(document.activeElement.getAttribute('href') || document.activeElement.tagName)"


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


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    folder = publish(new_maker(tmp_path_factory.mktemp("published"), "internal"), "A name without an end " * 6)
    with served(folder, "internal") as visitor:
        yield visitor


@pytest.mark.parametrize(
    ("place", "scheme"),
    [
        pytest.param("en/", "light", marks=pytest.mark.slow),
        pytest.param(f"en/{KPI}", "dark", marks=pytest.mark.slow),
        (f"fa/{KPI}", "light"),
        pytest.param("fa/weeks/2026-11-09", "dark", marks=pytest.mark.slow),
        pytest.param("fa/metrics", "light", marks=pytest.mark.slow),
        pytest.param("en/quality", "light", marks=pytest.mark.slow),
        pytest.param("en/nothing", "dark", marks=pytest.mark.slow),
    ],
)
def test_axe_finds_nothing_and_nothing_is_asked_for_outside(
    browser: Browser, visitor: Visitor, place: str, scheme: str
) -> None:
    # The rules run as a script, which the pages' own policy forbids.
    context = browser.new_context(bypass_csp=True, color_scheme=scheme, viewport={"width": 1280, "height": 900})  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{visitor.address}/{place}")
    found = Axe().run(page)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    assert [url for url in asked if not url.startswith(f"{visitor.address}/")] == []
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    context.close()


def test_everything_is_reached_and_opened_with_the_keyboard_without_scripts(browser: Browser, visitor: Visitor) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{visitor.address}/en/{KPI}")
    links = [link.get_attribute("href") or "" for link in page.locator("a").all()]
    stops = tab_stops(page, len(links) + page.locator("summary, [tabindex='0']").count())
    # In the order of the page, none left out and none a trap.
    assert [stop for stop in stops if stop in set(links)] == links
    assert stops[0] == "#content"
    page.goto(f"{visitor.address}/en/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.goto(f"{visitor.address}/en/quality")
    links = [link.get_attribute("href") or "" for link in page.locator("a").all()]
    for _ in range(1 + links.index("/en/metrics")):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/metrics")
    page.locator("#search").focus()
    page.keyboard.type("conversion")
    page.keyboard.press("Enter")
    page.wait_for_url("**/metrics?search=conversion")
    assert page.locator("tbody tr").count() == 1
    page.keyboard.press("Tab")
    assert complaints == []
    context.close()


def tab_stops(page: Page, count: int) -> list[str]:
    stops = []
    for _ in range(count):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUSED))
    return stops


@pytest.mark.slow
def test_persian_is_read_from_the_right_in_its_own_letters(browser: Browser, visitor: Visitor, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{visitor.address}/fa/")
    first, language = page.locator(".site a").first.bounding_box(), page.locator(".language").bounding_box()
    assert first is not None
    assert language is not None
    assert first["x"] > language["x"]
    assert page.evaluate("document.fonts.check('16px Vazirmatn')")
    page.locator(".language").click()
    page.wait_for_url("**/en/")
    context.close()
