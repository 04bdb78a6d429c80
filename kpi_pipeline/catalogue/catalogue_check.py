"""Everything that can be wrong in configuration and SQL together, each with its file and line.

Here: the problems that only show when sources, formulas, tables and commitments meet, put where somebody has to change
something. What is wrong in the configuration alone is found in ``config``, in SQL alone in ``warehouse``; a definition
that changed silently in ``silent_changes``.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.exposure_check import exposure_warnings
from kpi_pipeline.catalogue.findings.split_check import driver_problems, factor_problems
from kpi_pipeline.catalogue.history.silent_changes import PublishedDefinition, silent_changes
from kpi_pipeline.catalogue.metrics.breaks import break_problems
from kpi_pipeline.catalogue.metrics.compiler import basis_problems
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.config.configuration import Configuration, check_configuration
from kpi_pipeline.config.draft import Draft, Entry, Section, read_draft
from kpi_pipeline.config.goals import Goals
from kpi_pipeline.config.problems import Problem
from kpi_pipeline.config.secret_check import without_lines_of_secrets
from kpi_pipeline.errors import ConfigurationError, FormulaError
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.warehouse.sql_project import SqlProject, check_sql_project

NAMED_METRIC = re.compile(r"(?:(?P<code>[A-Z]{3}\d{3})\s+)?metric (?P<name>\w+)[:,]\s*(?P<message>.*)", re.DOTALL)
NAMED_KPI = re.compile(r'KPI "(?P<name>\w+)"')


@dataclass(frozen=True)
class Findings:
    """What was found.

    Attributes:
        problems: all, by file and line.
        configuration: None if there is an error in it.
        project: None if there is an error in the SQL files.
    """

    problems: tuple[Problem, ...]
    configuration: Configuration | None
    project: SqlProject | None

    @property
    def is_good(self) -> bool:
        """Whether none of the problems is an error."""
        return all(problem.is_warning for problem in self.problems)


def check_catalogue(
    config: Path,
    sql: Path,
    external_tables: Collection[str],
    *,
    as_of: date,
    published: Collection[PublishedDefinition] = (),
) -> Findings:
    """Check everything under ``config/`` and ``sql/``; nothing that is found keeps the rest from being looked for.

    Args:
        config: the configuration folder.
        sql: the folder of SQL files.
        external_tables: the tables that the program itself fills.
        as_of: the day on which to look for what is overdue.
        published: the definitions that readers know.
    """
    configuration, problems = check_configuration(config, as_of)
    project, in_sql = check_sql_project(sql, external_tables)
    draft = read_draft(config)
    found = {*problems, *_contract_problems(draft)}
    if (readable := configuration or _readable_part(draft)) is not None and project is not None:
        sound, formulas = _formula_problems(draft, readable, project)
        found.update(formulas, _basis_problems(draft, sound, project), factor_problems(draft, sound))
        if configuration is not None:
            found.update(_audience_problems(draft, sound), exposure_warnings(draft, sound, project))
    if project is not None:
        found.update(break_problems(draft, project), driver_problems(draft, project))
    found.update(silent_changes(draft.metrics.entries, published))
    return Findings((*sorted(without_lines_of_secrets(found)), *in_sql), configuration, project)


def _readable_part(draft: Draft) -> Configuration | None:
    """Sources and metrics that are right in themselves, so that their formulas can be checked beside other errors."""
    if draft.company is None:
        return None
    return Configuration(
        company=draft.company.value,
        sources={name: entry.value for name, entry in draft.sources.entries.items()},
        metrics={name: entry.value for name, entry in draft.metrics.entries.items()},
        goals=Goals(),
        kpis={},
        reports={},
        fingerprint=draft.fingerprint,
    )


def _contract_problems(draft: Draft) -> Iterator[Problem]:
    for name, entry in draft.sources.entries.items():
        try:
            build_contract(name, entry.value)
        except ConfigurationError as error:
            yield entry.problem("CFG050", str(error))


def _formula_problems(
    draft: Draft, configuration: Configuration, project: SqlProject
) -> tuple[Configuration, list[Problem]]:
    """Return the configuration without the metrics that cannot be computed and their KPIs, and why they cannot."""
    problems = {}
    for metric_id in configuration.metrics:
        try:
            plan_metric(metric_id, configuration, project)
        except FormulaError as error:
            problems[metric_id] = _metric_problem(draft, str(error), "CFG051", metric_id)
    sound = replace(
        configuration,
        metrics={name: metric for name, metric in configuration.metrics.items() if name not in problems},
        kpis={name: kpi for name, kpi in configuration.kpis.items() if kpi.metric not in problems},
    )
    return sound, list(problems.values())


def _basis_problems(draft: Draft, configuration: Configuration, project: SqlProject) -> Iterator[Problem]:
    for text in basis_problems(configuration, project):
        yield _metric_problem(draft, text, "KPI027")


def _audience_problems(draft: Draft, configuration: Configuration) -> Iterator[Problem]:
    for text in Audiences(configuration).problems():
        named = NAMED_KPI.search(text)
        kpi_id = named["name"] if named else ""
        entry = draft.kpis.entries.get(kpi_id)
        has_total = kpi_id in configuration.kpis and configuration.metrics[configuration.kpis[kpi_id].metric].has_total
        yield _problem(entry, draft.kpis, "KPI051" if has_total else "CFG052", text, "metric")


def _metric_problem(draft: Draft, text: str, code: str, metric_id: str = "") -> Problem:
    named = NAMED_METRIC.match(text)
    metric_id = metric_id or (named["name"] if named else "")
    message = f'metric "{metric_id}": {named["message"]}' if named else text
    return _problem(draft.metrics.entries.get(metric_id), draft.metrics, code, message, "formula")


def _problem(entry: Entry | None, section: Section, code: str, message: str, field: str) -> Problem:  # type: ignore[type-arg]
    if entry is not None:
        return entry.problem(code, message, field)
    return Problem(min(section.declared.values(), default=Path("config")), 1, code, message)
