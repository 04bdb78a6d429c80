"""Checks that everything named in the configuration exists (KPI004) and that owners are still there (KPI041).

Here: one line per field that names something defined elsewhere. What the named things must be like belongs to
``goal_checks`` and ``kpi_checks``.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

from kpi_pipeline.config.draft import Draft, Entry
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem, did_you_mean
from kpi_pipeline.config.yaml_reader import Location

MEASURE_NAME = re.compile(r"[a-z][a-z0-9_]+")


def check_references(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for each name that nothing bears and each owner who is not active."""
    numbers = {*draft.metrics.declared, *draft.kpis.declared}
    for metric in draft.metrics.entries.values():
        yield from _unknown(metric, draft.metrics.declared, "factors")
    for criterion in draft.criteria.entries.values():
        yield from _unknown(criterion, numbers, "measured_by")
    for objective in draft.objectives.entries.values():
        yield from _unknown(objective, draft.objectives.declared, "parent")
        yield from _unknown(objective, draft.owners.declared, "approved_by")
        yield from _owners(draft, objective, "owner")
    for factor in draft.success_factors.entries.values():
        yield from _unknown(factor, draft.objectives.declared, "objective")
        yield from _unknown(factor, numbers, "measured_by")
    for question in draft.questions.entries.values():
        yield from _unknown(question, draft.objectives.declared, "objective")
        yield from _unknown(question, numbers, "answered_by")
    yield from _check_kpis(draft, numbers)
    for report in draft.reports.entries.values():
        yield from _unknown(report, draft.kpis.declared, "kpis")
        if draft.owners.is_valid and draft.objectives.is_valid:
            yield from _unknown(report, _departments(draft), "functions")


def _check_kpis(draft: Draft, numbers: set[str]) -> Iterator[Problem]:
    formulas = " ".join(metric.value.formula for metric in draft.metrics.entries.values())
    quantities = {*numbers, *MEASURE_NAME.findall(formulas)}
    for kpi in draft.kpis.entries.values():
        yield from _unknown(kpi, draft.metrics.declared, "metric")
        yield from _unknown(kpi, draft.objectives.declared, "objective")
        yield from _unknown(kpi, draft.success_factors.declared, "success_factor")
        yield from _unknown(kpi, draft.criteria.declared, "criterion")
        yield from _unknown(kpi, draft.questions.declared, "answers")
        if draft.metrics.is_valid:  # a formula that could not be read may name the measure
            yield from _unknown(kpi, quantities, "impact", "objective_metric")
            yield from _unknown(kpi, quantities, "where", "efficiency_metric")
            yield from _unknown(kpi, quantities, "where", "per")
        yield from _unknown(kpi, draft.kpis.declared, "guardrails")
        if draft.owners.is_valid and draft.objectives.is_valid:
            yield from _unknown(kpi, _departments(draft), "function")
        yield from _owners(draft, kpi, "target", "achievability", "override", "approved_by")
        for role in ("accountable", "responsible", "consulted", "informed"):
            yield from _owners(draft, kpi, "who", role)
        for position in range(len(kpi.value.actions)):
            yield from _owners(draft, kpi, "actions", position, "owner")


def _departments(draft: Draft) -> set[str]:
    """Every department that an owner belongs to or an objective is set for."""
    owners = (owner.value.department for owner in draft.owners.entries.values())
    objectives = (objective.value.department for objective in draft.objectives.entries.values())
    return {department for department in (*owners, *objectives) if department is not None}


def _owners(draft: Draft, entry: Entry[Any], *field: str | int) -> Iterator[Problem]:
    yield from _unknown(entry, draft.owners.declared, *field)
    for location, name in _names(entry.value, field):
        owner = draft.owners.entries.get(name)
        if owner and not owner.value.active:
            message = Phrase('owner "{owner}" is not active', owner=name)
            yield entry.problem("KPI041", message, *location, hint=Phrase("name a successor"))


def _unknown(entry: Entry[Any], known: Collection[str], *field: str | int) -> Iterator[Problem]:
    for location, name in _names(entry.value, field):
        if name not in known:
            label = next(part for part in reversed(field) if isinstance(part, str))
            message = Phrase('reference "{name}" in {field} does not exist', name=name, field=label)
            yield entry.problem("KPI004", message, *location, hint=did_you_mean(name, known))


def _names(value: Any, field: Location) -> Iterator[tuple[Location, str]]:
    """Follow a field to the names in it, each with its own location."""
    for part in field:
        value = value[part] if isinstance(part, int) else getattr(value, part)
        if value is None:
            return
    if isinstance(value, tuple):
        yield from (((*field, position), name) for position, name in enumerate(value))
    else:
        yield field, value
