"""Checks of the reports: their languages, and which KPIs they show to whom.

Here: the rule that no internal KPI is named in a report for executives, where somebody types in what a report shows.
That the rest keeps it too follows from how snapshots are made.
"""

from collections.abc import Iterator

from kpi_pipeline.config.commitment import missing_parts
from kpi_pipeline.config.draft import Draft, Entry
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem
from kpi_pipeline.config.report import Report


def check_reports(draft: Draft) -> Iterator[Problem]:
    """Yield the problems of the reports."""
    levels = _levels(draft)
    for name, entry in draft.reports.entries.items():
        yield from _languages(draft, name, entry)
        yield from _internal_kpis(name, entry, levels)
        yield from _count(draft, entry, levels)


def _levels(draft: Draft) -> dict[str, str]:
    """KPI → level of its objective."""
    levels: dict[str, str] = {}
    for name, kpi in draft.kpis.entries.items():
        if objective := draft.objectives.entries.get(kpi.value.objective or ""):
            levels[name] = objective.value.level
    return levels


def _languages(draft: Draft, name: str, entry: Entry[Report]) -> Iterator[Problem]:
    for position, language in enumerate(entry.value.languages):
        if draft.company and language not in draft.company.value.languages:
            message = Phrase(
                'report "{report}": the company has no language "{language}"', report=name, language=language
            )
            hint = Phrase("add it to languages in company.yaml")
            yield entry.problem("CFG024", message, "languages", position, hint=hint)


def _internal_kpis(name: str, entry: Entry[Report], levels: dict[str, str]) -> Iterator[Problem]:
    report = entry.value
    for position, kpi_id in enumerate(report.kpis or ()):
        if report.audience == "executive" and levels.get(kpi_id) == "internal":
            message = Phrase(
                'report "{report}" for audience "{audience}" contains internal KPI "{kpi}"',
                report=name,
                audience=report.audience,
                kpi=kpi_id,
            )
            hint = Phrase("internal KPIs must not be reported to executives or clients; remove it")
            yield entry.problem("KPI051", message, "kpis", position, hint=hint)


def _count(draft: Draft, entry: Entry[Report], levels: dict[str, str]) -> Iterator[Problem]:
    report = entry.value
    committed = {
        name
        for name, kpi in draft.kpis.entries.items()
        if name in levels and kpi.value.status == "active" and not missing_parts(kpi.value)
    }
    seen = {name for name in committed if report.audience == "internal" or levels[name] != "internal"}
    chosen = report.chosen({name: kpi.value for name, kpi in draft.kpis.entries.items()})
    shown = len(seen if chosen is None else seen.intersection(chosen))
    if shown > report.max_kpis:
        message = Phrase(
            'audience "{audience}" shows {count} KPIs; limit {limit}',
            audience=report.audience,
            count=shown,
            limit=report.max_kpis,
        )
        hint = Phrase("keep those that matter most")
        yield entry.problem("KPI060", message, "max_kpis", hint=hint, is_warning=True)
