"""The model of ``config/company.yaml``.

Here: the facts that hold for the whole company. Add a fact when several parts of the product need it. What holds for
one source, metric or report belongs to that one's model.
"""

from datetime import date

from pydantic import Field

from kpi_pipeline.calendar.company_calendar import MonthCalendar, WeekStart
from kpi_pipeline.config.model import CurrencyCode, Language, Model, Text


class Company(Model):
    """The company.

    Attributes:
        time_zone: IANA name; a day is a calendar day there.
        started_on: the first day for which the daily run can be asked.
        fx_max_age_days: how old the last earlier exchange rate may be before a converted amount counts as missing.
        snapshots_kept: how many published snapshots per audience stay on disk.
    """

    name: Text
    time_zone: str
    week_start: WeekStart
    month_calendar: MonthCalendar = "gregorian"
    reporting_currency: CurrencyCode
    fx_max_age_days: int = Field(default=7, ge=0, le=31)
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)
    started_on: date
    snapshots_kept: int = Field(default=14, ge=3)
