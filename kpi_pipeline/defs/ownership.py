"""Whose the assets are, as the UI shows it.

Here: from the configuration's owners to the orchestrator's. Who is accountable for a KPI stands in ``config/kpis``.
"""

from collections.abc import Iterable

from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.report import Report
from kpi_pipeline.delivery.team import owners

DATA_TEAM = "team:data"


def owners_of_data(configuration: Configuration) -> list[str]:
    """Return who looks after sources, tables and published files: those who are told when a report is held back."""
    return sorted({one.address for one in owners(configuration.delivery, configuration.reports)}) or [DATA_TEAM]


def owners_of_kpis(configuration: Configuration, kpi_ids: Iterable[str] | None = None) -> list[str]:
    """Return who is accountable for KPIs, all of them when none are named; the data team where there are none."""
    kpis = configuration.kpis
    chosen = [kpis[kpi_id].who for kpi_id in (kpis if kpi_ids is None else kpi_ids)]
    return sorted({f"team:{who.accountable}" for who in chosen if who is not None}) or [DATA_TEAM]


def owners_of_report(configuration: Configuration, report: Report) -> list[str]:
    """Return who is accountable for the KPIs that a report is limited to, or for all."""
    return owners_of_kpis(configuration, report.chosen(configuration.kpis))
