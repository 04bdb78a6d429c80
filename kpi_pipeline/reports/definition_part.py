"""What the names in the team's report mean: the appendix that they lead to.

Here: the definitions of the metrics that the report shows, and of no others. Which these are is decided in
``internal_part``.
"""

from collections.abc import Iterable

from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.internal_document import Definition
from kpi_pipeline.reports.snapshot_rows import CatalogueRow
from kpi_pipeline.wording.outside_text import MESSAGE_LIMIT, NAME_LIMIT, clean_text, isolate_number

_SIGNS = str.maketrans({"_": " ", "*": "×", "/": "÷", "-": "−"})


def definitions(shown: Iterable[CatalogueRow], edition: Edition) -> tuple[Definition, ...]:
    """Word the definitions in the order of their names, each metric once."""
    by_metric = {row.metric_id: row for row in shown}
    found = [
        Definition(
            metric_id=metric_id,
            name=edition.localized(row, "name", NAME_LIMIT),
            definition=edition.localized(row, "definition", MESSAGE_LIMIT),
            formula=_in_words(row.formula),
        )
        for metric_id, row in by_metric.items()
    ]
    return tuple(sorted(found, key=lambda each: (each.name.casefold(), each.metric_id)))


def _in_words(formula: str | None) -> str:
    """The formula with the names of its measures as words; they are English in every language."""
    return isolate_number(clean_text(formula, MESSAGE_LIMIT).translate(_SIGNS)) if formula else ""
