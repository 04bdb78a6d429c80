"""Which days the sources cover, for judging how complete a metric is.

Here: reading ``core.coverage`` once, and the share of a metric's days. Whether a single value is complete is decided in
``metric_sql``.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.catalogue.metrics.weeks import Week
from kpi_pipeline.warehouse.engine import Engine

CoveredDays = Mapping[str, Collection[date]]


def read_covered_days(engine: Engine, first: date) -> dict[str, set[date]]:
    """Return subject → the days from ``first`` on that at least one file speaks for."""
    found: dict[str, set[date]] = {}
    rows = engine.read("select subject, day from core.coverage where day >= $first", {"first": first})
    for subject, day in zip(rows.column("subject").to_pylist(), rows.column("day").to_pylist(), strict=True):
        found.setdefault(subject, set()).add(day)
    return found


def coverage_pct(plan: MetricPlan, weeks: Sequence[Week], covered: CoveredDays) -> float:
    """Return the percentage of the weeks' days on which everything that the metric needs is covered."""
    days = [week.start + timedelta(days=number) for week in weeks for number in range(7)]
    complete = sum(
        plan.can_be_covered_by({subject for subject in plan.subjects if day in covered.get(subject, ())})
        for day in days
    )
    return 100 * complete / len(days) if days else 0.0
