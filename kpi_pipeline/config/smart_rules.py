"""SMART: the verdict of each letter on one KPI, as far as the configuration alone can give it.

Here: putting together what ``commitment_rules`` and ``time_rules`` find. What only data can tell belongs to
``analysis``: whether there is enough of it (M), whether the target is within reach (A), whether the objective moves
along (R).
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from kpi_pipeline.config.commitment import missing_parts
from kpi_pipeline.config.commitment_rules import (
    Commitment,
    Finding,
    Letter,
    achievable,
    measurable,
    relevant,
    specific,
)
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.kpi import Override, Target
from kpi_pipeline.config.phrase import Phrase, written
from kpi_pipeline.config.time_rules import complete_weeks, time_bound
from kpi_pipeline.config.translation import translated

Verdict = Literal["pass", "warning", "fail", "not_judged"]

# Which part of a commitment a letter cannot do without.
PARTS_OF_LETTER: dict[Letter, tuple[str, ...]] = {
    "S": ("why", "what", "where", "when", "how", "target"),
    "M": ("target", "quality"),
    "A": ("who", "target", "actions"),
    "R": ("objective", "success_factor", "criterion", "answers", "impact"),
    "T": ("target", "review"),
}
RULES: dict[Letter, Callable[[Commitment], Iterator[Finding]]] = {
    "S": specific,
    "M": measurable,
    "A": achievable,
    "R": relevant,
    "T": time_bound,
}


class SmartFinding(NamedTuple):
    """What the configuration says about one letter of one KPI."""

    letter: Letter
    verdict: Verdict
    en: str
    fa: str


def static_smart(kpi_id: str, configuration: Configuration) -> list[SmartFinding]:
    """Return what the configuration alone says about a KPI, letter by letter, in the order of the word.

    A letter has either all findings that make it fail, or one that says how far it gets: ``pass``, ``warning`` for what
    somebody decided to live with, ``not_judged`` for M, about which only data can say something good.
    """
    commitment = _commitment(kpi_id, configuration)
    found: list[SmartFinding] = []
    for letter, rule in RULES.items():
        failures = [*_missing(commitment, letter), *(finding.message for finding in rule(commitment))]
        if letter == "R" and not failures:
            failures += _disconnected(commitment, configuration)
        if failures:
            found += [_finding(letter, "fail", message) for message in failures]
        else:
            found.append(_finding(letter, *_verdict(letter, commitment, configuration)))
    return found


def _commitment(kpi_id: str, configuration: Configuration) -> Commitment:
    kpi, goals = configuration.kpis[kpi_id], configuration.goals
    return Commitment(
        kpi_id=kpi_id,
        kpi=kpi,
        metric=configuration.metrics.get(kpi.metric),
        objective=goals.objectives.get(kpi.objective or ""),
        owners=goals.owners,
        calendar=configuration.calendar,
    )


def _finding(letter: Letter, verdict: Verdict, message: str) -> SmartFinding:
    return SmartFinding(letter, verdict, translated(message, "en"), translated(message, "fa"))


def _missing(commitment: Commitment, letter: Letter) -> list[Phrase]:
    missing = missing_parts(commitment.kpi)
    return [Phrase("missing: {part}", part=part) for part in PARTS_OF_LETTER[letter] if part in missing]


def _chain(commitment: Commitment, configuration: Configuration) -> list[str]:
    """The objectives from the KPI's own up to the last one that can be reached."""
    chain: list[str] = []
    objective_id = commitment.kpi.objective
    while objective_id in configuration.goals.objectives and objective_id not in chain:
        chain.append(objective_id)
        objective_id = configuration.goals.objectives[objective_id].parent
    return chain


def _disconnected(commitment: Commitment, configuration: Configuration) -> list[Phrase]:
    chain = _chain(commitment, configuration)
    if chain and configuration.goals.objectives[chain[-1]].level == "business":
        return []
    return [
        Phrase('objective "{objective}" is not connected to any business objective', objective=commitment.kpi.objective)
    ]


def _verdict(letter: Letter, commitment: Commitment, configuration: Configuration) -> tuple[Verdict, Phrase]:
    """How far a letter gets from which nothing is missing and in which nothing is wrong."""
    if letter == "R":
        return _relevance(commitment, configuration)
    target, kpi = commitment.kpi.target, commitment.kpi
    assert target is not None
    if letter == "S" and kpi.where is not None:
        return "pass", Phrase(
            "one metric, one target ({target}), one scope ({scope}); with reason, resources and tasks",
            target=_written_target(target),
            scope=kpi.where.scope,
        )
    if letter == "M":
        return "not_judged", Phrase(
            "the baseline is {value}, from {first} to {last}; whether it holds, only the data can say",
            value=written(target.baseline.value),
            first=target.baseline.from_week,
            last=target.baseline.to_week,
        )
    if letter == "A" and kpi.who is not None:
        return _achievability(target.achievability.override, kpi.who.accountable)
    return "pass", Phrase(
        "by {deadline}, {weeks} complete weeks after {start}",
        deadline=target.deadline,
        weeks=complete_weeks(configuration.calendar, kpi.effective_from, target.deadline),
        start=kpi.effective_from,
    )


def _written_target(target: Target) -> str:
    if target.band is not None:
        return f"{written(target.band.low)} … {written(target.band.high)}"
    return "" if target.value is None else written(target.value)


def _achievability(override: Override | None, owner: str) -> tuple[Verdict, Phrase]:
    if override is not None:
        message = Phrase(
            "the target stands because {owner} decided so: {reason}", owner=override.approved_by, reason=override.reason
        )
        return "warning", message
    return "pass", Phrase("the target lies in the right direction, and {owner} answers for it", owner=owner)


def _relevance(commitment: Commitment, configuration: Configuration) -> tuple[Verdict, Phrase]:
    impact = commitment.kpi.impact
    assert impact is not None
    chain = " → ".join(_chain(commitment, configuration))
    if impact.evidence != "hypothesis":
        return "pass", Phrase("it serves {chain}; evidence: {evidence}", chain=chain, evidence=impact.evidence)
    if impact.expires_on is None:
        return "warning", Phrase("it serves {chain}; that it has an effect is a hypothesis", chain=chain)
    return "warning", Phrase(
        "it serves {chain}; that it has an effect is a hypothesis until {day}", chain=chain, day=impact.expires_on
    )
