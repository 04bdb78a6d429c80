"""The partitions of the assets: days of extraction for sources, weeks for reports.

Here: how partition keys follow from the company's calendar. Assets do not belong here.
"""

from datetime import date, datetime

import dagster as dg

from kpi_pipeline.config.company import Company

CRON_DAYS = {"sunday": 0, "monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6}


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


def day_of_run(context: dg.AssetExecutionContext, today: date) -> date:
    """Return the day that the run was asked for; today where somebody materializes tables by hand without one."""
    key = context.run.tags.get("dagster/partition")
    return datetime.strptime(key, "%Y-%m-%d").date() if key else today
