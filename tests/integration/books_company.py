"""A company of which only the books are connected: small enough to be run, lost and made again in a few seconds."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import yaml

from kpi_pipeline.calendar.clock import FixedClock
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.pipeline import Installation, Publication

Kpi = Callable[..., tuple[int, str]]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = b"a key for tests alone"
COMPANY = """\
name: {en: Books, fa: دفترها}
time_zone: UTC
week_start: monday
reporting_currency: EUR
started_on: 2026-10-01
"""
LEDGER = """\
system: ledger
exported_at: '_(\\d{8})'
restates_days: 7
promised_every_days: 1
"""
HEADER = "date,account_code,account_name,section,purpose,cost_kind,debit,credit,currency,period_start,period_end,memo\n"


@dataclass(frozen=True)
class BooksCompany:
    """The company's installation, and what its accounting program does."""

    installation: Installation

    def export(self, exported_on: int, amounts: dict[int, int]) -> None:
        """Drop the export of a day of November: day of November → debit."""
        rows = "".join(
            f"2026-11-{day:02},6020,Salaries,opex,acquisition,people,{amount}.25,0.00,EUR,2026-11-{day:02},2026-11-{day:02},\n"
            for day, amount in amounts.items()
        )
        path = self.installation.paths.inbox / "books" / f"journal_202611{exported_on:02}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER + rows, encoding="utf-8")
        os.utime(path, (NOW.timestamp() - 60, NOW.timestamp() - 60))

    def load(self) -> tuple[str, ...]:
        """Open the warehouse and take what arrived; return what it or the ledger had lost."""
        with self.installation.open_run() as run:
            run.ingest("books", NOW.date())
            return tuple(each.message for each in run.disagreements)

    def run(self, day: int) -> Publication:
        """Do everything that the daily job does, for a day of November."""
        with self.installation.open_run() as run:
            as_of = date(2026, 11, day)
            run.ingest("books", as_of)
            run.write_seeds(as_of)
            run.build_tables().raise_failures()
            return run.publish(as_of)

    def copied(self, folder: Path) -> "BooksCompany":
        """Return the same company as it stands, in another folder."""
        paths = self.installation.paths
        shutil.copytree(paths.data, folder / "data", symlinks=True)
        shutil.copytree(paths.config, folder / "config")
        return self.at(folder)

    def at(self, folder: Path) -> "BooksCompany":
        """Return the same company in another folder that holds its files already."""
        there = Paths(config=folder / "config", sql=self.installation.paths.sql, data=folder / "data")
        return BooksCompany(replace(self.installation, paths=there))

    def environment(self) -> dict[str, str]:
        """Return the variables that lead the command line to it."""
        paths = self.installation.paths
        folders = {"KPI_CONFIG_DIR": paths.config, "KPI_SQL_DIR": paths.sql, "KPI_DATA_DIR": paths.data}
        return {name: str(path) for name, path in folders.items()} | {"KPI_HASH_KEY": KEY.decode()}


def new_books_company(folder: Path, checkout: Path) -> BooksCompany:
    """Write the configuration of a company that has no data yet, and one metric: what the books say it spent."""
    config = folder / "config"
    (config / "sources").mkdir(parents=True)
    (config / "metrics").mkdir()
    (config / "company.yaml").write_text(COMPANY, encoding="utf-8")
    (config / "sources" / "books.yaml").write_text(LEDGER, encoding="utf-8")
    finance = yaml.safe_load((checkout / "config" / "metrics" / "finance.yaml").read_text(encoding="utf-8"))
    costs = {"formula": "operating_costs", "example": {"given": {"operating_costs": 250}, "value": 250}}
    kept = {"running_costs": finance["operating_profit"] | costs}
    (config / "metrics" / "finance.yaml").write_text(yaml.safe_dump(kept, allow_unicode=True), encoding="utf-8")
    paths = Paths(config=config, sql=checkout / "sql", data=folder / "data")
    return BooksCompany(Installation(paths, FixedClock(NOW), KEY))
