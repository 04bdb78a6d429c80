"""Pictures of the issued reports in all their forms, for ``docs/reports.md``: run by ``make pictures``, after a demo.

Here: which pictures there are and how each is taken: pages in headless Chromium, PDFs by pdftoppm, workbooks as
LibreOffice shows them. What a program is missing for is left out, and said.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks import olist_company
from kpi_pipeline.config.paths import CHECKOUT
from kpi_pipeline.reports.forms import fonts
from kpi_pipeline.reports.mail import render_mail

PICTURES = CHECKOUT / "docs" / "pictures"
WIDE, PHONE, MAIL = {"width": 1280, "height": 900}, {"width": 390, "height": 844}, {"width": 720, "height": 900}
TALLEST = 2600
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def main(data: Path) -> None:
    """Take all pictures of the demo below ``data``, and of a company of real orders if their files are there."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("Chromium is needed to take pictures of pages.")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        newest = sorted(folder.name for folder in (data / "reports" / "executive").iterdir())[-1]
        _week(browser, data, newest, "")
        if olist_company.SHARED.is_dir():
            with tempfile.TemporaryDirectory() as folder:
                _week(browser, olist_company.write_reports(Path(folder)), olist_company.WEEK, "olist_")
        else:
            print(f"{olist_company.SHARED} is missing: no pictures of real orders")
        browser.close()


def _week(browser: Browser, data: Path, week: str, prefix: str) -> None:
    for audience in ("executive", "internal"):
        for language in ("en", "fa"):
            page = data / "reports" / audience / week / f"report.{language}.html"
            for picture in _pictures(browser, page, f"{prefix}{audience}_{language}"):
                print(picture.relative_to(CHECKOUT))


def _pictures(browser: Browser, page: Path, name: str) -> Iterator[Path]:
    yield _screen(browser, page, f"{name}_wide", WIDE)
    yield _screen(browser, page, f"{name}_dark", WIDE, color_scheme="dark")
    yield _screen(browser, page, f"{name}_phone", PHONE)
    yield from _sheets(_printed(browser, page), f"{name}_print")
    yield from _sheets(page.with_suffix(".pdf"), f"{name}_pdf")
    yield from _workbook(page.with_suffix(".xlsx"), f"{name}_xlsx")
    with tempfile.TemporaryDirectory() as folder:
        mail = render_mail(page.with_suffix(".json").read_text(encoding="utf-8"), fonts())
        for cid, image in mail.images.items():
            (Path(folder) / f"{cid}.png").write_bytes(image)
        shown, blocked = Path(folder) / "mail.html", Path(folder) / "blocked.html"
        shown.write_text(mail.html.replace('src="cid:', 'src="').replace("cid:", ""), encoding="utf-8")
        for cid in mail.images:
            text = shown.read_text(encoding="utf-8").replace(f'src="{cid}"', f'src="{cid}.png"')
            shown.write_text(text, encoding="utf-8")
        blocked.write_text(mail.html, encoding="utf-8")
        yield _screen(browser, shown, f"{name}_mail", MAIL)
        yield _screen(browser, blocked, f"{name}_mail_without_images", MAIL)


def _screen(browser: Browser, page: Path, name: str, size: Any, **options: Any) -> Path:
    context = browser.new_context(viewport=size, **options)
    tab = context.new_page()
    tab.goto(page.resolve().as_uri())
    height = min(int(tab.evaluate("document.documentElement.scrollHeight")), TALLEST)
    tab.set_viewport_size({"width": size["width"], "height": height})
    picture = PICTURES / f"{name}.jpg"
    tab.screenshot(path=picture, type="jpeg", quality=70)
    context.close()
    return picture


def _printed(browser: Browser, page: Path) -> Path:
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(page.resolve().as_uri())
    printed = Path(tempfile.mkdtemp()) / "printed.pdf"
    tab.pdf(path=printed, prefer_css_page_size=True)
    context.close()
    return printed


def _sheets(pdf: Path, name: str) -> Iterator[Path]:
    if shutil.which("pdftoppm") is None:
        print(f"{name}: pdftoppm is missing")
        return
    subprocess.run(
        ["pdftoppm", "-r", "90", "-f", "1", "-l", "1", "-singlefile", "-jpeg", str(pdf), str(PICTURES / name)],
        check=True,
    )
    yield PICTURES / f"{name}.jpg"


def _workbook(workbook: Path, name: str) -> Iterator[Path]:
    if shutil.which("soffice") is None:
        print(f"{name}: LibreOffice is missing")
        return
    folder = tempfile.mkdtemp()
    command = ["soffice", "--headless", "--convert-to", "pdf", "--outdir", folder, str(workbook.resolve())]
    subprocess.run(command, check=True, capture_output=True)
    yield from _sheets(Path(folder) / f"{workbook.stem}.pdf", name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
