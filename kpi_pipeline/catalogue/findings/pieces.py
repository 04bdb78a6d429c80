"""The pieces that a KPI's change is made of: one for each member of a dimension, or for each factor.

Here: from figures to pieces in the KPI's own unit, which add up to its change. The effects are computed in
``analysis``; which pieces are worth a sentence is decided in ``contribution_rows``.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from kpi_pipeline.analysis.factor_effects import factor_effects
from kpi_pipeline.analysis.mix_rate import MemberEffect, Part, differences, mix_and_rate
from kpi_pipeline.catalogue.findings.member_changes import UNTOLD, OwnChange
from kpi_pipeline.catalogue.findings.member_figures import Figure, Members, Weeks
from kpi_pipeline.catalogue.metrics.metric_sql import HUNDREDFOLD_UNITS
from kpi_pipeline.config.metric import Metric

# Stands for a dimension where a product is split into its factors.
FACTORS = "factors"
# A product that does not give the KPI's value is measured in another way, and splitting it would be wrong.
PRODUCT_TOLERANCE = 1e-6


class Piece(NamedTuple):
    """What one member or factor accounts for.

    Attributes:
        even_share: its share of the effects if everything moved alike, 0 to 1.
        is_detectable: whether the larger of its two effects comes from a change that is more than chance.
        previous_weight: None, like the other weight and both parts of the effect, where there is no division.
    """

    member: str
    previous_value: float | None
    value: float | None
    effect: float
    even_share: float
    is_new: bool = False
    is_vanished: bool = False
    is_detectable: bool | None = None
    previous_weight: float | None = None
    weight: float | None = None
    mix: float | None = None
    rate: float | None = None


def pieces_of_ratio(
    parts: Sequence[Mapping[str, Part]],
    members: Members,
    weeks: Weeks,
    own_changes: Mapping[str, OwnChange],
    metric: Metric,
) -> Iterator[Piece]:
    """Yield the pieces of a ratio, from the parts of both weeks."""
    before, after = parts
    scale = 100.0 if metric.unit in HUNDREDFOLD_UNITS else 1.0
    numerators = math.fsum(abs(part.numerator) for week in parts for part in week.values())
    for member, each in mix_and_rate(before, after).items():
        first, second = before.get(member, Part()), after.get(member, Part())
        figures = members.get(member, {})
        yield Piece(
            member=member,
            previous_value=_value(figures.get(weeks[0]), first, scale, metric),
            value=_value(figures.get(weeks[1]), second, scale, metric),
            effect=scale * each.effect,
            even_share=_share_of_numerators(first, second, numerators),
            is_new=not first.is_there,
            is_vanished=not second.is_there,
            is_detectable=_of_larger_effect(each, own_changes.get(member, UNTOLD)),
            previous_weight=each.previous_weight,
            weight=each.weight,
            mix=None if each.mix is None else scale * each.mix,
            rate=None if each.rate is None else scale * each.rate,
        )


def pieces_of_amount(parts: Sequence[Mapping[str, Part]], own_changes: Mapping[str, OwnChange]) -> Iterator[Piece]:
    """Yield the pieces of an amount, from the parts of both weeks."""
    before, after = ({name: part.numerator for name, part in each.items() if part.is_there} for each in parts)
    size = math.fsum(abs(amount) for week in (before, after) for amount in week.values())
    for member, effect in differences(before, after).items():
        yield Piece(
            member=member,
            previous_value=before.get(member),
            value=after.get(member),
            effect=effect,
            even_share=(abs(before.get(member, 0.0)) + abs(after.get(member, 0.0))) / size,
            is_new=member not in before,
            is_vanished=member not in after,
            is_detectable=own_changes.get(member, UNTOLD).value,
        )


def pieces_of_product(
    values: tuple[float, float],
    factors: Mapping[str, Mapping[date, Figure]],
    weeks: Weeks,
    own_changes: Mapping[str, OwnChange],
    scale: float,
) -> Iterator[Piece]:
    """Yield the pieces of a product; none if a factor is not known for both weeks, or their product is not the value.

    Args:
        values: the KPI's value in both weeks.
        factors: metric → first day of a week → its total.
        weeks: the first days of both weeks.
        own_changes: metric → whether it changed by more than usual.
        scale: what the product of the factors' values is multiplied with.
    """
    figures = [[by_week.get(week) for by_week in factors.values()] for week in weeks]
    sides = [[each.value for each in week if each is not None and not each.is_partial] for week in figures]
    known = [[value for value in side if value is not None] for side in sides]
    if any(len(each) < len(factors) for each in known):
        return
    for value, side in zip(values, known, strict=True):
        if not math.isclose(value, scale * math.prod(side), rel_tol=PRODUCT_TOLERANCE, abs_tol=PRODUCT_TOLERANCE):
            return
    first, second = known
    effects = factor_effects(first, second, scale)
    for metric_id, before, after, effect in zip(factors, first, second, effects, strict=True):
        own = own_changes.get(metric_id, UNTOLD)
        yield Piece(metric_id, before, after, effect, 1 / len(factors), is_detectable=own.value)


def _share_of_numerators(first: Part, second: Part, numerators: float) -> float:
    """What a member would account for if every ratio changed by the same factor: its share of what stands above."""
    return (abs(first.numerator) + abs(second.numerator)) / numerators if numerators else 0.0


def _value(figure: Figure | None, part: Part, scale: float, metric: Metric) -> float | None:
    if figure is not None:
        return figure.value
    if not part.denominator or part.denominator < metric.min_denominator:
        return None
    return scale * part.numerator / part.denominator


def _of_larger_effect(effect: MemberEffect, own: OwnChange) -> bool | None:
    if effect.mix is None or effect.rate is None:
        return None
    return own.value if abs(effect.rate) >= abs(effect.mix) else own.weight
