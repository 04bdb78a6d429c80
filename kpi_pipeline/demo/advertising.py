"""A day of advertising: impressions, clicks, cost, and conversions that are credited later to the day of the click.

Here: what happened on each ad set and day, and what a platform reports about it at a given age. Add an effect on ads
here. How the reports look belongs to ``exports``; what the visitors do belongs to ``visits``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kpi_pipeline.demo.company import GOOGLE, META, PLATFORMS, Campaign, campaigns
from kpi_pipeline.demo.exchange import IntArray
from kpi_pipeline.demo.timeline import DayPlan

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# A conversion is reported from the day on which its click has this age, in days; the shares of all conversions.
CONVERSION_AGES = (1, 2, 3, 5, 8, 13, 21)
CONVERSION_SHARES = (0.58, 0.15, 0.09, 0.07, 0.05, 0.04, 0.02)
COST_CORRECTION_AGE = 3  # invalid clicks are credited, and Meta settles its spend, when the day has this age
CONVERSIONS_PER_CLICK = (0.034, 0.030)
AFTER_CLICK_SHARE = 0.78  # of the conversions that Meta claimed while views counted too
LINK_CLICK_SHARE = 0.83


@dataclass(frozen=True)
class AdUnits:
    """The static side of all ad sets of all campaigns, one array element each."""

    campaigns: tuple[Campaign, ...]
    campaign: IntArray
    ad_set: IntArray
    platform: IntArray
    impressions: FloatArray
    click_rate: FloatArray
    cents_per_click: FloatArray
    device_shares: FloatArray
    country_shares: FloatArray
    is_launch: BoolArray


def ad_units() -> AdUnits:
    """Lay out the ad sets of all campaigns."""
    all_campaigns = campaigns()
    pairs = [
        (position, number, campaign, ad_set)
        for position, campaign in enumerate(all_campaigns)
        for number, ad_set in enumerate(campaign.ad_sets)
    ]
    return AdUnits(
        campaigns=all_campaigns,
        campaign=np.array([position for position, _, _, _ in pairs]),
        ad_set=np.array([number for _, number, _, _ in pairs]),
        platform=np.array([campaign.platform for _, _, campaign, _ in pairs]),
        impressions=np.array([ad_set.impressions for _, _, _, ad_set in pairs]),
        click_rate=np.array([campaign.click_rate for _, _, campaign, _ in pairs]),
        cents_per_click=np.array([campaign.cents_per_click for _, _, campaign, _ in pairs]),
        device_shares=np.array([ad_set.device_shares for _, _, _, ad_set in pairs]),
        country_shares=np.array([ad_set.country_shares for _, _, _, ad_set in pairs]),
        is_launch=np.array([campaign.is_launch for _, _, campaign, _ in pairs]),
    )


@dataclass(frozen=True)
class ReportedAds:
    """What the platforms say about one day at one age; conversions in hundredths, money in cents of the account."""

    cost: IntArray
    conversions: IntArray
    conversion_value: IntArray


@dataclass(frozen=True)
class AdDay:
    """What truly happened on one day, by ad unit; the later arrays by age of the conversion, too."""

    is_running: BoolArray
    impressions: IntArray
    clicks: IntArray
    link_clicks: IntArray
    first_cost: IntArray
    settled_cost: IntArray
    conversions: IntArray
    conversion_value: IntArray

    def reported_at(self, age: int) -> ReportedAds:
        """Return what is reported ``age`` days after the day; from age 21 on nothing changes any more."""
        known = np.array(CONVERSION_AGES) <= age
        return ReportedAds(
            cost=self.settled_cost if age >= COST_CORRECTION_AGE else self.first_cost,
            conversions=self.conversions[:, known].sum(axis=1),
            conversion_value=self.conversion_value[:, known].sum(axis=1),
        )


def draw_ad_day(rng: np.random.Generator, units: AdUnits, plan: DayPlan, scale: float) -> AdDay:
    """Draw one day of all ad units."""
    count = len(units.campaign)
    is_running = ~units.is_launch | plan.is_launched
    volume = np.where(is_running, units.impressions * scale * plan.demand, 0.0)
    impressions = rng.poisson(volume * np.exp(rng.normal(0, 0.05, count)))
    clicks = rng.binomial(impressions, units.click_rate * np.array(plan.click_rates)[units.platform])
    link_clicks = rng.binomial(clicks, LINK_CLICK_SHARE)
    settled_cost = _round(clicks * units.cents_per_click * plan.click_price * np.exp(rng.normal(0, 0.06, count)))
    # Google credits invalid clicks later; Meta's first figure may lie on either side.
    correction = rng.uniform(-0.004, 0.012, count) * (rng.random(count) < 0.5)
    correction = np.where(units.platform == GOOGLE, np.abs(correction), correction)
    per_click = np.array(CONVERSIONS_PER_CLICK)[units.platform]
    if plan.is_new_attribution:
        per_click = np.where(units.platform == META, per_click * AFTER_CLICK_SHARE, per_click)
    credited = rng.poisson((clicks * per_click * plan.conversion)[:, None] * np.array(CONVERSION_SHARES))
    # Google's data-driven attribution credits parts of a conversion, Meta whole ones.
    credit = np.where(units.platform == GOOGLE, rng.integers(72, 101, count), 100)
    value = rng.normal(7100, 600, credited.shape)
    return AdDay(
        is_running=is_running,
        impressions=impressions,
        clicks=clicks,
        link_clicks=np.where(units.platform == META, link_clicks, 0),
        first_cost=_round(settled_cost * (1 + correction)),
        settled_cost=settled_cost,
        conversions=credited * credit[:, None],
        conversion_value=_round(credited * credit[:, None] / 100 * value),
    )


def _round(numbers: FloatArray) -> IntArray:
    return np.rint(numbers).astype(np.int64)


def platform_sums(units: AdUnits, numbers: IntArray) -> IntArray:
    """Add up one number per ad unit by platform."""
    sums = np.zeros(len(PLATFORMS), dtype=np.int64)
    np.add.at(sums, units.platform, numbers)
    return sums
