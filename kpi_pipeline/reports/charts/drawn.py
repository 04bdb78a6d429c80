"""From a chart as the frozen report holds it to its picture.

Here: which drawing belongs to which kind of chart. A new kind is entered in ``DRAWINGS``.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from markupsafe import Markup
from pydantic import TypeAdapter

from kpi_pipeline.reports.chart_models import HeatMap, IntervalPlot, LineChart, ProgressBar, Trend, Waterfall
from kpi_pipeline.reports.charts.heat_map import heat_map
from kpi_pipeline.reports.charts.intervals import interval_plot
from kpi_pipeline.reports.charts.line import line_chart
from kpi_pipeline.reports.charts.progress import progress_bar
from kpi_pipeline.reports.charts.sparkline import sparkline
from kpi_pipeline.reports.charts.waterfall import waterfall

DRAWINGS: dict[str, tuple[type, Callable[..., Markup]]] = {
    "line": (LineChart, line_chart),
    "waterfall": (Waterfall, waterfall),
    "progress": (ProgressBar, progress_bar),
    "heat_map": (HeatMap, heat_map),
    "intervals": (IntervalPlot, interval_plot),
}


def drawn(kind: str, frozen: dict[str, Any], *, is_right_to_left: bool) -> Markup:
    """Draw a chart of the frozen report.

    Args:
        kind: one of ``DRAWINGS``, or ``trend``.
        frozen: the chart's fields as JSON holds them.
        is_right_to_left: where reading begins.
    """
    if kind == "trend":
        return sparkline(_adapter(Trend).validate_python(frozen))
    model, draw = DRAWINGS[kind]
    return draw(_adapter(model).validate_python(frozen), is_right_to_left=is_right_to_left)


@cache
def _adapter(model: type) -> TypeAdapter[Any]:
    return TypeAdapter(model)
