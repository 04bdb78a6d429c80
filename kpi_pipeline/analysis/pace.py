"""Where a KPI stands on its way from the baseline to the target.

Here: the path, how far the KPI has come, and the one word that says whether to act. Add a status word only together
with the reports that show it. Forecasting belongs to ``forecast``; reading commitments from YAML belongs to ``config``.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from kpi_pipeline.analysis.forecast import Forecast, drift_forecast, scale_for
from kpi_pipeline.config.model import Unit

PathShape = Literal["linear", "geometric"]
Status = Literal["final", "provisional", "partial"]
PaceStatus = Literal["on_track", "at_risk", "off_track", "achieved", "missed", "unknown"]

ONE_WEEK = timedelta(weeks=1)
MINIMUM_HISTORY_WEEKS = 8
ON_TRACK_PROBABILITY = 0.5
AT_RISK_PROBABILITY = 0.2


@dataclass(frozen=True)
class WeekValue:
    """A KPI's value of one week, which is known by its first day."""

    week: date
    value: float | None
    status: Status

    @property
    def is_settled(self) -> bool:
        """Whether the value is there and will not change by itself any more."""
        return self.value is not None and self.status == "final"


@dataclass(frozen=True)
class Course:
    """A target and the way to it.

    Attributes:
        baseline_week: the week that the path starts from, the last one of the baseline.
        deadline_week: the last week that ends on or before the deadline.
        consecutive_weeks: how many weeks in a row must reach the target.
    """

    baseline: float
    baseline_week: date
    target: float
    deadline_week: date
    shape: PathShape
    unit: Unit
    higher_is_better: bool
    consecutive_weeks: int

    def reaches(self, value: float, goal: float) -> bool:
        """Tell whether the value is at the goal or beyond it."""
        return value >= goal if self.higher_is_better else value <= goal


@dataclass(frozen=True)
class Pace:
    """What a week means for the target; None where it cannot be said."""

    path_value: float | None
    attainment: float | None
    forecast_at_deadline: float | None
    forecast_low: float | None
    forecast_high: float | None
    probability: float | None
    status: PaceStatus


def path_value(course: Course, week: date) -> float | None:
    """Return where the path says the KPI should be: None up to the baseline, the target after the deadline."""
    passed = (week - course.baseline_week).days / 7
    total = (course.deadline_week - course.baseline_week).days / 7
    if passed <= 0 or total <= 0:
        return None
    share = min(passed / total, 1.0)
    if course.shape == "linear":
        return course.baseline + (course.target - course.baseline) * share
    if course.baseline <= 0 or course.target <= 0:
        return None
    return course.baseline * float((course.target / course.baseline) ** share)


def attainment(course: Course, value: float) -> float | None:
    """Return the share of the way that is done: below 0 when moved away, above 1 when passed; None without a way."""
    way = course.target - course.baseline
    return (value - course.baseline) / way if way else None


def settled_run(series: Sequence[WeekValue]) -> list[WeekValue]:
    """Return the longest stretch of settled weeks without a gap that ends at the last settled week."""
    run: list[WeekValue] = []
    for week in reversed(series):
        if week.is_settled and (not run or week.week == run[-1].week - ONE_WEEK):
            run.append(week)
        elif run:
            break
    return run[::-1]


def is_achieved(course: Course, run: Sequence[WeekValue], week: date) -> bool:
    """Tell whether the settled run ends at ``week`` with as many weeks at the target as the success rule asks for."""
    needed = run[-course.consecutive_weeks :]
    return (
        len(needed) == course.consecutive_weeks
        and needed[-1].week == week
        and all(each.value is not None and course.reaches(each.value, course.target) for each in needed)
    )


def forecast_for(course: Course, run: Sequence[WeekValue]) -> Forecast | None:
    """Forecast the deadline's week from a settled run; None if the run is too short or the deadline not ahead of it."""
    history = [week.value for week in run if week.value is not None]
    if len(history) < MINIMUM_HISTORY_WEEKS:
        return None
    weeks_ahead = (course.deadline_week - run[-1].week).days // 7
    if weeks_ahead < 1:
        return None
    return drift_forecast(history, weeks_ahead, scale_for(course.unit, history))


def pace(series: Sequence[WeekValue], week: date, course: Course) -> Pace:
    """Judge one week by what was known up to its end.

    Args:
        series: the KPI's weeks in order; weeks after ``week`` are left aside.
        week: first day of a week that is in the series.
        course: the target and the way to it.
    """
    known = series[: bisect_right(series, week, key=lambda each: each.week)]
    run = settled_run(known)
    current = known[-1]
    # A week that is not over says nothing yet: its amounts are too small and its ratios too noisy.
    value = None if current.status == "partial" else current.value
    expected = path_value(course, week)
    forecast = forecast_for(course, run) if expected is not None else None
    low, high = forecast.interval() if forecast else (None, None)
    probability = forecast.probability(course.target, higher_is_better=course.higher_is_better) if forecast else None
    return Pace(
        path_value=expected,
        attainment=None if value is None or expected is None else attainment(course, value),
        forecast_at_deadline=forecast.point if forecast else None,
        forecast_low=low,
        forecast_high=high,
        probability=probability,
        status=_status(course=course, known=known, run=run, value=value, expected=expected, probability=probability),
    )


def guarded(status: PaceStatus, guardrails: Collection[PaceStatus]) -> PaceStatus:
    """Return the status with what must not suffer meanwhile: no better than at risk while that is off track."""
    return "at_risk" if status in ("on_track", "achieved") and "off_track" in guardrails else status


def _status(
    *,
    course: Course,
    known: Sequence[WeekValue],
    run: Sequence[WeekValue],
    value: float | None,
    expected: float | None,
    probability: float | None,
) -> PaceStatus:
    week = known[-1].week
    if expected is None:
        return "unknown"
    if week >= course.deadline_week:
        at_deadline = settled_run([each for each in known if each.week <= course.deadline_week])
        if at_deadline and at_deadline[-1].week == course.deadline_week:
            return "achieved" if is_achieved(course, at_deadline, course.deadline_week) else "missed"
        if week > course.deadline_week:
            return "unknown"
    if is_achieved(course, run, week):
        return "achieved"
    if value is None:
        return "unknown"
    if course.reaches(value, expected):
        return "on_track"
    if probability is None:
        return "unknown"
    if probability >= ON_TRACK_PROBABILITY:
        return "on_track"
    return "at_risk" if probability >= AT_RISK_PROBABILITY else "off_track"
