from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from kpi_pipeline.demo.bookkeeping import (
    AGENCY,
    INFLUENCERS,
    MARKETING_TOOLS,
    PAYMENT_FEES,
    Posting,
    daily_ten_thousandths,
    fixed_postings,
    sales_postings,
)
from kpi_pipeline.demo.timeline import draw_timeline


@pytest.fixture
def timeline():
    return draw_timeline(np.random.Generator(np.random.PCG64(1)), weeks=6, last_day=date(2026, 11, 1))


def posting(amount: str, first: date, last: date) -> Posting:
    return Posting(AGENCY, first, int(Decimal(amount) * 100), first, last, "")


def test_a_posting_is_spread_evenly_and_the_last_day_takes_the_remainder():
    # 1000.00 over 30 days: 33.3333 a day, 33.3343 on the last; 29 * 33.3333 + 33.3343 = 1000.0000
    shares = daily_ten_thousandths(posting("1000.00", date(2026, 9, 1), date(2026, 9, 30)))
    assert shares == [333_333] * 29 + [333_343]
    # Half of a ten-thousandth is rounded away from zero: 0.01 over 16 days is 0.000625 a day.
    assert daily_ten_thousandths(posting("0.01", date(2026, 9, 1), date(2026, 9, 16))) == [6] * 15 + [10]
    assert daily_ten_thousandths(posting("-10.00", date(2026, 9, 1), date(2026, 9, 3))) == [-33_333, -33_333, -33_334]


def test_monthly_costs_are_posted_in_advance_and_the_first_month_by_its_days(timeline):
    agency = [found for found in fixed_postings(timeline, 1.0) if found.account == AGENCY]
    assert [(found.posted_on, found.period_end, found.cents) for found in agency] == [
        (date(2026, 9, 21), date(2026, 9, 30), 46_667),  # 1400.00 * 10 / 30
        (date(2026, 10, 1), date(2026, 10, 31), 140_000),
        (date(2026, 11, 1), date(2026, 11, 30), 140_000),
    ]


def test_there_is_a_credit_and_an_estimate_that_is_corrected(timeline):
    fixed = list(fixed_postings(timeline, 1.0))
    assert [found.cents for found in fixed if found.account == MARKETING_TOOLS and found.cents < 0] == [-4_500]
    fee = next(found for found in fixed if found.account == INFLUENCERS)
    assert fee.cents_at(date(2026, 10, 31)) == 48_000
    assert fee.cents_at(date(2026, 11, 1)) == 51_250


def test_fees_follow_the_day_and_goods_the_week(timeline):
    goods = [100] * timeline.days
    found = list(sales_postings(timeline, goods, [1_000] * timeline.days))
    fees = [entry for entry in found if entry.account == PAYMENT_FEES]
    assert [entry.cents for entry in fees] == [14] * timeline.days  # 1.4 % of 10.00
    weekly = [entry for entry in found if entry.account.section == "cogs"]
    assert [entry.cents for entry in weekly] == [700] * 6
    assert all((entry.period_end - entry.period_start).days == 6 for entry in weekly)
