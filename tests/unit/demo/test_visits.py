from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from kpi_pipeline.demo.company import DESKTOP, MOBILE
from kpi_pipeline.demo.events import NEW_CUSTOMER, PURCHASE, SESSION_START, UNSEEN_PURCHASE
from kpi_pipeline.demo.timeline import draw_timeline
from kpi_pipeline.demo.traffic import Arrivals
from kpi_pipeline.demo.visits import CUSTOMER_VISITORS, Visitors

COUNT = 20_000


def generator():
    return np.random.Generator(np.random.PCG64(11))


@pytest.fixture
def timeline():
    return draw_timeline(generator(), weeks=6, last_day=date(2026, 11, 1))


@pytest.fixture
def arrivals():
    halves = np.arange(COUNT) % 2
    return Arrivals(
        channel=np.zeros(COUNT, dtype=np.int64),
        campaign=np.full(COUNT, -1),
        device=np.where(halves == 0, DESKTOP, MOBILE),
        country=np.zeros(COUNT, dtype=np.int64),
        customer=np.where(np.arange(COUNT) < 100, np.arange(COUNT), NEW_CUSTOMER),
    )


def test_a_broken_checkout_stops_mobile_purchases_and_no_others(timeline, arrivals):
    usual = timeline.plan(3)
    whole, broken = (
        Visitors().draw_day(generator(), replace(usual, is_checkout_broken=is_broken), arrivals)
        for is_broken in (False, True)
    )
    before, during = (day.counts["sessions_with_purchase"].sum(axis=(0, 2)) for day in (whole, broken))
    assert during[DESKTOP] == before[DESKTOP] > 100
    assert during[MOBILE] < 0.15 * before[MOBILE]
    assert len(whole.turned_away) == 0
    assert set(broken.turned_away) <= set(range(1, 100, 2)), "mobile customers who came back"
    assert len(broken.turned_away) > 40


def test_engagement_keeps_visitors_but_makes_nobody_buy(timeline, arrivals):
    usual = timeline.plan(3)
    before, after = (
        Visitors().draw_day(generator(), replace(usual, engagement=engagement), arrivals).counts
        for engagement in (1.0, 1.2)
    )
    # Those without a cart, nine in ten, stay 1.2 times as often.
    assert 1.15 < after["engaged_sessions"].sum() / before["engaged_sessions"].sum() < 1.2
    assert all((after[name] == before[name]).all() for name in before if name != "engaged_sessions")


def test_the_counts_are_those_of_the_events(timeline, arrivals):
    day = Visitors().draw_day(generator(), timeline.plan(3), arrivals)
    assert day.counts["sessions"].sum() == (day.events.kind == SESSION_START).sum() == COUNT
    assert day.counts["sessions_with_purchase"].sum() == (day.events.kind == PURCHASE).sum()
    assert day.event_counts.sum() == (day.events.kind <= PURCHASE).sum()
    assert 0 < (day.events.kind == UNSEEN_PURCHASE).sum() < day.counts["sessions_with_purchase"].sum() / 10


def test_each_step_follows_the_one_before(timeline, arrivals):
    events = Visitors().draw_day(generator(), timeline.plan(3), arrivals).events.in_order()
    for kinds in (events.kind[events.visitor == visitor] for visitor in np.unique(events.visitor)[:500]):
        assert list(kinds) == sorted(kinds)
    assert (np.diff(events.at) >= 0).all()


def test_sessions_may_cross_midnight_but_not_on_the_last_day(timeline, arrivals):
    ordinary, last = timeline.plan(3), timeline.plan(timeline.days - 1)
    assert Visitors().draw_day(generator(), ordinary, arrivals).events.at.max() >= ordinary.end_at
    closing = Visitors().draw_day(generator(), last, arrivals).events
    assert last.start_at <= closing.at.min()
    assert closing.at.max() < last.end_at


def test_only_the_late_day_has_late_events(timeline, arrivals):
    late = Visitors().draw_day(generator(), timeline.plan(timeline.index(timeline.late_day)), arrivals)
    assert late.events.is_late.any()
    assert late.late_counts[0].sum() == (late.events.is_late & (late.events.kind == SESSION_START)).sum()
    assert not Visitors().draw_day(generator(), timeline.plan(3), arrivals).events.is_late.any()


def test_strangers_get_new_numbers_and_customers_keep_theirs(timeline, arrivals):
    visitors = Visitors()
    first, second = (visitors.draw_day(generator(), timeline.plan(day), arrivals).events for day in (3, 4))
    shared = set(first.visitor) & set(second.visitor)
    assert shared == {CUSTOMER_VISITORS + customer for customer in range(100)}
