"""The check of special weeks: an event ends on the day on which it starts, or later.

Here: what one event must keep. The model stands in ``events``.
"""

from collections.abc import Iterator

from kpi_pipeline.config.draft import Draft
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem


def check_events(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for each occurrence of an event that ends before it starts."""
    for name, entry in draft.events.entries.items():
        for position, span in enumerate(entry.value.days):
            if span.last_day < span.first_day:
                message = Phrase(
                    'event "{event}" ends on {last}, before it starts on {first}',
                    event=name,
                    last=span.last_day,
                    first=span.first_day,
                )
                hint = Phrase("exchange the two days, or correct the year")
                yield entry.problem("CFG049", message, "days", position, "last_day", hint=hint)
