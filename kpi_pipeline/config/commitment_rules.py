"""What a commitment must be like so that it can be kept: the letters S, M, A and R of SMART.

Here: rules that one KPI and what it refers to can decide, without data and without a clock. The letter T stands in
``time_rules``. In which line a finding stands belongs to ``kpi_checks``; the verdict of a letter to ``smart_rules``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.goals import Objective, Owner
from kpi_pipeline.config.kpi import Band, Kpi, Target
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.phrase import Phrase, written
from kpi_pipeline.config.yaml_reader import Location

Letter = Literal["S", "M", "A", "R", "T"]

SHORTEST_REASON = 20
LONGEST_HYPOTHESIS = timedelta(weeks=26)


@dataclass(frozen=True)
class Commitment:
    """One KPI with what it refers to; a part that is not valid itself is None, because it is reported there."""

    kpi_id: str
    kpi: Kpi
    metric: Metric | None
    objective: Objective | None
    owners: Mapping[str, Owner]
    calendar: CompanyCalendar | None


@dataclass(frozen=True)
class Finding:
    """Something wrong with a commitment, and the field in which it can be put right."""

    letter: Letter
    code: str
    message: Phrase
    field: Location
    hint: str = ""


def specific(commitment: Commitment) -> Iterator[Finding]:
    """Yield what keeps a commitment from being clear: about what, for whom, and why."""
    kpi, name = commitment.kpi, commitment.kpi_id
    if kpi.why is not None and min(len(kpi.why.en), len(kpi.why.fa)) < SHORTEST_REASON:
        message = Phrase(
            'KPI "{kpi}": a reason of less than {count} characters explains nothing', kpi=name, count=SHORTEST_REASON
        )
        yield Finding("S", "CFG037", message, ("why",), Phrase("say what depends on it"))
    if kpi.kpi_class == "function" and kpi.function is None:
        hint = Phrase("name the department in function, or write class: business")
        yield Finding("S", "CFG039", Phrase('KPI "{kpi}" is of class function and names none', kpi=name), (), hint)
    if kpi.kpi_class == "business" and kpi.function is not None:
        message = Phrase('KPI "{kpi}" is of class business and names the function "{function}"', **_named(commitment))
        yield Finding("S", "CFG039", message, ("function",), Phrase("remove function, or write class: function"))
    department = commitment.objective.department if commitment.objective else None
    if kpi.kpi_class == "function" and kpi.function and department not in (None, kpi.function):
        message = Phrase(
            'KPI "{kpi}" of function "{function}" serves an objective of department "{department}"',
            department=department,
            **_named(commitment),
        )
        hint = Phrase("write {value}", value=department)
        yield Finding("S", "CFG039", message, ("function",), hint)


def _named(commitment: Commitment) -> dict[str, object]:
    return {"kpi": commitment.kpi_id, "function": commitment.kpi.function}


def measurable(commitment: Commitment) -> Iterator[Finding]:
    """Yield what keeps the baseline from being measured: weeks that are none."""
    if commitment.kpi.target is None:
        return
    baseline, name = commitment.kpi.target.baseline, commitment.kpi_id
    place = ("target", "baseline")
    if baseline.to_week < baseline.from_week:
        message = Phrase('KPI "{kpi}": the baseline ends in {week}, before it starts', kpi=name, week=baseline.to_week)
        hint = Phrase("name the first days of its first and of its last week")
        yield Finding("M", "CFG034", message, (*place, "to_week"), hint)
    for field, day in (("from_week", baseline.from_week), ("to_week", baseline.to_week)):
        start = commitment.calendar.period_of("week", day).start if commitment.calendar else day
        if day != start:
            message = Phrase(
                'KPI "{kpi}": {field} {day} is not the first day of a week', kpi=name, field=field, day=day
            )
            yield Finding("M", "CFG034", message, (*place, field), Phrase("write {value}", value=start))


def achievable(commitment: Commitment) -> Iterator[Finding]:
    """Yield what keeps the target from being one: its direction, its path, who answers for it, what it rests on."""
    if commitment.metric is not None and commitment.kpi.target is not None:
        yield from _direction(commitment)
    yield from _owner(commitment)
    if commitment.kpi.target is None:
        return
    achievability, name = commitment.kpi.target.achievability, commitment.kpi_id
    yield from _value_or_band(commitment.kpi.target, name)
    is_of_business = commitment.objective is not None and commitment.objective.level == "business"
    if is_of_business and achievability.swot_ref is None:
        message = Phrase('KPI "{kpi}": business-level target needs swot_ref', kpi=name)
        hint = Phrase(
            "name the analysis of strengths, weaknesses, opportunities and threats in target.achievability.swot_ref"
        )
        yield Finding("A", "KPI034", message, ("target",), hint)
    if achievability.override is not None:
        approver = commitment.owners.get(achievability.override.approved_by)
        if approver is not None and approver.group != "executive":
            message = Phrase(
                'KPI "{kpi}": the override is approved by "{owner}", who is no executive',
                kpi=name,
                owner=achievability.override.approved_by,
            )
            place = ("target", "achievability", "override", "approved_by")
            yield Finding("A", "CFG040", message, place, Phrase("name an owner of group executive"))


def _direction(commitment: Commitment) -> Iterator[Finding]:
    target, metric = commitment.kpi.target, commitment.metric
    assert target is not None and metric is not None
    rises = metric.direction == "higher_better"
    baseline, value = target.baseline.value, target.value
    if value is not None and (value == baseline or (value > baseline) != rises):
        message = Phrase(
            "target {target} is on the wrong side of the baseline {baseline} for direction {direction}",
            target=written(value),
            baseline=written(baseline),
            direction=metric.direction,
        )
        hint = Phrase("set it above the baseline") if rises else Phrase("set it below the baseline")
        yield Finding("A", "KPI036", message, ("target", "value"), hint)
    wanted, comparator = ">=" if rises else "<=", target.success_rule.comparator
    place = ("target", "success_rule", "comparator")
    if target.band is not None and comparator != "within":
        message = Phrase('comparator "{comparator}" contradicts a band', comparator=comparator)
        yield Finding("A", "CFG035", message, place, Phrase('write "{value}"', value="within"))
    if target.band is None and comparator != wanted:
        message = Phrase(
            'comparator "{comparator}" contradicts direction {direction}',
            comparator=comparator,
            direction=metric.direction,
        )
        yield Finding("A", "CFG035", message, place, Phrase('write "{value}"', value=wanted))


def _value_or_band(target: Target, name: str) -> Iterator[Finding]:
    """What is to be reached has to be one thing, and one that there is a way to."""
    value, band, baseline = target.value, target.band, target.baseline.value
    if (value is None) == (band is None):
        message = Phrase('KPI "{kpi}": a target is either a value or a band', kpi=name)
        yield Finding("A", "CFG047", message, ("target",), Phrase("write value, or band with low and high"))
        return
    if band is not None and band.low >= band.high:
        message = Phrase('KPI "{kpi}": no value lies between {low} and {high}', kpi=name, **_written_ends(band))
        yield Finding("A", "CFG047", message, ("target", "band"), Phrase("low has to be less than high"))
        return
    end = value if band is None else min(max(baseline, band.low), band.high)
    if target.path == "geometric" and end is not None and min(baseline, end) <= 0:
        message = Phrase(
            "a geometric path cannot lead from {baseline} to {target}",
            baseline=written(baseline),
            target=written(end),
        )
        yield Finding("A", "CFG036", message, ("target", "path"), Phrase("write {value}", value="linear"))


def _written_ends(band: Band) -> dict[str, object]:
    return {"low": written(band.low), "high": written(band.high)}


def _owner(commitment: Commitment) -> Iterator[Finding]:
    who, objective = commitment.kpi.who, commitment.objective
    owner = commitment.owners.get(who.accountable) if who else None
    if owner is None or objective is None or objective.department is None:
        return
    if owner.department != objective.department:
        message = Phrase(
            'KPI "{kpi}": accountable owner is not of department "{department}"',
            kpi=commitment.kpi_id,
            department=objective.department,
        )
        hint = Phrase("only those who do the work can answer for it")
        yield Finding("A", "CFG033", message, ("who", "accountable"), hint)


def relevant(commitment: Commitment) -> Iterator[Finding]:
    """Yield what is wrong with the evidence that the KPI moves its objective."""
    kpi, name = commitment.kpi, commitment.kpi_id
    if kpi.impact is None:
        return
    evidence, place = kpi.impact.evidence, ("impact", "evidence")
    if evidence == "identity" and kpi.impact.identity is None:
        message = Phrase('KPI "{kpi}": evidence is an identity that is not written down', kpi=name)
        yield Finding("R", "CFG041", message, place, Phrase("write the equation in impact.identity"))
    if evidence == "self" and kpi.impact.objective_metric not in {name, kpi.metric}:
        message = Phrase(
            'KPI "{kpi}": evidence is "self", but the objective is measured by "{metric}"',
            kpi=name,
            metric=kpi.impact.objective_metric,
        )
        yield Finding("R", "CFG041", message, place, Phrase('"self" means that the KPI itself is what is wanted'))
    is_executive = commitment.objective is not None and commitment.objective.level != "internal"
    expires_on = kpi.impact.expires_on
    latest = kpi.effective_from + LONGEST_HYPOTHESIS
    if is_executive and evidence == "hypothesis" and (expires_on is None or expires_on > latest):
        message = Phrase('executive KPI "{kpi}" rests on a hypothesis that does not expire within 26 weeks', kpi=name)
        hint = Phrase("measure the impact, or set expires_on to {day} at the latest", day=latest)
        if commitment.metric is not None and commitment.metric.default_audience == "internal":
            hint = Phrase(
                'the metric "{metric}" is internal unless its impact is known: measure it, or set expires_on to {day} '
                "at the latest",
                metric=kpi.metric,
                day=latest,
            )
        yield Finding("R", "KPI052", message, place, hint)
