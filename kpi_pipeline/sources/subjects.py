"""The canonical subjects: what a source can deliver, whatever system it comes from.

Here: the list of all of them, one raw table each. Add a subject to a module of ``canonical`` when a new kind of data
arrives. How a system's file becomes these columns belongs to ``systems``; what is derived from them to ``sql/``.
"""

from kpi_pipeline.sources.canonical import advertising, finance, outside, reach, relations, sales, web
from kpi_pipeline.sources.canonical.subject import LINEAGE_COLUMNS as LINEAGE_COLUMNS
from kpi_pipeline.sources.canonical.subject import MONEY as MONEY
from kpi_pipeline.sources.canonical.subject import Subject as Subject

SUBJECTS: dict[str, Subject] = {
    subject.name: subject
    for subject in (
        *advertising.SUBJECTS,
        *web.SUBJECTS,
        *sales.SUBJECTS,
        *relations.SUBJECTS,
        *reach.SUBJECTS,
        *finance.SUBJECTS,
        *outside.SUBJECTS,
    )
}
