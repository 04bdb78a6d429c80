import pytest

from kpi_pipeline.analysis.proportions import Share, compare_proportions, overdispersion, wilson_interval

BEFORE, AFTER = Share(500, 25_000), Share(560, 26_000)
COUNTS = [189, 193, 232, 237, 266, 270, 210, 238, 231, 265, 247, 199, 220, 295, 192, 179]
TOTALS = [
    10_000, 12_000, 11_000, 10_500, 13_000, 12_500, 11_800, 12_200,
    10_900, 11_500, 12_800, 11_200, 11_900, 12_300, 10_700, 11_600,
]  # fmt: skip
BASELINE = [Share(count, total) for count, total in zip(COUNTS, TOTALS, strict=True)]


def test_change_of_a_conversion_rate_has_the_published_interval_and_test() -> None:
    change = compare_proportions(BEFORE, AFTER)

    assert change.difference * 100 == pytest.approx(0.15385, abs=5e-6)
    assert change.z == pytest.approx(1.21745, abs=5e-6)
    assert change.p_value == pytest.approx(0.22343, abs=5e-6)
    assert (change.low * 100, change.high * 100) == pytest.approx((-0.09418, 0.40161), abs=5e-6)
    assert not change.is_detectable


def test_overdispersion_of_two_halves_the_test_statistic() -> None:
    change = compare_proportions(BEFORE, AFTER, overdispersion=2.0)

    assert change.z == pytest.approx(0.60873, abs=5e-6)
    assert change.p_value == pytest.approx(0.54271, abs=5e-6)


def test_overdispersion_below_one_never_narrows_the_interval() -> None:
    assert compare_proportions(BEFORE, AFTER, overdispersion=0.3) == compare_proportions(BEFORE, AFTER)


def test_overdispersion_of_a_baseline_is_the_published_one() -> None:
    assert overdispersion(BASELINE) == pytest.approx(1.9143179, abs=5e-8)


def test_short_or_constant_baselines_count_as_chance_alone() -> None:
    assert overdispersion(BASELINE[:11]) == 1.0
    assert overdispersion([Share(0, 100)] * 12) == 1.0


def test_large_change_is_detectable_in_both_directions() -> None:
    assert compare_proportions(Share(500, 25_000), Share(700, 25_000)).is_detectable
    assert compare_proportions(Share(700, 25_000), Share(500, 25_000)).is_detectable


def test_no_events_in_either_week_is_no_change() -> None:
    change = compare_proportions(Share(0, 100), Share(0, 120))

    assert change.z == 0
    assert not change.is_detectable


@pytest.mark.parametrize(
    ("count", "total", "low", "high"), [(3, 40, 0.026, 0.199), (0, 25, 0.0, 0.133), (500, 25_000, 0.0183, 0.0218)]
)
def test_interval_of_few_cases_is_the_one_of_wilson(count: int, total: int, low: float, high: float) -> None:
    assert wilson_interval(Share(count, total)) == pytest.approx((low, high), abs=5e-4)


def test_intervals_are_those_of_statsmodels() -> None:
    from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

    assert wilson_interval(Share(3, 40)) == pytest.approx(proportion_confint(3, 40, method="wilson"))
    change = compare_proportions(BEFORE, AFTER)
    expected = confint_proportions_2indep(560, 26_000, 500, 25_000, method="newcomb", compare="diff")
    assert (change.low, change.high) == pytest.approx(expected, rel=1e-9)
