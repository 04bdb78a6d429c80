"""Which metrics tell whether an objective is reached.

Here: the binding of objectives to metrics. Whether a bound metric has enough data belongs to ``analysis``.
"""

from collections.abc import Mapping

from kpi_pipeline.config.goals import SuccessFactor
from kpi_pipeline.config.kpi import Kpi


def bound_metrics(
    objective_id: str, success_factors: Mapping[str, SuccessFactor], kpis: Mapping[str, Kpi]
) -> tuple[str, ...]:
    """Return the metrics of the KPIs that serve an objective and of its success factors, each once."""
    serving = [kpi.metric for kpi in kpis.values() if kpi.objective == objective_id and kpi.status != "retired"]
    measuring = [
        kpis[name].metric if name in kpis else name
        for factor in success_factors.values()
        if factor.objective == objective_id
        for name in factor.measured_by
    ]
    return tuple(dict.fromkeys((*serving, *measuring)))
