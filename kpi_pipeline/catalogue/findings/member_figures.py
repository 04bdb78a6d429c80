"""The weekly figures of members and factors as ``kpi.values`` holds them, read once for all KPIs.

Here: reading them, and a dimension's members beside each other as two weeks of parts that add up to the total. How
much members usually move belongs to ``member_changes``; what they account for is computed in ``analysis``.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute

from kpi_pipeline.analysis.mix_rate import Part
from kpi_pipeline.catalogue.metrics.measure_sql import TOTAL
from kpi_pipeline.warehouse.engine import Engine

# What members do not say, so that all together add up to the total.
OTHER = "(other)"
# The sides are kept with six decimals, and a double has fifteen digits.
ROUNDING, RELATIVE_ROUNDING = 1e-6, 1e-9


class Figure(NamedTuple):
    """One member in one week; the sides and the value are None where they are not known.

    Attributes:
        is_withheld: whether there is too little of it for a value.
        is_partial: whether days of the week are missing.
    """

    numerator: float | None
    denominator: float | None
    value: float | None
    is_withheld: bool
    is_partial: bool


Members = Mapping[str, Mapping[date, Figure]]
Figures = Mapping[str, Mapping[str, Members]]
Weeks = tuple[date, date]


def read_rows(engine: Engine, metrics: Collection[str], factors: Collection[str], *, weeks: Weeks) -> pa.Table:
    """Return the figures in the order of metrics, dimensions, members and weeks; of factors only the total.

    Args:
        engine: the warehouse.
        metrics: the metrics that are split.
        factors: the metrics that others are the product of.
        weeks: the first days of the first and the last week.
    """
    return engine.read(
        "select metric_id, dimension, member, period_start as week, cast(numerator as double) as numerator,"
        " cast(denominator as double) as denominator, value,"
        " coalesce(null_reason = 'below_min_denominator', false) as is_withheld, status = 'partial' as is_partial,"
        " dense_rank() over (order by metric_id, dimension, member) - 1 as series"
        " from kpi.values where grain = 'week' and period_start between $first and $last"
        f" and (list_contains($metrics, metric_id) or (dimension = '{TOTAL}' and list_contains($factors, metric_id)))"
        " order by series, period_start",
        {"first": weeks[0], "last": weeks[1], "metrics": list(metrics), "factors": list(factors)},
    )


def figures_since(rows: pa.Table, first: date) -> Figures:
    """Return metric → dimension → member → first day of the week → figure, from this week on."""
    recent = rows.filter(pa.compute.greater_equal(rows["week"], pa.scalar(first))).drop_columns(["series"])
    found: dict[str, dict[str, dict[str, dict[date, Figure]]]] = {}
    for metric_id, dimension, member, week, *figure in zip(*(each.to_pylist() for each in recent.columns), strict=True):
        members = found.setdefault(metric_id, {}).setdefault(dimension, {})
        members.setdefault(member, {})[week] = Figure(*figure)
    return found


def parts_of_ratio(members: Members, total: Mapping[date, Figure], weeks: Weeks) -> list[dict[str, Part]]:
    """Return member → its sides for both weeks, which add up to those of the total.

    What is withheld in either week because there is too little of it stands together with whatever members do not say.
    """
    shown = [
        (member, by_week)
        for member, by_week in members.items()
        if not any(by_week[week].is_withheld for week in weeks if week in by_week)
    ]
    found = [{member: _sides(by_week[week]) for member, by_week in shown if week in by_week} for week in weeks]
    return _with_rest(found, [_sides(total[week]) for week in weeks])


def parts_of_amount(members: Members, total: Mapping[date, Figure], weeks: Weeks) -> list[dict[str, Part]]:
    """Return the same for a metric that is no division: its value stands as the numerator."""
    found = [
        {member: Part(by_week[week].value or 0.0) for member, by_week in members.items() if week in by_week}
        for week in weeks
    ]
    return _with_rest(found, [Part(total[week].value or 0.0) for week in weeks])


def _sides(figure: Figure) -> Part:
    return Part(figure.numerator or 0.0, figure.denominator or 0.0)


def _with_rest(found: list[dict[str, Part]], totals: Sequence[Part]) -> list[dict[str, Part]]:
    rests = [_rest(parts, total) for parts, total in zip(found, totals, strict=True)]
    if any(rest.is_there for rest in rests):
        for parts, rest in zip(found, rests, strict=True):
            own = parts.get(OTHER, Part())
            parts[OTHER] = Part(own.numerator + rest.numerator, own.denominator + rest.denominator)
    return found


def _rest(parts: Mapping[str, Part], total: Part) -> Part:
    return Part(
        _beyond_rounding(total.numerator, [part.numerator for part in parts.values()]),
        _beyond_rounding(total.denominator, [part.denominator for part in parts.values()]),
    )


def _beyond_rounding(total: float, members: Collection[float]) -> float:
    rest = total - math.fsum(members)
    tolerance = ROUNDING * (len(members) + 1) + RELATIVE_ROUNDING * math.fsum(map(abs, members))
    return rest if abs(rest) > tolerance else 0.0
