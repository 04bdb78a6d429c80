"""Who opens the demo shop on a day: strangers from each channel, and customers who come back to buy.

Here: how many sessions begin, and where they come from. Add an origin of visitors here. What visitors do belongs to
``visits``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from kpi_pipeline.demo.advertising import AdDay, AdUnits
from kpi_pipeline.demo.company import (
    CHANNELS,
    COUNTRIES,
    COUNTRY_SHARES,
    DEVICE_SHARES,
    DEVICES,
    DIRECT,
    EMAIL,
    GOOGLE,
    ORGANIC_SEARCH,
    ORGANIC_SOCIAL,
    PAID_SEARCH,
    PAID_SOCIAL,
    REFERRAL,
    UNPAID_SESSIONS_A_DAY,
)
from kpi_pipeline.demo.events import NEW_CUSTOMER
from kpi_pipeline.demo.exchange import IntArray
from kpi_pipeline.demo.timeline import DayPlan

GROUP_SHAPE = (len(CHANNELS), len(DEVICES), len(COUNTRIES))
NEWSLETTER_WEEKDAYS = (2, 4)  # Tuesday and Thursday
NEWSLETTER_DEMAND, OTHER_DAYS_DEMAND = 2.2, 0.52  # of the channel Email
SESSIONS_PER_CLICK = (0.90, 0.84)
RECALLING_CHANNELS = (DIRECT, ORGANIC_SEARCH, ORGANIC_SOCIAL, REFERRAL)
RETURN_CHANNELS, RETURN_SHARES = (EMAIL, DIRECT, ORGANIC_SEARCH), (0.45, 0.35, 0.20)


@dataclass(frozen=True)
class Arrivals:
    """The sessions that begin, one element each.

    Attributes:
        campaign: position of the campaign, or -1.
        customer: ``NEW_CUSTOMER``, or the customer who comes back to buy.
    """

    channel: IntArray
    campaign: IntArray
    device: IntArray
    country: IntArray
    customer: IntArray

    def __len__(self) -> int:
        return len(self.channel)


def draw_arrivals(
    rng: np.random.Generator,
    plan: DayPlan,
    *,
    units: AdUnits,
    ads: AdDay,
    returning: IntArray,
    returning_country: IntArray,
    scale: float,
) -> Arrivals:
    """Draw the sessions of one day; every paid one follows a click of the day's ads."""
    parts = (
        _unpaid(rng, plan, scale),
        _paid(rng, units, ads),
        _returning(rng, returning, returning_country),
    )
    return _joined(parts)


def _unpaid(rng: np.random.Generator, plan: DayPlan, scale: float) -> Arrivals:
    mean = np.zeros(GROUP_SHAPE)
    for channel, sessions in UNPAID_SESSIONS_A_DAY.items():
        mean[channel] = sessions * scale * plan.demand * np.outer(DEVICE_SHARES, COUNTRY_SHARES)
    mean[list(RECALLING_CHANNELS)] *= plan.recall
    mean[EMAIL] *= NEWSLETTER_DEMAND if plan.day.isoweekday() in NEWSLETTER_WEEKDAYS else OTHER_DAYS_DEMAND
    sessions_of_group = rng.poisson(mean.ravel())
    groups = np.indices(GROUP_SHAPE).reshape(3, -1)
    channel, device, country = np.repeat(groups, sessions_of_group, axis=1)
    return Arrivals(channel, np.full(len(channel), -1), device, country, np.full(len(channel), NEW_CUSTOMER))


def _paid(rng: np.random.Generator, units: AdUnits, ads: AdDay) -> Arrivals:
    is_google = units.platform == GOOGLE
    clicks = np.where(is_google, ads.clicks, ads.link_clicks)
    sessions = rng.binomial(clicks, np.array(SESSIONS_PER_CLICK)[units.platform])
    shares = units.device_shares[:, :, None] * units.country_shares[:, None, :]
    sessions_of_group = rng.multinomial(sessions, shares.reshape(len(sessions), -1)).ravel()
    unit, device, country = np.repeat(np.indices(shares.shape).reshape(3, -1), sessions_of_group, axis=1)
    return Arrivals(
        channel=np.where(is_google, PAID_SEARCH, PAID_SOCIAL)[unit],
        campaign=units.campaign[unit],
        device=device,
        country=country,
        customer=np.full(len(unit), NEW_CUSTOMER),
    )


def _returning(rng: np.random.Generator, customer: IntArray, country: IntArray) -> Arrivals:
    return Arrivals(
        channel=rng.choice(RETURN_CHANNELS, len(customer), p=RETURN_SHARES),
        campaign=np.full(len(customer), -1),
        device=rng.choice(len(DEVICES), len(customer), p=DEVICE_SHARES),
        country=country,
        customer=customer,
    )


def _joined(parts: Sequence[Arrivals]) -> Arrivals:
    columns = {field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Arrivals)}
    return Arrivals(**columns)
