"""What the UI shows of the KPIs: a curve for each, and a small table of the last complete week.

Here: which numbers become metadata. Numbers in a table of the team's are the team's: nothing here is shown to
executives.
"""

import math
from datetime import date

from kpi_pipeline.defs.metadata import Metadata, table
from kpi_pipeline.pipeline import Run

TABLE = "kpi.weekly_internal"


def kpi_metadata(run: Run, as_of: date) -> Metadata:
    """Return the values of the last complete week: as numbers, of which the UI draws curves, and as a table."""
    configuration = run.installation.configuration
    week_start = configuration.calendar.last_complete_week(as_of).start
    rows = run.engine.read(
        f"select kpi_id, unit, value, change, status, pace_status, null_reason from {TABLE}"
        " where week_start = $week_start order by kpi_id",
        {"week_start": week_start},
    ).to_pylist()
    values = {row["kpi_id"]: float(row["value"]) for row in rows if _is_number(row["value"])}
    decimals = {kpi_id: configuration.metrics[kpi.metric].decimals for kpi_id, kpi in configuration.kpis.items()}
    lines = [
        (
            row["kpi_id"],
            f"{row['value']:,.{decimals[row['kpi_id']]}f}" if _is_number(row["value"]) else row["null_reason"],
            f"{row['change']:+,.{decimals[row['kpi_id']]}f}" if _is_number(row["change"]) else "",
            row["unit"],
            row["status"],
            row["pace_status"],
        )
        for row in rows
    ]
    return {
        "week": week_start.isoformat(),
        "dagster/row_count": len(rows),
        "values": table(("KPI", "value", "change", "unit", "data", "pace"), lines, "no KPI has a value for this week"),
        **values,
    }


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
