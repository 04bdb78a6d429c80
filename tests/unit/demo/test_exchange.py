from datetime import date

import numpy as np

from kpi_pipeline.demo.exchange import ExchangeRates, draw_rates
from kpi_pipeline.demo.timeline import draw_timeline


def test_amounts_are_converted_exactly_and_half_is_rounded_up():
    rates = ExchangeRates(published=(), by_day=np.array([80_000, 86_125]))
    cents, day = np.array([100, 10_000, 10_000]), np.array([0, 1, 1])
    converted = rates.to_reporting(cents, np.array([True, True, False]), day)
    # 1.00 / 0.8 = 1.25; 100.00 / 0.86125 = 116.11030479 → 116.1103; and EUR stay as they are
    assert converted.tolist() == [12_500, 1_161_103, 1_000_000]
    halves = ExchangeRates(published=(), by_day=np.array([160_000]))
    assert halves.to_reporting(np.array([1]), np.array([True]), 0).tolist() == [63]  # 0.01 / 1.6 = 0.00625


def test_a_weekend_has_the_rate_of_friday():
    rng = np.random.Generator(np.random.PCG64(1))
    timeline = draw_timeline(rng, weeks=3, last_day=date(2026, 11, 15))
    rates = draw_rates(rng, timeline)
    published = dict(rates.published)
    assert all(day.isoweekday() <= 5 for day in published)
    for index in range(0, timeline.days, 7):
        friday = published[timeline.day(index + 4)]
        assert rates.by_day[index + 4 : index + 7].tolist() == [friday] * 3
        assert rates.by_day[index] == published[timeline.day(index)]
