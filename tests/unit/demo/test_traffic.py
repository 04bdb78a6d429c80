from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from kpi_pipeline.demo.advertising import ad_units, draw_ad_day
from kpi_pipeline.demo.company import CHANNELS, DIRECT, ORGANIC_SEARCH, ORGANIC_SOCIAL, REFERRAL
from kpi_pipeline.demo.timeline import draw_timeline
from kpi_pipeline.demo.traffic import draw_arrivals

SCALE = 20.0
NOBODY = np.zeros(0, dtype=np.int64)


@pytest.fixture
def plan():
    return draw_timeline(np.random.Generator(np.random.PCG64(1)), weeks=6, last_day=date(2026, 11, 1)).plan(30)


def sessions_by_channel(plan):
    rng, units = np.random.Generator(np.random.PCG64(2)), ad_units()
    ads = draw_ad_day(rng, units, plan, SCALE)
    arrivals = draw_arrivals(rng, plan, units=units, ads=ads, returning=NOBODY, returning_country=NOBODY, scale=SCALE)
    return np.bincount(arrivals.channel, minlength=len(CHANNELS))


def test_ads_that_are_remembered_bring_visitors_who_come_by_themselves_and_no_others(plan):
    ratio = sessions_by_channel(replace(plan, recall=1.5)) / sessions_by_channel(replace(plan, recall=1.0))
    by_themselves = np.isin(np.arange(len(CHANNELS)), (DIRECT, ORGANIC_SEARCH, ORGANIC_SOCIAL, REFERRAL))
    assert ratio[by_themselves] == pytest.approx(1.5, abs=0.1)
    assert ratio[~by_themselves] == pytest.approx(1.0, abs=0.1)
