"""The scorecard: KPIs under their objectives, top down, each with value, change, plan, forecast and reservations.

Here: choosing and wording what the scorecard says of one KPI. It only words what the snapshot holds: no value, status
or forecast is computed here.
"""

from collections.abc import Iterator, Mapping, Sequence

from kpi_pipeline.analysis.aim import Aim
from kpi_pipeline.errors import ReportError
from kpi_pipeline.reports.badges import badges_of
from kpi_pipeline.reports.chart_models import ProgressBar, Trend
from kpi_pipeline.reports.document import Answer, Change, KpiLine, ObjectiveGroup, Status
from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.internal_document import Cell
from kpi_pipeline.reports.kpi_weeks import KpiWeek
from kpi_pipeline.reports.snapshot_reading import TREND_WEEKS, WEEK
from kpi_pipeline.reports.snapshot_rows import (
    ObjectiveRow,
    SnapshotRows,
    WeeklyRow,
)
from kpi_pipeline.reports.statuses import STATUS_CODES
from kpi_pipeline.reports.targets import target_text
from kpi_pipeline.wording.dates import format_day
from kpi_pipeline.wording.numbers import Number, NumberStyle, format_change, format_count, format_share, format_value
from kpi_pipeline.wording.outside_text import NAME_LIMIT

ANSWER_LIMIT = 1000
CAUSES_SHOWN = 2
NEEDS_ACTION = frozenset({"off_track", "at_risk"})


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
        else Cell(format_value(row.value, style), _rank(row, edition)),
        has_value=row.value is not None,
        change=_change(row, style, edition),
        trend=_trend(kpi, style, edition),
        target=_target(row, style, edition),
        time_left=_time_left(row, edition),
        progress=_progress(row, style, edition),
        progress_bar=_progress_bar(row, status, style, edition),
        same_week_last_year=_last_year(row, style, edition),
        forecast=_forecast(row, style, edition),
        probability=_probability(row, edition),
        owner=edition.localized(kpi.commitment, "owner_name", NAME_LIMIT),
        answers=tuple(_answers(kpi, edition)),
        causes=tuple(_causes(kpi, edition)) if status.code in NEEDS_ACTION else (),
        action=edition.localized(kpi.commitment, "action") if status.code in NEEDS_ACTION else "",
        badges=tuple(badges_of(kpi, edition)),
    )


def pace_status(row: WeeklyRow, edition: Edition) -> Status:
    """Return the pace status with its word; ``unknown`` where none was given."""
    code = row.pace_status if row.pace_status in STATUS_CODES else "unknown"
    return Status(code, edition.language.text(f"pace.{code}"))


def chain_of(objective: ObjectiveRow, objectives: Mapping[str, ObjectiveRow], edition: Edition) -> tuple[str, ...]:
    """Return the statements of what an objective serves, from the business objective down to its parent."""
    chain: list[str] = []
    parent = objectives.get(objective.parent or "")
    while parent is not None:
        chain.insert(0, edition.localized(parent, "statement"))
        parent = objectives.get(parent.parent or "")
    return tuple(chain)


def _group(
    objective: ObjectiveRow, objectives: Mapping[str, ObjectiveRow], lines: tuple[KpiLine, ...], edition: Edition
) -> ObjectiveGroup:
    language = edition.language
    overdue = objective.review_on if objective.is_review_overdue else None
    return ObjectiveGroup(
        level=language.text(f"level.{objective.level}"),
        statement=edition.localized(objective, "statement"),
        why=edition.localized(objective, "why"),
        chain=chain_of(objective, objectives, edition),
        note=language.text("level.review_overdue", day=format_day(overdue, language)) if overdue else "",
        kpis=lines,
    )


def _answers(kpi: KpiWeek, edition: Edition) -> Iterator[Answer]:
    for row in sorted(kpi.answers, key=lambda row: row.question_id):
        is_current = row.week_start == edition.week_start
        answer = edition.localized(row, "answer", ANSWER_LIMIT) if is_current else ""
        yield Answer(edition.localized(row, "question"), answer)


