"""One asset per weekly report, partitioned by the company's week.

Here: the assets alone. What a report says belongs to ``reports``.
"""

import os
from datetime import date

import dagster as dg

from kpi_pipeline.calendar.clock import SystemClock
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.report import Report
from kpi_pipeline.defs.partitions import report_weeks
from kpi_pipeline.defs.tables import published_key
from kpi_pipeline.reports.issue import issue_weekly_report, report_name


def report_key(report_id: str) -> dg.AssetKey:
    """Return the asset of a report."""
    return dg.AssetKey(["reports", report_id])


def report_assets(configuration: Configuration) -> list[dg.AssetsDefinition]:
    """Return one weekly asset per report in the configuration."""
    return [
        _report_asset(report_id, report, configuration) for report_id, report in sorted(configuration.reports.items())
    ]


def _report_asset(report_id: str, report: Report, configuration: Configuration) -> dg.AssetsDefinition:
    chosen = report.chosen(configuration.kpis)

    @dg.asset(
        key=report_key(report_id),
        deps=[published_key(report.audience)],
        partitions_def=report_weeks(configuration.company),
        group_name="reports",
        kinds={"html"},
        description=f"{report.title.en}, in {', '.join(report.languages)}: made from the published {report.audience} "
        "file and nothing else.",
    )
    def issue(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        paths = Paths.from_environment(os.environ)
        pages = [
            issue_weekly_report(
                paths,
                SystemClock(),
                audience=report.audience,
                week_start=date.fromisoformat(context.partition_key),
                language=language,
                kpis=chosen,
                name=report_name(report_id, chosen),
            )
            for language in report.languages
        ]
        return dg.MaterializeResult(
            metadata={page.stem.rpartition(".")[2]: dg.MetadataValue.path(str(page)) for page in pages}
        )

    return issue
