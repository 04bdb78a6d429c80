"""Where a KPI stands on its way from the baseline to the target.

Here: the one word that says whether to act, and what it rests on. Add a status word only together with the reports
that show it. The path belongs to ``course``, forecasting to ``forecaster``.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kpi_pipeline.analysis.course import ONE_WEEK, Course, attainment, path_value
from kpi_pipeline.analysis.forecast import Forecast
from kpi_pipeline.analysis.forecaster import Forecaster
from kpi_pipeline.analysis.proportions import Share, wilson_interval

Status = Literal["final", "provisional", "partial"]
PaceStatus = Literal["on_track", "at_risk", "off_track", "achieved", "missed", "unknown"]

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
class Pace:
    """What a week means for the target; None where it cannot be said."""

    path_value: float | None
    attainment: float | None
    forecast_at_deadline: float | None
    forecast_low: float | None
    forecast_high: float | None
    probability: float | None
    status: PaceStatus


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
    """Tell whether the settled run ends at ``week`` with as many weeks at the aim as the success rule asks for."""
    needed = run[-course.consecutive_weeks :]
    return (
        len(needed) == course.consecutive_weeks
        and needed[-1].week == week
        and all(each.value is not None and course.aim.holds(each.value) for each in needed)
    )


def forecast_for(course: Course, run: Sequence[WeekValue], forecaster: Forecaster) -> Forecast | None:
    """Forecast the deadline's week from a settled run; None if the run is too short or the deadline not ahead of it."""
    history = [week.value for week in run if week.value is not None]
    return forecaster.forecast(history, (course.deadline_week - run[-1].week) // ONE_WEEK) if run else None


def steady_value(course: Course, shares: Sequence[Share]) -> float | None:
    """Return the percentage that a week is compared by, where its own cases are too few to tell.

    That is the ratio of the sums of four weeks, if the week's own 95 % interval is wider than what is missing to the
    aim; then the week alone would be on its path in one week and behind it in the next by chance.

    Args:
        course: says what is missing.
        shares: cases of the week itself, last, and of those of the three weeks before it that have any.

    Returns:
        None where the week speaks for itself.
    """
    low, high = wilson_interval(shares[-1])
    if 100 * (high - low) <= abs(course.aim.shortfall(100 * shares[-1].value)):
        return None
    return 100 * sum(share.count for share in shares) / sum(share.total for share in shares)


def pace(
    series: Sequence[WeekValue], week: date, course: Course, forecaster: Forecaster, steady: float | None = None
) -> Pace:
    """Judge one week by what was known up to its end.

    Args:
        series: the KPI's weeks in order; weeks after ``week`` are left aside.
        week: first day of a week that is in the series.
        course: the aim and the way to it.
        forecaster: of the same series; what it fitted for one week serves the next ones.
        steady: what is compared with the path in the place of the week's value, see ``steady_value``.
    """
    known = series[: bisect_right(series, week, key=lambda each: each.week)]
    run = settled_run(known)
    current = known[-1]
    # A week that is not over says nothing yet: its amounts are too small and its ratios too noisy.
    value = None if current.status == "partial" else current.value
    expected = path_value(course, week)
    forecast = forecast_for(course, run, forecaster) if expected is not None else None
    low, high = forecast.interval() if forecast else (None, None)
    probability = forecast.probability(course.aim) if forecast else None
    compared = value if value is None or steady is None else steady
    return Pace(
        path_value=expected,
        attainment=None if value is None or expected is None else attainment(course, value, week),
        forecast_at_deadline=forecast.point if forecast else None,
        forecast_low=low,
        forecast_high=high,
        probability=probability,
        status=_status(
            course=course, known=known, run=run, compared=compared, expected=expected, probability=probability
        ),
    )


def guarded(status: PaceStatus, guardrails: Collection[PaceStatus]) -> PaceStatus:
    """Return the status with what must not suffer meanwhile: no better than at risk while that is off track."""
    return "at_risk" if status in ("on_track", "achieved") and "off_track" in guardrails else status


def _status(
    *,
    course: Course,
    known: Sequence[WeekValue],
    run: Sequence[WeekValue],
    compared: float | None,
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
    if compared is None:
        return "unknown"
    if course.aim.shortfall(compared) <= course.aim.shortfall(expected):
        return "on_track"
    if probability is None:
        return "unknown"
    if probability >= ON_TRACK_PROBABILITY:
        return "on_track"
    return "at_risk" if probability >= AT_RISK_PROBABILITY or course.is_early(week) else "off_track"
