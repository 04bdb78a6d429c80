import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from kpi_pipeline.calendar.clock import FixedClock
from kpi_pipeline.config.company import Company
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.goals import Goals
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.model import Text
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.report import Report
from kpi_pipeline.reports.issue import write_reports

NAME = Text(en="Nordlicht Home", fa="نورد‌لیخت")
COMPANY = Company(
    name=NAME, time_zone="Europe/Berlin", week_start="monday", reporting_currency="EUR", started_on=date(2026, 1, 1)
)


def kpi(metric: str, **where: Any) -> Kpi:
    parts = {"metric": metric, "version": 1, "effective_from": date(2026, 6, 1), "status": "active"}
    return Kpi.model_validate(parts | {"class": "business"} | where)


def test_a_page_of_a_function_or_scope_stands_beside_the_one_of_all(
    new_snapshot: Callable[..., Any], tmp_path: Path
) -> None:
    maker = new_snapshot("internal")
    for name in ("returns", "tickets", "visits"):
        maker.add_kpi(name)
    (tmp_path / "published" / "internal.duckdb").symlink_to(maker.write())
    kpis = {
        "returns": kpi("returns"),
        "tickets": kpi("tickets", **{"class": "function", "function": "support"}, scope="team"),
        "visits": kpi("visits", **{"class": "function", "function": "marketing"}, scope="team"),
    }
    own = {"everything": {}, "of_support": {"functions": ("support",)}, "of_teams": {"scopes": ("team",)}}
    reports = {
        name: Report.model_validate({"audience": "internal", "title": NAME, "languages": ("en",)} | choice)
        for name, choice in own.items()
    }
    configuration = Configuration(COMPANY, {}, {}, Goals(), kpis, reports, fingerprint="")

    clock = FixedClock(datetime(2026, 11, 18, 7, tzinfo=UTC))
    paths = Paths(config=tmp_path, sql=tmp_path, data=tmp_path)
    pages = write_reports(configuration, paths, clock)
    shown = {}
    for page in pages:
        report = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
        shown[page.name] = [line["kpi_id"] for group in report["objectives"] for line in group["kpis"]]
    rows = sqlite3.connect(paths.publication_ledger).execute("select kpi_id from issued order by kpi_id").fetchall()
    assert [kpi_id for (kpi_id,) in rows] == ["", "tickets", "visits"]
    assert shown == {
        "report.en.html": ["returns", "tickets", "visits"],
        "of_support.en.html": ["tickets"],
        "of_teams.en.html": ["tickets", "visits"],
    }
