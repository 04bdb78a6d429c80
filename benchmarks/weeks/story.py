"""What happens in a period of simulated days, acted out morning by morning against the real processes.

Here: the order of events alone. What they left behind is read in ``traces``, and judged in ``checks``.
"""

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.weeks.clock import LeapingClock
from benchmarks.weeks.company import ONE_DAY, SOURCES, Company
from benchmarks.weeks.mailbox import mail_server
from benchmarks.weeks.orchestrator import Orchestrator

ZONE = ZoneInfo("Europe/Berlin")
HISTORY = timedelta(weeks=6)
MAILS = "mails"
AFTER_DEADLINE, AFTERNOON = "12:01", "15:20"


@dataclass(frozen=True)
class LatePosting:
    """From the morning of ``known_on`` the books hold so many euros more for an older day."""

    known_on: date
    day: date
    euros: int


@dataclass(frozen=True)
class Period:
    """Some days and what happens on them.

    Attributes:
        run_at: when the daily run is due, in the company's time.
        lost: days on whose mornings the advertising program exports nothing.
        late_posting: what the books learn late. A person then says ``kpi deliver`` for its week.
        odd_hour: the day on which the mailings arrive in the afternoon instead.
        killed_on: the day on which the daemon is killed while the daily run works.
        down_on: the day on which the daemon is killed before the daily run is due, and started 90 minutes after.
    """

    name: str
    first: date
    last: date
    run_at: str = "06:00"
    lost: frozenset[date] = frozenset()
    late_posting: LatePosting | None = None
    odd_hour: date | None = None
    killed_on: date | None = None
    down_on: date | None = None

    @property
    def days(self) -> list[date]:
        """The days, in their order."""
        return [self.first + n * ONE_DAY for n in range((self.last - self.first).days + 1)]

    @property
    def weeks(self) -> list[date]:
        """The first days of the weeks whose reports fall due on one of the days."""
        return [day - timedelta(weeks=1) for day in self.days if day.weekday() == 0]


def act_out(period: Period, folder: Path) -> None:
    """Let a period happen in a folder, which is deleted first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    company = Company(folder)
    with mail_server(folder / MAILS) as port:
        company.set_up(port, period.run_at, started_on=monday(period.first - ONE_DAY))
        clock = LeapingClock(folder / "clock", instant(period.first, period.run_at) - timedelta(minutes=30))
        with Orchestrator(company, clock) as orchestrator, clock.times_of(company.data / "warehouse.lock"):
            for day in period.days:
                _morning(period, day, company, clock, orchestrator)
                _afternoon(period, day, company, clock, orchestrator)
                print(f"{period.name}: {day}, {len(orchestrator.runs())} runs so far", flush=True)


def monday(day: date) -> date:
    """Return the first day of a day's week."""
    return day - timedelta(days=day.weekday())


def instant(day: date, at: str) -> datetime:
    """Return when a clock on the wall shows a time: the later one, where it shows it twice or skips it."""
    moment = datetime.combine(day, time.fromisoformat(at), tzinfo=ZONE)
    return max(moment.astimezone(UTC), moment.replace(fold=1).astimezone(UTC))


def _morning(period: Period, day: date, company: Company, clock: LeapingClock, orchestrator: Orchestrator) -> None:
    due = instant(day, period.run_at)
    if day == period.down_on:
        orchestrator.kill_daemon()
        clock.leap_to(due + timedelta(minutes=90))
        orchestrator.start_daemon()
    else:
        clock.leap_to(due - timedelta(seconds=10))
        clock.leap_to(due + timedelta(seconds=15))
    run = orchestrator.await_daily_run(day.isoformat())
    # While it waits in the queue: earlier, the files would have a run of their own.
    _export(period, day, company, due - timedelta(minutes=2))
    if day == period.killed_on:
        orchestrator.await_active(run)
        orchestrator.kill_daemon()
        clock.leap(timedelta(minutes=10))
        orchestrator.start_daemon()
    orchestrator.settle()


def _export(period: Period, day: date, company: Company, at: datetime) -> None:
    if (late := period.late_posting) and day == late.known_on:
        company.late_postings[late.day] = late.euros
    for source in SOURCES:
        if not (source == "ads" and day in period.lost) and not (source == "mailings" and day == period.odd_hour):
            company.export(source, day, at, since=day - HISTORY if day == period.first else None)


def _afternoon(period: Period, day: date, company: Company, clock: LeapingClock, orchestrator: Orchestrator) -> None:
    """On most days nothing happens; on Mondays the deadline has passed."""
    if day == period.odd_hour:
        at = instant(day, AFTERNOON)
        company.export("mailings", day, at - timedelta(minutes=2))
        clock.leap_to(at)
        # The first look finds a file that may still be written.
        orchestrator.settle(quiet_rounds=2)
    elif day.weekday() == 0:
        clock.leap_to(instant(day, AFTER_DEADLINE))
        orchestrator.settle()
    if (late := period.late_posting) and day == late.known_on:
        orchestrator.kpi("deliver", "--week", late.day.isoformat())
