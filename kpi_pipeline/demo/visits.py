"""What the visitors of a day do: how far each of them gets, and the events that this leaves behind.

Here: the funnel of a session and its counts. Add a behaviour of visitors here. Who comes belongs to ``traffic``; what a
purchase contains belongs to ``orders``; how events are exported belongs to ``exports``.
"""

from dataclasses import dataclass

import numpy as np

from kpi_pipeline.demo.company import CART_BY_CHANNEL, CART_BY_DEVICE, MOBILE
from kpi_pipeline.demo.events import (
    ADD_TO_CART,
    BEGIN_CHECKOUT,
    NEW_CUSTOMER,
    PURCHASE,
    SESSION_START,
    UNSEEN_PURCHASE,
    VIEW_ITEM,
    BoolArray,
    Events,
    joined,
)
from kpi_pipeline.demo.exchange import IntArray
from kpi_pipeline.demo.timeline import MICROSECONDS, DayPlan
from kpi_pipeline.demo.traffic import GROUP_SHAPE, Arrivals

HOUR = 3600 * MICROSECONDS
DEMAND_BY_HOUR = (2.0, 1, 1, 1, 1, 2, 4, 7, 9, 10, 11, 12, 13, 12, 11, 11, 12, 13, 15, 18, 20, 19, 13, 7)
CART_RATE, CHECKOUT_RATE, PURCHASE_RATE, SECOND_CART_RATE = 0.088, 0.60, 0.46, 0.25
VIEW_RATE = 0.42
ENGAGED_RATE, ENGAGED_RATE_MOBILE = 0.58, 0.49
EXPRESS_RATE = 0.04  # purchases that skip the checkout's pages
UNSEEN_RATE = 0.03  # purchases whose browser reports none
BROKEN_CHECKOUT_PASSES = 0.06
LATE_RATE = 0.02
CUSTOMER_VISITORS = 1_500_000_000  # visitor numbers from here on are known customers

FUNNEL = (
    "sessions",
    "engaged_sessions",
    "sessions_with_cart",
    "sessions_abandoning_cart",
    "sessions_with_checkout",
    "sessions_abandoning_checkout",
    "sessions_with_purchase",
)


@dataclass(frozen=True)
class VisitDay:
    """One day's sessions.

    Attributes:
        events: also those that fall on the next day, because their session crossed midnight.
        counts: for each name of ``FUNNEL`` the sessions by channel, device and country.
        event_counts: the browsers' events of these sessions, in the same shape.
        late_counts: what is missing in ``sessions``, ``engaged_sessions`` and the events until late devices report.
        turned_away: customers who came back and could not buy.
    """

    events: Events
    counts: dict[str, IntArray]
    event_counts: IntArray
    late_counts: tuple[IntArray, IntArray, IntArray]
    turned_away: IntArray


@dataclass(frozen=True)
class Journeys:
    """How far each session gets.

    Attributes:
        shows_checkout: the checkout's pages were seen; an express purchase skips them.
        is_seen: the purchase is reported by the browser.
    """

    has_view: BoolArray
    has_cart: BoolArray
    has_second_cart: BoolArray
    shows_checkout: BoolArray
    buys: BoolArray
    is_seen: BoolArray
    is_engaged: BoolArray


@dataclass(frozen=True)
class Times:
    """When each session begins, and when it would take each step, in microseconds since the epoch."""

    start: IntArray
    view: IntArray
    cart: IntArray
    second_cart: IntArray
    checkout: IntArray
    purchase: IntArray


@dataclass
class Visitors:
    """Draws days of visits; remembers only how many strangers there have been."""

    strangers: int = 0

    def draw_day(self, rng: np.random.Generator, plan: DayPlan, arrivals: Arrivals) -> VisitDay:
        """Draw what the sessions of one day do."""
        is_stranger = arrivals.customer == NEW_CUSTOMER
        visitor = CUSTOMER_VISITORS + arrivals.customer
        visitor[is_stranger] = self.strangers + np.arange(np.count_nonzero(is_stranger))
        self.strangers += int(np.count_nonzero(is_stranger))
        journeys = _draw_journeys(rng, plan, arrivals)
        times = _draw_times(rng, plan, len(arrivals))
        is_late = (rng.random(len(arrivals)) < LATE_RATE) & (times.purchase < plan.end_at) & plan.is_late_day

        events = _events(arrivals, visitor, journeys, times, is_late)
        seen = events.take(events.kind <= PURCHASE)
        group = _group(arrivals)
        event_group = _group(seen)
        late = (group[is_late], group[is_late & journeys.is_engaged], event_group[seen.is_late])
        return VisitDay(
            events=events,
            counts=_funnel(group, journeys),
            event_counts=_count(event_group),
            late_counts=(_count(late[0]), _count(late[1]), _count(late[2])),
            turned_away=arrivals.customer[~is_stranger & ~journeys.buys],
        )


