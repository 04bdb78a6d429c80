"""The whole configuration, loaded and checked.

Here: the one way into ``config/``. Every problem of every file is collected before anything is refused. The rules stand
in the check modules, the codes in ``problems``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.breaks import Break
from kpi_pipeline.config.company import Company
from kpi_pipeline.config.company_checks import check_company, check_sources
from kpi_pipeline.config.delivery import Delivery
from kpi_pipeline.config.delivery_checks import check_delivery
from kpi_pipeline.config.draft import Draft, Section, read_draft
from kpi_pipeline.config.event_checks import check_events
from kpi_pipeline.config.events import Event
from kpi_pipeline.config.example_checks import check_examples
from kpi_pipeline.config.goal_checks import check_goals
from kpi_pipeline.config.goals import Goals
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.kpi_checks import check_kpis
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.overdue_checks import check_overdue
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem
from kpi_pipeline.config.reference_checks import check_references
from kpi_pipeline.config.report import Report
from kpi_pipeline.config.report_checks import check_reports
from kpi_pipeline.config.secret_check import without_lines_of_secrets
from kpi_pipeline.config.source import Source
from kpi_pipeline.config.validation import AnyModel
from kpi_pipeline.errors import ConfigurationError


@dataclass(frozen=True)
class Configuration:
    """One company's configuration, by id.

    Attributes:
        fingerprint: SHA-256 over the names and bytes of all files that a number or a report can depend on.
    """

    company: Company
    sources: dict[str, Source]
    metrics: dict[str, Metric]
    goals: Goals
    kpis: dict[str, Kpi]
    reports: dict[str, Report]
    fingerprint: str
    breaks: dict[str, Break] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    delivery: Delivery = field(default_factory=Delivery)

    @property
    def calendar(self) -> CompanyCalendar:
        """The company's calendar."""
        return CompanyCalendar(self.company.time_zone, self.company.week_start, self.company.month_calendar)


def load_configuration(directory: Path) -> Configuration:
    """Load and check all files of a configuration folder. Warnings are left to ``check_configuration``.

    Raises:
        ConfigurationError: listing every problem with its file and line.
    """
    configuration, problems = check_configuration(directory)
    if configuration is None:
        errors = [str(problem) for problem in problems if not problem.is_warning]
        count = "1 problem" if len(errors) == 1 else f"{len(errors)} problems"
        raise ConfigurationError("\n".join([f"the configuration in {directory} has {count}:", *errors]))
    return configuration


def check_configuration(directory: Path, as_of: date | None = None) -> tuple[Configuration | None, list[Problem]]:
    """Return the configuration, or None if a problem is not just a warning, and all problems by file and line.

    Args:
        directory: the folder with ``company.yaml``.
        as_of: the day on which to look for what is overdue; not looked for when absent.
    """
    draft = read_draft(directory)
    problems = sorted(without_lines_of_secrets({*draft.problems, *_compare(draft, as_of)}))
    if draft.company is None or any(not problem.is_warning for problem in problems):
        return None, problems
    goals = Goals(
        owners=_values(draft.owners),
        criteria=_values(draft.criteria),
        objectives=_values(draft.objectives),
        success_factors=_values(draft.success_factors),
        questions=_values(draft.questions),
    )
    configuration = Configuration(
        company=draft.company.value,
        sources=_values(draft.sources),
        metrics=_values(draft.metrics),
        goals=goals,
        kpis=_values(draft.kpis),
        reports=_values(draft.reports),
        fingerprint=draft.fingerprint,
        breaks=_values(draft.breaks),
        events=_values(draft.events),
        delivery=draft.delivery.value if draft.delivery else Delivery(),
    )
    return configuration, problems


def _values(section: Section[AnyModel]) -> dict[str, AnyModel]:
    return {name: entry.value for name, entry in section.entries.items()}


def _compare(draft: Draft, as_of: date | None) -> Iterator[Problem]:
    yield from check_company(draft, as_of)
    yield from check_sources(draft)
    if draft.kpis.declared and not draft.objectives.declared:
        path = min(draft.kpis.declared.values())
        message = Phrase("no objectives loaded; define objectives before KPIs")
        yield Problem(path, 1, "KPI001", message, Phrase("write goals.yaml"))
        return
    yield from check_references(draft)
    yield from check_goals(draft)
    yield from check_kpis(draft)
    yield from check_reports(draft)
    yield from check_delivery(draft)
    yield from check_events(draft)
    yield from check_examples(draft)
    if as_of is not None:
        yield from check_overdue(draft, as_of)
