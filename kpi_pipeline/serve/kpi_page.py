"""One KPI in one week: where it stands and heads, what it is made of, what was said of it, and what it rests on.

Here: putting the page together from the parts of the report and those of ``definition_part``. No value, status or
forecast is computed here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from kpi_pipeline.reports.commitment_part import commitments
from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.findings_part import findings
from kpi_pipeline.reports.key_charts import line_chart_of
from kpi_pipeline.reports.kpi_weeks import KpiWeek, kpi_weeks
from kpi_pipeline.reports.members import dimension_name, member_name
from kpi_pipeline.reports.scorecard import kpi_line, pace_status
from kpi_pipeline.reports.snapshot_rows import ValueRow
from kpi_pipeline.serve.definition_part import definition, origin
from kpi_pipeline.serve.published import Published
from kpi_pipeline.serve.site import Link, Site
from kpi_pipeline.serve.tables import Row, Table
from kpi_pipeline.wording.dates import format_day, format_days
from kpi_pipeline.wording.numbers import Number, NumberStyle, format_change, format_count, format_value
from kpi_pipeline.wording.outside_text import NAME_LIMIT, clean_text

WEEKS_SHOWN = 13
MEMBERS_SHOWN = 12


def kpi_page(published: Published, site: Site, kpi_id: str, week: date, weeks: Sequence[date]) -> dict[str, Any] | None:
    """Return the page of a KPI; None if there is no such KPI in that week."""
    edition = site.edition(week)
    rows = published.week_rows(week)
    kpi = next((one for one in kpi_weeks(rows, edition) if one.row.kpi_id == kpi_id), None)
    if kpi is None:
        return None
    metric_id = kpi.commitment.metric_id
    metric = next(row for row in published.metrics() if row.kpi_id == kpi_id)
    # Channels, campaigns and cohorts are no part of this KPI.
    own = replace(rows, views=None, restatements=[row for row in rows.restatements if row.week_start == week])
    name = edition.localized(kpi.row, "name", NAME_LIMIT)
    style = edition.number_style(kpi.row.unit, kpi.commitment.decimals)
    has_values = any(row.value is not None for row in kpi.recent)
    committed = commitments([kpi], rows, edition)
    return {
        "page_name": name,
        "week": site.language.text("page.week", range=format_days(week, edition.week_end, site.language)),
        "week_address": site.week_address(week),
        "neighbours": list(_neighbours(site, kpi_id, week, weeks)),
        "kpi": asdict(kpi_line(kpi, edition)),
        "line": asdict(line_chart_of(kpi, edition)) if has_values else None,
        "findings": asdict(findings([kpi], own, edition)),
        "breakdowns": list(_breakdowns(rows.values, kpi, edition, style)),
        "weeks": _recent_weeks(kpi, site, edition, style),
        "reported": _reported(published, kpi, edition, style),
        "commitment": asdict(committed[0]) if committed else None,
        **definition(metric, site, rows.objectives),
        **origin(published, metric_id, edition, name),
    }


def _neighbours(site: Site, kpi_id: str, week: date, weeks: Sequence[date]) -> Iterator[Link]:
    at = weeks.index(week)
    if at + 1 < len(weeks):
        yield Link(site.kpi_address(kpi_id, weeks[at + 1]), site.language.text("serve.week_before"))
    if at:
        yield Link(site.kpi_address(kpi_id, weeks[at - 1]), site.language.text("serve.week_after"))


def _breakdowns(values: Sequence[ValueRow], kpi: KpiWeek, edition: Edition, style: NumberStyle) -> Iterator[Table]:
    language = edition.language
    own = [row for row in values if row.metric_id == kpi.commitment.metric_id and row.dimension != "total"]
    for dimension in sorted({row.dimension for row in own}):
        now = {row.member: row for row in own if row.dimension == dimension and row.period_start == edition.week_start}
        before = {
            row.member: row for row in own if row.dimension == dimension and row.period_start != edition.week_start
        }
        members = sorted(now, key=lambda member: (-float(now[member].value or 0), member or ""))
        hidden = len(members) - MEMBERS_SHOWN
        yield Table(
            columns=(
                dimension_name(dimension, edition),
                *(language.text(f"label.{key}") for key in ("this_week", "previous_week", "change_short")),
            ),
            rows=[
                Row(
                    (
                        member_name(dimension, member, edition),
                        _value(now[member].value, now[member].null_reason, style, edition),
                        _value(before[member].value, before[member].null_reason, style, edition)
                        if member in before
                        else language.text("label.none"),
                        _change(now[member], before.get(member), style),
                    )
                )
                for member in members[:MEMBERS_SHOWN]
            ],
            title=language.text("serve.by_dimension", dimension=dimension_name(dimension, edition)),
            note=language.plural("dimension.more", hidden, number=format_count(hidden, language)) if hidden > 0 else "",
        )


def _change(now: ValueRow, before: ValueRow | None, style: NumberStyle) -> str:
    if now.value is None or before is None or before.value is None or now.status == "partial":
        return ""
    return format_change(now.value, before.value, style)


def _recent_weeks(kpi: KpiWeek, site: Site, edition: Edition, style: NumberStyle) -> Table:
    language = edition.language
    rows = sorted(kpi.recent, key=lambda row: row.week_start, reverse=True)[:WEEKS_SHOWN]
    return Table(
        columns=tuple(
            language.text(key)
            for key in ("label.week", "serve.value", "serve.planned", "label.status", "serve.state_of_data")
        ),
        rows=[
            Row(
                (
                    format_days(row.week_start, row.week_end, language),
                    _value(row.value, row.null_reason, style, edition),
                    "" if row.path_value is None else format_value(row.path_value, style),
                    pace_status(row, edition).word,
                    language.known_text("serve_status", row.status, clean_text(row.status)),
                ),
                site.kpi_address(row.kpi_id, row.week_start),
            )
            for row in rows
        ],
    )


def _reported(published: Published, kpi: KpiWeek, edition: Edition, style: NumberStyle) -> Table:
    language = edition.language
    return Table(
        columns=tuple(
            language.text(key)
            for key in ("serve.published_on", "serve.value", "serve.state_of_data", "serve.data_age", "serve.snapshot")
        ),
        rows=[
            Row(
                (
                    format_day(row.published_at.date(), language),
                    _value(row.value, row.null_reason, style, edition),
                    language.known_text("serve_status", row.status, clean_text(row.status)),
                    ""
                    if row.data_age_days is None
                    else language.plural(
                        "serve.days_old", row.data_age_days, days=format_count(row.data_age_days, language)
                    ),
                    clean_text(row.snapshot_id),
                )
            )
            for row in published.reported(kpi.row.kpi_id, edition.week_start)
        ],
    )


def _value(value: Number | None, null_reason: str | None, style: NumberStyle, edition: Edition) -> str:
    return edition.reason(null_reason) if value is None else format_value(value, style)
