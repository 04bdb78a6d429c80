"""Tests of the verdicts that the configuration alone can give."""

import pytest

from kpi_pipeline.config.configuration import Configuration, load_configuration
from kpi_pipeline.config.smart_rules import static_smart

MARKETING, COMPANY_KPIS = "kpis/marketing.yaml", "kpis/company.yaml"


def verdicts(configuration: Configuration, kpi_id: str) -> dict[str, str]:
    return {finding.letter: finding.verdict for finding in static_smart(kpi_id, configuration)}


def texts(configuration: Configuration, kpi_id: str, letter: str) -> list[str]:
    return [finding.en for finding in static_smart(kpi_id, configuration) if finding.letter == letter]


def changed(configuration: Configuration, kpi_id: str, **parts) -> Configuration:
    """The configuration with another commitment, as no file could give it: without its checks."""
    kpi = configuration.kpis[kpi_id].model_copy(update=parts)
    return Configuration(**(vars(configuration) | {"kpis": configuration.kpis | {kpi_id: kpi}}))


def test_a_complete_kpi_passes_what_can_be_told_without_data(folder):
    found = static_smart("cac_blended", load_configuration(folder.path))
    assert [(finding.letter, finding.verdict, finding.en) for finding in found] == [
        (
            "S",
            "pass",
            "one metric, one target (55), one scope (whole company); with reason, resources and tasks",
        ),
        (
            "M",
            "not_judged",
            "the baseline is 66.7, from 2026-06-06 to 2026-08-29; whether it holds, only the data can say",
        ),
        ("A", "pass", "the target lies in the right direction, and ceo answers for it"),
        ("R", "pass", "it serves biz_grow; evidence: self"),
        # 2026-09-05 is a Saturday; 28 weeks later Friday 2027-03-19 ends the last week before Saturday 2027-03-20.
        ("T", "pass", "by 2027-03-20, 28 complete weeks after 2026-09-05"),
    ]
    assert found[3].fa == "در خدمت biz_grow است؛ مدرک اثر: self"


def test_a_hypothesis_is_a_warning(folder):
    configuration = load_configuration(folder.path)
    assert verdicts(configuration, "ctr_ads")["R"] == "warning"
    assert texts(configuration, "ctr_ads", "R") == [
        "it serves int_relevance → ext_acquire → biz_grow; that it has an effect is a hypothesis"
    ]


def test_a_hypothesis_with_an_end_says_when(folder):
    folder.change(MARKETING, "evidence: hypothesis", "evidence: hypothesis, expires_on: 2026-12-31")
    assert texts(load_configuration(folder.path), "ctr_ads", "R")[0].endswith("is a hypothesis until 2026-12-31")


def test_an_override_is_a_warning(folder):
    folder.change(COMPANY_KPIS, "{swot_ref: SWOT", "{override: {reason: a contract, approved_by: ceo}, swot_ref: SWOT")
    configuration = load_configuration(folder.path)
    assert verdicts(configuration, "cac_blended")["A"] == "warning"
    assert texts(configuration, "cac_blended", "A") == ["the target stands because ceo decided so: a contract"]


@pytest.mark.parametrize(
    ("part", "absent", "letters"),
    [
        ("target", None, "SMAT"),
        ("why", None, "S"),
        ("quality", None, "M"),
        ("who", None, "A"),
        ("actions", (), "A"),
        ("success_factor", None, "R"),
        ("impact", None, "R"),
        ("objective", None, "R"),
        ("review", None, "T"),
    ],
)
def test_a_missing_part_fails_the_letters_that_need_it(folder, part, absent, letters):
    configuration = changed(load_configuration(folder.path), "cac_blended", **{part: absent})
    found = verdicts(configuration, "cac_blended")
    assert {letter for letter, verdict in found.items() if verdict == "fail"} == set(letters)
    assert f"missing: {part}" in texts(configuration, "cac_blended", letters[0])


def test_what_is_wrong_fails_the_letter_that_it_concerns(folder):
    configuration = load_configuration(folder.path)
    kpi = configuration.kpis["cac_blended"]
    wrong_target = kpi.target.model_copy(update={"value": 70.0, "deadline": kpi.effective_from})
    configuration = changed(configuration, "cac_blended", target=wrong_target)
    assert verdicts(configuration, "cac_blended") == {
        "S": "pass",
        "M": "not_judged",
        "A": "fail",
        "R": "pass",
        "T": "fail",
    }
    assert texts(configuration, "cac_blended", "T") == [
        'KPI "cac_blended": deadline 2026-09-05 in the past when it takes effect on 2026-09-05'
    ]


def test_an_objective_without_way_to_the_business_is_not_relevant(folder):
    configuration = load_configuration(folder.path)
    objectives = configuration.goals.objectives
    alone = objectives | {"ext_acquire": objectives["ext_acquire"].model_copy(update={"parent": None})}
    goals = configuration.goals.model_copy(update={"objectives": alone})
    found = texts(Configuration(**(vars(configuration) | {"goals": goals})), "ctr_ads", "R")
    assert found == ['objective "int_relevance" is not connected to any business objective']
