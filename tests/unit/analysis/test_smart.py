import pytest

from kpi_pipeline.analysis.aim import Aim
from kpi_pipeline.analysis.forecast import drift_forecast
from kpi_pipeline.analysis.smart import Achievability, Measurability, best_growth, growth_per_week, judge_target

# The worked example of the domain reference: twelve weeks, thirteen to go, drift on the plain scale.
HISTORY = [100.0, 104.0, 103.0, 108.0, 110.0, 109.0, 115.0, 117.0, 116.0, 121.0, 124.0, 123.0]
WEEKS_LEFT = 13


def judged(target: float, min_probability: float = 0.10, higher_is_better: bool = True) -> Achievability:
    return judge_target(
        drift_forecast(HISTORY, WEEKS_LEFT, "level"),
        HISTORY,
        aim=Aim.at_least(target) if higher_is_better else Aim.at_most(target),
        weeks_left=WEEKS_LEFT,
        min_probability=min_probability,
        growth_span_weeks=4,
    )


@pytest.mark.parametrize(
    ("target", "probability", "feasibility", "verdict"),
    [
        (140.0, 0.758, "achievable", "pass"),
        (150.0, 0.505, "achievable", "pass"),
        (165.0, 0.155, "stretch", "pass"),
        (180.0, 0.0204, "unrealistic", "fail"),
        # Below the drift's 95 % bound: (150.1818 − 126) / 14.57633 = 1.659, and Φ(1.659) = 0.951.
        (126.0, 0.951, "trivial", "warning"),
    ],
)
def test_worked_example_of_an_achievable_target(
    target: float, probability: float, feasibility: str, verdict: str
) -> None:
    found = judged(target)

    assert found.probability == pytest.approx(probability, abs=0.0005)
    assert (found.feasibility, found.verdict) == (feasibility, verdict)


def test_required_growth_is_compared_with_the_best_four_weeks() -> None:
    assert judged(150.0).required_growth == pytest.approx(0.01538, abs=0.000005)
    assert judged(180.0).required_growth == pytest.approx(0.02972, abs=0.000005)
    # From 103 in the third week to 115 in the seventh.
    assert judged(180.0).best_growth == pytest.approx(0.02793, abs=0.000005)


def test_unlikely_target_that_asks_for_no_more_than_was_once_reached_is_a_stretch() -> None:
    # 175 needs (175 / 123)^(1/13) − 1 = 2.749 % a week, less than the best 2.793 %; its probability is 4.4 %.
    found = judged(175.0)

    assert found.probability == pytest.approx(0.0443, abs=0.0005)
    assert (found.feasibility, found.verdict) == ("stretch", "pass")


def test_smallest_probability_is_the_commitments_own() -> None:
    assert judged(180.0, min_probability=0.02).feasibility == "stretch"
    assert judged(180.0, min_probability=0.021).feasibility == "unrealistic"


def test_falling_is_judged_from_the_other_side() -> None:
    # Against a rising cost: 150 is as likely to be kept under as to be passed, 120 is not, 165 is.
    assert judged(150.0, higher_is_better=False).probability == pytest.approx(1 - 0.505, abs=0.0005)
    found = judged(120.0, higher_is_better=False)
    assert found.feasibility == "unrealistic"
    assert found.required_growth == pytest.approx((120 / 123) ** (1 / 13) - 1)
    # The best four weeks of the past still rose: from 104 to 109, 1.18 % a week.
    assert found.best_growth == pytest.approx((109 / 104) ** (1 / 4) - 1)


def test_span_of_the_best_growth_is_the_commitments_own() -> None:
    # The best single week: from 109 to 115, 5.5 %; the best eight: from 100 to 116 or 103 to 121, 2.03 % at most.
    assert best_growth(HISTORY, is_rise=True, is_relative=True, span=1) == pytest.approx(115 / 109 - 1)
    assert best_growth(HISTORY, is_rise=True, is_relative=True, span=8) == pytest.approx(
        (121 / 103) ** (1 / 7) - 1, abs=4e-3
    )


def band(low: float, high: float) -> Achievability:
    return judge_target(
        drift_forecast(HISTORY, WEEKS_LEFT, "level"),
        HISTORY,
        aim=Aim(low, high),
        weeks_left=WEEKS_LEFT,
        min_probability=0.10,
        growth_span_weeks=4,
    )


def test_band_is_judged_by_the_chance_of_lying_inside_it() -> None:
    # 0.758 − 0.155 of the worked example; from 123 to the nearer end takes (140/123)^(1/13) − 1 a week.
    found = band(140.0, 165.0)

    assert found.probability == pytest.approx(0.603, abs=0.001)
    assert (found.feasibility, found.verdict) == ("achievable", "pass")
    assert found.required_growth == pytest.approx((140 / 123) ** (1 / 13) - 1)


