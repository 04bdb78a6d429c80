"""The series that are watched for unusual weeks: every KPI's total and the members of its dimensions.

Here: reading them all at once, and dividing a series where its meaning changes. Judging them belongs to ``analysis``,
the rows to ``anomaly_rows``.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from kpi_pipeline.catalogue.metrics.breaks import MetricBreak
from kpi_pipeline.catalogue.metrics.measure_sql import TOTAL
from kpi_pipeline.catalogue.metrics.weeks import Week
from kpi_pipeline.warehouse.engine import Engine

# Of a dimension with more members, the smallest are left out: their alarms would be many and amount to little.
MOST_MEMBERS = 30


@dataclass(frozen=True)
class WatchedSeries:
    """The final weeks with a value of one metric's total or of one member, in order."""

    dimension: str
    member: str
    weeks: Sequence[Week]


def read_series(
    engine: Engine, metrics: Collection[str], since: date, members_since: date
) -> dict[str, list[WatchedSeries]]:
    """Return metric → its series, the totals with their weeks from ``since`` on, members from ``members_since`` on.

    The size of a member is the sum of its denominators, or of its values where there is none. The only member of a
    dimension is the total once more and left out.
    """
    table = engine.read(
        "with weeks as ("
        " select metric_id, dimension, member, period_start, period_end, value, numerator, denominator"
        " from kpi.values where grain = 'week' and status = 'final' and value is not null"
        f" and period_start >= case dimension when '{TOTAL}' then $since else $members_since end"
        " and list_contains($metrics, metric_id)),"
        " members as ("
        " select metric_id, dimension, member, row_number() over (partition by metric_id, dimension"
        " order by sum(coalesce(abs(denominator), abs(value))) desc, member) as place,"
        " count(*) over (partition by metric_id, dimension) as members"
        " from weeks group by metric_id, dimension, member)"
        " select weeks.* from weeks inner join members using (metric_id, dimension, member)"
        f" where members.place <= {MOST_MEMBERS} and (members.members > 1 or dimension = '{TOTAL}')"
        " order by metric_id, dimension, member, period_start",
        {"since": since, "members_since": members_since, "metrics": list(metrics)},
    )
    found: dict[tuple[str, str, str], list[Week]] = {}
    for metric_id, dimension, member, *facts in zip(*(column.to_pylist() for column in table.columns), strict=True):
        start, end, value, numerator, denominator = facts
        week = Week(start, end, value, numerator, denominator, null_reason=None, status="final")
        found.setdefault((metric_id, dimension, member), []).append(week)
    series: dict[str, list[WatchedSeries]] = {metric_id: [] for metric_id in metrics}
    for (metric_id, dimension, member), weeks in found.items():
        series[metric_id].append(WatchedSeries(dimension, member, weeks))
    return series


def stretches(weeks: Sequence[Week], breaks: Collection[MetricBreak]) -> Iterator[list[Week]]:
    """Yield the runs of weeks that mean the same; a week inside which the meaning changes belongs to none."""
    current: list[Week] = []
    for week in weeks:
        is_broken = any(one.separates(week, week) for one in breaks)
        if current and (is_broken or any(one.separates(current[-1], week) for one in breaks)):
            yield current
            current = []
        if not is_broken:
            current.append(week)
    if current:
        yield current