def _draw_journeys(rng: np.random.Generator, plan: DayPlan, arrivals: Arrivals) -> Journeys:
    count = len(arrivals)
    is_mobile = arrivals.device == MOBILE
    comes_to_buy = arrivals.customer != NEW_CUSTOMER
    cart_rate = CART_RATE * np.array(CART_BY_CHANNEL)[arrivals.channel] * np.array(CART_BY_DEVICE)[arrivals.device]
    purchase_rate = np.where(comes_to_buy, 1.0, min(PURCHASE_RATE * plan.conversion, 0.95))
    if plan.is_checkout_broken:
        purchase_rate[is_mobile] *= BROKEN_CHECKOUT_PASSES
    has_cart = (rng.random(count) < cart_rate) | comes_to_buy
    has_checkout = has_cart & ((rng.random(count) < CHECKOUT_RATE) | comes_to_buy)
    buys = has_checkout & (rng.random(count) < purchase_rate)
    stays = np.where(is_mobile, ENGAGED_RATE_MOBILE, ENGAGED_RATE) * plan.engagement
    return Journeys(
        has_view=has_cart | (rng.random(count) < VIEW_RATE),
        has_cart=has_cart,
        has_second_cart=has_cart & (rng.random(count) < SECOND_CART_RATE),
        shows_checkout=has_checkout & ~(buys & (rng.random(count) < EXPRESS_RATE)),
        buys=buys,
        is_seen=buys & (rng.random(count) >= UNSEEN_RATE),
        is_engaged=has_cart | (rng.random(count) < stays),
    )


def _draw_times(rng: np.random.Generator, plan: DayPlan, count: int) -> Times:
    hours = (plan.end_at - plan.start_at) // HOUR  # 23 or 25 where clocks change
    weights = np.resize(np.array(DEMAND_BY_HOUR), hours)
    hour = rng.choice(hours, count, p=weights / weights.sum())
    start = plan.start_at + hour * HOUR + rng.integers(0, HOUR, count)
    seconds = [rng.integers(low, high, count) for low, high in ((4, 25), (30, 700), (15, 200), (15, 400), (60, 600))]
    elapsed = np.cumsum(np.array(seconds), axis=0) * MICROSECONDS
    if plan.is_last:
        # The exports end with this day, so its last sessions end before midnight.
        start -= np.maximum(start + elapsed[-1] - (plan.end_at - 1), 0)
    return Times(start, *(start + elapsed))


def _events(arrivals: Arrivals, visitor: IntArray, journeys: Journeys, times: Times, is_late: BoolArray) -> Events:
    def of_kind(kind: int, happens: BoolArray, at: IntArray) -> Events:
        return Events(
            at=at[happens],
            kind=np.full(np.count_nonzero(happens), kind),
            visitor=visitor[happens],
            session=times.start[happens] // MICROSECONDS,
            channel=arrivals.channel[happens],
            campaign=arrivals.campaign[happens],
            device=arrivals.device[happens],
            country=arrivals.country[happens],
            customer=arrivals.customer[happens],
            is_engaged=journeys.is_engaged[happens],
            is_late=is_late[happens],
        )

    return joined(
        [
            of_kind(SESSION_START, np.full(len(arrivals), fill_value=True), times.start),
            of_kind(VIEW_ITEM, journeys.has_view, times.view),
            of_kind(ADD_TO_CART, journeys.has_cart, times.cart),
            of_kind(ADD_TO_CART, journeys.has_second_cart, times.second_cart),
            of_kind(BEGIN_CHECKOUT, journeys.shows_checkout, times.checkout),
            of_kind(PURCHASE, journeys.is_seen, times.purchase),
            of_kind(UNSEEN_PURCHASE, journeys.buys & ~journeys.is_seen, times.purchase),
        ]
    )


def _funnel(group: IntArray, journeys: Journeys) -> dict[str, IntArray]:
    flags = (
        np.full(len(group), fill_value=True),
        journeys.is_engaged,
        journeys.has_cart,
        journeys.has_cart & ~journeys.is_seen,
        journeys.shows_checkout,
        journeys.shows_checkout & ~journeys.is_seen,
        journeys.is_seen,
    )
    return {name: _count(group[flag]) for name, flag in zip(FUNNEL, flags, strict=True)}


def _group(members: Arrivals | Events) -> IntArray:
    return np.ravel_multi_index((members.channel, members.device, members.country), GROUP_SHAPE)


def _count(group: IntArray) -> IntArray:
    return np.bincount(group, minlength=int(np.prod(GROUP_SHAPE))).reshape(GROUP_SHAPE)