def test_band_above_everything_that_was_reached_is_unrealistic_and_one_that_has_to_be_kept_never() -> None:
    assert band(180.0, 200.0).feasibility == "unrealistic"
    # Inside today, and left behind by the rise: unlikely, but nothing has to grow for it.
    kept = band(110.0, 125.0)
    assert kept.probability is not None
    assert kept.probability < 0.1
    assert (kept.required_growth, kept.feasibility) == (0.0, "stretch")
    # As good as certain, and still not trivial: it has to be kept.
    assert band(60.0, 240.0).feasibility == "achievable"


def test_values_below_zero_are_compared_in_steps() -> None:
    history = [-10.0, -9.0, -9.5, -8.0, -6.0, -7.0, -5.0, -4.0]
    found = judge_target(
        drift_forecast(history, 4, "level"),
        history,
        aim=Aim.at_least(2.0),
        weeks_left=4,
        min_probability=0.1,
        growth_span_weeks=4,
    )

    assert not found.is_relative
    assert found.required_growth == pytest.approx(1.5)
    # From −9.5 to −5 in four weeks.
    assert found.best_growth == pytest.approx(1.125)


def test_nothing_is_said_without_a_forecast_or_after_the_deadline() -> None:
    aim = Aim.at_least(150)
    without = judge_target(None, HISTORY, aim=aim, weeks_left=13, min_probability=0.1, growth_span_weeks=4)
    too_late = judge_target(
        drift_forecast(HISTORY, 1, "level"),
        HISTORY,
        aim=aim,
        weeks_left=0,
        min_probability=0.1,
        growth_span_weeks=4,
    )

    assert without == too_late == Achievability()
    assert without.verdict == "not_judged"


def test_target_that_its_scale_cannot_hold_is_not_judged() -> None:
    history = [50.0 + number for number in range(12)]
    forecast = drift_forecast(history, 4, "logit")

    aim = Aim.at_least(100.0)
    found = judge_target(forecast, history, aim=aim, weeks_left=4, min_probability=0.1, growth_span_weeks=4)
    assert found.feasibility is None


def test_growth_of_the_worked_examples() -> None:
    # Twice as much in 26 weeks; from 5 % to 7 % in 13 weeks, compound and in equal steps.
    assert growth_per_week(100, 200, 26, is_relative=True) == pytest.approx(0.027018, abs=5e-7)
    assert growth_per_week(5, 7, 13, is_relative=True) == pytest.approx(0.026220, abs=5e-7)
    assert growth_per_week(5, 7, 13, is_relative=False) == pytest.approx(0.1538, abs=5e-5)


def test_best_growth_needs_a_whole_span() -> None:
    assert best_growth([1.0, 2.0, 3.0, 4.0], is_rise=True, is_relative=True, span=4) is None
    assert best_growth([1.0, 2.0, 3.0, 4.0, 16.0], is_rise=True, is_relative=True, span=4) == pytest.approx(1.0)


def measured(**changes: object) -> Measurability:
    facts: dict[str, object] = {
        "final_weeks": 13,
        "baseline": 5.0,
        "recomputed_baseline": 5.0,
        "coverage_pct": 100.0,
        "min_coverage_pct": 95.0,
        "is_draft": False,
    }
    return Measurability(**(facts | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "faults", "verdict"),
    [
        ({}, (), "pass"),
        ({"final_weeks": 12}, ("few_weeks",), "warning"),
        ({"final_weeks": 8}, ("few_weeks",), "warning"),
        ({"final_weeks": 7}, ("too_few_weeks",), "fail"),
        ({"final_weeks": 7, "is_draft": True}, ("too_few_weeks",), "warning"),
        # One per cent of the recomputed 5 is 0.05.
        ({"baseline": 5.05}, (), "pass"),
        ({"baseline": 4.95}, (), "pass"),
        ({"baseline": 5.06}, ("baseline_differs",), "fail"),
        ({"baseline": 4.94}, ("baseline_differs",), "fail"),
        ({"baseline": 0.0, "recomputed_baseline": 0.0}, (), "pass"),
        ({"baseline": -5.2, "recomputed_baseline": -5.0}, ("baseline_differs",), "fail"),
        ({"recomputed_baseline": None}, ("baseline_unknown",), "warning"),
        ({"coverage_pct": 95.0}, (), "pass"),
        ({"coverage_pct": 94.9}, ("coverage_low",), "fail"),
        ({"final_weeks": 9, "baseline": 6.0}, ("few_weeks", "baseline_differs"), "fail"),
    ],
)
def test_what_speaks_against_a_number(changes: dict[str, object], faults: tuple[str, ...], verdict: str) -> None:
    found = measured(**changes)

    assert (found.faults, found.verdict) == (faults, verdict)
