"""Instants in UTC come to stand on the company's day, when its clocks change too."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.unit.sql.raw_rows import Warehouse


def test_every_instant_has_one_day(warehouse: Warehouse) -> None:
    """Berlin puts its clocks forward on 29 March and back on 25 October 2026."""
    warehouse.build("core.days_by_utc_date")
    instants = [
        datetime.combine(night, datetime.min.time()) + timedelta(minutes=30 * number - 180)
        for night in (date(2026, 3, 29), date(2026, 3, 30), date(2026, 10, 25), date(2026, 10, 26))
        for number in range(13)
    ]
    found = warehouse.engine.read(
        "select instants.instant, days.day from (select unnest($instants::timestamp[]) as instant) as instants"
        " left join core.days_by_utc_date as days on cast(instants.instant as date) = days.date_in_utc"
        " and instants.instant >= days.starts_at and instants.instant < days.ends_at order by all",
        {"instants": instants},
    ).to_pylist()
    berlin = ZoneInfo("Europe/Berlin")
    assert [(row["instant"], row["day"]) for row in found] == [
        (instant, instant.replace(tzinfo=UTC).astimezone(berlin).date()) for instant in instants
    ]
