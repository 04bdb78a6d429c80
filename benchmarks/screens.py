"""Pictures of what runs on a server, for ``docs/orchestration.md`` and ``docs/serve.md``: run by ``make screens``.

Here: the orchestrator's UI and the local web page over the demo's data, started as a user starts them, and which of
their pages are taken. The reports have pictures of their own in ``pictures``.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from benchmarks.pictures import CHROMIUM_ARGUMENTS, PICTURES
from kpi_pipeline.config.paths import CHECKOUT

BIN = Path(sys.executable).parent
SECONDS_TO_START = 120
# The UI loads its parts one after the other and does not say when it is done.
SETTLE_MILLISECONDS = 8_000
# Name → where it is, and what is clicked there.
ORCHESTRATOR = {
    "ui_lineage": ("/asset-groups", None),
    "ui_kpi": ("/assets/kpi/weekly_internal", None),
    "ui_plots": ("/assets/kpi/weekly_internal", "Plots"),
    "ui_source": ("/assets/raw/google_ads", None),
    "ui_checks": ("/assets/raw/google_ads?view=checks", None),
    "ui_runs": ("/runs", None),
}
PAGES = {"weeks": "", "week": "weeks/{week}", "kpi": "kpis/conversion_rate_session", "quality": "quality"}


def main(data: Path) -> None:
    """Take all pictures of the demo below ``data``."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("Chromium is needed to take pictures of pages.")
    environment = os.environ | {"KPI_DATA_DIR": str(data), "DAGSTER_HOME": str(data / "dagster")}
    week = sorted((data / "reports" / "internal").iterdir())[-1].name
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        command = ["dagster-webserver", "-w", str(CHECKOUT / "workspace.yaml"), "-p"]
        with _running(command, environment) as address:
            for name, (place, clicked) in ORCHESTRATOR.items():
                _picture(browser, f"{address}{place}", name, SETTLE_MILLISECONDS, clicked)
        with _running(["kpi", "serve", "--port"], environment) as address:
            for name, place in PAGES.items():
                for language in ("en", "fa"):
                    shown = place.format(week=week)
                    _picture(browser, f"{address}/{language}/{shown}", f"serve_{name}_{language}")
        browser.close()


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[str]:
    """Start a server whose last argument is its port; stop it in the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen([BIN / command[0], *command[1:], str(port)], env=environment, cwd=CHECKOUT) as server:
        try:
            _wait_for(address)
            yield address
        finally:
            server.terminate()


def _wait_for(address: str) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            urlopen(address).close()
            return
        except (URLError, ConnectionError):
            if time.monotonic() > until:
                raise
            time.sleep(1)


def _picture(browser: Browser, address: str, name: str, settle: int = 0, clicked: str | None = None) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.wait_for_timeout(settle)
    if clicked:
        page.get_by_text(clicked, exact=True).first.click()
        page.wait_for_timeout(settle)
    page.screenshot(path=PICTURES / f"{name}.jpg", type="jpeg", quality=70)
    page.close()
    print((PICTURES / f"{name}.jpg").relative_to(CHECKOUT))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
