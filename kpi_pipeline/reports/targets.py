"""How what a KPI is to reach is written: one value, or a band to stay in.

Here: the text alone. Where the KPI stands on its way belongs to ``scorecard``.
"""

from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.snapshot_rows import WeeklyRow
from kpi_pipeline.wording.numbers import NumberStyle, format_value


def target_text(row: WeeklyRow, style: NumberStyle, edition: Edition) -> str:
    """Return the target; empty where there is none."""
    if row.target_low is not None and row.target_high is not None:
        low, high = format_value(row.target_low, style), format_value(row.target_high, style)
        return edition.language.text("target.band", low=low, high=high)
    return "" if row.target is None else format_value(row.target, style)
