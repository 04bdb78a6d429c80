"""Checks of the goals: the tree of objectives, success factors, questions and criteria.

Here: rules among goals. That the names in them exist belongs to ``reference_checks``; rules of KPIs to ``kpi_checks``.
"""

from collections.abc import Iterator

from kpi_pipeline.config.draft import Draft, Entry
from kpi_pipeline.config.goals import Objective
from kpi_pipeline.config.measurability import bound_metrics
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem

PARENT_LEVELS = {"internal": "external", "external": "business"}


def check_goals(draft: Draft) -> Iterator[Problem]:
    """Yield the problems of everything in ``goals.yaml``."""
    for name, owner in draft.owners.entries.items():
        if owner.value.group == "department" and owner.value.department is None:
            message = Phrase('owner "{owner}" is of group department and names none', owner=name)
            yield owner.problem("CFG030", message, "group", hint=Phrase("add department"))
    yield from _check_tree(draft)
    yield from _check_departments(draft)
    for name, objective in draft.objectives.entries.items():
        yield from _check_approval(draft, name, objective)
    yield from _check_coverage(draft)


def _check_tree(draft: Draft) -> Iterator[Problem]:
    objectives = draft.objectives.entries
    parents = {name: entry.value.parent for name, entry in objectives.items()}
    circles = _circles(parents)
    for circle in circles:
        path = " → ".join((*circle, circle[0]))
        message = Phrase("objective cycle: {path}", path=path)
        yield objectives[circle[0]].problem("KPI012", message, "parent", hint=Phrase("remove one of these parents"))
    in_circle = {name for circle in circles for name in circle}
    misplaced = {name for name, entry in objectives.items() if not _has_right_parent(draft, entry.value)}
    for name in sorted(misplaced - in_circle):
        level, parent = objectives[name].value.level, objectives[name].value.parent
        if level == "business":
            message = Phrase('objective "{objective}" (level business) must not have a parent', objective=name)
        else:
            message = Phrase(
                'objective "{objective}" (level {level}) must have a parent of level {parent_level}',
                objective=name,
                level=level,
                parent_level=PARENT_LEVELS[level],
            )
        if parent is None or parent in objectives:
            yield objectives[name].problem("KPI011", message, "parent")
    for name in objectives.keys() - misplaced - in_circle:
        ancestor = parents[name]
        while ancestor in objectives and ancestor not in misplaced | in_circle:
            ancestor = parents[ancestor]
        if ancestor in misplaced | in_circle:
            message = Phrase('objective "{objective}" is not connected to any business objective', objective=name)
            yield objectives[name].problem("KPI013", message, "parent", hint=Phrase('see "{other}"', other=ancestor))


def _has_right_parent(draft: Draft, objective: Objective) -> bool:
    if objective.parent is None or objective.level == "business":
        return objective.parent is None and objective.level == "business"
    parent = draft.objectives.entries.get(objective.parent)
    if parent is None:
        return objective.parent in draft.objectives.declared  # reported where it is defined
    return parent.value.level == PARENT_LEVELS[objective.level]


def _circles(parents: dict[str, str | None]) -> list[tuple[str, ...]]:
    """Return each circle once, starting with its first name in the alphabet."""
    circles = set()
    for start in parents:
        path: list[str] = []
        name: str | None = start
        while name is not None and name in parents and name not in path:
            path.append(name)
            name = parents[name]
        if name == start:
            first = path.index(min(path))
            circles.add((*path[first:], *path[:first]))
    return sorted(circles)


def _check_departments(draft: Draft) -> Iterator[Problem]:
    first_of: dict[tuple[str, str], Entry[Objective]] = {}
    for name, entry in draft.objectives.entries.items():
        level, department = entry.value.level, entry.value.department
        if level == "business":
            continue
        if department is None:
            message = Phrase('objective "{objective}" (level {level}) needs a department', objective=name, level=level)
            yield entry.problem("CFG030", message, hint=Phrase("add department"))
        else:
            first_of.setdefault((department, level), entry)
    for (department, found), entry in first_of.items():
        wanted = "external" if found == "internal" else "internal"
        if (department, wanted) not in first_of and draft.objectives.is_valid:
            message = Phrase(
                'department "{department}" has {found} objectives but no {wanted} objective',
                department=department,
                found=found,
                wanted=wanted,
            )
            hint = Phrase("add an objective of level {level} for it", level=wanted)
            yield entry.problem("KPI014", message, "department", hint=hint, is_warning=found == "external")


def _check_approval(draft: Draft, name: str, entry: Entry[Objective]) -> Iterator[Problem]:
    objective = entry.value
    approved = objective.approved_by is not None and objective.approved_on is not None
    if objective.level == "external" and not approved:
        hint = Phrase("fill in approved_by and approved_on")
        yield entry.problem(
            "CFG031", Phrase('external objective "{objective}" is not approved', objective=name), hint=hint
        )
    if objective.level == "business":
        executives = {
            owner
            for owner in draft.owners.declared
            if owner not in draft.owners.entries or draft.owners.entries[owner].value.group == "executive"
        }
        if not approved or not {objective.owner, objective.approved_by} <= executives:
            hint = Phrase("fill in owner, approved_by and approved_on; both owners of group executive")
            message = Phrase(
                'business objective "{objective}" must be owned and approved by an executive', objective=name
            )
            yield entry.problem("KPI015", message, hint=hint)


def _check_coverage(draft: Draft) -> Iterator[Problem]:
    """Whatever is wanted must be asked for and measured."""
    asked = {entry.value.objective for entry in draft.questions.entries.values()}
    for name, objective in draft.objectives.entries.items():
        if name not in asked and draft.questions.is_valid:
            message = Phrase('objective "{objective}" has no question', objective=name)
            yield objective.problem("KPI017", message, hint=Phrase("add one to questions"))
    if not draft.kpis.is_valid:
        return
    yield from _check_measurable(draft)
    living = {name: entry.value for name, entry in draft.kpis.entries.items() if entry.value.status != "retired"}
    measured = {kpi.success_factor for kpi in living.values()}
    for name, factor in draft.success_factors.entries.items():
        if name not in measured and not living.keys() & factor.value.measured_by:
            message = Phrase('success factor "{factor}" has no KPI', factor=name)
            hint = Phrase("name it in success_factor of a KPI, or a KPI in measured_by")
            yield factor.problem("KPI019", message, "measured_by", hint=hint)
    used = {kpi.criterion for kpi in living.values()}
    for name, criterion in draft.criteria.entries.items():
        if name not in used and not criterion.value.measured_by:
            message = Phrase('criterion "{criterion}" has no metric; it cannot be assessed', criterion=name)
            hint = Phrase("name a metric in measured_by")
            yield criterion.problem("KPI020", message, "measured_by", hint=hint, is_warning=True)


def _check_measurable(draft: Draft) -> Iterator[Problem]:
    """A wish becomes an objective when a number says whether it comes true."""
    if not draft.success_factors.is_valid:
        return
    factors = {name: entry.value for name, entry in draft.success_factors.entries.items()}
    kpis = {name: entry.value for name, entry in draft.kpis.entries.items()}
    for name, objective in draft.objectives.entries.items():
        if not bound_metrics(name, factors, kpis):
            message = Phrase('objective "{objective}" is not measurable: no bound metric', objective=name)
            hint = Phrase("bind one: a KPI that serves it, or a success factor with a metric in measured_by")
            yield objective.problem("KPI022", message, hint=hint)
