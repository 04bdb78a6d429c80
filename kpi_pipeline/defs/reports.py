"""One asset per weekly report, partitioned by the company's week.

Here: the assets alone. What a report says belongs to ``reports``, when it is made to ``automation``.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import dagster as dg

from kpi_pipeline.config.report import Report
from kpi_pipeline.defs.automation import IS_COMPLETE, report_condition
from kpi_pipeline.defs.metadata import Metadata
from kpi_pipeline.defs.ownership import owners_of_report
from kpi_pipeline.defs.partitions import report_weeks
from kpi_pipeline.defs.tables import published_key
from kpi_pipeline.delivery.readiness import missing_inputs
from kpi_pipeline.pipeline import Installation
from kpi_pipeline.reports.issue import issue_weekly_report, report_name


def report_key(report_id: str) -> dg.AssetKey:
    """Return the asset of a report."""
    return dg.AssetKey(["reports", report_id])


def report_assets(installation: Installation) -> list[dg.AssetsDefinition]:
    """Return one weekly asset per report in the configuration."""
    reports = installation.configuration.reports
    return [_report_asset(report_id, report, installation) for report_id, report in sorted(reports.items())]


def _report_asset(report_id: str, report: Report, installation: Installation) -> dg.AssetsDefinition:
    configuration, paths = installation.configuration, installation.paths
    chosen = report.chosen(configuration.kpis)
    key = report_key(report_id)

    @dg.asset(
        key=key,
        deps=[published_key(report.audience)],
        partitions_def=report_weeks(configuration.company),
        group_name="reports",
        kinds={"html"},
        owners=owners_of_report(configuration, report),
        tags={"audience": report.audience},
        description=f"{report.title.en}, in {', '.join(report.languages)}: made from the published {report.audience} "
        "file and nothing else.",
        automation_condition=report_condition(report_id, installation),
        check_specs=[
            dg.AssetCheckSpec(
                IS_COMPLETE, asset=key, description="Everything that the week's report is made from had arrived."
            )
        ],
    )
    # The decorator recognises the bare class alone, where there are checks.
    def issue(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        week_start = date.fromisoformat(context.partition_key)
        missing = missing_inputs(configuration, paths, report_id, week_start)
        pages = [
            issue_weekly_report(
                paths,
                installation.clock,
                audience=report.audience,
                week_start=week_start,
                language=language,
                kpis=chosen,
                name=report_name(report_id, chosen),
            )
            for language in report.languages
        ]
        return dg.MaterializeResult(
            metadata={IS_COMPLETE: not missing, **_links(installation, report, pages)},
            check_results=[
                dg.AssetCheckResult(
                    check_name=IS_COMPLETE,
                    passed=not missing,
                    severity=dg.AssetCheckSeverity.WARN,
                    description="\n".join(missing) or None,
                )
            ],
        )

    return issue


def _links(installation: Installation, report: Report, pages: Sequence[Path]) -> Metadata:
    links: Metadata = {page.stem.rpartition(".")[2]: dg.MetadataValue.path(str(page)) for page in pages}
    archive = f"{report.audience}/index.html"
    if (url := installation.configuration.delivery.archive_url) is not None:
        links["archive"] = dg.MetadataValue.url(f"{url.rstrip('/')}/{archive}")
    else:
        links["archive"] = dg.MetadataValue.path(str(installation.paths.site / archive))
    return links
