"""What makes a metric a KPI: the parts of a commitment.

Here: which parts are missing. A KPI with a missing part is shown as a metric, with the list of what is missing. Whether
the parts that are there make sense belongs to ``kpi_checks``.
"""

from kpi_pipeline.config.kpi import Kpi

PARTS = (
    "objective",
    "success_factor",
    "criterion",
    "answers",
    "why",
    "what",
    "who",
    "where",
    "when",
    "how",
    "target",
    "review",
    "impact",
    "actions",
    "quality",
)


def missing_parts(kpi: Kpi) -> tuple[str, ...]:
    """Return the fields that keep a commitment from being one, in the order of the file format."""
    return tuple(part for part in PARTS if not getattr(kpi, part))
