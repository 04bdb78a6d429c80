from datetime import UTC, date, datetime

import numpy as np
import pytest

from kpi_pipeline.demo.timeline import draw_timeline, season, utc_offset_minutes
from kpi_pipeline.errors import DemoError


@pytest.fixture
def timeline():
    return draw_timeline(np.random.Generator(np.random.PCG64(1)), weeks=26, last_day=date(2026, 11, 15))


def test_the_history_is_whole_weeks_that_end_with_that_of_the_last_day(timeline):
    assert (timeline.first_day, timeline.days, timeline.weeks) == (date(2026, 5, 18), 182, 26)
    assert timeline.first_day.isoweekday() == 1


def test_the_planted_events_lie_some_weeks_before_the_end(timeline):
    assert timeline.incident_days == tuple(date(2026, 10, day) for day in (13, 14, 15, 16))
    assert timeline.launch_day == date(2026, 9, 7)
    assert timeline.attribution_change_day == date(2026, 9, 30)


def test_a_day_knows_what_happens_on_it(timeline):
    plans = [timeline.plan(index) for index in range(timeline.days)]
    assert [plan.day for plan in plans if plan.is_checkout_broken] == list(timeline.incident_days)
    assert min(plan.day for plan in plans if plan.is_launched) == timeline.launch_day
    assert [plan.day for plan in plans if plan.is_last] == [date(2026, 11, 15)]
    assert [plan.day for plan in plans if plan.is_late_day] == [date(2026, 11, 13)]


def test_the_day_on_which_clocks_are_set_back_has_25_hours(timeline):
    hours = {plan.day: (plan.end_at - plan.start_at) / 3.6e9 for plan in (timeline.plan(index) for index in range(182))}
    assert hours.pop(date(2026, 10, 25)) == 25
    assert set(hours.values()) == {24}


def test_the_wall_clock_changes_at_one_in_utc():
    change = int(datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp())
    assert (utc_offset_minutes(change - 1), utc_offset_minutes(change)) == (120, 60)


def test_demand_rises_in_late_november():
    ordinary = season(date(2026, 9, 15))
    assert season(date(2026, 11, 27)) > 1.5 * ordinary
    assert season(date(2026, 12, 27)) < 1.15 * ordinary


def test_the_conversion_rate_rises_slowly(timeline):
    first, last = (
        np.mean([timeline.plan(index).conversion for index in days]) for days in (range(28), range(154, 182))
    )
    assert 1.05 < last / first < 1.4


def test_what_visitors_remember_is_the_appeal_of_last_weeks_ads(timeline):
    recall = [timeline.plan(7 * week).recall for week in range(26)]
    assert recall[0] == 1
    assert np.corrcoef(np.log(recall[1:]), np.log(timeline.ad_appeal[:-1]))[0, 1] > 0.999
    assert timeline.plan(13).recall == timeline.plan(7).recall, "all days of a week alike"


def test_engagement_rises_and_clicks_become_cheaper_whatever_the_ads_are_like(timeline):
    first, last = timeline.plan(0), timeline.plan(175)
    assert (first.engagement, first.click_price) == (1, 1)
    # 25 weeks of six and of five in a thousand.
    assert last.engagement == pytest.approx(1.15)
    assert last.click_price == pytest.approx(0.875)


def test_too_short_a_history_is_refused():
    with pytest.raises(DemoError, match="at least 3 weeks"):
        draw_timeline(np.random.Generator(np.random.PCG64(1)), weeks=2, last_day=date(2026, 11, 15))
