"""Checks of the company, its sources and its reports.

Here: what these files must be like beyond their types. What a system's files look like belongs to ``sources``.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from kpi_pipeline.config.commitment import missing_parts
from kpi_pipeline.config.currencies import CURRENCIES
from kpi_pipeline.config.draft import Draft, Entry
from kpi_pipeline.config.problems import Problem, did_you_mean


def check_company(draft: Draft) -> Iterator[Problem]:
    """Yield the problems of the company."""
    if draft.company:
        yield from _time_zone(draft.company, draft.company.value.time_zone)
        yield from _currency(draft.company, "reporting_currency", draft.company.value.reporting_currency)


def check_sources(draft: Draft) -> Iterator[Problem]:
    """Yield the problems of the sources."""
    taken: dict[tuple[str, str], str] = {}
    for name, entry in draft.sources.entries.items():
        source = entry.value
        yield from _time_zone(entry, source.time_zone)
        yield from _currency(entry, "currency", source.currency)
        inbox = PurePosixPath(source.inbox or name)
        if inbox.is_absolute() or ".." in inbox.parts:
            hint = "name a folder below the inbox"
            yield entry.problem("CFG022", f'inbox "{inbox}" lies outside the inbox', "inbox", hint=hint)
        other = taken.setdefault((str(inbox), source.files), name)
        if other != name:
            message = f'takes the files "{source.files}" of inbox "{inbox}", as source "{other}" does'
            yield entry.problem("CFG022", message, "files", hint="give each source its own folder or file names")
        if source.exported_at is not None:
            yield from _exported_at(entry, source.exported_at)


def check_reports(draft: Draft) -> Iterator[Problem]:
    """Yield the problems of the reports."""
    for name, entry in draft.reports.entries.items():
        report = entry.value
        for position, language in enumerate(report.languages):
            if draft.company and language not in draft.company.value.languages:
                message = f'report "{name}": the company has no language "{language}"'
                hint = "add it to languages in company.yaml"
                yield entry.problem("CFG024", message, "languages", position, hint=hint)
        shown = sum(1 for audience in _audiences_of_kpis(draft) if report.audience in audience)
        if shown > report.max_kpis:
            message = f'audience "{report.audience}" shows {shown} KPIs; limit {report.max_kpis}'
            hint = "keep those that matter most"
            yield entry.problem("KPI060", message, "max_kpis", hint=hint, is_warning=True)


def _audiences_of_kpis(draft: Draft) -> Iterator[set[str]]:
    for kpi in (entry.value for entry in draft.kpis.entries.values()):
        objective = draft.objectives.entries.get(kpi.objective or "")
        if objective and kpi.status == "active" and not missing_parts(kpi):
            yield {"internal"} if objective.value.level == "internal" else {"internal", "executive"}


def _time_zone(entry: Entry[Any], name: str | None) -> Iterator[Problem]:
    try:
        ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(str(name), available_timezones()) or "write a name such as Europe/Berlin"
        yield entry.problem("CFG020", f'time zone "{name}" is unknown', "time_zone", hint=hint)


def _currency(entry: Entry[Any], field: str, code: str | None) -> Iterator[Problem]:
    if code is not None and code not in CURRENCIES:
        hint = "for toman write IRR and scale the column by 10" if code in {"IRT", "TOM"} else ""
        yield entry.problem(
            "CFG021", f'currency "{code}" is unknown', field, hint=hint or did_you_mean(code, CURRENCIES)
        )


def _exported_at(entry: Entry[Any], pattern: str) -> Iterator[Problem]:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        yield entry.problem("CFG023", f"exported_at is not a regular expression: {error}", "exported_at")
    else:
        if groups != 1:
            hint = "put the date in one pair of parentheses"
            yield entry.problem("CFG023", f"exported_at has {groups} groups, expected one", "exported_at", hint=hint)
