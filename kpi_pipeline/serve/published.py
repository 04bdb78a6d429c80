"""What the pages read from a published snapshot beside that which reports read.

Here: the queries on one audience's current file, which is found anew for every page, so that a page shows one snapshot
and the next page the newest. Wording belongs to the pages; what a week's report holds is read by ``reports``.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from kpi_pipeline.config.model import Direction, Unit
from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import ReportError
from kpi_pipeline.reports.snapshot_reading import read_snapshot
from kpi_pipeline.reports.snapshot_rows import LineageRow, QualityRow, SnapshotRow, SnapshotRows
from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot
from kpi_pipeline.wording.numbers import Number

Row = TypeVar("Row")
Parameters = Mapping[str, object]

# In the executives' file, what names something internal is empty.
LINEAGE_COLUMNS = (
    "coalesce(source, ''), batch_id, coalesce(file_name, ''), exported_at, first_day, last_day, rows_loaded"
)
IN_WEEK = (
    "(first_day is null or first_day <= $week + 6) and (last_day is null or last_day >= $week)"
    " and metric_id = $metric_id"
)


@dataclass(frozen=True)
class MetricRow:
    """One metric's definition, with the commitment to it where there is one."""

    metric_id: str
    kpi_id: str | None
    name_en: str
    name_fa: str
    definition_en: str | None
    definition_fa: str | None
    formula: str | None
    sql: str | None
    unit: Unit
    direction: Direction
    decimals: int
    reference: str | None
    sources: str | None
    missing_parts: str | None
    objective_chain: str | None
    question_en: str | None
    question_fa: str | None
    owner_name_en: str | None
    owner_name_fa: str | None


@dataclass(frozen=True)
class WeekOfMetric:
    """One metric in one week."""

    period_start: date
    value: Number | None
    null_reason: str | None
    status: str


@dataclass(frozen=True)
class ReportedRow:
    """What was published of one KPI and week at one time."""

    published_at: datetime
    value: Number | None
    null_reason: str | None
    status: str
    data_age_days: int | None
    snapshot_id: str


@dataclass(frozen=True)
class SourceRow:
    """What has arrived of one source, over all days."""

    source: str
    files: int
    newest_export: datetime | None
    first_day: date | None
    last_day: date | None
    rows_loaded: int


@dataclass(frozen=True)
class Published:
    """The current snapshot of one audience.

    Attributes:
        path: its file, which never changes.
    """

    path: Path
    audience: Audience

    @classmethod
    def current(cls, folder: Path, audience: Audience) -> "Published":
        """Find the current snapshot.

        Raises:
            PublishError: if nothing was published for this audience.
        """
        return cls(current_snapshot(folder, audience), audience)

    def snapshot(self) -> SnapshotRow:
        """Return what the file says about itself.

        Raises:
            ReportError: if the file is another audience's.
        """
        found = self._read(SnapshotRow, "kpi.snapshot")
        if len(found) != 1 or found[0].audience != self.audience:
            raise ReportError(f"{self.path}: not a snapshot for {self.audience} readers; publish it again: kpi run")
        return found[0]

    def weeks(self) -> list[date]:
        """Return the first days of all weeks, the newest first."""
        return [day for (day,) in self._rows(f"select distinct week_start from kpi.weekly_{self.audience}")][::-1]

    def kpi_weeks(self, kpi_id: str) -> list[date]:
        """Return the first days of a KPI's weeks, the newest first."""
        query = f"select distinct week_start from kpi.weekly_{self.audience} where kpi_id = $kpi_id"
        return [day for (day,) in self._rows(query, {"kpi_id": kpi_id})][::-1]

    def week_rows(self, week: date) -> SnapshotRows:
        """Return what the report of a week is made from."""
        return _week_rows(self.path, self.audience, week)

    def metrics(self) -> list[MetricRow]:
        """Return all metrics that these readers may know, one row for each KPI of a metric."""
        return self._read(MetricRow, "kpi.catalogue")

    def metric_weeks(self, metric_id: str) -> list[WeekOfMetric]:
        """Return a metric's weekly values, the newest first."""
        condition = "metric_id = $metric_id and grain = 'week' and dimension = 'total'"
        return self._read(WeekOfMetric, "kpi.values", condition, {"metric_id": metric_id})[::-1]

    def reported(self, kpi_id: str, week: date) -> list[ReportedRow]:
        """Return what was published of a KPI's week, the newest first."""
        condition = "kpi_id = $kpi_id and week_start = $week"
        return self._read(ReportedRow, "kpi.reported", condition, {"kpi_id": kpi_id, "week": week})[::-1]

    def lineage(self, metric_id: str, week: date) -> list[LineageRow]:
        """Return the files that stand behind a metric's week."""
        query = f"select distinct {LINEAGE_COLUMNS} from kpi.lineage where {IN_WEEK}"
        return [LineageRow(*row) for row in self._rows(query, {"metric_id": metric_id, "week": week})]

    def quality(self, metric_id: str | None = None, week: date | None = None) -> list[QualityRow]:
        """Return what is to be known about the data: of a metric's week, or everything."""
        if metric_id is None or week is None:
            return self._read(QualityRow, "kpi.quality")
        return self._read(QualityRow, "kpi.quality", IN_WEEK, {"metric_id": metric_id, "week": week})

    def sources(self) -> list[SourceRow]:
        """Sum up by source what has arrived; a file that feeds several metrics counts once."""
        files = (
            "select coalesce(source, '') as source, batch_id, max(exported_at) as exported_at,"
            " min(first_day) as first_day, max(last_day) as last_day, max(rows_loaded) as rows_loaded"
            " from kpi.lineage group by all"
        )
        query = (
            "select source, count(*), max(exported_at), min(first_day), max(last_day),"
            f" cast(sum(rows_loaded) as bigint) from ({files}) as files group by source"
        )
        return [SourceRow(*row) for row in self._rows(query)]

    def _read(
        self, row_class: type[Row], table: str, where: str = "true", parameters: Parameters | None = None
    ) -> list[Row]:
        columns = ", ".join(field.name for field in fields(row_class))  # type: ignore[arg-type]
        return [
            row_class(*row)
            for row in self._rows(f"select distinct {columns} from {table} where {where}", parameters or {})
        ]

    def _rows(self, query: str, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
        return _rows_of(self.path, query, tuple((parameters or {}).items()))


# Opening a file takes longer than most queries on it, and a published file never changes.
@lru_cache(maxsize=64)
def _rows_of(path: Path, query: str, parameters: tuple[tuple[str, object], ...]) -> list[tuple[Any, ...]]:
    with closing(open_snapshot(path)) as connection:
        try:
            return connection.execute(f"{query} order by all", dict(parameters)).fetchall()
        except duckdb.Error as error:
            raise ReportError(
                f"{path}: not a snapshot that pages can be made from; publish it again: {error}"
            ) from error


@lru_cache(maxsize=8)
def _week_rows(path: Path, audience: Audience, week: date) -> SnapshotRows:
    return read_snapshot(path, audience, week)
