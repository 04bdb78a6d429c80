"""Campaigns, the way to the purchase, and cohorts of customers: what the views for analysts say about the week.

Here: choosing rows and wording them for the team's report. The views themselves are SQL files.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TypeVar

from kpi_pipeline.reports.chart_models import HeatCell, HeatMap, HeatRow
from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.finding_rows import CampaignRow, FunnelRow, ViewRows
from kpi_pipeline.reports.internal_document import Table
from kpi_pipeline.reports.members import member_name
from kpi_pipeline.wording.dates import format_month
from kpi_pipeline.wording.numbers import Number, format_change, format_count, format_part, format_value
from kpi_pipeline.wording.outside_text import NAME_LIMIT, clean_text

Amount = TypeVar("Amount", int, Decimal)

CAMPAIGNS_SHOWN = 12
COHORTS_SHOWN = 8
AGES_SHOWN = 8


def campaign_table(views: ViewRows, edition: Edition) -> Table | None:
    """Return the week's campaigns by cost, the dearest first."""
    language = edition.language
    current = _by_campaign(views.campaigns, edition, weeks_ago=0)
    before = _by_campaign(views.campaigns, edition, weeks_ago=1)
    if not current:
        return None
    money = edition.number_style("currency", 0)
    ordered = sorted(current, key=lambda key: (-float(current[key].ad_cost or 0), key))
    rows = []
    for key in ordered[:CAMPAIGNS_SHOWN]:
        row, earlier = current[key], before.get(key)
        cost_before = earlier.ad_cost if earlier else None
        change = language.text("findings.is_new") if earlier is None else ""
        if row.ad_cost is not None and cost_before is not None:
            change = format_change(row.ad_cost, cost_before, money)
        rows.append(
            (
                clean_text(row.campaign, NAME_LIMIT) or language.text("dimension.not_set"),
                member_name("platform", row.platform, edition),
                _count(row.ad_impressions, edition),
                _count(row.ad_clicks, edition),
                format_part(row.ad_clicks, row.ad_impressions, 2, language),
                "" if row.ad_cost is None else format_value(row.ad_cost, money),
                change,
                _count(row.ad_conversions, edition),
            )
        )
    hidden = len(ordered) - len(rows)
    columns = ("campaign", "platform", "impressions", "clicks", "click_rate", "cost", "change", "claimed")
    return Table(
        title=language.text("findings.campaigns"),
        columns=tuple(language.text(f"findings.column_{name}") for name in columns),
        rows=tuple(rows),
        note=language.plural("dimension.more", hidden, number=format_count(hidden, language)) if hidden else "",
    )


def funnel_table(views: ViewRows, edition: Edition) -> Table | None:
    """Return the steps from the visit to the purchase by device, and for all devices."""
    language = edition.language
    if not views.funnel:
        return None
    devices = sorted({row.device for row in views.funnel}, key=lambda name: -_sessions(views.funnel, name))
    rows = [_funnel_row(language.text("findings.total"), views.funnel, edition)]
    rows += [
        _funnel_row(member_name("device", name, edition), [row for row in views.funnel if row.device == name], edition)
        for name in devices
    ]
    columns = ("device", "sessions", "with_cart", "with_checkout", "with_purchase")
    return Table(
        title=language.text("findings.funnel"),
        columns=tuple(language.text(f"findings.column_{name}") for name in columns),
        rows=tuple(rows),
        note=language.text("findings.funnel_note"),
    )


def cohort_map(views: ViewRows, edition: Edition) -> HeatMap | None:
    """Return the gross margin per customer up to each age, by month of first order."""
    language = edition.language
    months = sorted({row.first_order_month for row in views.cohorts})[-COHORTS_SHOWN:]
    known = {
        (row.first_order_month, row.age_months): float(row.gross_margin_to_date) / row.customers
        for row in views.cohorts
        if row.is_complete and row.gross_margin_to_date is not None and row.customers and row.age_months < AGES_SHOWN
    }
    months = [month for month in months if any(month == first for first, _ in known)]
    if not months:
        return None
    ages = max(age for month, age in known if month in months) + 1
    largest = max(value for (month, _), value in known.items() if month in months)
    style = edition.number_style("currency", 1)

    def cell(month: date, age: int) -> HeatCell:
        value = known.get((month, age))
        if value is None:
            return HeatCell(None, "")
        return HeatCell(max(value, 0) / largest if largest > 0 else 0, format_value(value, style))

    title = language.text("findings.cohorts")
    return HeatMap(
        title=title,
        columns_label=language.text("findings.cohort_ages"),
        columns=tuple(format_count(age + 1, language) for age in range(ages)),
        rows=tuple(
            HeatRow(format_month(month, language), tuple(cell(month, age) for age in range(ages))) for month in months
        ),
        label=title,
    )


def _by_campaign(
    rows: Sequence[CampaignRow], edition: Edition, *, weeks_ago: int
) -> dict[tuple[str, str], CampaignRow]:
    """The campaigns of a week; the rows of one campaign under several attribution settings are added up."""
    week = edition.week_before if weeks_ago else edition.week_start
    found: dict[tuple[str, str], CampaignRow] = {}
    for row in rows:
        if row.week_start == week:
            key = (row.platform, row.campaign)
            found[key] = _added(found[key], row) if key in found else row
    return found


def _added(first: CampaignRow, second: CampaignRow) -> CampaignRow:
    return replace(
        first,
        ad_impressions=_sum(first.ad_impressions, second.ad_impressions),
        ad_clicks=_sum(first.ad_clicks, second.ad_clicks),
        ad_cost=_sum(first.ad_cost, second.ad_cost),
        ad_conversions=_sum(first.ad_conversions, second.ad_conversions),
    )


def _sum(first: Amount | None, second: Amount | None) -> Amount | None:
    return None if first is None or second is None else first + second


def _sessions(rows: Sequence[FunnelRow], device: str) -> int:
    return sum(row.sessions for row in rows if row.device == device)


def _funnel_row(name: str, rows: Sequence[FunnelRow], edition: Edition) -> tuple[str, ...]:
    sessions = sum(row.sessions for row in rows)
    steps = (
        sum(row.sessions_with_cart for row in rows),
        sum(row.sessions_with_checkout for row in rows),
        sum(row.sessions_with_purchase for row in rows),
    )
    shares = (format_part(step, sessions, 1, edition.language) for step in steps)
    return (name, format_count(sessions, edition.language), *shares)


def _count(value: Number | None, edition: Edition) -> str:
    return "" if value is None else format_count(round(value), edition.language)
