"""Checks of KPIs: is the commitment complete, does it keep its rules, do questions and KPIs agree?

Here: from findings to lines of files, and the rules among several KPIs. Rules of one commitment belong to
``commitment_rules`` and ``time_rules``; what has passed to ``overdue_checks``. What only data can tell (is the target
realistic, does the baseline hold) belongs to ``analysis``.
"""

from collections import Counter
from collections.abc import Iterator

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.commitment import missing_parts
from kpi_pipeline.config.commitment_rules import Commitment, achievable, measurable, relevant, specific
from kpi_pipeline.config.draft import Draft, Entry
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem
from kpi_pipeline.config.time_rules import time_bound

ONE_OF_TWO = Phrase("name each other, or neither")
RULES = (specific, measurable, achievable, relevant, time_bound)


def check_kpis(draft: Draft) -> Iterator[Problem]:
    """Yield the problems of all KPIs that are not retired."""
    for name, entry in draft.kpis.entries.items():
        if entry.value.status == "retired":
            continue
        if entry.value.status == "active":
            yield from _check_completeness(name, entry)
        commitment = _commitment(draft, name, entry.value)
        for rule in RULES:
            for finding in rule(commitment):
                yield entry.problem(finding.code, finding.message, *finding.field, hint=finding.hint)
        yield from _check_guardrails(draft, name, entry)
        yield from _check_alerts(draft, name, entry)
    yield from _check_answers(draft)
    yield from _check_load(draft)


def _commitment(draft: Draft, name: str, kpi: Kpi) -> Commitment:
    metric = draft.metrics.entries.get(kpi.metric)
    objective = draft.objectives.entries.get(kpi.objective or "")
    company = draft.company.value if draft.company else None
    return Commitment(
        kpi_id=name,
        kpi=kpi,
        metric=metric.value if metric else None,
        objective=objective.value if objective else None,
        owners={owner: entry.value for owner, entry in draft.owners.entries.items()},
        calendar=CompanyCalendar(company.time_zone, company.week_start, company.month_calendar) if company else None,
    )


def _check_completeness(name: str, entry: Entry[Kpi]) -> Iterator[Problem]:
    missing = missing_parts(entry.value)
    if "objective" in missing:
        message = Phrase('KPI "{kpi}" has no objective: without it the number is a metric, not a KPI', kpi=name)
        yield entry.problem("KPI010", message, hint=Phrase("name an objective or set status: metric"))
    elif "answers" in missing:
        message = Phrase('KPI "{kpi}" answers no question', kpi=name)
        yield entry.problem("KPI018", message, hint=Phrase("name a question of goals.yaml in answers"))
    if missing:
        message = Phrase('"{kpi}" shown as metric: missing {parts}', kpi=name, parts=", ".join(missing))
        hint = Phrase("fill in what is missing, or set status: draft")
        yield entry.problem("KPI021", message, hint=hint, is_warning=True)
    if entry.value.actions and all(action.when != "off_track" for action in entry.value.actions):
        message = Phrase('KPI "{kpi}": no action defined for off_track', kpi=name)
        yield entry.problem("KPI043", message, "actions", hint=Phrase("add an action with when: off_track"))


def _check_guardrails(draft: Draft, name: str, entry: Entry[Kpi]) -> Iterator[Problem]:
    for position, other in enumerate(entry.value.guardrails):
        if other == name:
            message = Phrase('KPI "{kpi}" is its own guardrail', kpi=name)
            hint = Phrase("name a KPI that may suffer while this one improves")
            yield entry.problem("CFG044", message, "guardrails", position, hint=hint)
        elif _level(draft, name) in ("business", "external") and _level(draft, other) == "internal":
            message = Phrase('executive KPI "{kpi}" is guarded by internal KPI "{other}"', kpi=name, other=other)
            hint = Phrase("its status would tell executives about an internal KPI")
            yield entry.problem("KPI051", message, "guardrails", position, hint=hint)


def _check_alerts(draft: Draft, name: str, entry: Entry[Kpi]) -> Iterator[Problem]:
    """Refuse the chart of proportions for what cannot be one by its unit and formula.

    Whether its sides are counts is only known from the tables; where they are not, ``robust_z`` is used.
    """
    metric = draft.metrics.entries.get(entry.value.metric)
    if metric is None or entry.value.alerts is None or entry.value.alerts.method != "laney_p":
        return
    if metric.value.unit != "percent" or "/" not in metric.value.formula or metric.value.trailing_weeks > 1:
        message = Phrase(
            'KPI "{kpi}": laney_p is for so many out of so many, and metric "{metric}" is no such proportion',
            kpi=name,
            metric=entry.value.metric,
        )
        hint = Phrase("write method: robust_z, or leave alerts out")
        yield entry.problem("CFG048", message, "alerts", "method", hint=hint)


def _level(draft: Draft, kpi_id: str) -> str | None:
    kpi = draft.kpis.entries.get(kpi_id)
    objective = draft.objectives.entries.get(kpi.value.objective or "") if kpi else None
    return objective.value.level if objective else None


def _check_answers(draft: Draft) -> Iterator[Problem]:
    """A question and the KPIs that answer it must name each other."""
    for question_id, question in draft.questions.entries.items():
        for position, name in enumerate(question.value.answered_by):
            kpi = draft.kpis.entries.get(name)
            if kpi and kpi.value.status != "retired" and question_id not in kpi.value.answers:
                message = Phrase(
                    'question "{question}" is answered by "{kpi}", which does not name it in answers',
                    question=question_id,
                    kpi=name,
                )
                yield question.problem("CFG032", message, "answered_by", position, hint=ONE_OF_TWO)
    for name, entry in draft.kpis.entries.items():
        for position, question_id in enumerate(entry.value.answers):
            answered = draft.questions.entries.get(question_id)
            if answered and name not in answered.value.answered_by:
                message = Phrase(
                    'KPI "{kpi}" answers "{question}", which does not name it in answered_by',
                    kpi=name,
                    question=question_id,
                )
                yield entry.problem("CFG032", message, "answers", position, hint=ONE_OF_TWO)


def _check_load(draft: Draft) -> Iterator[Problem]:
    """Nobody can answer for any number of KPIs."""
    limit = draft.company.value.max_kpis_per_owner if draft.company else None
    kpis = [entry.value for entry in draft.kpis.entries.values()]
    counts = Counter(
        kpi.who.accountable for kpi in kpis if kpi.who and kpi.status == "active" and not missing_parts(kpi)
    )
    for owner, count in counts.items():
        if limit is not None and count > limit and owner in draft.owners.entries:
            message = Phrase(
                'owner "{owner}" answers for {count} KPIs; limit {limit}', owner=owner, count=count, limit=limit
            )
            hint = Phrase("share them out, or raise max_kpis_per_owner in company.yaml")
            yield draft.owners.entries[owner].problem("KPI060", message, hint=hint, is_warning=True)
