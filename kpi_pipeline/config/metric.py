"""The model of ``config/metrics/<function>.yaml``: what a number means and how it is computed.

Here: the options of a formula, and what has to be said about a number. Add an option when a definition of the field
cannot be written without it. How a formula becomes SQL belongs to ``catalogue``; who is committed to a metric belongs
to ``kpi``.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from kpi_pipeline.config.model import Direction, Exact, Grain, Identifier, Model, Text, Unit

EdgeRule = Literal[
    "partial_week",
    "refund_after_week",
    "currency",
    "test_orders",
    "cancelled_orders",
    "bots",
    "guest_identity",
    "attribution_setting",
    "sampling",
    "late_data",
    "above_100_percent",
    "distinct_count",
    "platform_redefinition",
    "calendar_events",
    "immature_cohort",
    "consent",
    "small_numbers",
    "unit_mix",
]
Profile = Literal["b2b", "b2c", "social", "online"]
# Where one of them is zero, every order in which they may have changed is looked at.
MOST_FACTORS = 6


class Example(Model):
    """A worked example: what the sums are and what the metric then is.

    Attributes:
        given: each operand of the formula as it is written there, such as ``ad_clicks`` or ``previous(followers)``.
        value: the metric's value, in its unit, worked out by hand; rounded to the digits that are written.
    """

    given: dict[str, Exact] = Field(min_length=1)
    value: Exact


class EarlierDefinition(Model):
    """How the metric was computed before; it goes on to hold for the periods that began before ``until``."""

    version: int = Field(ge=1)
    until: date
    formula: str
    filter: str | None = None
    reason: Text


class Metric(Model):
    """One metric.

    Attributes:
        formula: one line of SQL over measure names; sums are implied. ``previous(x)``, ``weeks_earlier(x, 52)`` and
            ``trailing(x, 30)`` take the measures in ``x`` from the period before, from so many weeks earlier, or from
            so many days up to the period's end. ``first_age(a >= b)`` is the first cohort age at which the accumulated
            ``a`` reaches ``b``.
        unit: ``percent`` and ``points`` mean that the value is 100 times the formula.
        filter: SQL predicate on the dimensions of the measures' tables.
        grains: for which periods it has a meaning; all when absent.
        trailing_weeks: the value of a week is that of this many weeks up to its end.
        cost_lag_weeks: measures in ``lagged`` are taken this many weeks earlier.
        lagged: the measures that ``cost_lag_weeks`` applies to.
        cohort_age_days: only what a cohort did before this age counts, and only cohorts that have reached it.
        shift_weeks: the value of a week is that of the period this many weeks earlier.
        min_denominator: below it the value is withheld.
        optional: measures that count as zero where no source delivers their subject.
        undivided: measures that are taken whole for every member, such as all orders beside each platform's claims.
        dimensions: the dimensions that it may be split by; all common ones when absent.
        has_total: False where adding members up is forbidden, e.g. conversions claimed by several platforms.
        factors: metrics that this one is the product of, so that its change can be split among them.
        mixed_basis: why its measures may be counted by different days, such as the day of a cost and that of an order.
        default_audience: internal, or external for what executives may be shown; a commitment decides.
        profiles: the kinds of business whose ready-made set it belongs to.
        edge_rules: the cases, besides zero denominators and missing sources, that its definition had to decide.
        version: raised with every change of the definition.
        effective_from: first day of the periods that this version holds for; all periods when absent.
        earlier: the versions before.
    """

    name: Text
    definition: Text | None = None
    formula: str
    unit: Unit
    direction: Direction
    decimals: int = Field(default=2, ge=0, le=6)
    filter: str | None = None
    grains: tuple[Grain, ...] | None = Field(default=None, min_length=1)
    trailing_weeks: int = Field(default=1, ge=1, le=52)
    cost_lag_weeks: int = Field(default=0, ge=0, le=52)
    lagged: tuple[Identifier, ...] = ()
    cohort_age_days: int | None = Field(default=None, ge=1)
    shift_weeks: int = Field(default=0, ge=0, le=104)
    min_denominator: int = Field(default=0, ge=0)
    optional: tuple[Identifier, ...] = ()
    undivided: tuple[Identifier, ...] = ()
    dimensions: tuple[Identifier, ...] | None = None
    has_total: bool = True
    factors: tuple[Identifier, ...] = Field(default=(), min_length=2, max_length=MOST_FACTORS)
    mixed_basis: Text | None = None
    default_audience: Literal["internal", "external"] = "internal"
    profiles: tuple[Profile, ...] = ()
    edge_rules: tuple[EdgeRule, ...] = ()
    example: Example | None = None
    version: int = Field(default=1, ge=1)
    effective_from: date | None = None
    earlier: tuple[EarlierDefinition, ...] = ()
    source: str
