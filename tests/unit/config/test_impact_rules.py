"""Tests of what a KPI must say about its effect on its objective before that effect can be measured."""

import pytest

MARKETING = "kpis/marketing.yaml"
IMPACT = "impact: {objective_metric: new_customers, expected_sign: 1, lag_weeks: 1, evidence: hypothesis}"


@pytest.mark.parametrize("field", ["objective_metric: new_customers, ", "expected_sign: 1, ", "lag_weeks: 1, "])
def test_effect_says_on_what_in_which_direction_and_after_how_many_weeks(folder, field):
    folder.change(MARKETING, IMPACT, IMPACT.replace(field, ""))
    name = field.split(":")[0]
    assert [problem.message for problem in folder.problems()] == [f'the field "{name}" is missing']


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("lag_weeks: 1", "lag_weeks: 8", []),
        ("lag_weeks: 1", "lag_weeks: 9", ["CFG011"]),
        ("lag_weeks: 1", "lag_weeks: -1", ["CFG011"]),
        ("expected_sign: 1", "expected_sign: -1", []),
        ("expected_sign: 1", "expected_sign: 0", ["CFG011"]),
        ("evidence: hypothesis", "evidence: correlation", ["CFG011"]),
        ("objective_metric: new_customers", "objective_metric: cac_blended", []),
    ],
)
def test_effect_is_one_direction_and_at_most_eight_weeks_later(folder, old, new, codes):
    folder.change(MARKETING, old, new)
    assert folder.codes() == codes
