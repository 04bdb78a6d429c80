"""What all parts of one report share: its language, its week and how amounts are shown.

Here: these facts, and the wording that several parts need. What only one part says does not belong here.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from kpi_pipeline.config.model import Unit
from kpi_pipeline.config.report import Audience
from kpi_pipeline.reports.snapshot_rows import TextRow
from kpi_pipeline.wording.dates import format_day, format_days
from kpi_pipeline.wording.language import Language
from kpi_pipeline.wording.numbers import NumberStyle
from kpi_pipeline.wording.outside_text import clean_text

# What leaves a hole in the inputs; other kinds of quality rows only remark on them.
INCOMPLETE_KINDS = frozenset({"missing_days", "late_source", "failed_source", "quarantined_file"})


@dataclass(frozen=True)
class Edition:
    """One report: readers, language, week and the snapshot that it is made from.

    Attributes:
        as_of: the day on which the snapshot was made; only days before it are complete.
        money: what amounts are shown in, see ``NumberStyle``.
    """

    audience: Audience
    language: Language
    week_start: date
    as_of: date
    money: str

    @property
    def week_end(self) -> date:
        """The last day of the week."""
        return self.week_start + timedelta(days=6)

    @property
    def week_before(self) -> date:
        """The first day of the week before."""
        return self.week_start - timedelta(weeks=1)

    @staticmethod
    def last_day_of(week_start: date) -> date:
        """The last day of any week."""
        return week_start + timedelta(days=6)

    @property
    def week_is_over(self) -> bool:
        """Whether every day of the week was complete when the snapshot was made."""
        return self.week_end < self.as_of

    @property
    def data_until(self) -> str:
        """The last complete day."""
        return format_day(self.as_of - timedelta(days=1), self.language)

    def number_style(self, unit: Unit, decimals: int) -> NumberStyle:
        """Return how numbers of a metric are written."""
        return NumberStyle(self.language, unit, decimals, self.money)

    def localized(self, row: TextRow, field: str, limit: int = 300) -> str:
        """Return a row's text in the report's language, in English where it has none, empty where there is neither."""
        text = getattr(row, f"{field}_{self.language.code}", None) or getattr(row, f"{field}_en")
        return clean_text(str(text), limit) if text else ""

    def reason(self, null_reason: str | None) -> str:
        """Say why there is no value."""
        return self.language.known_text("reason", null_reason or "no_row", clean_text(null_reason or ""))

    def days(self, first: date | None, last: date | None) -> str:
        """Write a range of days of which an end may be unknown."""
        known = [day for day in (first, last) if day is not None]
        return format_days(known[0], known[-1], self.language) if known else ""
