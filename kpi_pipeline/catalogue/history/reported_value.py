"""One value as it was published.

Here: the value, and reading it from a row of the publication ledger. Which values are published is decided in
``refresh``.
"""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from kpi_pipeline.catalogue.history.restatement import Place
from kpi_pipeline.config.report import Audience


@dataclass(frozen=True)
class ReportedValue:
    """One value as it was published.

    Attributes:
        audience: whom it was published for.
        published_at: in UTC, without time zone.
        definition_hash: what the number meant then.
        data_age_days: days from the end of the week to the day of the run.
    """

    kpi_id: str
    week_start: date
    audience: Audience
    value: float | None
    null_reason: str | None
    status: str
    snapshot_id: str
    published_at: datetime
    definition_hash: str
    data_age_days: int

    @property
    def place(self) -> Place:
        """What the value is about."""
        return self.kpi_id, self.week_start, self.audience

    @property
    def content(self) -> tuple[float | None, str | None, str, str, bool]:
        """What it says; a value that says the same again is no news, except that its week is over now."""
        return self.value, self.null_reason, self.status, self.definition_hash, self.is_open

    @property
    def is_open(self) -> bool:
        """Whether days that count were still to come: such a value is not restated, it goes on."""
        return self.data_age_days < 1 or self.null_reason == "immature_cohort"


@dataclass(frozen=True)
class Standing:
    """The value that was last published in a place, and by which publication."""

    publication: int
    value: ReportedValue


COLUMNS = tuple(field.name for field in fields(ReportedValue))


def read_value(row: tuple[Any, ...]) -> ReportedValue:
    """Return the value that a row with ``COLUMNS`` holds."""
    kpi_id, week_start, audience, value, null_reason, status, snapshot_id, published_at, definition_hash, age = row
    return ReportedValue(
        kpi_id=kpi_id,
        week_start=date.fromisoformat(week_start),
        audience=audience,
        value=value,
        null_reason=null_reason,
        status=status,
        snapshot_id=snapshot_id,
        published_at=datetime.fromisoformat(published_at),
        definition_hash=definition_hash,
        data_age_days=age,
    )
