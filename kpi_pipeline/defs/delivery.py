"""The asset that sends the weekly reports, behind the reports themselves.

Here: the asset alone. It may be materialized again at any time, by hand or by a retry, because the ledger of deliveries
decides who gets a copy. What is sent belongs to ``delivery``.
"""

import os
from collections import Counter
from datetime import date

import dagster as dg

from kpi_pipeline.calendar.clock import SystemClock
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.defs.partitions import report_weeks
from kpi_pipeline.defs.reports import report_key
from kpi_pipeline.delivery.deliver import deliver_reports, make_post
from kpi_pipeline.errors import DeliveryError

GROUP = "delivery"


def delivery_asset(configuration: Configuration) -> dg.AssetsDefinition:
    """Return the asset; it fails where a copy was held back, refused or lost, so that somebody looks."""

    @dg.asset(
        key=dg.AssetKey([GROUP, "weekly_reports"]),
        deps=[report_key(report_id) for report_id in sorted(configuration.reports)],
        partitions_def=report_weeks(configuration.company),
        group_name=GROUP,
        kinds={"email"},
        description="The reports of a week, sent to those who have not got them yet; written to the outbox instead"
        " while config/delivery.yaml does not say enabled: true.",
    )
    def weekly_reports(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        post = make_post(configuration, Paths.from_environment(os.environ), SystemClock(), Secrets(os.environ))
        delivered = deliver_reports(post, week=date.fromisoformat(context.partition_key))
        # Counts and no addresses: the orchestrator's log is read by more people than the ledger.
        counts = Counter(str(one.state) for one in delivered)
        if not all(one.is_good for one in delivered):
            listed = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
            raise DeliveryError(
                f"not every copy of the week of {context.partition_key} was delivered ({listed});"
                " look at: kpi deliver --status"
            )
        return dg.MaterializeResult(metadata=dict(counts))

    return weekly_reports
