"""When the daily job starts by itself.

Here: the schedule alone. The reports have none: they start when their inputs are complete, see ``automation``.
"""

from datetime import time
from zoneinfo import ZoneInfo

import dagster as dg

from kpi_pipeline.config.company import Company
from kpi_pipeline.defs.jobs import DAILY


def daily_schedule(company: Company, status: dg.DefaultScheduleStatus) -> dg.ScheduleDefinition:
    """Return the schedule of the daily job: once on every day of the company's time zone, for that day."""
    at = time.fromisoformat(company.daily_run_at)

    @dg.schedule(
        name="every_day",
        job_name=DAILY,
        cron_schedule=f"{at.minute} {at.hour} * * *",
        execution_timezone=company.time_zone,
        default_status=status,
        description=f"The daily run, at {company.daily_run_at} in {company.time_zone}.",
    )
    def every_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = context.scheduled_execution_time.astimezone(ZoneInfo(company.time_zone)).date().isoformat()
        return dg.RunRequest(run_key=day, partition_key=day)

    return every_day
