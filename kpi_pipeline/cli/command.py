"""What the modules of the ``kpi`` command share: exit codes, types of options, and the installation.

Here: nothing that only one of them needs.
"""

import os
import re
from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from kpi_pipeline.calendar.clock import SystemClock
from kpi_pipeline.calendar.jalali import from_jalali

if TYPE_CHECKING:
    from kpi_pipeline.pipeline import Installation

EXIT_PROBLEM, EXIT_USAGE, EXIT_RUN_ACTIVE = 1, 2, 3
# Years before this one are meant in another calendar.
FIRST_GREGORIAN_YEAR = 1700
WRITTEN_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


class Day(click.ParamType[date]):
    """A Gregorian day, written YYYY-MM-DD."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read the day."""
        if isinstance(value, date):
            return value
        if (written := WRITTEN_DAY.fullmatch(str(value))) and int(written[1]) < FIRST_GREGORIAN_YEAR:
            self.fail(f"{value!r} looks like a Jalali date; write the Gregorian day{_meant(written)}", param, ctx)
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").date()
        except ValueError:
            self.fail(f"{value!r} is not a day; write YYYY-MM-DD", param, ctx)


DAY = Day()


def _meant(written: re.Match[str]) -> str:
    try:
        return f", {from_jalali(int(written[1]), int(written[2]), int(written[3]))}"
    except ValueError:
        return ", such as 2026-03-21"


def current_installation() -> "Installation":
    """Return the installation that the environment variables describe."""
    from kpi_pipeline.pipeline import Installation

    return Installation.from_environment(os.environ, SystemClock())
