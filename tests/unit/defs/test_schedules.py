"""When the daily run starts: at the company's time, once on every day, also on those with 23 or 25 hours."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from kpi_pipeline.config.company import Company
from kpi_pipeline.config.model import Text
from kpi_pipeline.defs.schedules import daily_schedule


def company(time_zone: str, at: str) -> Company:
    return Company(
        name=Text(en="Shop", fa="فروشگاه"),
        time_zone=time_zone,
        week_start="monday",
        reporting_currency="EUR",
        started_on=date(2026, 1, 1),
        daily_run_at=at,
    )


def requests(company: Company, first: date, days: int) -> list[tuple[datetime, str]]:
    """What the orchestrator would start: the instant and the day that is run."""
    schedule = daily_schedule(company, dg.DefaultScheduleStatus.RUNNING)
    start = datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp()
    ticks = schedule_execution_time_iterator(start, schedule.cron_schedule, schedule.execution_timezone)
    found = []
    for _ in range(days):
        context = dg.build_schedule_context(scheduled_execution_time=next(ticks))
        request = schedule(context)
        found.append((context.scheduled_execution_time.astimezone(UTC), request.partition_key))
    return found


@pytest.mark.parametrize("at", ["00:00", "02:30", "23:45"])
def test_every_day_of_a_year_is_run_once_where_clocks_change(at: str) -> None:
    days = [day for _, day in requests(company("Europe/Berlin", at), date(2026, 1, 2), 364)]
    first = date.fromisoformat(days[0])
    assert days == [(first + timedelta(days=offset)).isoformat() for offset in range(364)]


def test_the_day_is_the_companys_and_not_that_of_greenwich() -> None:
    # 01:00 in Tehran, UTC+3:30 since 2022, is the evening before in Greenwich.
    assert requests(company("Asia/Tehran", "01:00"), date(2026, 11, 20), 1) == [
        (datetime(2026, 11, 20, 21, 30, tzinfo=UTC), "2026-11-21")
    ]


def test_summer_time_moves_the_instant_and_not_the_hour() -> None:
    run = {day: instant for instant, day in requests(company("Europe/Berlin", "06:00"), date(2026, 3, 27), 4)}
    assert (run["2026-03-28"].hour, run["2026-03-29"].hour) == (5, 4)
