"""Whether a target is measurable and achievable: what of SMART only data can decide.

Here: the two verdicts from plain numbers, and the growth that a target asks for. The forecast comes from outside, so
that a better one changes nothing here. What the configuration alone decides belongs to ``config``; wording a verdict
belongs to ``catalogue``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.analysis.aim import Aim
from kpi_pipeline.analysis.forecast import Forecast

Verdict = Literal["pass", "warning", "fail", "not_judged"]
Feasibility = Literal["trivial", "achievable", "stretch", "unrealistic"]
MeasurabilityFault = Literal["too_few_weeks", "few_weeks", "baseline_differs", "baseline_unknown", "coverage_low"]

ENOUGH_WEEKS = 13
FEWEST_WEEKS = 8
BASELINE_TOLERANCE = 0.01
TRIVIAL_PROBABILITY = 0.95
EVEN_PROBABILITY = 0.5
VERDICTS: dict[Feasibility | None, Verdict] = {
    "trivial": "warning",
    "achievable": "pass",
    "stretch": "pass",
    "unrealistic": "fail",
    None: "not_judged",
}


@dataclass(frozen=True)
class Measurability:
    """Whether there is enough of the number to judge anything by it.

    Attributes:
        final_weeks: how many weeks have a value that is final.
        baseline: what the target says it started from.
        recomputed_baseline: what the same weeks give now; None where no final week of them has a value.
        coverage_pct: percentage of the recent days that are covered.
    """

    final_weeks: int
    baseline: float
    recomputed_baseline: float | None
    coverage_pct: float
    min_coverage_pct: float
    is_draft: bool

    @property
    def faults(self) -> tuple[MeasurabilityFault, ...]:
        """What speaks against it, in the order in which it is told."""
        return tuple(self._faults())

    @property
    def verdict(self) -> Verdict:
        """A draft may still be waiting for its weeks; a baseline that nothing can confirm is a warning."""
        warnings = {"few_weeks", "baseline_unknown", *(["too_few_weeks"] if self.is_draft else [])}
        if set(self.faults) - warnings:
            return "fail"
        return "warning" if self.faults else "pass"

    def _faults(self) -> Iterator[MeasurabilityFault]:
        if self.final_weeks < ENOUGH_WEEKS:
            yield "too_few_weeks" if self.final_weeks < FEWEST_WEEKS else "few_weeks"
        if self.recomputed_baseline is None:
            yield "baseline_unknown"
        elif abs(self.baseline - self.recomputed_baseline) > BASELINE_TOLERANCE * abs(self.recomputed_baseline):
            yield "baseline_differs"
        if self.coverage_pct < self.min_coverage_pct:
            yield "coverage_low"


@dataclass(frozen=True)
class Achievability:
    """How far away a target is.

    Attributes:
        feasibility: None where nothing can be said.
        probability: how likely the target is reached in the deadline's week.
        required_growth: what it takes from the last final week on, per week; negative for a fall.
        best_growth: the best that any span of the past weeks brought per week; None for a short past.
        is_relative: whether both are shares of the week before (0.015); otherwise steps in the KPI's unit.
    """

    feasibility: Feasibility | None = None
    probability: float | None = None
    required_growth: float | None = None
    best_growth: float | None = None
    is_relative: bool = True

    @property
    def verdict(self) -> Verdict:
        """The verdict where nobody has approved the target in spite of the odds."""
        return VERDICTS[self.feasibility]


def judge_target(
    forecast: Forecast | None,
    history: Sequence[float],
    *,
    aim: Aim,
    weeks_left: int,
    min_probability: float,
    growth_span_weeks: int,
) -> Achievability:
    """Judge an aim by a forecast of the deadline's week and by what was ever achieved.

    Args:
        forecast: of the deadline's week; None where there is none.
        history: the consecutive weekly values that the forecast continues, oldest first.
        aim: what is to be reached; a band also has to be kept, so that being sure of it never makes it trivial.
        weeks_left: from the last value of ``history`` to the deadline's week.
        min_probability: an aim below it must at least not ask for more than was ever achieved.
        growth_span_weeks: over how many weeks the growth of the past is taken; a short span makes the best of it high,
            and so the judgement lenient, on purpose.
    """
    probability = forecast.probability(aim) if forecast else None
    if probability is None or weeks_left < 1:
        return Achievability()
    last = history[-1]
    end = aim.edge(last)
    is_relative = min(*history, end) > 0
    is_rise = end >= last if aim.is_band else aim.high is None
    required = growth_per_week(last, end, weeks_left, is_relative=is_relative)
    best = best_growth(history, is_rise=is_rise, is_relative=is_relative, span=growth_span_weeks)
    is_beyond_past = best is not None and (required > best if is_rise else required < best)
    if aim.is_band and aim.holds(last):
        is_beyond_past = False
    return Achievability(
        feasibility=_feasibility(probability, min_probability, is_beyond_past, is_trivial_possible=not aim.is_band),
        probability=probability,
        required_growth=required,
        best_growth=best,
        is_relative=is_relative,
    )


def growth_per_week(start: float, end: float, weeks: int, *, is_relative: bool) -> float:
    """Return the even growth that leads from one value to another: compound, or in equal steps."""
    if not is_relative:
        return (end - start) / weeks
    return float((end / start) ** (1 / weeks)) - 1


def best_growth(history: Sequence[float], *, is_rise: bool, is_relative: bool, span: int) -> float | None:
    """Return the best growth per week over any span of the past; None where the past is shorter than one."""
    spans = zip(history, history[span:], strict=False)
    found = [growth_per_week(start, end, span, is_relative=is_relative) for start, end in spans]
    if not found:
        return None
    return max(found) if is_rise else min(found)


def _feasibility(
    probability: float, min_probability: float, is_beyond_past: bool, *, is_trivial_possible: bool
) -> Feasibility:
    if probability > TRIVIAL_PROBABILITY and is_trivial_possible:
        return "trivial"
    if probability >= EVEN_PROBABILITY:
        return "achievable"
    return "unrealistic" if probability < min_probability and is_beyond_past else "stretch"
