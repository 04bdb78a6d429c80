from datetime import date, timedelta

import numpy as np
import pytest

from kpi_pipeline.analysis.anomalies import JudgedWeek
from kpi_pipeline.analysis.proportion_chart import (
    ProportionChart,
    ShareObservation,
    judge_proportions,
    neighbour_correlation,
    proportion_chart,
)
from kpi_pipeline.analysis.proportions import Share
from tests.unit.analysis.test_proportions import BASELINE

# The first week of a block of 13 weeks, as they are counted.
FIRST = date.fromordinal(13 * 7 * 8120)


def chart(baseline: list[Share] = BASELINE) -> ProportionChart:
    found = proportion_chart(baseline)
    assert found is not None
    return found


def weeks(shares: list[Share], special: tuple[int, ...] = (), first: date = FIRST) -> list[ShareObservation]:
    return [
        ShareObservation(first + timedelta(weeks=number), share, number in special)
        for number, share in enumerate(shares)
    ]


def steady(count: int, proportion: float = 0.02, total: int = 20_000, seed: int = 1) -> list[Share]:
    random = np.random.Generator(np.random.PCG64(seed))
    return [Share(int(found), total) for found in random.binomial(total, proportion, count)]


def week_of(judged: JudgedWeek, first: date = FIRST) -> int:
    return (judged.week - first).days // 7


