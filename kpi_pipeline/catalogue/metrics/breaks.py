"""Where the meaning of a metric changes, so that its values before and after are not compared.

Here: from the breaks of platforms (``config/breaks.yaml``) and the earlier definitions of metrics to the breaks of each
metric, and which weeks they separate. Add a kind of break here. What is left out because of one is decided in
``weekly``.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from kpi_pipeline.catalogue.metrics.metric_plan import MeasureInput, MetricPlan
from kpi_pipeline.catalogue.metrics.weeks import Week
from kpi_pipeline.catalogue.tables.row_tables import Row
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.draft import Draft
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Language, Text
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem, did_you_mean
from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.warehouse.quoting import quoted_text
from kpi_pipeline.warehouse.sql_project import SqlProject

# What executives read: the team's own words about a break may name anything.
NEUTRAL_TEXTS = {
    "platform": Text(
        en="A platform counts in another way from this day on.", fa="از این روز یکی از پلتفرم‌ها به شیوهٔ دیگری می‌شمارد."
    ),
    "definition": Text(en="The definition changed on this day.", fa="تعریف در این روز تغییر کرده است."),
}
TABLES_OF_PLATFORMS = ("core.ad_performance", "core.social_posts", "core.social_profiles")


@dataclass(frozen=True)
class MetricBreak:
    """One break of one metric.

    Attributes:
        on_day: the first day of the new meaning.
        kind: ``platform``, where somebody else counts in another way; ``definition``, where we do.
        reaches_back: how far before its own week a value takes what the break concerns.
    """

    on_day: date
    kind: Literal["platform", "definition"]
    what: Text
    reaches_back: timedelta = timedelta()

    def separates(self, earlier: Week, later: Week) -> bool:
        """Tell whether two weeks mean different things; one in which a platform changed is comparable with none.

        A definition of our own holds for whole periods by their first day.
        """
        if self.kind == "definition":
            return earlier.start < self.on_day <= later.start
        return earlier.start - self.reaches_back < self.on_day <= later.end


def metric_breaks(
    plans: Mapping[str, MetricPlan], configuration: Configuration, platforms: Collection[str]
) -> dict[str, tuple[MetricBreak, ...]]:
    """Return metric → its breaks in order of days.

    Args:
        plans: metric → its plan.
        configuration: says which breaks are known.
        platforms: those that the company has any data of.
    """
    return {
        metric_id: tuple(
            sorted(
                (*_of_platforms(plan, configuration, platforms), *_of_definition(plan.metric)),
                key=lambda one: (one.on_day, one.kind, one.what.en),
            )
        )
        for metric_id, plan in plans.items()
    }


def comparable_weeks(weeks: Sequence[Week], with_week: Week, breaks: Collection[MetricBreak]) -> list[Week]:
    """Return the weeks up to this one that no break separates from it; not even itself, if a break lies inside it."""
    known = [week for week in weeks if week.start <= with_week.start]
    return [week for week in known if not any(one.separates(week, with_week) for one in breaks)] if breaks else known


def platforms_in_use(engine: Engine) -> frozenset[str]:
    """Return the platforms that the warehouse holds anything of."""
    held = [table for table in TABLES_OF_PLATFORMS if engine.exists(table)]
    found = [engine.read(f"select distinct platform from {table}").column("platform").to_pylist() for table in held]
    return frozenset(platform for platforms in found for platform in platforms)


def break_rows(breaks: Mapping[str, Sequence[MetricBreak]]) -> list[Row]:
    """Return the rows of ``kpi.breaks``."""
    return [
        {
            "metric_id": metric_id,
            "on_day": one.on_day,
            "kind": one.kind,
            "what_en": one.what.en,
            "what_fa": one.what.fa,
        }
        for metric_id in sorted(breaks)
        for one in breaks[metric_id]
    ]


def neutral_text_sql(language: Language) -> str:
    """Return the SQL of a text that says no more than the kind of a break."""
    whens = [
        f"when {quoted_text(kind)} then {quoted_text(getattr(one, language))}" for kind, one in NEUTRAL_TEXTS.items()
    ]
    return f"case kind {' '.join(whens)} end"


def break_problems(draft: Draft, project: SqlProject) -> list[Problem]:
    """Return a problem for each measure in ``breaks.yaml`` that no table makes."""
    known = {measure.name for file in project.files for measure in file.measures}
    return [
        entry.problem(
            "KPI004",
            Phrase('reference "{name}" in {field} does not exist', name=name, field="measures"),
            "measures",
            position,
            hint=did_you_mean(name, known),
        )
        for entry in draft.breaks.entries.values()
        for position, name in enumerate(entry.value.measures)
        if name not in known
    ]


def _of_platforms(plan: MetricPlan, configuration: Configuration, platforms: Collection[str]) -> Iterator[MetricBreak]:
    for one in configuration.breaks.values():
        touched = [each for each in plan.inputs if any(measure.name in one.measures for measure in each.measures)]
        if touched and (one.platforms is None or not set(platforms).isdisjoint(one.platforms)):
            reaches_back = max(_reach_back(plan.metric, each) for each in touched)
            yield MetricBreak(one.on_day, "platform", one.what, reaches_back)


def _of_definition(metric: Metric) -> Iterator[MetricBreak]:
    for one in metric.earlier:
        yield MetricBreak(one.until, "definition", one.reason)


def _reach_back(metric: Metric, each: MeasureInput) -> timedelta:
    window = each.window
    weeks = window.weeks_earlier + metric.trailing_weeks - 1 + window.is_previous
    days = max(window.trailing_days - 7, 0) if window.trailing_days else 0
    return timedelta(weeks=weeks, days=days)
