"""The rows of a published snapshot that say what the analysis found, and those of the views for analysts.

Here: one class per table; its fields are the columns that are read. Those that both reports begin with stand in
``snapshot_rows``; reading and wording do not belong here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from kpi_pipeline.wording.numbers import Number


@dataclass(frozen=True)
class ContributionRow:
    """What one member of a dimension accounts for in the change of a KPI."""

    kpi_id: str
    method: str
    dimension: str
    member: str | None
    previous_value: Number | None
    value: Number | None
    mix_effect: Number | None
    rate_effect: Number | None
    effect: Number | None
    share_of_change: Number | None
    driver_rank: int | None
    is_simpson: bool | None
    finding_en: str | None
    finding_fa: str | None


@dataclass(frozen=True)
class AnomalyRow:
    """One unusual value, with what was to be expected."""

    kpi_id: str
    dimension: str
    member: str
    rule: str
    value: Number | None
    low: Number | None
    high: Number | None
    score: Number | None
    is_favourable: bool | None
    priority: int | None
    event: str | None
    finding_en: str | None
    finding_fa: str | None


@dataclass(frozen=True)
class RelationRow:
    """Whether a KPI moves with the metric of its objective."""

    kpi_id: str
    lag_weeks: int
    expected_sign: int
    correlation: Number | None
    correlation_low: Number | None
    correlation_high: Number | None
    verdict: str
    is_indicative: bool | None
    finding_en: str | None
    finding_fa: str | None


@dataclass(frozen=True)
class RestatementRow:
    """One cause of a change of a value that was published before."""

    kpi_id: str
    week_start: date
    audience: str
    to_snapshot: str
    to_published_at: datetime
    old_value: Number | None
    new_value: Number | None
    cause: str
    effect: Number | None
    was_sent: bool | None
    is_correction: bool | None
    finding_en: str | None
    finding_fa: str | None


@dataclass(frozen=True)
class FunnelRow:
    """How far the visits of one channel and device came in one week."""

    channel: str
    device: str
    sessions: int
    sessions_with_cart: int
    sessions_with_checkout: int
    sessions_with_purchase: int


@dataclass(frozen=True)
class CampaignRow:
    """One campaign in one week; what is not delivered is None."""

    week_start: date
    platform: str
    campaign: str
    ad_impressions: int | None
    ad_clicks: int | None
    ad_cost: Decimal | None
    ad_conversions: Decimal | None


@dataclass(frozen=True)
class CohortRow:
    """The customers of one month of first orders at one age, in months of 30 days."""

    first_order_month: date
    age_months: int
    customers: int
    gross_margin_to_date: Number | None
    is_complete: bool


@dataclass(frozen=True)
class ViewRows:
    """What the views for analysts say about the week; empty where no source delivers it."""

    funnel: Sequence[FunnelRow]
    campaigns: Sequence[CampaignRow]
    cohorts: Sequence[CohortRow]