def _rank(row: WeeklyRow, edition: Edition) -> str:
    if row.rank_52 is None:
        return ""
    return edition.language.text("kpi.rank", rank=format_count(row.rank_52, edition.language))


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
    aim = _aim(row)
    if aim.is_better(float(row.value), float(row.previous_value)):
        return Change(text, language.text("kpi.better"), "good")
    if aim.is_better(float(row.previous_value), float(row.value)):
        return Change(text, language.text("kpi.worse"), "bad")
    return Change(text, language.text("kpi.inside_band"), "neutral")


def _aim(row: WeeklyRow) -> Aim:
    """What the KPI is to reach; without a target, the good side of wherever it stands."""
    if row.target_low is not None and row.target_high is not None:
        return Aim(float(row.target_low), float(row.target_high))
    target = float(row.target or 0)
    return Aim.at_least(target) if row.direction == "higher_better" else Aim.at_most(target)


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
    baseline = none if row.baseline is None else format_value(row.baseline, style)
    target = target_text(row, style, edition) or none
    return Cell(
        language.text("kpi.baseline_to_target", baseline=baseline, target=target),
        language.text("kpi.deadline", day=format_day(row.deadline, language)) if row.deadline else "",
    )


def _time_left(row: WeeklyRow, edition: Edition) -> str:
    """Say how much time is left at the end of the week; nothing once the deadline has passed."""
    language = edition.language
    days = (row.deadline - edition.week_end).days if row.deadline else 0
    if days < 1:
        return ""
    weeks = language.plural("kpi.weeks_left", days // 7, weeks=format_count(days // 7, language))
    return language.join([language.plural("kpi.days_left", days, days=format_count(days, language)), weeks])


def _progress(row: WeeklyRow, style: NumberStyle, edition: Edition) -> Cell:
    language = edition.language
    if row.target is not None and row.target == row.baseline:
        text = language.text("kpi.hold")
    elif row.attainment is None:
        text = language.text("kpi.no_attainment")
    elif row.attainment < 0:
        text = language.text("kpi.moved_away")
    elif row.attainment >= 1:
        text = language.text("kpi.reached")
    else:
        # Rounding must not say that the target is reached.
        text = language.text("kpi.attainment", share=format_share(min(float(row.attainment), 0.99), language))
    if row.path_value is None:
        return Cell(text)
    share = _plan_share(row)
    is_behind = row.attainment is not None and share is not None and row.attainment < share
    # On track behind the plan would look like a contradiction, if the reason did not stand beside it.
    key = "kpi.behind_plan" if is_behind and row.pace_status == "on_track" else "kpi.plan_today"
    return Cell(text, language.text(key, value=format_value(row.path_value, style)))


def _plan_share(row: WeeklyRow) -> float | None:
    """Which share of the way the plan says should be done; None where there is no way or no plan yet."""
    if row.baseline is None or row.path_value is None or (row.target is None and row.target_low is None):
        return None
    way = _aim(row).edge(float(row.baseline)) - float(row.baseline)
    # Rounded, so that a frozen report is the same on every machine.
    return round((float(row.path_value) - float(row.baseline)) / way, 6) if way else None


def _progress_bar(row: WeeklyRow, status: Status, style: NumberStyle, edition: Edition) -> ProgressBar | None:
    """The bar; none where there is no way to measure by."""
    if row.baseline is None or (row.target is None and row.target_low is None):
        return None
    way = _aim(row).edge(float(row.baseline)) - float(row.baseline)
    if not way:
        return None
    progress = _progress(row, style, edition)
    return ProgressBar(
        done=None if row.attainment is None else float(row.attainment),
        plan=_plan_share(row),
        status=status.code,
        label=edition.language.join([text for text in (progress.text, progress.note) if text]),
    )


def _last_year(row: WeeklyRow, style: NumberStyle, edition: Edition) -> str:
    before = row.same_week_last_year
    if row.value is None or before is None or row.status == "partial":
        return ""
    change = format_change(row.value, before, style)
    return edition.language.text("kpi.last_year", change=change)


def _causes(kpi: KpiWeek, edition: Edition) -> Iterator[str]:
    """What accounts for most of the change, as far as the analysis names it."""
    for row in kpi.main_contributions[:CAUSES_SHOWN]:
        if row.driver_rank is not None and (finding := edition.localized(row, "finding")):
            yield finding


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
