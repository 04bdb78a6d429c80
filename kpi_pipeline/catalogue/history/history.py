"""What was said of one week, at any time, and why something else is said now.

Here: reading a published snapshot and the custody ledger, and adding up the causes over several steps. How it looks
belongs to ``console.history``; causes are found when a value is published, in ``restatement_finding``.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb

from kpi_pipeline.catalogue.history.parts_reading import days_behind
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import QueryError
from kpi_pipeline.sources.custody.arrival import Arrival

WEEK_END = timedelta(days=6)
# Until its week is over, a value does not change for any other reason than that days are still to come.
OPEN_WEEK = "open_week"


@dataclass(frozen=True)
class Said:
    """One value as it was published.

    Attributes:
        day: the day of the run.
        data_age_days: days from the end of the week to that day.
    """

    day: date
    published_at: datetime
    snapshot_id: str
    value: float | None
    null_reason: str | None
    status: str
    data_age_days: int

    @property
    def is_open(self) -> bool:
        """Whether days that count were still to come."""
        return self.data_age_days < 1 or self.null_reason == "immature_cohort"


@dataclass(frozen=True)
class Reason:
    """What one cause accounts for, over all steps since.

    Attributes:
        cause: as in ``kpi.restatements``, or ``OPEN_WEEK``.
        effect: None where a value came or went.
        findings: what was found at each step, in English.
    """

    cause: str
    effect: float | None
    findings: tuple[str, ...]


@dataclass(frozen=True)
class ArrivedFile:
    """A file that came in between."""

    arrived_at: datetime
    source: str
    file_name: str
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True)
class History:
    """One week of one KPI.

    Attributes:
        asked: the day asked for.
        then: what was said on that day.
        now: what is said now.
        said: everything that was ever said, oldest first.
        reasons: why ``now`` differs from ``then``; their effects add up to the difference.
        files: of the sources behind the KPI, with any day that reaches the week.
    """

    kpi_id: str
    audience: Audience
    week_start: date
    week_end: date
    asked: date
    then: Said
    now: Said
    said: tuple[Said, ...]
    reasons: tuple[Reason, ...]
    files: tuple[ArrivedFile, ...]

    @property
    def difference(self) -> float | None:
        """How far the value moved; None where one of them is none."""
        if self.then.value is None or self.now.value is None:
            return None
        return self.now.value - self.then.value


def read_history(
    connection: duckdb.DuckDBPyConnection,
    arrivals: Iterable[Arrival],
    plan: MetricPlan,
    *,
    kpi_id: str,
    audience: Audience,
    week: date,
    on: date | None,
) -> History:
    """Read what was said of a week.

    Args:
        connection: the audience's snapshot.
        arrivals: everything that ever arrived.
        plan: of the KPI's metric.
        kpi_id: the KPI.
        audience: for whom it was said.
        week: any day of the week.
        on: what was said on this day; when absent, what was said first once the week was over.

    Raises:
        QueryError: if nothing was said of the week, or not by that day.
    """
    said = _said(connection, kpi_id, audience, week)
    if not said:
        raise QueryError(f"nothing was published of {kpi_id} for the week with {week}; see: kpi explain {kpi_id}")
    week_start = said[0][0]
    values = tuple(value for _, value in said)
    then = _then(values, on)
    now = values[-1]
    rows = connection.execute(
        "select to_snapshot, to_published_at, cause, effect, finding_en from kpi.restatements"
        " where kpi_id = ? and audience = ? and week_start = ? order by to_published_at, cause",
        [kpi_id, audience, week_start],
    ).fetchall()
    sources = connection.execute("select distinct source from kpi.lineage where metric_id = ?", [plan.metric_id])
    return History(
        kpi_id=kpi_id,
        audience=audience,
        week_start=week_start,
        week_end=week_start + WEEK_END,
        asked=on or then.day,
        then=then,
        now=now,
        said=values,
        reasons=tuple(_reasons(values[values.index(then) :], rows)),
        files=tuple(_files(arrivals, {name for (name,) in sources.fetchall()}, plan, week_start, then, now)),
    )


def _said(
    connection: duckdb.DuckDBPyConnection, kpi_id: str, audience: Audience, week: date
) -> list[tuple[date, Said]]:
    rows = connection.execute(
        "select week_start, published_at, snapshot_id, value, null_reason, status, data_age_days from kpi.reported"
        " where kpi_id = ? and audience = ? and ? between week_start and week_start + 6 order by published_at",
        [kpi_id, audience, week],
    ).fetchall()
    return [(start, Said(start + WEEK_END + timedelta(days=facts[-1]), *facts)) for start, *facts in rows]


def _then(said: Sequence[Said], on: date | None) -> Said:
    if on is None:
        return next((value for value in said if not value.is_open), said[0])
    until = [value for value in said if value.day <= on]
    if not until:
        raise QueryError(f"until {on} nothing had been said of this week; the first time was on {said[0].day}")
    return until[-1]


def _reasons(said: Sequence[Said], rows: Sequence[tuple[str, datetime, str, float | None, str]]) -> Iterator[Reason]:
    effects: dict[str, list[float | None]] = {}
    findings: dict[str, list[str]] = {}
    for before, after in itertools.pairwise(said):
        step = [row for row in rows if (row[0], row[1]) == (after.snapshot_id, after.published_at)]
        if before.value == after.value:
            continue
        if not step:
            change = None if before.value is None or after.value is None else after.value - before.value
            effects.setdefault(OPEN_WEEK if before.is_open else "unknown", []).append(change)
        for _, _, cause, effect, finding in step:
            effects.setdefault(cause, []).append(effect)
            findings.setdefault(cause, []).append(finding)
    for cause, found in effects.items():
        known = [effect for effect in found if effect is not None]
        total = math.fsum(known) if len(known) == len(found) else None
        yield Reason(cause, total, tuple(findings.get(cause, ())))


def _files(
    arrivals: Iterable[Arrival], sources: set[str], plan: MetricPlan, week_start: date, then: Said, now: Said
) -> Iterator[ArrivedFile]:
    reach = [days_behind(plan, each, week_start) for each in plan.inputs]
    first, last = min(days[0] for days in reach), max(days[1] for days in reach)
    for arrival in arrivals:
        file, contents = arrival.file, arrival.contents
        at = file.arrived_at.astimezone(UTC).replace(tzinfo=None)
        if file.source not in sources or contents is None or not then.published_at < at <= now.published_at:
            continue
        if contents.first_day is None or contents.last_day is None:
            yield ArrivedFile(at, file.source, file.file_name, None, None)
        elif contents.first_day <= last and contents.last_day >= first:
            yield ArrivedFile(at, file.source, file.file_name, contents.first_day, contents.last_day)
