"""Installations in temporary folders, and the steps of a run without the orchestrator."""

import shutil
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kpi_pipeline.calendar.clock import FixedClock
from kpi_pipeline.cli import main as cli
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.pipeline import Installation, Publication
from tests.integration.books_company import BooksCompany, Kpi, new_books_company

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HASH_KEY = b"a key for tests alone"

MakeInstallation = Callable[..., Installation]
RunDay = Callable[..., Publication]


@pytest.fixture(scope="session")
def make_installation(checkout: Path) -> MakeInstallation:
    """Return a function that makes an installation: the shipped SQL, a folder for data, and a configuration."""

    def make(data: Path, config: Path | None = None) -> Installation:
        paths = Paths(config=config or checkout / "config", sql=checkout / "sql", data=data)
        return Installation(paths, FixedClock(NOW), HASH_KEY)

    return make


@pytest.fixture(scope="session")
def run_day() -> RunDay:
    """Return a function that does everything that the daily job does, for one day."""

    def run(installation: Installation, as_of: date, sources: Iterable[str] | None = None) -> Publication:
        with installation.open_run() as opened:
            for source in sources or sorted(installation.configuration.sources):
                opened.ingest(source, as_of)
            opened.write_seeds(as_of)
            opened.build_tables().raise_failures()
            return opened.publish(as_of)

    return run


@pytest.fixture(scope="session")
def config_with(checkout: Path) -> Callable[..., Path]:
    """Return a function that makes a configuration folder: shipped metrics, no goals, and the given sources."""

    def make(folder: Path, company: str, sources: dict[str, str]) -> Path:
        shutil.copytree(checkout / "config" / "metrics", folder / "metrics")
        (folder / "company.yaml").write_text(company, encoding="utf-8")
        (folder / "sources").mkdir()
        for name, text in sources.items():
            (folder / "sources" / f"{name}.yaml").write_text(text, encoding="utf-8")
        return folder

    return make


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> BooksCompany:
    """A company whose books are loaded, to be copied and never changed."""
    company = new_books_company(tmp_path_factory.mktemp("books"), checkout)
    company.export(20, {day: 100 + day for day in range(2, 20)})
    company.load()
    return company


@pytest.fixture
def kpi_of(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[BooksCompany], Kpi]:
    """Return a function that gives the command line of a company: arguments → exit code and what was printed."""

    def of(company: BooksCompany) -> Kpi:
        for name, value in company.environment().items():
            monkeypatch.setenv(name, value)

        def kpi(*arguments: str) -> tuple[int, str]:
            monkeypatch.setattr(sys, "argv", ["kpi", *arguments])
            code = 0
            try:
                cli.main()
            except SystemExit as stop:
                code = int(stop.code or 0)
            printed = capsys.readouterr()
            return code, printed.out + printed.err

        return kpi

    return of
