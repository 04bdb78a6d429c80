import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.calendar.clock import FixedClock
from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.config.company import Company
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.goals import Goals
from kpi_pipeline.config.model import Text
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.report import Report
from kpi_pipeline.errors import ReportError
from kpi_pipeline.reports.forms import FORMS
from kpi_pipeline.reports.issue import write_reports, write_weekly_report
from kpi_pipeline.warehouse.snapshot import current_snapshot

WEEK = date(2026, 11, 9)
CLOCK = FixedClock(datetime(2026, 11, 18, 7, tzinfo=UTC))


@pytest.fixture
def published(new_snapshot: Callable[..., Any], tmp_path: Path) -> Path:
    maker = new_snapshot()
    maker.add_kpi("conversion")
    path = maker.write()
    (tmp_path / "published" / "executive.duckdb").symlink_to(path)
    return tmp_path / "published"


def test_page_and_frozen_report_lie_beside_each_other(published: Path, tmp_path: Path) -> None:
    page = write_weekly_report(published, tmp_path / "reports", audience="executive", week_start=WEEK, language="fa")
    assert page == tmp_path / "reports" / "executive" / "2026-11-09" / "report.fa.html"
    assert sorted(path.name for path in page.parent.iterdir()) == [
        *("report.fa.html", "report.fa.json", "report.fa.md", "report.fa.pdf", "report.fa.xlsx")
    ]
    assert json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))["title"] == "کارنامهٔ هفتگی"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_same_snapshot_and_week_give_the_same_bytes(published: Path, tmp_path: Path) -> None:
    pages = [
        write_weekly_report(published, tmp_path / name, audience="executive", week_start=WEEK, language="en")
        for name in ("once", "twice")
    ]
    again = write_weekly_report(published, tmp_path / "once", audience="executive", week_start=WEEK, language="en")
    assert pages[0].read_bytes() == pages[1].read_bytes() == again.read_bytes()
    for ending in (".json", ".md", ".pdf", ".xlsx"):
        first, second = (page.with_suffix(ending).read_bytes() for page in pages)
        assert first == second, ending


def test_a_report_that_fails_leaves_the_former_one(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = write_weekly_report(published, tmp_path, audience="executive", week_start=WEEK, language="en")
    former = page.read_bytes()

    def fail(frozen: str) -> str:
        raise ReportError("the page cannot be laid out")

    monkeypatch.setitem(FORMS, "html", fail)
    with pytest.raises(ReportError):
        write_weekly_report(published, tmp_path, audience="executive", week_start=WEEK, language="en")
    assert page.read_bytes() == former


@pytest.fixture
def configuration() -> Configuration:
    name = Text(en="Nordlicht Home", fa="نورد‌لیخت")
    company = Company(
        name=name, time_zone="Europe/Berlin", week_start="monday", reporting_currency="EUR", started_on=date(2026, 1, 1)
    )
    report = Report(audience="executive", title=name, languages=("en", "fa"))
    return Configuration(company, {}, {}, Goals(), {}, {"scorecard": report}, fingerprint="")


@pytest.mark.parametrize("week", [None, date(2026, 11, 13)])
def test_configured_reports_are_written_for_the_week_of_a_day_or_the_last_complete_one(
    published: Path, tmp_path: Path, configuration: Configuration, week: date | None
) -> None:
    paths = Paths(config=tmp_path, sql=tmp_path, data=tmp_path)
    pages = write_reports(configuration, paths, CLOCK, week=week)
    folder = tmp_path / "reports" / "executive" / "2026-11-09"
    assert pages == [folder / "report.en.html", folder / "report.fa.html"]


def test_only_the_reports_asked_for_are_written(published: Path, tmp_path: Path, configuration: Configuration) -> None:
    paths = Paths(config=tmp_path, sql=tmp_path, data=tmp_path)
    pages = write_reports(configuration, paths, CLOCK, audiences=["executive"], languages=["fa"])
    assert [page.name for page in pages] == ["report.fa.html"]
    assert write_reports(configuration, paths, CLOCK, audiences=["internal"]) == []


def test_issued_reports_are_entered_once_with_their_snapshot(
    published: Path, tmp_path: Path, configuration: Configuration
) -> None:
    paths = Paths(config=tmp_path, sql=tmp_path, data=tmp_path)
    for _ in range(2):
        write_reports(configuration, paths, CLOCK)

    rows = sqlite3.connect(paths.publication_ledger).execute("select * from issued").fetchall()
    snapshot = current_snapshot(published, "executive").stem
    assert rows == [("2026-11-09", "executive", snapshot, "", "2026-11-18T07:00:00")]


def test_report_that_fails_was_not_sent(
    published: Path, tmp_path: Path, configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(frozen: str) -> str:
        raise ReportError("the page cannot be laid out")

    monkeypatch.setitem(FORMS, "html", fail)
    paths = Paths(config=tmp_path, sql=tmp_path, data=tmp_path)
    with pytest.raises(ReportError):
        write_reports(configuration, paths, CLOCK)
    with PublicationLedger(paths.publication_ledger) as publications:
        assert publications.sent() == {}
