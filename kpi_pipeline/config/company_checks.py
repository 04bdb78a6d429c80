"""Checks of the company and its sources.

Here: what these files must be like beyond their types. What a system's files look like belongs to ``sources``.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from kpi_pipeline.config.company import Company
from kpi_pipeline.config.currencies import CURRENCIES
from kpi_pipeline.config.draft import Draft, Entry
from kpi_pipeline.config.money_units import MONEY_UNITS
from kpi_pipeline.config.phrase import Phrase, either
from kpi_pipeline.config.problems import Problem, did_you_mean


def check_company(draft: Draft, as_of: date | None = None) -> Iterator[Problem]:
    """Yield the problems of the company, and what holds only on a day where one is given."""
    if draft.company:
        yield from _time_zone(draft.company, draft.company.value.time_zone)
        yield from _currency(draft.company, "reporting_currency", draft.company.value.reporting_currency)
        yield from _money_unit(draft.company, draft.company.value.money_shown_in, as_of)


def check_sources(draft: Draft) -> Iterator[Problem]:
    """Yield the problems of the sources."""
    taken: dict[tuple[str, str], str] = {}
    for name, entry in draft.sources.entries.items():
        source = entry.value
        yield from _time_zone(entry, source.time_zone)
        yield from _currency(entry, "currency", source.currency)
        inbox = PurePosixPath(source.inbox or name)
        if inbox.is_absolute() or ".." in inbox.parts:
            hint = Phrase("name a folder below the inbox")
            message = Phrase('inbox "{inbox}" lies outside the inbox', inbox=inbox)
            yield entry.problem("CFG022", message, "inbox", hint=hint)
        other = taken.setdefault((str(inbox), source.files), name)
        if other != name:
            message = Phrase(
                'takes the files "{files}" of inbox "{inbox}", as source "{other}" does',
                files=source.files,
                inbox=inbox,
                other=other,
            )
            hint = Phrase("give each source its own folder or file names")
            yield entry.problem("CFG022", message, "files", hint=hint)
        if source.exported_at is not None:
            yield from _exported_at(entry, source.exported_at)


def _time_zone(entry: Entry[Any], name: str | None) -> Iterator[Problem]:
    try:
        ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(str(name), available_timezones()) or Phrase("write a name such as Europe/Berlin")
        yield entry.problem("CFG020", Phrase('time zone "{zone}" is unknown', zone=name), "time_zone", hint=hint)


def _currency(entry: Entry[Any], field: str, code: str | None) -> Iterator[Problem]:
    if code is not None and code not in CURRENCIES:
        hint = Phrase("for toman write IRR and scale the column by 10") if code in {"IRT", "TOM"} else ""
        message = Phrase('currency "{code}" is unknown', code=code)
        yield entry.problem("CFG021", message, field, hint=hint or did_you_mean(code, CURRENCIES))


def _money_unit(entry: Entry[Company], name: str | None, as_of: date | None) -> Iterator[Problem]:
    if name is None:
        return
    currency, unit = entry.value.reporting_currency, MONEY_UNITS.get(name)
    if unit is None or unit.currency != currency:
        known = [each for each, other in MONEY_UNITS.items() if other.currency == currency and other.first_day]
        message = Phrase('money_shown_in: "{unit}" is no unit of {currency}', unit=name, currency=currency)
        leave = Phrase("leave it out to show {currency}", currency=currency)
        hint = either([Phrase("write {units}", units=", ".join(known)), leave]) if known else leave
        yield entry.problem("CFG025", message, "money_shown_in", hint=hint)
    elif unit.first_day is None:
        message = Phrase('money_shown_in: it is not known here from which day on "{unit}" counts', unit=name)
        hint = Phrase("choose another unit, or set the announced day in kpi_pipeline/config/money_units.py")
        yield entry.problem("CFG025", message, "money_shown_in", hint=hint)
    elif as_of is not None and as_of < unit.first_day:
        message = Phrase('money_shown_in: people count in "{unit}" from {day} on', unit=name, day=unit.first_day)
        hint = Phrase("choose another unit until then")
        yield entry.problem("CFG025", message, "money_shown_in", hint=hint, is_warning=True)


def _exported_at(entry: Entry[Any], pattern: str) -> Iterator[Problem]:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        message = Phrase("exported_at is not a regular expression: {error}", error=error)
        yield entry.problem("CFG023", message, "exported_at")
    else:
        if groups != 1:
            hint = Phrase("put the date in one pair of parentheses")
            message = Phrase("exported_at has {groups} groups, expected one", groups=groups)
            yield entry.problem("CFG023", message, "exported_at", hint=hint)
