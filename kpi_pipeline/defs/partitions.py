"""The partitions of the assets: days of extraction for sources, weeks for reports.

Here: how partition keys follow from the company's calendar, and which days a run is about. Assets do not belong here.
"""

from datetime import date

import dagster as dg

from kpi_pipeline.config.company import Company

CRON_DAYS = {"sunday": 0, "monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6}
PARTITION = "dagster/partition"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def run_days(company: Company) -> dg.DailyPartitionsDefinition:
    """Return the days for which the daily run can be asked, today included: the run of a day looks back from it."""
    return dg.DailyPartitionsDefinition(
        start_date=company.started_on.isoformat(), timezone=company.time_zone, end_offset=1
    )


def report_weeks(company: Company) -> dg.WeeklyPartitionsDefinition:
    """Return the weeks that can be reported, by their first day."""
    return dg.WeeklyPartitionsDefinition(
        start_date=company.started_on.isoformat(),
        timezone=company.time_zone,
        day_offset=CRON_DAYS[company.week_start],
    )


def days_of(context: dg.AssetExecutionContext) -> list[date]:
    """Return the days of extraction that a run was asked for, in their order: one, or a range that is made up for."""
    return sorted(map(date.fromisoformat, context.partition_keys))


def day_of_run(context: dg.AssetExecutionContext, today: date) -> date:
    """Return the day that the run brings the warehouse to; today where somebody materializes tables without one."""
    tags = context.run.tags
    key = tags.get(PARTITION) or tags.get(RANGE_END)
    return date.fromisoformat(key) if key else today
