"""The five properties of a good KPI, each as a score from 0 to 1 that data and configuration decide.

Here: the scores and when a KPI had better be replaced. Where the facts come from and how a score is worded belongs to
``catalogue``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.analysis.relation_verdict import EvidenceState, Verdict
from kpi_pipeline.config.goals import Level

Property = Literal["accessible", "impactful", "relevant", "actionable", "timely"]

RECENT_WEEKS = 13
# Ten of thirteen weeks, from sources that keep their promise.
ACCESSIBLE_FROM = 0.75
IMPACTFUL_FROM = 0.5
FAILURES_OF_A_CANDIDATE = 2
TOP_DOWN: tuple[Level, ...] = ("business", "external", "internal")
IMPACT_BY_STRENGTH: dict[Verdict | None, float] = {"strong": 1.0, "moderate": 0.75, "weak": 0.5}
# What the data do not confirm is worth no more than a hypothesis, whatever was said about it.
IMPACT_UNCONFIRMED = 0.25


@dataclass(frozen=True)
class Score:
    """How far a KPI has one property; both are None where that cannot be told."""

    value: float | None
    is_passed: bool | None


def accessibility(weeks_with_value: int, *, is_fresh: bool) -> Score:
    """Score by how many of the recent final weeks have a value; half where a source is late."""
    share = weeks_with_value / RECENT_WEEKS
    value = share if is_fresh else share / 2
    return Score(value, value >= ACCESSIBLE_FROM)


def impact(state: EvidenceState | None, verdict: Verdict | None, *, is_expired: bool) -> Score:
    """Score by what the data say about the effect on the objective; what they contradict counts for nothing.

    Args:
        state: what is left of the declared evidence; None if nothing was declared.
        verdict: that of the relation to the objective.
        is_expired: whether it was a hypothesis whose time is over.
    """
    if state == "by_construction":
        value = 1.0
    elif state == "confirmed":
        value = IMPACT_BY_STRENGTH[verdict]
    else:
        value = 0.0 if state is None or is_expired or verdict == "contradicts" else IMPACT_UNCONFIRMED
    return Score(value, value >= IMPACTFUL_FROM)


def relevance(chain: Sequence[Level]) -> Score:
    """Score the levels from the business objective down to the KPI's own: complete or worthless."""
    is_complete = bool(chain) and tuple(chain) == TOP_DOWN[: len(chain)]
    return Score(float(is_complete), is_complete)


def actionability(*, actions: int, is_ready_for_off_track: bool) -> Score:
    """Score the planned actions, each of which has an owner and a trigger; half where only a risk triggers one."""
    value = 1.0 if is_ready_for_off_track else 0.5 if actions else 0.0
    return Score(value, actions > 0)


def timeliness(latency_hours: float | None, max_latency_hours: int | None) -> Score:
    """Score how soon after a week's end its value is final, against what was promised."""
    if latency_hours is None or max_latency_hours is None:
        return Score(None, None)
    is_passed = latency_hours <= max_latency_hours
    return Score(1.0 if is_passed else max_latency_hours / latency_hours, is_passed)


def is_replace_candidate(scores: Iterable[Score]) -> bool:
    """Tell whether so many properties are failed that another KPI would serve better."""
    return sum(score.is_passed is False for score in scores) >= FAILURES_OF_A_CANDIDATE
