"""One asset per report that sends it, behind the report itself.

Here: the assets alone. They may be materialized again at any time, by hand or by automation, because the ledger of
deliveries decides who gets a copy. What is sent belongs to ``delivery``.
"""

import os
from collections import Counter
from datetime import date

import dagster as dg

from kpi_pipeline.config.report import Report
from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.defs.automation import IS_COMPLETE, report_condition
from kpi_pipeline.defs.ownership import owners_of_data
from kpi_pipeline.defs.partitions import report_weeks
from kpi_pipeline.defs.reports import report_key
from kpi_pipeline.delivery.deliver import deliver_reports, make_post
from kpi_pipeline.delivery.readiness import missing_inputs
from kpi_pipeline.errors import DeliveryError
from kpi_pipeline.pipeline import Installation

GROUP = "delivery"
NOT_HELD = "not_held_back"


def delivery_key(report_id: str) -> dg.AssetKey:
    """Return the asset that sends a report."""
    return dg.AssetKey([GROUP, report_id])


def delivery_assets(installation: Installation) -> list[dg.AssetsDefinition]:
    """Return one weekly asset per report; it fails where a copy was refused or lost, so that somebody looks."""
    reports = installation.configuration.reports
    return [_delivery_asset(report_id, report, installation) for report_id, report in sorted(reports.items())]


def _delivery_asset(report_id: str, report: Report, installation: Installation) -> dg.AssetsDefinition:
    configuration, paths = installation.configuration, installation.paths
    key = delivery_key(report_id)

    @dg.asset(
        key=key,
        deps=[report_key(report_id)],
        partitions_def=report_weeks(configuration.company),
        group_name=GROUP,
        kinds={"email"},
        owners=owners_of_data(configuration),
        tags={"audience": report.audience},
        description=f"{report.title.en}, sent to those who have not got it yet; written to the outbox instead"
        " while config/delivery.yaml does not say enabled: true.",
        automation_condition=report_condition(report_id, installation),
        check_specs=[
            dg.AssetCheckSpec(
                NOT_HELD,
                asset=key,
                description="No edition was held back because its inputs are incomplete. It goes out when they are"
                " complete.",
            )
        ],
    )
    # The decorator recognises the bare class alone, where there are checks.
    def deliver(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        week_start = date.fromisoformat(context.partition_key)
        missing = missing_inputs(configuration, paths, report_id, week_start)
        post = make_post(configuration, paths, installation.clock, Secrets(os.environ))
        delivered = deliver_reports(post, week=week_start, reports=[report_id])
        # Counts and no addresses: the orchestrator's log is read by more people than the ledger.
        counts = Counter(str(one.state) for one in delivered)
        if not all(one.is_good or one.state == "held" for one in delivered):
            listed = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
            raise DeliveryError(
                f"{report_id}: not every copy of the week of {week_start} was delivered ({listed});"
                " look at: kpi deliver --status"
            )
        return dg.MaterializeResult(
            metadata={IS_COMPLETE: not missing, **counts},
            check_results=[
                dg.AssetCheckResult(
                    check_name=NOT_HELD,
                    passed=not counts["held"],
                    severity=dg.AssetCheckSeverity.WARN,
                    description="\n".join(missing) or None,
                )
            ],
        )

    return deliver
