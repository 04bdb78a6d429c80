"""The check that no example of a template is taken for a goal of the company.

Here: every kind of entry that a template writes. What the templates say belongs to ``templates/``.
"""

from collections.abc import Iterator
from typing import Any

from kpi_pipeline.config.draft import Draft, Section
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem


def check_examples(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every unedited example, unless the whole company is one."""
    if draft.company is None or draft.company.value.is_example:
        return
    sections: tuple[Section[Any], ...] = (
        draft.owners,
        draft.criteria,
        draft.objectives,
        draft.success_factors,
        draft.questions,
        draft.kpis,
    )
    for section in sections:
        for name, entry in section.entries.items():
            if entry.value.example:
                message = Phrase('"{id}" is an unedited example', id=name)
                hint = Phrase("make it your own and remove the line example: true, or remove the entry")
                yield entry.problem("KPI016", message, "example", hint=hint)
