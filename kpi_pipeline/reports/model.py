"""One week's report for one audience in one language, made from that audience's published snapshot and nothing else.

Here: putting the parts together. A new part gets a module of its own and a place in ``document``. Laying the report
out (``html``) does not belong here.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from kpi_pipeline.config.money_units import MONEY_UNITS
from kpi_pipeline.config.report import Audience
from kpi_pipeline.reports.correction_notice import correction_notice
from kpi_pipeline.reports.document import Report
from kpi_pipeline.reports.edition import INCOMPLETE_KINDS, Edition
from kpi_pipeline.reports.headline import headline, tally
from kpi_pipeline.reports.history_part import history_of
from kpi_pipeline.reports.internal_part import internal_part
from kpi_pipeline.reports.key_charts import key_charts
from kpi_pipeline.reports.kpi_weeks import KpiWeek, kpi_weeks
from kpi_pipeline.reports.scorecard import objective_groups
from kpi_pipeline.reports.snapshot_reading import read_snapshot
from kpi_pipeline.reports.snapshot_rows import SnapshotRows
from kpi_pipeline.wording.dates import format_days
from kpi_pipeline.wording.language import load_language
from kpi_pipeline.wording.numbers import NumberStyle, format_count, format_value, money_name
from kpi_pipeline.wording.outside_text import NAME_LIMIT, clean_text, isolate


def report_model(
    snapshot: Path, audience: Audience, week_start: date, language: str, kpis: Sequence[str] | None = None
) -> Report:
    """Make the report of the week that starts on ``week_start``; equal arguments give an equal report.

    Args:
        snapshot: the audience's published file.
        audience: who reads the report.
        week_start: the first day of the week.
        language: code of the language.
        kpis: the KPIs to show, in their order under each objective; all of the audience when absent.

    Raises:
        ReportError: if the snapshot is another audience's, contradicts itself or holds other weeks only, or an internal
            KPI stands in an executive snapshot.
    """
    words = load_language(language)
    rows = read_snapshot(snapshot, audience, week_start)
    edition = Edition(audience, words, week_start, rows.snapshot.as_of, rows.snapshot.money_shown_in)
    weeks = kpi_weeks(rows, edition, kpis)
    groups = objective_groups(weeks, rows, edition)
    lines = [line for group in groups for line in group.kpis]
    return Report(
        language=words.code,
        direction=words.direction,
        audience=audience,
        week_start=week_start.isoformat(),
        snapshot_id=rows.snapshot.snapshot_id,
        money=edition.money,
        company=edition.localized(rows.snapshot, "company_name", NAME_LIMIT),
        title=words.text(f"title.{audience}"),
        reader=words.text(f"reader.{audience}"),
        facts=(
            words.text("page.week", range=format_days(week_start, edition.week_end, words)),
            words.text("page.data_until", day=edition.data_until),
            words.text("page.time_zone", zone=isolate(clean_text(rows.snapshot.time_zone))),
            *_money(rows.snapshot.reporting_currency, edition),
        ),
        source=words.text("page.snapshot", id=isolate(clean_text(rows.snapshot.snapshot_id))),
        correction=correction_notice(weeks, rows.restatements, edition),
        notices=tuple(_notices(weeks, rows, edition)),
        headline=headline(weeks, lines, edition),
        tally=tally(lines, words),
        objectives=groups,
        charts=key_charts(weeks, edition),
        history=history_of(weeks, edition),
        internal=internal_part(weeks, rows, edition) if audience == "internal" else None,
        labels=words.section("findings") | words.section("label") if audience == "internal" else words.section("label"),
    )


def _money(currency: str, edition: Edition) -> Iterator[str]:
    """What amounts are shown in, where that is not the currency that they are kept in."""
    unit = MONEY_UNITS.get(edition.money)
    if unit is not None:
        amount = format_value(unit.amount, NumberStyle(edition.language, "currency", 0, currency))
        yield edition.language.text("page.money", unit=money_name(edition.money, edition.language), amount=amount)


def _notices(kpis: Sequence[KpiWeek], rows: SnapshotRows, edition: Edition) -> list[str]:
    words = edition.language
    notices = []
    if not edition.week_is_over:
        notices.append(words.text("notice.week_open", day=edition.data_until))
    # Executives are not told of holes that only concern what they do not see.
    shown = {kpi.commitment.metric_id for kpi in kpis} | {None}
    has_hole = any(
        row.kind in INCOMPLETE_KINDS and (edition.audience == "internal" or row.metric_id in shown)
        for row in rows.quality
    )
    lacks_source = any(kpi.row.null_reason == "source_missing" for kpi in kpis)
    lacks_days = edition.week_is_over and any(kpi.row.status == "partial" for kpi in kpis)
    if has_hole or lacks_source or lacks_days:
        notices.append(words.text("notice.incomplete"))
    provisional = sum(kpi.row.status == "provisional" for kpi in kpis)
    if provisional:
        notices.append(words.plural("notice.provisional", provisional, number=format_count(provisional, words)))
    return notices
