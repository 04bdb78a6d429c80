"""What data says about one KPI's target: the facts behind the letters M and A of SMART.

Here: gathering them from the metric's weeks. The verdicts are computed in ``analysis``; saying them belongs to
``smart_rows`` and ``answers``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from kpi_pipeline.analysis.course import Course
from kpi_pipeline.analysis.forecast import Forecast
from kpi_pipeline.analysis.forecaster import Forecaster
from kpi_pipeline.analysis.good_kpi import RECENT_WEEKS
from kpi_pipeline.analysis.pace import WeekValue, forecast_for, settled_run
from kpi_pipeline.analysis.smart import Achievability, Measurability, judge_target
from kpi_pipeline.catalogue.commitments.courses import course_of
from kpi_pipeline.catalogue.metrics.breaks import MetricBreak, comparable_weeks
from kpi_pipeline.catalogue.metrics.covered_days import CoveredDays, coverage_pct
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.catalogue.metrics.weeks import Week, as_series, recent_final_weeks, recompute
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.kpi import Kpi, Target


@dataclass(frozen=True)
class TargetFacts:
    """One KPI's target with everything that data says about it.

    Attributes:
        weeks: the metric's weeks in order.
        breaks: where the metric means something else than before.
    """

    kpi: Kpi
    target: Target
    plan: MetricPlan
    weeks: Sequence[Week]
    course: Course
    covered: CoveredDays
    breaks: Sequence[MetricBreak] = ()

    @cached_property
    def run(self) -> list[WeekValue]:
        """The settled weeks without a gap up to the last one, of those that mean the same as it does."""
        last = next((week for week in reversed(self.weeks) if week.is_settled), None)
        return settled_run(as_series(comparable_weeks(self.weeks, last, self.breaks))) if last else []

    @cached_property
    def forecast(self) -> Forecast | None:
        """What the deadline's week will be like."""
        return forecast_for(self.course, self.run, Forecaster(self.course.unit))

    @cached_property
    def measurability(self) -> Measurability:
        """The letter M."""
        baseline = self.target.baseline
        weeks = [
            week for week in self.weeks if week.is_settled and baseline.from_week <= week.start <= baseline.to_week
        ]
        return Measurability(
            final_weeks=sum(week.is_settled for week in self.weeks),
            baseline=baseline.value,
            recomputed_baseline=recompute(self.plan, weeks),
            coverage_pct=coverage_pct(self.plan, recent_final_weeks(self.weeks, RECENT_WEEKS), self.covered),
            min_coverage_pct=self.kpi.quality.min_coverage_pct if self.kpi.quality else 0.0,
            is_draft=self.kpi.status == "draft",
        )

    @cached_property
    def achievability(self) -> Achievability:
        """The letter A, as far as it depends on data."""
        return judge_target(
            self.forecast,
            [week.value for week in self.run if week.value is not None],
            aim=self.course.aim,
            weeks_left=(self.course.deadline_week - self.run[-1].week).days // 7 if self.run else 0,
            min_probability=self.target.achievability.min_probability,
            growth_span_weeks=self.target.achievability.growth_span_weeks,
        )


def target_facts(
    configuration: Configuration,
    plans: Mapping[str, MetricPlan],
    weeks: Mapping[str, Sequence[Week]],
    covered: CoveredDays,
    breaks: Mapping[str, Sequence[MetricBreak]],
) -> dict[str, TargetFacts]:
    """Return the facts of every KPI that is not retired and has a target."""
    found = {}
    for kpi_id, kpi in configuration.kpis.items():
        if kpi.status != "retired" and kpi.target is not None:
            own_weeks, own_breaks = weeks[kpi.metric], breaks.get(kpi.metric, ())
            metric = configuration.metrics[kpi.metric]
            course = course_of(kpi.target, metric, configuration.calendar, own_weeks, own_breaks)
            found[kpi_id] = TargetFacts(kpi, kpi.target, plans[kpi.metric], own_weeks, course, covered, own_breaks)
    return found
