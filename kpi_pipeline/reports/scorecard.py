"""The scorecard: KPIs under their objectives, top down, each with value, change, plan, forecast and reservations.

Here: choosing and wording what the scorecard says of one KPI. It only words what the snapshot holds: no value, status
or forecast is computed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_pipeline.errors import ReportError
from kpi_pipeline.reports.dates import format_day
from kpi_pipeline.reports.document import Badge, Cell, Change, KpiLine, ObjectiveGroup, Status, Trend
from kpi_pipeline.reports.edition import INCOMPLETE_KINDS, Edition
from kpi_pipeline.reports.numbers import Number, NumberStyle, format_change, format_share, format_value
from kpi_pipeline.reports.outside_text import NAME_LIMIT
from kpi_pipeline.reports.snapshot_reading import TREND_WEEKS, WEEK
from kpi_pipeline.reports.snapshot_rows import CatalogueRow, ObjectiveRow, QualityRow, SnapshotRows, WeeklyRow

# Bad first; also the order of the tally.
STATUS_CODES = ("missed", "off_track", "at_risk", "on_track", "achieved", "unknown")


@dataclass(frozen=True)
class KpiWeek:
    """One KPI's rows: this week's, its commitment, its recent weeks and the quality rows of its metric."""

    row: WeeklyRow
    commitment: CatalogueRow
    recent: Sequence[WeeklyRow]
    quality: Sequence[QualityRow]


def kpi_weeks(rows: SnapshotRows, edition: Edition) -> list[KpiWeek]:
    """Gather the KPIs of the week.

    Raises:
        ReportError: if a KPI is not in the catalogue, or is internal in an executive snapshot.
    """
    commitments = {row.kpi_id: row for row in rows.catalogue if row.kpi_id is not None}
    found = []
    for row in rows.weekly:
        commitment = commitments.get(row.kpi_id)
        if commitment is None:
            raise ReportError(f"snapshot {rows.snapshot.snapshot_id}: KPI {row.kpi_id!r} is not in kpi.catalogue")
        if edition.audience == "executive" and commitment.audience != "executive":
            raise ReportError(
                f"executive snapshot {rows.snapshot.snapshot_id}: KPI {row.kpi_id!r} has the audience "
                f"{commitment.audience!r}, expected 'executive'; no executive report is made from this snapshot"
            )
        if row.week_start == edition.week_start:
            recent = [other for other in rows.weekly if other.kpi_id == row.kpi_id]
            quality = [remark for remark in rows.quality if remark.metric_id == commitment.metric_id]
            found.append(KpiWeek(row, commitment, recent, quality))
    return found


def objective_groups(kpis: Sequence[KpiWeek], rows: SnapshotRows, edition: Edition) -> tuple[ObjectiveGroup, ...]:
    """Place the KPIs under their objectives in top-down order.

    Raises:
        ReportError: if a KPI's objective is not in the snapshot, or is internal in an executive one.
    """
    objectives = {
        row.objective_id: row for row in rows.objectives if edition.audience == "internal" or row.level != "internal"
    }
    unknown = sorted({kpi.row.objective_id for kpi in kpis} - objectives.keys())
    if unknown:
        raise ReportError(
            f"snapshot {rows.snapshot.snapshot_id}: no objectives {unknown} for {edition.audience} readers"
        )
    groups = []
    for objective in sorted(objectives.values(), key=lambda row: (row.position, row.objective_id)):
        lines = tuple(kpi_line(kpi, edition) for kpi in kpis if kpi.row.objective_id == objective.objective_id)
        if lines:
            groups.append(_group(objective, objectives, lines, edition))
    return tuple(groups)


def kpi_line(kpi: KpiWeek, edition: Edition) -> KpiLine:
    """Word everything the scorecard says of one KPI."""
    row, language = kpi.row, edition.language
    style = edition.number_style(row.unit, kpi.commitment.decimals)
    status = pace_status(row, edition)
    return KpiLine(
        kpi_id=row.kpi_id,
        name=Cell(
            edition.localized(row, "name", NAME_LIMIT),
            language.text("kpi.lower_better") if row.direction == "lower_better" else "",
        ),
        status=status,
        status_before=_status_before(kpi, status, edition),
        value=Cell(language.text("label.no_value"), edition.reason(row.null_reason))
        if row.value is None
        else Cell(format_value(row.value, style)),
        has_value=row.value is not None,
        change=_change(row, style, edition),
        trend=_trend(kpi, style, edition),
        target=_target(row, style, edition),
        progress=_progress(row, style, edition),
        forecast=_forecast(row, style, edition),
        probability=_probability(row, edition),
        owner=edition.localized(kpi.commitment, "owner_name", NAME_LIMIT),
        question=edition.localized(kpi.commitment, "question"),
        action=edition.localized(kpi.commitment, "action") if status.code in {"off_track", "at_risk"} else "",
        badges=tuple(_badges(kpi, edition)),
    )


def pace_status(row: WeeklyRow, edition: Edition) -> Status:
    """Return the pace status with its word; ``unknown`` where none was given."""
    code = row.pace_status if row.pace_status in STATUS_CODES else "unknown"
    return Status(code, edition.language.text(f"pace.{code}"))


def _group(
    objective: ObjectiveRow, objectives: dict[str, ObjectiveRow], lines: tuple[KpiLine, ...], edition: Edition
) -> ObjectiveGroup:
    parent = objectives.get(objective.parent or "")
    return ObjectiveGroup(
        level=edition.language.text(f"level.{objective.level}"),
        statement=edition.localized(objective, "statement"),
        why=edition.localized(objective, "why"),
        serves=edition.language.text("level.serves", statement=edition.localized(parent, "statement"))
        if parent
        else "",
        kpis=lines,
    )


def _status_before(kpi: KpiWeek, status: Status, edition: Edition) -> str:
    before = [pace_status(row, edition) for row in kpi.recent if row.week_start == edition.week_start - WEEK]
    moved = before and before[0] != status and "unknown" not in {before[0].code, status.code}
    return edition.language.text("pace.before", status=before[0].word) if moved else ""


def _change(row: WeeklyRow, style: NumberStyle, edition: Edition) -> Change:
    language = edition.language
    if row.value is None or row.previous_value is None or row.change is None or row.status == "partial":
        first_value = row.value is not None and row.previous_value is None
        reason = "kpi.no_previous" if first_value else "kpi.not_compared"
        return Change(language.text("label.none"), language.text(reason), "neutral")
    text = format_change(row.value, row.previous_value, style)
    if not row.change_is_detectable:
        reason = "kpi.not_tested" if row.change_is_detectable is None else "kpi.not_detectable"
        return Change(text, language.text(reason), "neutral")
    is_better = (row.value > row.previous_value) == (row.direction == "higher_better")
    return Change(text, language.text("kpi.better" if is_better else "kpi.worse"), "good" if is_better else "bad")


def _trend(kpi: KpiWeek, style: NumberStyle, edition: Edition) -> Trend:
    by_week = {row.week_start: row.value for row in kpi.recent}
    weeks = [edition.week_start - step * WEEK for step in reversed(range(TREND_WEEKS))]
    values = [by_week.get(week) for week in weeks]
    known = [format_value(value, style) for value in values if value is not None]
    label = edition.language.text("kpi.trend_empty")
    if known:
        label = edition.language.text("kpi.trend", first=known[0], last=known[-1])
    return Trend(tuple(_point(value) for value in values), _point(kpi.row.target), label)


def _point(value: Number | None) -> float | None:
    return None if value is None else float(value)


def _target(row: WeeklyRow, style: NumberStyle, edition: Edition) -> Cell:
    language = edition.language
    none = language.text("label.none")
    ends = [none if value is None else format_value(value, style) for value in (row.baseline, row.target)]
    return Cell(
        language.text("kpi.baseline_to_target", baseline=ends[0], target=ends[1]),
        language.text("kpi.deadline", day=format_day(row.deadline, language)) if row.deadline else "",
    )


def _progress(row: WeeklyRow, style: NumberStyle, edition: Edition) -> Cell:
    language = edition.language
    if row.attainment is None:
        text = language.text("kpi.no_attainment")
    elif row.attainment < 0:
        text = language.text("kpi.moved_away")
    elif row.attainment >= 1:
        text = language.text("kpi.reached")
    else:
        # Rounding must not say that the target is reached.
        text = language.text("kpi.attainment", share=format_share(min(float(row.attainment), 0.99), language))
    plan = row.path_value
    return Cell(text, language.text("kpi.plan_today", value=format_value(plan, style)) if plan is not None else "")


def _forecast(row: WeeklyRow, style: NumberStyle, edition: Edition) -> Cell:
    language = edition.language
    if row.forecast_at_deadline is None:
        return Cell(language.text("label.none"), language.text("kpi.no_forecast"))
    note = ""
    if row.forecast_low is not None and row.forecast_high is not None:
        low, high = format_value(row.forecast_low, style), format_value(row.forecast_high, style)
        note = language.text("kpi.forecast_range", low=low, high=high)
    return Cell(format_value(row.forecast_at_deadline, style), note)


def _probability(row: WeeklyRow, edition: Edition) -> str:
    if row.probability is None or row.forecast_at_deadline is None:
        return ""
    # A forecast is never so sure that 0 % or 100 % would be honest.
    edge = "_low" if row.probability < 0.01 else "_high" if row.probability > 0.99 else ""
    share = min(max(float(row.probability), 0.01), 0.99)
    return edition.language.text(f"kpi.probability{edge}", share=format_share(share, edition.language))


def _badges(kpi: KpiWeek, edition: Edition) -> list[Badge]:
    language = edition.language
    badges = []
    if kpi.row.status == "partial":
        reason = language.text("badge.partial_days_missing")
        if not edition.week_is_over:
            reason = language.text("badge.partial_week_open", day=edition.data_until)
        badges.append(Badge(language.text("badge.partial"), reason))
    elif kpi.row.status == "provisional":
        badges.append(Badge(language.text("badge.provisional"), language.text("badge.provisional_reason")))
    holes = [remark for remark in kpi.quality if remark.kind in INCOMPLETE_KINDS]
    if holes:
        first = min((remark.first_day for remark in holes if remark.first_day), default=None)
        last = max((remark.last_day for remark in holes if remark.last_day), default=None)
        days = edition.days(first, last)
        reason = (
            language.text("badge.incomplete_days", range=days) if days else language.text("badge.incomplete_reason")
        )
        badges.append(Badge(language.text("badge.incomplete"), reason))
    return badges
