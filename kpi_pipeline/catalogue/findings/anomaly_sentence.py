"""What is said about an unusual week, in every language: its value, what is usual, and what it amounts to.

Here: choosing the sentences. The sentences themselves stand in ``wording``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.analysis.anomalies import Rule
from kpi_pipeline.analysis.proportion_chart import RUN_LENGTH
from kpi_pipeline.catalogue.metrics.measure_sql import TOTAL
from kpi_pipeline.config.model import Text
from kpi_pipeline.wording.phrasing import Phrasing

# In what the impact is counted: cases of a proportion, an amount, the sum of an amount per case, or nothing that has a
# name.
ImpactUnit = Literal["cases", "amount", "sum", "none"]


@dataclass(frozen=True)
class UnusualWeek:
    """An unusual week in the unit of its metric; ``event`` is the name of what explains it."""

    member: str
    rule: Rule
    value: float
    expected: float
    low: float
    high: float
    impact: float
    impact_unit: ImpactUnit
    event: Text | None


def anomaly_sentence(week: UnusualWeek) -> Callable[[Phrasing], str]:
    """Return what makes the sentences in a language."""
    side = "above" if week.value > week.expected else "below"

    def sentence(phrasing: Phrasing) -> str:
        if week.rule == "one_sided_run":
            return brief_sentence(week)(phrasing)
        limits = {"low": phrasing.value(week.low), "high": phrasing.value(week.high)}
        parts = [
            phrasing.say(f"anomaly.{side}", **_said(week, phrasing), **limits),
            _amount(week, phrasing),
            _explanation(week, phrasing),
        ]
        return " ".join(part for part in parts if part)

    return sentence


def brief_sentence(week: UnusualWeek) -> Callable[[Phrasing], str]:
    """Return what makes sentences of which nobody can compute how many cases there were."""
    side = "above" if week.value > week.expected else "below"

    def sentence(phrasing: Phrasing) -> str:
        said = _said(week, phrasing) | {"expected": phrasing.value(week.expected)}
        if week.rule == "one_sided_run":
            text = phrasing.say(f"anomaly.run_{side}", weeks=phrasing.count(RUN_LENGTH), **said)
        else:
            text = phrasing.say(f"anomaly.brief_{side}", **said)
        return " ".join(part for part in (text, _explanation(week, phrasing)) if part)

    return sentence


def _said(week: UnusualWeek, phrasing: Phrasing) -> dict[str, str]:
    return {"name": _name(week.member, phrasing), "value": phrasing.value(week.value)}


def _amount(week: UnusualWeek, phrasing: Phrasing) -> str:
    more = "more" if week.impact > 0 else "less"
    if week.impact_unit == "cases":
        cases = round(abs(week.impact))
        found = phrasing.language.plural(f"anomaly.cases_{more}", cases, number=phrasing.count(cases))
        return found if cases else ""
    if week.impact_unit == "none":
        return ""
    key = f"anomaly.{'sum_' if week.impact_unit == 'sum' else ''}{more}"
    return phrasing.say(key, amount=phrasing.distance(week.impact, 0))


def _explanation(week: UnusualWeek, phrasing: Phrasing) -> str:
    return "" if week.event is None else phrasing.say("anomaly.event", event=phrasing.outside(week.event))


def _name(member: str, phrasing: Phrasing) -> str:
    if member == TOTAL:
        return phrasing.name
    shown = phrasing.listed([member]) if member else phrasing.say("dimension.not_set")
    return phrasing.say("anomaly.of_member", name=phrasing.name, member=shown)
