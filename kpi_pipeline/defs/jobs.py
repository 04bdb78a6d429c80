"""The daily job, the weekly job, and when they run.

Here: what belongs to a job and its schedule. Assets do not belong here.
"""

from datetime import timedelta

import dagster as dg

from kpi_pipeline.config.company import Company
from kpi_pipeline.defs.partitions import CRON_DAYS

DAILY, WEEKLY = "daily", "weekly_reports"
GROUPS_OF_A_DAY = ("raw", "staging", "core", "measures", "views", "kpi", "published")


def daily_job() -> "dg.UnresolvedAssetJobDefinition":
    """Return the job that takes what arrived and publishes."""
    return dg.define_asset_job(
        DAILY,
        selection=dg.AssetSelection.groups(*GROUPS_OF_A_DAY),
        description="Take what arrived into custody, bring all tables and KPIs up to date, publish both snapshots.",
    )


def weekly_job() -> "dg.UnresolvedAssetJobDefinition":
    """Return the job that writes the weekly reports from the published snapshots and delivers them."""
    return dg.define_asset_job(
        WEEKLY,
        selection=dg.AssetSelection.groups("reports", "delivery"),
        description="Write both reports of a week from the current snapshots, and deliver them.",
    )


def daily_schedule(company: Company) -> dg.ScheduleDefinition:
    """Return the schedule of the daily job: 06:00 in the company's time zone, for that day."""

    @dg.schedule(
        name="every_morning",
        job_name=DAILY,
        cron_schedule="0 6 * * *",
        execution_timezone=company.time_zone,
        description="The daily run, before people come to work.",
    )
    def every_morning(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = context.scheduled_execution_time.date().isoformat()
        return dg.RunRequest(run_key=day, partition_key=day)

    return every_morning


def weekly_schedule(company: Company) -> dg.ScheduleDefinition:
    """Return the schedule of the reports: 08:00 on the first day of the week, for the week before."""

    @dg.schedule(
        name="every_week",
        job_name=WEEKLY,
        cron_schedule=f"0 8 * * {CRON_DAYS[company.week_start]}",
        execution_timezone=company.time_zone,
        description="Both reports on the week that has just ended, two hours after the daily run.",
    )
    def every_week(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        week_start = (context.scheduled_execution_time.date() - timedelta(days=7)).isoformat()
        return dg.RunRequest(run_key=week_start, partition_key=week_start)

    return every_week
