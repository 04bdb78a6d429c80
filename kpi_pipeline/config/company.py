"""The model of ``config/company.yaml``.

Here: the facts that hold for the whole company. Add a fact when several parts of the product need it. What holds for
one source, metric or report belongs to that one's model.
"""

from datetime import date
from decimal import Decimal

from pydantic import Field

from kpi_pipeline.calendar.company_calendar import MonthCalendar, WeekStart
from kpi_pipeline.config.model import CurrencyCode, Exact, Identifier, Language, Model, Text, TimeOfDay


class WebGoal(Model):
    """Something a visitor does on the website that is worth something, other than buying.

    Attributes:
        event: name of the event, in small letters.
        value: what it is worth, in the reporting currency; nobody has said so when absent.
    """

    event: str
    value: Exact | None = Field(default=None, ge=0)


class Company(Model):
    """The company.

    Attributes:
        time_zone: IANA name; a day is a calendar day there.
        started_on: the first day for which the daily run can be asked.
        daily_run_at: when the daily run starts, in the company's time zone.
        money_shown_in: the unit of ``money_units`` in which reports show amounts; the reporting currency when absent.
        fx_max_age_days: how old the last earlier exchange rate may be before a converted amount counts as missing.
        snapshots_kept: how many published snapshots per audience stay on disk.
        support_sla_minutes: within what time a ticket is promised to be solved.
        attribution_lookback_days: how long before an order a visit counts as having led to it.
        bestsellers: how many products count as popular, by the sales of the twelve weeks before.
        web_goals: what visitors do besides buying, by name.
        discount_rate: what a margin is worth less for each year that it comes later, 0.1 for 10 %.
        correction_tolerance_pct: by how many per cent of itself a value may move after its report was issued.
        max_kpis_per_owner: how many KPIs one person can answer for before ``kpi check`` warns.
        is_example: whether this is a made-up company, which may keep entries marked as examples.
    """

    name: Text
    time_zone: str
    week_start: WeekStart
    month_calendar: MonthCalendar = "gregorian"
    reporting_currency: CurrencyCode
    money_shown_in: Identifier | None = None
    fx_max_age_days: int = Field(default=7, ge=0, le=31)
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)
    started_on: date
    daily_run_at: TimeOfDay = "06:00"
    snapshots_kept: int = Field(default=14, ge=3)
    support_sla_minutes: int = Field(default=720, ge=1)
    attribution_lookback_days: int = Field(default=90, ge=1, le=365)
    bestsellers: int = Field(default=10, ge=1)
    web_goals: dict[Identifier, WebGoal] = Field(default_factory=dict)
    discount_rate: float = Field(default=0.1, ge=0, lt=1)
    correction_tolerance_pct: Exact = Field(default=Decimal(1), ge=0)
    max_kpis_per_owner: int = Field(default=5, ge=1)
    is_example: bool = False

    @property
    def money(self) -> str:
        """What reports show amounts in: a unit of ``money_units``, or the reporting currency."""
        return self.money_shown_in or self.reporting_currency
