import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from kpi_pipeline.analysis.multiple_testing import benjamini_hochberg, holm


def test_holm_multiplies_the_smallest_by_all_and_never_falls_again() -> None:
    # By hand: 0.01 * 4; 0.02 * 3; then 0.022 * 2 = 0.044 is raised to 0.06; 0.5 stays.
    assert holm([0.022, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])


def test_benjamini_hochberg_allows_for_the_share_that_is_false() -> None:
    # By hand: 0.01 * 4 / 1 = 0.04 and 0.022 * 4 / 3 = 0.0293 for three of them; 0.5 stays.
    assert benjamini_hochberg([0.022, 0.01, 0.5, 0.02]) == pytest.approx(
        [0.0293333, 0.0293333, 0.5, 0.0293333], abs=1e-6
    )


def test_both_agree_with_the_library_on_random_p_values_with_ties() -> None:
    rng = np.random.default_rng(11)
    for count in (1, 2, 9, 60):
        p_values = np.round(rng.uniform(size=count) ** 3, 2).tolist()
        assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1].tolist())
        assert benjamini_hochberg(p_values) == pytest.approx(multipletests(p_values, method="fdr_bh")[1].tolist())
    assert holm([]) == benjamini_hochberg([]) == []
