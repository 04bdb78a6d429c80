from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kpi_pipeline.analysis.relation import Relation, relate
from tests.unit.analysis.published_series import REAL_KPI, REAL_OBJECTIVE, SPURIOUS_KPI, SPURIOUS_OBJECTIVE


def related(weeks: int, correlation: float, seed: int) -> tuple[list[float], list[float]]:
    """Two random walks whose steps correlate in the same week."""
    steps, others = np.random.default_rng(seed).normal(size=(2, weeks))
    return steps.cumsum().tolist(), (correlation * steps + (1 - correlation**2) ** 0.5 * others).cumsum().tolist()


def found(kpi: list[float], objective: list[float], **declared: Any) -> Relation:
    return relate(kpi, objective, **{"lag_weeks": 0, "expected_sign": 1} | declared)


def test_common_trend_is_no_evidence() -> None:
    relation = found(SPURIOUS_KPI, SPURIOUS_OBJECTIVE)

    assert relation.verdict == "no_evidence"
    assert relation.level_correlation == pytest.approx(0.98790, abs=5e-6)
    assert not relation.is_indicative
    assert relation.proposed_lag is None


def test_real_relation_is_strong_at_its_lag_and_contradicts_the_other_sign() -> None:
    relation = found(REAL_KPI, REAL_OBJECTIVE, lag_weeks=2)

    assert (relation.verdict, relation.pairs, relation.is_indicative) == ("strong", 37, True)
    assert relation.level_correlation == pytest.approx(0.934, abs=5e-4)
    assert relation.is_outlier_driven is False
    assert found(REAL_KPI, REAL_OBJECTIVE, lag_weeks=2, expected_sign=-1).verdict == "contradicts"


def test_wrong_lag_finds_nothing_and_proposes_the_right_one() -> None:
    relation = found(REAL_KPI, REAL_OBJECTIVE)

    assert relation.verdict == "no_evidence"
    assert relation.proposed_lag is not None
    assert relation.proposed_lag.lag_weeks == 2


@pytest.mark.parametrize(
    ("weeks", "lag", "verdict", "is_indicative"),
    [
        (20, 0, "insufficient_data", False),
        (21, 0, "strong", True),
        (22, 2, "insufficient_data", False),
        (39, 0, "strong", True),
        (40, 0, "strong", False),
    ],
)
def test_pairs_decide_whether_and_how_firmly_it_is_judged(
    weeks: int, lag: int, verdict: str, is_indicative: bool
) -> None:
    kpi, objective = related(weeks, 0.99, seed=1)
    relation = found(kpi, objective, lag_weeks=lag)

    assert (relation.verdict, relation.is_indicative) == (verdict, is_indicative)
    assert relation.pairs == weeks - 1 - lag


def test_nothing_is_said_about_what_does_not_vary_or_is_not_there() -> None:
    assert found([3.0] * 40, SPURIOUS_OBJECTIVE) == Relation("insufficient_data", 39)
    assert found([], []) == Relation("insufficient_data", 0)
    assert found([1.0], [2.0], lag_weeks=8) == Relation("insufficient_data", 0)


def test_few_weeks_that_make_the_correlation_are_named() -> None:
    kpi, objective = related(60, 0.0, seed=5)
    kpi[30:] = [value + 40 for value in kpi[30:]]
    objective[30:] = [value + 40 for value in objective[30:]]
    relation = found(kpi, objective)

    assert relation.verdict == "strong"
    assert relation.is_outlier_driven is True


def test_ranks_of_the_other_sign_are_named_too() -> None:
    relation = found(REAL_KPI, REAL_OBJECTIVE, lag_weeks=2)

    assert replace(relation, rank_correlation=-0.01).is_outlier_driven is True
    assert relation.correlation is not None
    assert replace(relation, rank_correlation=relation.correlation.r - 0.19).is_outlier_driven is False


def test_relation_that_special_weeks_make_is_told_apart() -> None:
    kpi, objective = related(60, 0.0, seed=5)
    for week in (20, 45):
        kpi[week] += 25
        objective[week] += 25
    made, kept = found(kpi, objective, event_weeks=[20, 45]), found(kpi, objective, event_weeks=[3])

    assert (made.verdict, made.verdict_without_events, made.depends_on_events) == ("strong", "no_evidence", True)
    assert (kept.verdict_without_events, kept.depends_on_events) == ("strong", False)
    assert found(kpi, objective).verdict_without_events is None
    assert found(kpi, objective).depends_on_events is None


def test_too_little_left_without_special_weeks_does_not_count_as_another_verdict() -> None:
    kpi, objective = related(30, 0.95, seed=2)
    relation = found(kpi, objective, event_weeks=range(0, 30, 3))

    assert relation.verdict_without_events == "insufficient_data"
    assert relation.depends_on_events is None


def test_changes_against_the_year_before_are_added_from_104_weeks_on() -> None:
    kpi, objective = related(110, 0.8, seed=4)
    expected = np.corrcoef(
        np.array(kpi[52:109]) - np.array(kpi[:57]), np.array(objective[53:]) - np.array(objective[1:58])
    )[0, 1]

    assert found(kpi, objective, lag_weeks=1).yearly_correlation == pytest.approx(expected)
    assert found(kpi[:103], objective[:103]).yearly_correlation is None
    assert found(kpi[:104], objective[:104]).yearly_correlation is not None
