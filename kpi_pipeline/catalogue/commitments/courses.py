"""The courses of KPIs to their targets: from a commitment and its metric's weeks to what a week means for it.

Here: which weeks a target is judged by. The judgement itself is computed in ``analysis``; rows belong to ``weekly``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from kpi_pipeline.analysis.aim import Aim
from kpi_pipeline.analysis.course import Course, season_before
from kpi_pipeline.analysis.forecaster import Forecaster
from kpi_pipeline.analysis.pace import Pace, WeekValue, pace, steady_value
from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.catalogue.metrics.breaks import MetricBreak, comparable_weeks
from kpi_pipeline.catalogue.metrics.weeks import ONE_WEEK, Week, as_series
from kpi_pipeline.config.kpi import Target
from kpi_pipeline.config.metric import Metric

# Where a week's own cases are too few, so many weeks are seen together.
STEADY_WEEKS = 4


def aim_of(target: Target) -> Aim:
    """Return what a target asks for."""
    if target.band is not None:
        return Aim(target.band.low, target.band.high)
    assert target.value is not None
    return Aim.at_least(target.value) if target.success_rule.comparator == ">=" else Aim.at_most(target.value)


def course_of(
    target: Target,
    metric: Metric,
    calendar: CompanyCalendar,
    weeks: Sequence[Week] = (),
    breaks: Sequence[MetricBreak] = (),
) -> Course:
    """Return the way to a target in weeks: from the baseline's last week to the last one that ends by the deadline.

    Args:
        target: the target.
        metric: what it is a target of.
        calendar: the company's.
        weeks: the metric's weeks in order, of which a seasonal path takes the year before.
        breaks: where the metric means something else than before.
    """
    deadline = calendar.period_of("week", target.deadline)
    if deadline.end > target.deadline:
        deadline = calendar.previous_period(deadline)
    baseline_week = calendar.period_of("week", target.baseline.to_week).start
    season = None
    if target.path == "seasonal":
        last = [week for week in weeks if week.start == baseline_week]
        year = comparable_weeks(weeks, last[0], breaks) if last else []
        season = season_before(baseline_week, _final_values(year))
    return Course(
        baseline=target.baseline.value,
        baseline_week=baseline_week,
        aim=aim_of(target),
        deadline_week=deadline.start,
        shape=target.path,
        unit=metric.unit,
        consecutive_weeks=target.success_rule.consecutive_weeks,
        season=season,
    )


@dataclass(frozen=True)
class CourseOfWeeks:
    """A course with the weeks that are judged by it, to be asked in their order.

    Attributes:
        weeks: the metric's weeks in order.
        breaks: where the metric means something else than before.
        is_proportion: whether a week is so many cases out of so many.
    """

    course: Course
    weeks: Sequence[Week]
    breaks: Sequence[MetricBreak]
    is_proportion: bool

    def pace(self, week: Week, comparable: Sequence[Week]) -> Pace:
        """Judge a week by what was known up to its end.

        Args:
            week: one of the weeks.
            comparable: those up to it that mean the same.
        """
        series = self._judged_by(week) if self.breaks else self._series
        return pace(series, week.start, self.course, self._forecaster, self._steady(week, comparable))

    @cached_property
    def _series(self) -> list[WeekValue]:
        return as_series(self.weeks)

    @cached_property
    def _forecaster(self) -> Forecaster:
        return Forecaster(self.course.unit)

    def _judged_by(self, week: Week) -> list[WeekValue]:
        """The weeks that say how far a KPI has come; from the deadline on, those that mean the same as its own."""
        last = min(week.start, self.course.deadline_week)
        anchor = ([each for each in self.weeks if each.start <= last][-1:] or [week])[0]
        same = {each.start for each in comparable_weeks(self.weeks, anchor, self.breaks)}
        return [one for one in self._series if one.week in same or one.week >= anchor.start]

    def _steady(self, week: Week, comparable: Sequence[Week]) -> float | None:
        if not self.is_proportion or week.share is None:
            return None
        recent = [each for each in comparable if week.start - STEADY_WEEKS * ONE_WEEK < each.start < week.start]
        earlier = [share for each in recent if each.status != "partial" and (share := each.share) is not None]
        return steady_value(self.course, [*earlier, week.share])


def _final_values(weeks: Sequence[Week]) -> dict[date, float]:
    return {week.start: week.value for week in weeks if week.status == "final" and week.value is not None}
