import pytest

from kpi_pipeline.analysis.good_kpi import (
    Score,
    accessibility,
    actionability,
    impact,
    is_replace_candidate,
    relevance,
    timeliness,
)


@pytest.mark.parametrize(
    ("weeks", "is_fresh", "value", "is_passed"),
    [
        (13, True, 1.0, True),
        (10, True, 10 / 13, True),
        (9, True, 9 / 13, False),
        (0, True, 0.0, False),
        (13, False, 0.5, False),
    ],
)
def test_accessible_with_ten_of_thirteen_weeks_from_punctual_sources(
    weeks: int, is_fresh: bool, value: float, is_passed: bool
) -> None:
    assert accessibility(weeks, is_fresh=is_fresh) == Score(pytest.approx(value), is_passed)


def test_impact_is_certain_by_construction_and_otherwise_as_strong_as_the_data_say() -> None:
    assert impact("by_construction", "identity", is_expired=False) == Score(1.0, True)
    assert impact("confirmed", "strong", is_expired=False) == Score(1.0, True)
    assert impact("confirmed", "moderate", is_expired=False) == Score(0.75, True)
    assert impact("confirmed", "weak", is_expired=False) == Score(0.5, True)
    # What the data confirm needs no date any more.
    assert impact("confirmed", "weak", is_expired=True) == Score(0.5, True)


def test_impact_that_the_data_do_not_confirm_is_not_enough() -> None:
    assert impact("unconfirmed", "no_evidence", is_expired=False) == Score(0.25, False)
    assert impact("unconfirmed", "strong", is_expired=False) == Score(0.25, False)
    assert impact("not_judged", "insufficient_data", is_expired=False) == Score(0.25, False)
    assert impact("hypothesis", "no_evidence", is_expired=False) == Score(0.25, False)
    assert impact("unconfirmed", "contradicts", is_expired=False) == Score(0.0, False)
    assert impact("hypothesis", "no_evidence", is_expired=True) == Score(0.0, False)
    assert impact(None, None, is_expired=False) == Score(0.0, False)


def test_relevant_only_with_the_whole_chain_from_the_business_down() -> None:
    for chain in (["business"], ["business", "external"], ["business", "external", "internal"]):
        assert relevance(chain) == Score(1.0, True)  # type: ignore[arg-type]
    for chain in ([], ["external"], ["business", "internal"], ["external", "internal"], ["business", "business"]):
        assert relevance(chain) == Score(0.0, False)  # type: ignore[arg-type]


def test_actionable_with_a_planned_action() -> None:
    assert actionability(actions=2, is_ready_for_off_track=True) == Score(1.0, True)
    assert actionability(actions=1, is_ready_for_off_track=False) == Score(0.5, True)
    assert actionability(actions=0, is_ready_for_off_track=False) == Score(0.0, False)


def test_timely_within_the_promised_hours() -> None:
    assert timeliness(96.0, 96) == Score(1.0, True)
    assert timeliness(192.0, 96) == Score(0.5, False)
    assert timeliness(None, 96) == timeliness(96.0, None) == Score(None, None)


def test_two_failed_properties_make_a_replace_candidate() -> None:
    good, bad, unknown = Score(1.0, True), Score(0.0, False), Score(None, None)

    assert is_replace_candidate([good, bad, bad, good, good])
    assert not is_replace_candidate([good, bad, unknown, unknown, good])
