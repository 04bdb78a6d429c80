"""Reading one published snapshot for the report of one week.

Here: the queries, and refusing a file that is not what it claims to be. No other database is ever opened. What is shown
is chosen and worded elsewhere.
"""

from contextlib import closing
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import duckdb

from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import ReportError
from kpi_pipeline.reports.finding_rows import (
    AnomalyRow,
    CampaignRow,
    CohortRow,
    ContributionRow,
    FunnelRow,
    RelationRow,
    RestatementRow,
    ViewRows,
)
from kpi_pipeline.reports.snapshot_rows import (
    AnswerRow,
    CatalogueRow,
    EfficiencyRow,
    JudgementRows,
    LineageRow,
    ObjectiveRow,
    OwnerRow,
    QualityRow,
    ScoreRow,
    SmartRow,
    SnapshotRow,
    SnapshotRows,
    SuccessFactorRow,
    ValueRow,
    WeeklyRow,
)
from kpi_pipeline.warehouse.snapshot import open_snapshot

WEEK = timedelta(weeks=1)
TREND_WEEKS = 13
# A kind of ``kpi.quality``.
CORRECTION_DUE = "correction_due"
HISTORY_WEEKS = 52

Row = TypeVar(
    "Row",
    SnapshotRow,
    WeeklyRow,
    CatalogueRow,
    ObjectiveRow,
    AnswerRow,
    SuccessFactorRow,
    SmartRow,
    ScoreRow,
    OwnerRow,
    EfficiencyRow,
    ValueRow,
    QualityRow,
    LineageRow,
    ContributionRow,
    AnomalyRow,
    RelationRow,
    RestatementRow,
    FunnelRow,
    CampaignRow,
    CohortRow,
)


def read_snapshot(path: Path, audience: Audience, week_start: date) -> SnapshotRows:
    """Read what the report of one week needs, from the audience's own snapshot file.

    Raises:
        ReportError: if the file is another audience's, lacks a table or column, or holds other weeks only.
    """
    week: dict[str, object] = {"week": week_start, "week_end": week_start + timedelta(days=6)}
    of_the_week = "(first_day is null or first_day <= $week_end) and (last_day is null or last_day >= $week)"
    this_week: dict[str, object] = {"week": week_start}
    history: dict[str, object] = {"week": week_start, "earliest": week_start - (HISTORY_WEEKS - 1) * WEEK}
    with closing(open_snapshot(path)) as connection:
        try:
            snapshot = _read(connection, SnapshotRow, "kpi.snapshot")
            _check_snapshot(path, snapshot, audience)
            weekly_table = f"kpi.weekly_{audience}"
            weekly = _read(connection, WeeklyRow, weekly_table, "week_start between $earliest and $week", history)
            if not any(row.week_start == week_start for row in weekly):
                _refuse_missing_week(connection, weekly_table, path, week_start)
            return SnapshotRows(
                snapshot=snapshot[0],
                weekly=weekly,
                catalogue=_read(connection, CatalogueRow, "kpi.catalogue"),
                objectives=_read(connection, ObjectiveRow, "kpi.objectives"),
                # An answer is about the last complete week; in the report of another week the question stands alone.
                answers=_read(connection, AnswerRow, "kpi.answers"),
                values=_read(
                    connection,
                    ValueRow,
                    "kpi.values",
                    "grain = 'week' and period_start in ($week, $before)",
                    {"week": week_start, "before": week_start - WEEK},
                ),
                quality=_read(connection, QualityRow, "kpi.quality", of_the_week, week),
                lineage=_read(connection, LineageRow, "kpi.lineage", of_the_week, week),
                contributions=_read(connection, ContributionRow, "kpi.contributions", "week_start = $week", this_week),
                anomalies=_read(connection, AnomalyRow, "kpi.anomalies", "week_start = $week", this_week),
                restatements=_read(
                    connection,
                    RestatementRow,
                    "kpi.restatements",
                    "week_start between $earliest and $week",
                    history,
                ),
                corrections_due=_read(connection, QualityRow, "kpi.quality", "kind = $kind", {"kind": CORRECTION_DUE}),
                judgements=_judgements(connection, week_start) if audience == "internal" else None,
                views=_views(connection, week_start) if audience == "internal" else None,
            )
        except duckdb.Error as error:
            raise ReportError(
                f"{path}: not a snapshot that a report can be made from; publish it again: {error}"
            ) from error


def snapshot_day(path: Path) -> date:
    """Return the day on which a snapshot was made: the days before it are complete."""
    with closing(open_snapshot(path)) as connection:
        return _read(connection, SnapshotRow, "kpi.snapshot")[0].as_of


def _read(
    connection: duckdb.DuckDBPyConnection,
    row_class: type[Row],
    table: str,
    where: str = "true",
    parameters: dict[str, object] | None = None,
) -> list[Row]:
    columns = ", ".join(field.name for field in fields(row_class))
    query = f"select distinct {columns} from {table} where {where} order by all"
    return [row_class(*row) for row in connection.execute(query, parameters or {}).fetchall()]


def _judgements(connection: duckdb.DuckDBPyConnection, week_start: date) -> JudgementRows:
    return JudgementRows(
        smart=_read(connection, SmartRow, "kpi.smart"),
        scores=_read(connection, ScoreRow, "kpi.scores"),
        owners=_read(connection, OwnerRow, "kpi.owners"),
        efficiency=_read(connection, EfficiencyRow, "kpi.efficiency", "week_start = $week", {"week": week_start}),
        success_factors=_read(connection, SuccessFactorRow, "kpi.success_factors"),
        relations=_read(connection, RelationRow, "kpi.relations"),
    )


def _views(connection: duckdb.DuckDBPyConnection, week_start: date) -> ViewRows:
    week = {"week": week_start, "before": week_start - WEEK}
    return ViewRows(
        funnel=_read_view(connection, FunnelRow, "views.funnel_week", "week_start = $week", {"week": week_start}),
        campaigns=_read_view(
            connection, CampaignRow, "views.campaign_week", "week_start in ($week, $before)", dict(week)
        ),
        cohorts=_read_view(
            connection, CohortRow, "views.cohort_triangle", "first_order_month <= $week", {"week": week_start}
        ),
    )


def _read_view(
    connection: duckdb.DuckDBPyConnection, row_class: type[Row], view: str, where: str, parameters: dict[str, object]
) -> list[Row]:
    """Read a view that is only published where a source feeds it."""
    schema, _, name = view.partition(".")
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = ? and table_name = ?", [schema, name]
    ).fetchone()
    return _read(connection, row_class, view, where, parameters) if found else []


def _check_snapshot(path: Path, found: list[SnapshotRow], audience: Audience) -> None:
    audiences = [row.audience for row in found]
    if audiences != [audience]:
        raise ReportError(f"{path}: snapshot of {audiences}, expected one of [{audience!r}]; use that audience's file")


def _refuse_missing_week(connection: duckdb.DuckDBPyConnection, table: str, path: Path, week_start: date) -> None:
    found = connection.execute(f"select min(week_start), max(week_start) from {table}").fetchone()
    if found is not None and found[0] is not None:
        raise ReportError(
            f"{path}: no row of {table} for the week of {week_start}; it holds weeks from {found[0]} to {found[1]}"
        )
