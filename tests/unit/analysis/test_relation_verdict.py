import pytest
from statsmodels.stats.multitest import multipletests

from kpi_pipeline.analysis.relation_changes import Correlation
from kpi_pipeline.analysis.relation_verdict import Discovery, discoveries, evidence_state, verdict_of


def between(low: float, high: float) -> Correlation:
    return Correlation((low + high) / 2, 40.0, low, high, 0.01)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.5, -0.01, "contradicts"),
        (-0.1, 0.4, "no_evidence"),
        (0.0, 0.4, "no_evidence"),
        (0.01, 0.5, "weak"),
        (0.29, 0.6, "weak"),
        (0.3, 0.7, "moderate"),
        (0.49, 0.8, "moderate"),
        (0.5, 0.9, "strong"),
    ],
)
def test_verdict_is_by_the_nearer_end_of_the_interval(low: float, high: float, verdict: str) -> None:
    assert verdict_of(60, between(low, high), 1) == verdict
    assert verdict_of(60, between(-high, -low), -1) == verdict


def test_what_is_expected_to_fall_and_rises_contradicts() -> None:
    assert verdict_of(60, between(0.5, 0.9), -1) == "contradicts"


def test_fewer_than_twenty_pairs_or_no_variation_are_not_enough() -> None:
    assert verdict_of(19, between(0.5, 0.9), 1) == "insufficient_data"
    assert verdict_of(20, between(0.5, 0.9), 1) == "strong"
    assert verdict_of(60, None, 1) == "insufficient_data"


def test_among_many_kpis_a_p_value_must_be_smaller_to_stand() -> None:
    alone = {"one": 0.04}
    among = alone | {f"other_{number}": 0.5 + number / 100 for number in range(9)}

    assert discoveries(alone) == {"one": Discovery(pytest.approx(0.04), True)}
    # 0.04 * 10 / 1.
    assert discoveries(among)["one"] == Discovery(pytest.approx(0.4), False)
    assert discoveries({}) == {}


def test_discoveries_are_those_of_the_library_at_one_in_ten() -> None:
    p_values = {str(number): (number / 25) ** 3 for number in range(1, 26)}
    expected = multipletests(list(p_values.values()), alpha=0.10, method="fdr_bh")[0].tolist()

    assert [found.is_discovery for found in discoveries(p_values).values()] == expected
    assert 0 < sum(expected) < 25


@pytest.mark.parametrize(
    ("evidence", "verdict", "is_discovery", "state"),
    [
        ("self", "identity", False, "by_construction"),
        ("identity", "identity", False, "by_construction"),
        ("measured", "identity", False, "by_construction"),
        ("measured", "weak", True, "confirmed"),
        ("measured", "strong", True, "confirmed"),
        ("measured", "strong", False, "unconfirmed"),
        ("measured", "no_evidence", False, "unconfirmed"),
        ("measured", "contradicts", True, "unconfirmed"),
        ("measured", "insufficient_data", False, "not_judged"),
        ("hypothesis", "moderate", True, "confirmed"),
        ("hypothesis", "moderate", False, "hypothesis"),
        ("hypothesis", "no_evidence", False, "hypothesis"),
        ("hypothesis", "insufficient_data", False, "hypothesis"),
        ("hypothesis", "contradicts", True, "unconfirmed"),
    ],
)
def test_evidence_lasts_only_as_long_as_the_data_confirm_it(
    evidence: str, verdict: str, is_discovery: bool, state: str
) -> None:
    assert evidence_state(evidence, verdict, is_discovery=is_discovery) == state  # type: ignore[arg-type]
