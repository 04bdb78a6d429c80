"""Checks of what has passed: reviews, deadlines, hypotheses, assumptions, tasks.

Here: warnings that depend on the day on which one asks. Time that passes never makes a valid configuration invalid.
"""

from collections.abc import Iterator
from datetime import date

from kpi_pipeline.config.draft import Draft, Entry
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem

REVIEW = Phrase("review it and set the next day")


def check_overdue(draft: Draft, as_of: date) -> Iterator[Problem]:
    """Yield a warning for everything that should have happened before a day."""
    for name, objective in draft.objectives.entries.items():
        if objective.value.review_on < as_of:
            message = Phrase(
                'objective "{objective}": the review of {day} is overdue', objective=name, day=objective.value.review_on
            )
            yield objective.problem("CFG038", message, "review_on", hint=REVIEW, is_warning=True)
    for name, entry in draft.kpis.entries.items():
        if entry.value.status == "active":
            yield from _target(name, entry, as_of)
            yield from _foundations(name, entry, as_of)


def _target(name: str, entry: Entry[Kpi], as_of: date) -> Iterator[Problem]:
    kpi = entry.value
    if kpi.target is not None and kpi.effective_from < kpi.target.deadline < as_of:
        message = Phrase('KPI "{kpi}": deadline {deadline} in the past', kpi=name, deadline=kpi.target.deadline)
        hint = Phrase("review it: set a new target in a new version, or retire it")
        yield entry.problem("KPI031", message, "target", "deadline", hint=hint, is_warning=True)
    if kpi.review is not None and kpi.review.next_on < as_of:
        message = Phrase('KPI "{kpi}": the review of {day} is overdue', kpi=name, day=kpi.review.next_on)
        yield entry.problem("CFG038", message, "review", "next_on", hint=REVIEW, is_warning=True)
    if kpi.how is not None and kpi.how.is_done:
        message = Phrase('KPI "{kpi}": all tasks are done, the strategy has to be reviewed', kpi=name)
        hint = Phrase("decide what comes next and write new tasks")
        yield entry.problem("CFG046", message, "how", "tasks", hint=hint, is_warning=True)


def _foundations(name: str, entry: Entry[Kpi], as_of: date) -> Iterator[Problem]:
    """What the commitment rests on."""
    kpi = entry.value
    if kpi.impact is not None and kpi.impact.expires_on is not None and kpi.impact.expires_on < as_of:
        message = Phrase('KPI "{kpi}" rests on a hypothesis that expired on {day}', kpi=name, day=kpi.impact.expires_on)
        hint = Phrase("measure the impact, or give the KPI up")
        yield entry.problem("KPI052", message, "impact", "expires_on", hint=hint, is_warning=True)
    for position, assumption in enumerate(kpi.when.assumptions if kpi.when else ()):
        if assumption.holds_until is not None and assumption.holds_until < as_of:
            message = Phrase(
                'KPI "{kpi}": the assumption "{text}" held until {day}',
                kpi=name,
                text=assumption.text,
                day=assumption.holds_until,
            )
            hint = Phrase("see whether it still holds, and what it means for the target")
            yield entry.problem("CFG045", message, "when", "assumptions", position, hint=hint, is_warning=True)
