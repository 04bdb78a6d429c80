"""The model of ``config/events.yaml``: weeks that are special for a reason everybody knows, such as feasts and sales.

Here: what is said about one event. What follows from it, for alarms and for the relation to the objective, belongs to
``analysis``; a change of what a figure means is said in ``breaks.yaml``.
"""

from datetime import date

from pydantic import Field

from kpi_pipeline.config.model import Model, Sentence, Text


class Span(Model):
    """One occurrence, with its first and its last day."""

    first_day: date
    last_day: date


class Event(Model):
    """Something outside the company's doing that moves its figures for some days.

    Attributes:
        days: every occurrence; feasts that move are written out year by year.
        source: where the days are known from.
    """

    name: Text
    days: tuple[Span, ...] = Field(min_length=1)
    source: Sentence | None = None

    def touches(self, first_day: date, last_day: date) -> bool:
        """Tell whether any day of the period belongs to it."""
        return any(span.first_day <= last_day and span.last_day >= first_day for span in self.days)
