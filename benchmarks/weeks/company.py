"""The company of the simulated weeks: its configuration, and the exports that its three programs write each morning.

Here: which rows an export holds, so that every weekly number can be worked out by hand. When exports are dropped, and
which are lost or late, belongs to the story in ``simulated_weeks``.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import yaml

from kpi_pipeline.config.paths import CHECKOUT

BOARD, MANAGER, TEAM, OWNER = (f"{name}@weeks.test" for name in ("board", "manager", "team", "data"))
RECIPIENTS = (
    {"report": "weekly_executive", "channel": "mail", "to": BOARD, "language": "en"},
    {"report": "weekly_executive", "channel": "mail", "to": MANAGER, "language": "fa"},
    {"report": "weekly_internal", "channel": "mail", "to": TEAM, "language": "en"},
)
SOURCES = ("ads", "books", "mailings")
WINDOW = timedelta(days=7)
ONE_DAY = timedelta(days=1)
HEADERS = {
    "ads": "day,platform,campaign_id,impressions,clicks,cost",
    "books": "date,account_code,account_name,section,purpose,cost_kind,debit,credit,currency,period_start,period_end,"
    "memo",
    "mailings": "campaign_id,day,list_id,list_name,recipients",
}


@dataclass
class Company:
    """One installation in a folder of its own.

    Attributes:
        late_postings: day → what is posted for it in addition, in euros; exports from now on hold it.
    """

    folder: Path
    late_postings: dict[date, int] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    def set_up(self, mail_port: int, run_at: str, started_on: date) -> None:
        """Write the configuration.

        Args:
            mail_port: of the server on this machine that takes its mail.
            run_at: when the daily run is due, in its time.
            started_on: weeks before this day have no report.
        """
        shutil.copytree(Path(__file__).parent / "config", self.folder / "config")
        with (self.folder / "config" / "company.yaml").open("a", encoding="utf-8") as settings:
            settings.write(f'daily_run_at: "{run_at}"\nstarted_on: {started_on}\n')
        delivery = {
            "enabled": True,
            "incomplete": "hold",
            "deadline": {"day": "monday", "time": "12:00"},
            "smtp": {"host": "127.0.0.1", "port": mail_port, "security": "none", "sender": "reports@weeks.test"},
            "owner": {"address": OWNER, "language": "en"},
            "recipients": list(RECIPIENTS),
        }
        (self.folder / "config" / "delivery.yaml").write_text(yaml.safe_dump(delivery), encoding="utf-8")
        for source in SOURCES:
            (self.data / "inbox" / source).mkdir(parents=True)

    def environment(self) -> dict[str, str]:
        """Return the variables that lead every process to this installation and to no other."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("KPI_", "DAGSTER_"))},
            "KPI_CONFIG_DIR": str(self.folder / "config"),
            "KPI_SQL_DIR": str(CHECKOUT / "sql"),
            "KPI_DATA_DIR": str(self.data),
            "KPI_HASH_KEY": "of these weeks alone, and of no person",
            "DAGSTER_HOME": str(self.data / "dagster"),
            "OPENBLAS_NUM_THREADS": "1",
        }

    def export(self, source: str, day: date, at: datetime, since: date | None = None) -> None:
        """Drop the export of a morning: the seven days before it, or all days since another one.

        Args:
            source: whose export.
            day: the morning; its own data is not complete yet.
            at: when the file was written, for its modification time.
            since: the first day that it holds.
        """
        path = self.data / "inbox" / source / f"{source}_{day:%Y%m%d}.csv"
        first = since or day - WINDOW
        days = [first + n * ONE_DAY for n in range((day - first).days)]
        lines = [HEADERS[source], *(self._row(source, each) for each in days)]
        partial = path.with_suffix(".part")
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
        os.utime(partial, (at.timestamp(), at.timestamp()))
        partial.rename(path)

    def _row(self, source: str, day: date) -> str:
        if source == "ads":
            return f"{day},search,1,{100 * clicks(day)},{clicks(day)},{ad_cost(day)}.00"
        if source == "mailings":
            return f"{day:%Y%m%d},{day},1,Readers,{letters(day)}"
        debit = posting(day) + self.late_postings.get(day, 0)
        return f"{day},6020,Salaries,opex,acquisition,people,{debit}.00,0.00,EUR,{day},{day},"


def clicks(day: date) -> int:
    """Clicks of a day."""
    return 1000 + 10 * day.day


def ad_cost(day: date) -> int:
    """What they cost, in euros: dearer towards the end of a week."""
    return 500 + 50 * day.weekday()


def letters(day: date) -> int:
    """Recipients of a day's mailing."""
    return 100 + day.day


def posting(day: date) -> int:
    """What is posted for a day, in euros."""
    return 200 + day.day


def true_week(week_start: date, late_postings: Mapping[date, int]) -> dict[str, float]:
    """Return the numbers of a week from what happened in it, by plain arithmetic."""
    days = [week_start + n * ONE_DAY for n in range(7)]
    return {
        "running_costs": sum(posting(day) + late_postings.get(day, 0) for day in days),
        "click_price": sum(map(ad_cost, days)) / sum(map(clicks, days)),
        "letters": sum(map(letters, days)),
    }