def unusual(shares: list[Share], special: tuple[int, ...] = (), first: date = FIRST) -> dict[int, str]:
    """Number of the week → the rule that makes it unusual."""
    found = judge_proportions(weeks(shares, special, first), 3.0)
    return {(one.week - first).days // 7: one.rule for one in found if one.rule}


def test_chart_of_the_published_baseline() -> None:
    assert chart().middle == pytest.approx(0.0197041420, abs=5e-11)
    assert chart().width == pytest.approx(1.9143179, abs=5e-8)
    assert chart().limits(12_000, 3) == pytest.approx((0.012418, 0.026990), abs=5e-7)


def test_mean_moving_range_of_the_published_baseline() -> None:
    # The width is the mean moving range over 1.128.
    assert chart().width * 1.128 == pytest.approx(2.1593506, abs=5e-8)


@pytest.mark.parametrize(
    ("count", "by_chance", "score", "is_alarm"),
    [(300, 4.1742, 2.1805, False), (185, -3.3794, -1.7653, False), (140, -6.3351, -3.3093, True)],
)
def test_new_weeks_of_the_published_baseline(count: int, by_chance: float, score: float, is_alarm: bool) -> None:
    share = Share(count, 12_000)

    assert (share.value - chart().middle) / chart().chance(12_000) == pytest.approx(by_chance, abs=5e-5)
    assert chart().score(share) == pytest.approx(score, abs=5e-5)
    low, high = chart().limits(12_000, 3)
    assert (not low <= share.value <= high) == is_alarm
    # A p chart calls all three unusual.
    assert abs(by_chance) > 3


def test_p_chart_flags_weeks_of_the_baseline_that_the_wider_chart_does_not() -> None:
    by_chance = ProportionChart(chart().middle, 1.0, 16)

    assert [number for number, share in enumerate(BASELINE, start=1) if abs(by_chance.score(share)) > 3] == [14, 16]
    assert all(abs(chart().score(share)) < 3 for share in BASELINE)


def test_published_baseline_and_new_weeks_are_judged_so() -> None:
    # Sixteen weeks before the block; the seventeenth opens it.
    first = FIRST - timedelta(weeks=16)
    for count, rule in ((300, None), (185, None), (140, "beyond_limits")):
        judged = judge_proportions(weeks([*BASELINE, Share(count, 12_000)], first=first), 3.0)[-1]
        assert judged.rule == rule
        assert (judged.expected, judged.baseline) == (pytest.approx(0.0197041420, abs=5e-11), 16)


def test_lower_limit_is_never_below_zero() -> None:
    # A total of 100: 3 x 1.914 x sqrt(p(1-p)/100) is 0.0798, more than the middle.
    assert chart().limits(100, 3) == (0.0, pytest.approx(0.0197041 + 0.0798, abs=5e-4))


def test_series_that_alternates_is_measured_by_its_own_spread() -> None:
    alternating = [Share(180 + 40 * (number % 2), 10_000) for number in range(14)]
    scores = [(share.value - 0.02) / (0.02 * 0.98 / 10_000) ** 0.5 for share in alternating]

    assert neighbour_correlation(scores) == pytest.approx(-13 / 14)
    assert chart(alternating).width == pytest.approx(np.std(scores, ddof=1))
    # The moving range would say twice of it over 1.128.
    assert chart(alternating).width < 2 * abs(scores[0]) / 1.128


def test_fewer_than_twelve_weeks_or_weeks_without_any_difference_set_no_limits() -> None:
    assert proportion_chart(BASELINE[:11]) is None
    assert proportion_chart([Share(0, 100)] * 12) is None
    assert proportion_chart([Share(5, 100)] * 12) is None


def test_first_twelve_weeks_set_the_limits_of_a_short_history() -> None:
    judged = judge_proportions(weeks(steady(20)), 3.0)

    # Twelve of the thirteen weeks of the first block are the baseline; then the whole block is.
    assert [(one.week - FIRST).days // 7 for one in judged] == list(range(12, 20))
    assert [one.baseline for one in judged] == [12, *[13] * 7]
    assert judge_proportions(weeks(steady(12)), 3.0) == []


def test_limits_stay_while_later_weeks_come() -> None:
    shares = steady(40)
    shares[33] = Share(200, 20_000)
    before, after = judge_proportions(weeks(shares[:34]), 3.0), judge_proportions(weeks(shares), 3.0)

    assert after[: len(before)] == before
    assert before[-1].rule == "beyond_limits"


def test_week_that_is_unusual_alone_is_left_out_of_the_next_baseline() -> None:
    shares = steady(39)
    shares[20] = Share(200, 20_000)

    last = judge_proportions(weeks(shares), 3.0)[-1]
    assert (20, "beyond_limits") in unusual(shares).items()
    # 26 weeks before the block, less one.
    assert last.baseline == 25


def test_level_that_moved_becomes_the_baseline() -> None:
    shares = [*steady(16), *steady(36, proportion=0.03, seed=2)]

    # All ten weeks of the block lie beyond its limits; that is told twice, and once that it has become a run, with the
    # weeks 14 and 15 that happen to lie above as well.
    judged = judge_proportions(weeks(shares), 3.0)
    assert all(one.score > 3 for one in judged if week_of(one) in range(16, 26))
    assert unusual(shares) == {16: "beyond_limits", 17: "beyond_limits", 21: "one_sided_run"}
    # A fall is news again, also within the block.
    shares[24] = Share(200, 20_000)
    assert unusual(shares)[24] == "beyond_limits"
    # From the block that begins in week 52 on, 26 weeks at the new level are the baseline.
    later = judge_proportions(weeks([*shares, *steady(6, proportion=0.03, seed=3)]), 3.0)
    assert [one.expected for one in later][-1] == pytest.approx(0.03, rel=0.02)


def test_eight_weeks_on_one_side_are_told_once() -> None:
    total = 20_000
    wobble = [Share(400 + (12 if number % 3 else -24), total) for number in range(13)]
    shares = [*wobble, *[Share(410, total)] * 12]

    # Week 12 lies below; 13 to 20 are eight, and the four after them say nothing new.
    assert unusual(shares) == {20: "one_sided_run"}
    broken = [*wobble, *[Share(410, total)] * 6, Share(390, total), *[Share(410, total)] * 5]
    assert unusual(broken) == {}


def test_special_week_is_judged_and_belongs_to_no_baseline_and_no_run() -> None:
    shares = steady(30)
    shares[20] = Share(800, 20_000)

    judged = judge_proportions(weeks(shares, (20,)), 3.0)
    assert [one.rule for one in judged if one.week == FIRST + timedelta(weeks=20)] == ["beyond_limits"]
    assert judged[-1].baseline == 25
    assert judged[-1].expected == pytest.approx(0.02, rel=0.02)


def test_weeks_with_few_cases_are_not_judged() -> None:
    shares = [*steady(13), Share(0, 200), Share(1, 260)]

    # At 2 % five cases take 250.
    judged = [(one.week - FIRST).days // 7 for one in judge_proportions(weeks(shares), 3.0)]
    assert judged == [12, 14]
