"""Checks of KPIs: is the commitment complete, and does its target make sense?

Here: rules that the configuration alone can decide. Time that passes never makes a valid configuration invalid: what is
overdue is a warning. What only data can tell (is the target realistic, does the baseline hold) belongs to ``analysis``.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.commitment import missing_parts
from kpi_pipeline.config.draft import Draft, Entry
from kpi_pipeline.config.kpi import Kpi, Target
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.problems import Problem

LONGEST_COMMITMENT = timedelta(weeks=104)
LONGEST_HYPOTHESIS = timedelta(weeks=26)
SHORTEST_REASON = 20


def check_kpis(draft: Draft, as_of: date | None) -> Iterator[Problem]:
    """Yield the problems of all KPIs that are not retired; what is overdue only if a day is given."""
    for name, entry in draft.kpis.entries.items():
        kpi = entry.value
        if kpi.status == "retired":
            continue
        if kpi.status == "active":
            yield from _check_completeness(name, entry)
        if kpi.why is not None and min(len(kpi.why.en), len(kpi.why.fa)) < SHORTEST_REASON:
            message = f'KPI "{name}": a reason of less than {SHORTEST_REASON} characters explains nothing'
            yield entry.problem("CFG037", message, "why")
        if kpi.target is not None:
            yield from _check_dates(draft, name, entry, kpi.target)
            if metric := draft.metrics.entries.get(kpi.metric):
                yield from _check_direction(entry, kpi.target, metric.value)
        yield from _check_accountable(draft, name, entry)
        yield from _check_hypothesis(draft, name, entry)
        if as_of is not None and kpi.status == "active":
            yield from _check_overdue(name, entry, as_of)
    yield from _check_answers(draft)


def _check_completeness(name: str, entry: Entry[Kpi]) -> Iterator[Problem]:
    missing = missing_parts(entry.value)
    if "objective" in missing:
        message = f'KPI "{name}" has no objective: without it the number is a metric, not a KPI'
        yield entry.problem("KPI010", message, hint="name an objective or set status: metric")
    elif "answers" in missing:
        message = f'KPI "{name}" answers no question'
        yield entry.problem("KPI018", message, hint="name a question of goals.yaml in answers")
    if missing:
        message = f'"{name}" shown as metric: missing {", ".join(missing)}'
        yield entry.problem("KPI021", message, is_warning=True)
    if entry.value.actions and all(action.when != "off_track" for action in entry.value.actions):
        yield entry.problem("KPI043", f'KPI "{name}": no action defined for off_track', "actions")


def _check_dates(draft: Draft, name: str, entry: Entry[Kpi], target: Target) -> Iterator[Problem]:
    start = entry.value.effective_from
    if target.deadline <= start:
        message = f'KPI "{name}": deadline {target.deadline} in the past when it takes effect on {start}'
        yield entry.problem("KPI031", message, "target", "deadline", hint="set a later deadline")
    if target.deadline > start + LONGEST_COMMITMENT:
        message = f'KPI "{name}": deadline {target.deadline} later than 104 weeks after {start}'
        yield entry.problem("KPI032", message, "target", "deadline", hint="set a nearer target")
    baseline = target.baseline
    if baseline.to_week < baseline.from_week:
        message = f'KPI "{name}": the baseline ends in {baseline.to_week}, before it starts'
        yield entry.problem("CFG034", message, "target", "baseline", "to_week")
    if draft.company:
        company = draft.company.value
        calendar = CompanyCalendar(company.time_zone, company.week_start, company.month_calendar)
        for field, day in (("from_week", baseline.from_week), ("to_week", baseline.to_week)):
            start_of_week = calendar.period_of("week", day).start
            if day != start_of_week:
                message = f'KPI "{name}": {field} {day} is not the first day of a week'
                yield entry.problem("CFG034", message, "target", "baseline", field, hint=f"write {start_of_week}")


def _check_direction(entry: Entry[Kpi], target: Target, metric: Metric) -> Iterator[Problem]:
    rises = metric.direction == "higher_better"
    baseline, value = target.baseline.value, target.value
    if value == baseline or (value > baseline) != rises:
        message = f"target {value} is on the wrong side of the baseline {baseline} for direction {metric.direction}"
        yield entry.problem("KPI036", message, "target", "value")
    wanted = ">=" if rises else "<="
    if target.success_rule.comparator != wanted:
        message = f'comparator "{target.success_rule.comparator}" contradicts direction {metric.direction}'
        yield entry.problem("CFG035", message, "target", "success_rule", "comparator", hint=f'write "{wanted}"')
    if target.path == "geometric" and min(baseline, value) <= 0:
        message = f"a geometric path cannot lead from {baseline} to {value}"
        yield entry.problem("CFG036", message, "target", "path", hint="write linear")


def _check_accountable(draft: Draft, name: str, entry: Entry[Kpi]) -> Iterator[Problem]:
    kpi = entry.value
    objective = draft.objectives.entries.get(kpi.objective or "")
    owner = draft.owners.entries.get(kpi.who.accountable) if kpi.who else None
    if objective is None or owner is None or objective.value.department is None:
        return
    if owner.value.department != objective.value.department:
        message = f'KPI "{name}": accountable owner is not of department "{objective.value.department}"'
        hint = "only those who do the work can answer for it"
        yield entry.problem("CFG033", message, "who", "accountable", hint=hint)


def _check_hypothesis(draft: Draft, name: str, entry: Entry[Kpi]) -> Iterator[Problem]:
    kpi = entry.value
    objective = draft.objectives.entries.get(kpi.objective or "")
    if objective is None or objective.value.level == "internal" or kpi.impact is None:
        return
    expires_on = kpi.impact.expires_on
    if kpi.impact.evidence == "hypothesis" and (
        expires_on is None or expires_on > kpi.effective_from + LONGEST_HYPOTHESIS
    ):
        message = f'executive KPI "{name}" rests on a hypothesis that does not expire within 26 weeks'
        hint = "measure the impact, or set expires_on"
        yield entry.problem("KPI052", message, "impact", "evidence", hint=hint)


def _check_overdue(name: str, entry: Entry[Kpi], as_of: date) -> Iterator[Problem]:
    kpi = entry.value
    if kpi.target is not None and kpi.effective_from < kpi.target.deadline < as_of:
        message = f'KPI "{name}": deadline {kpi.target.deadline} in the past'
        hint = "review it: set a new target in a new version, or retire it"
        yield entry.problem("KPI031", message, "target", "deadline", hint=hint, is_warning=True)
    if kpi.review is not None and kpi.review.next_on < as_of:
        message = f'KPI "{name}": the review of {kpi.review.next_on} is overdue'
        yield entry.problem("CFG038", message, "review", "next_on", is_warning=True)
    if kpi.impact is not None and kpi.impact.expires_on is not None and kpi.impact.expires_on < as_of:
        message = f'KPI "{name}" rests on a hypothesis that expired on {kpi.impact.expires_on}'
        yield entry.problem("KPI052", message, "impact", "expires_on", is_warning=True)


def _check_answers(draft: Draft) -> Iterator[Problem]:
    """A question and the KPIs that answer it must name each other."""
    for question_id, question in draft.questions.entries.items():
        for position, name in enumerate(question.value.answered_by):
            kpi = draft.kpis.entries.get(name)
            if kpi and kpi.value.status != "retired" and question_id not in kpi.value.answers:
                message = f'question "{question_id}" is answered by "{name}", which does not name it in answers'
                yield question.problem("CFG032", message, "answered_by", position)
    for name, entry in draft.kpis.entries.items():
        for position, question_id in enumerate(entry.value.answers):
            answered = draft.questions.entries.get(question_id)
            if answered and name not in answered.value.answered_by:
                message = f'KPI "{name}" answers "{question_id}", which does not name it in answered_by'
                yield entry.problem("CFG032", message, "answers", position)
