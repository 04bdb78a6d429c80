"""Comparing a week that may still change with the week before as that was known at the same age.

Here: finding in the publication ledger what was said of the week before when it was as old, so that data which arrives
late is missing on both sides. The ordinary comparison belongs to ``weekly``.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.history.reported_value import ReportedValue
from kpi_pipeline.catalogue.history.restatement import Place
from kpi_pipeline.catalogue.metrics.weeks import ONE_WEEK
from kpi_pipeline.catalogue.tables.row_tables import Row, Value


@dataclass(frozen=True)
class SameAge:
    """What was published of every week, and when.

    Attributes:
        told: place → everything that was published there, oldest first.
        meanings: KPI → the hash of its definition now.
    """

    told: Mapping[Place, list[ReportedValue]]
    audiences: Audiences
    meanings: Mapping[str, str]
    as_of: date

    @classmethod
    def of(
        cls, values: Iterable[ReportedValue], audiences: Audiences, meanings: Mapping[str, str], as_of: date
    ) -> "SameAge":
        """Sort what was published by its place."""
        told: dict[Place, list[ReportedValue]] = defaultdict(list)
        for value in values:
            told[value.place].append(value)
        return cls(told, audiences, meanings, as_of)

    def columns(self, row: Row) -> dict[str, Value]:
        """Return the columns that a row of the weekly table has by its age; NULL where nothing can be compared.

        A week that is final, or that is compared with none, needs no such comparison.
        """
        age = (self.as_of - cast(date, row["week_end"])).days
        before = self._before(row, age) if row["status"] == "provisional" else None
        value = cast(float | None, row["value"])
        return {
            "data_age_days": age,
            "previous_value_at_same_age": before,
            "change_at_same_age": None if value is None or before is None else value - before,
        }

    def _before(self, row: Row, age: int) -> float | None:
        if row["previous_value"] is None:
            return None
        kpi_id = cast(str, row["kpi_id"])
        place = (kpi_id, cast(date, row["week_start"]) - ONE_WEEK, self.audiences.of_kpi[kpi_id])
        # A value stands until another one is published: what was said at that age may have been said earlier.
        until_then = [one for one in self.told.get(place, ()) if one.data_age_days <= age]
        if not until_then:
            return None
        last = until_then[-1]
        is_comparable = not last.is_open and last.status != "partial"
        return last.value if is_comparable and last.definition_hash == self.meanings[kpi_id] else None
