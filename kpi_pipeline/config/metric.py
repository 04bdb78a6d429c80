"""The model of ``config/metrics/<function>.yaml``: what a number means and how it is computed.

Here: the options of a formula. Add one when a definition of the field cannot be written without it. How a formula
becomes SQL belongs to ``catalogue``; who is committed to a metric belongs to ``kpi``.
"""

from pydantic import Field

from kpi_pipeline.config.model import Direction, Identifier, Model, Text, Unit


class Metric(Model):
    """One metric.

    Attributes:
        formula: one line of SQL over measure names; sums are implied. ``first_age(a >= b)`` is the first cohort age at
            which the accumulated ``a`` reaches ``b``.
        unit: ``percent`` means that the value is 100 times the formula.
        filter: SQL predicate on the dimensions of the measures' tables.
        trailing_weeks: the value of a week is that of this many weeks up to its end.
        cost_lag_weeks: measures in ``lagged`` are taken this many weeks earlier.
        lagged: the measures that ``cost_lag_weeks`` applies to.
        cohort_age_days: only what a cohort did before this age counts, and only cohorts that have reached it.
        shift_weeks: the value of a week is that of the period this many weeks earlier.
        min_denominator: below it the value is withheld.
        optional: measures that count as zero where no source delivers their subject.
        dimensions: the dimensions that it may be split by; all common ones when absent.
        has_total: False where adding members up is forbidden, e.g. conversions claimed by several platforms.
    """

    name: Text
    definition: Text | None = None
    formula: str
    unit: Unit
    direction: Direction
    decimals: int = Field(default=2, ge=0, le=6)
    filter: str | None = None
    trailing_weeks: int = Field(default=1, ge=1, le=52)
    cost_lag_weeks: int = Field(default=0, ge=0, le=52)
    lagged: tuple[Identifier, ...] = ()
    cohort_age_days: int | None = Field(default=None, ge=1)
    shift_weeks: int = Field(default=0, ge=0, le=104)
    min_denominator: int = Field(default=0, ge=0)
    optional: tuple[Identifier, ...] = ()
    dimensions: tuple[Identifier, ...] | None = None
    has_total: bool = True
    source: str
