from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from kpi_pipeline.demo.advertising import ad_units, draw_ad_day, platform_sums
from kpi_pipeline.demo.company import META
from kpi_pipeline.demo.timeline import draw_timeline


@pytest.fixture
def plan():
    return draw_timeline(np.random.Generator(np.random.PCG64(1)), weeks=6, last_day=date(2026, 11, 1)).plan(30)


def draw(plan, scale=20.0):
    return draw_ad_day(np.random.Generator(np.random.PCG64(2)), ad_units(), plan, scale)


def test_conversions_come_in_until_the_day_is_three_weeks_old(plan):
    day = draw(plan)
    sums = [day.reported_at(age).conversions.sum() for age in (1, 2, 3, 5, 8, 13, 21, 22, 400)]
    assert sums == sorted(sums)
    assert sums[0] < 0.7 * sums[-1]
    assert sums[-3] == sums[-1]


def test_cost_is_settled_when_the_day_is_three_days_old(plan):
    day = draw(plan)
    first, settled = day.reported_at(2).cost, day.reported_at(3).cost
    assert 0 < np.abs(first - settled).sum() < 0.01 * settled.sum()
    assert (day.reported_at(400).cost == settled).all()


def test_the_launched_campaign_runs_from_its_day_on(plan):
    units = ad_units()
    before, after = (draw(replace(plan, is_launched=is_launched)) for is_launched in (False, True))
    assert before.impressions[units.is_launch].sum() == 0
    assert not before.is_running[units.is_launch].any()
    assert (after.impressions[units.is_launch] > 0).all()


def test_counting_clicks_only_costs_meta_conversions(plan):
    units = ad_units()
    with_views, clicks_only = (
        platform_sums(units, draw(replace(plan, is_new_attribution=is_new)).reported_at(21).conversions)[META]
        for is_new in (False, True)
    )
    assert 0.65 < clicks_only / with_views < 0.9


def test_clicks_follow_the_click_rate(plan):
    usual = draw(plan).clicks.sum()
    better = draw(replace(plan, click_rates=tuple(1.3 * rate for rate in plan.click_rates))).clicks.sum()
    assert 1.2 < better / usual < 1.4


def test_a_cheaper_click_changes_the_cost_and_nothing_else(plan):
    usual, cheap = draw(plan), draw(replace(plan, click_price=plan.click_price / 2))
    assert cheap.settled_cost.sum() == pytest.approx(usual.settled_cost.sum() / 2, rel=1e-3)
    assert (cheap.clicks == usual.clicks).all()
