"""The daily job and the weekly job.

Here: what belongs to a job. When jobs are started belongs to ``schedules``, ``dropped_files`` and ``automation``;
assets do not belong here.
"""

import dagster as dg

from kpi_pipeline.warehouse.run_lock import LONGEST_RUN

DAILY, WEEKLY = "daily", "weekly_reports"
GROUPS_OF_A_DAY = ("raw", "staging", "core", "measures", "views", "kpi", "published")
# Said with each run too, for installations whose settings are older than this limit.
LIMIT = {"dagster/max_runtime": str(int(LONGEST_RUN.total_seconds()))}


def daily_job() -> "dg.UnresolvedAssetJobDefinition":
    """Return the job that takes what arrived and publishes."""
    return dg.define_asset_job(
        DAILY,
        selection=dg.AssetSelection.groups(*GROUPS_OF_A_DAY),
        tags=LIMIT,
        description="Take what arrived into custody, bring all tables and KPIs up to date, publish both snapshots.",
    )


def weekly_job() -> "dg.UnresolvedAssetJobDefinition":
    """Return the job that writes the weekly reports from the published snapshots and delivers them."""
    return dg.define_asset_job(
        WEEKLY,
        selection=dg.AssetSelection.groups("reports", "delivery"),
        tags=LIMIT,
        description="Write both reports of a week from the current snapshots, and deliver them.",
    )
