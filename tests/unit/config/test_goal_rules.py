"""Tests of the rules among goals, and of what reports may show of them."""

import pytest

from kpi_pipeline.config.configuration import load_configuration
from kpi_pipeline.config.measurability import bound_metrics
from kpi_pipeline.config.translation import problem_text

COMPANY, GOALS, REPORTS = "company.yaml", "goals.yaml", "reports.yaml"
MARKETING, COMPANY_KPIS = "kpis/marketing.yaml", "kpis/company.yaml"


def test_kpis_need_objectives(folder):
    (folder.path / GOALS).unlink()
    assert [str(problem) for problem in folder.problems()] == [
        "config/kpis/company.yaml:1  KPI001  no objectives loaded; define objectives before KPIs; write goals.yaml"
    ]


def test_a_circle_of_objectives_is_reported_once_and_everything_below_it(folder):
    folder.change(
        GOALS, "level: business\n", "level: external\n        department: marketing\n        parent: ext_acquire\n"
    )
    found = [(problem.code, problem.message) for problem in folder.problems() if problem.code.startswith("KPI01")]
    assert found == [
        ("KPI012", "objective cycle: biz_grow → ext_acquire → biz_grow"),
        ("KPI013", 'objective "int_relevance" is not connected to any business objective'),
    ]


def test_a_department_needs_external_objectives_beside_its_internal_ones(folder):
    folder.change(GOALS, "department: marketing\n        parent: ext", "department: store\n        parent: ext")
    errors = [problem for problem in folder.problems() if problem.code == "KPI014" and not problem.is_warning]
    assert [error.message for error in errors] == [
        'department "store" has internal objectives but no external objective'
    ]


def test_a_department_with_external_objectives_only_is_a_warning(folder):
    folder.change(GOALS, "department: marketing\n        parent: ext", "department: store\n        parent: ext")
    warning = next(problem for problem in folder.problems() if problem.is_warning)
    assert (warning.code, warning.line) == ("KPI014", folder.line_of(GOALS, "        department: marketing"))


def test_a_success_factor_needs_a_kpi(folder):
    folder.change(GOALS, "measured_by: [cac_blended]}\n    ads_fit", "measured_by: [ctr_ads]}\n    ads_fit")
    assert folder.codes() == []  # a KPI names the factor
    folder.change(COMPANY_KPIS, "success_factor: spend", "success_factor: ads_fit")
    assert folder.codes() == []  # the factor names a KPI
    folder.write("metrics/more.yaml", METRIC)
    folder.change(GOALS, "measured_by: [ctr_ads]}\n    ads_fit", "measured_by: [csat]}\n    ads_fit")
    (problem,) = folder.problems()
    assert (problem.code, problem.line) == ("KPI019", folder.line_of(GOALS, "    spend:"))


def test_a_retired_kpi_does_not_measure_a_success_factor(folder):
    folder.change(MARKETING, "status: active", "status: retired")
    assert "KPI019" in folder.codes()


METRIC = """\
csat:
    name: {en: Customer satisfaction, fa: رضایت مشتری}
    formula: csat_positive / csat_answers
    unit: percent
    direction: higher_better
    source: survey
"""
SATISFACTION = """\
    satisfy:
        level: business
        statement: {en: Customer satisfaction, fa: رضایت مشتری}
        why: {en: Because, fa: زیرا}
        owner: ceo
        approved_by: ceo
        approved_on: 2026-09-01
        review_on: 2026-12-20
success_factors:
"""
QUESTION = (
    "questions:\n    happy: {objective: satisfy, kind: how, question: {en: 'How?', fa: چگونه؟}, answered_by: [csat]}\n"
)
FACTOR = "    care: {objective: satisfy, statement: {en: We care, fa: اهمیت می‌دهیم}, measured_by: [csat]}\nquestions:\n"


def test_customer_satisfaction_is_no_objective_until_a_metric_is_bound_to_it(folder):
    folder.write("metrics/support.yaml", METRIC)
    folder.change(GOALS, "success_factors:\n", SATISFACTION)
    folder.change(GOALS, "questions:\n", QUESTION)
    assert [(problem.code, problem.message) for problem in folder.problems()] == [
        ("KPI022", 'objective "satisfy" is not measurable: no bound metric')
    ]
    folder.change(GOALS, "questions:\n", FACTOR)
    assert "KPI022" not in folder.codes()


def test_what_is_bound_are_metrics_of_living_kpis_and_of_success_factors(folder):
    configuration = load_configuration(folder.path)
    factors, kpis = configuration.goals.success_factors, configuration.kpis
    assert bound_metrics("biz_grow", factors, kpis) == ("cac_blended",)  # the KPI
    assert bound_metrics("ext_acquire", factors, kpis) == ("cac_blended",)  # the success factor
    retired = kpis | {"cac_blended": kpis["cac_blended"].model_copy(update={"status": "retired"})}
    assert bound_metrics("biz_grow", factors, retired) == ()
    named = {"cheap": kpis["cac_blended"].model_copy(update={"metric": "cac_paid"})}
    factor = {"spend": factors["spend"].model_copy(update={"measured_by": ("cheap", "csat")})}
    assert bound_metrics("ext_acquire", factor, named) == ("cac_paid", "csat")


def test_an_example_is_refused_where_the_company_is_none(folder):
    folder.change(GOALS, "        review_on: 2026-12-20\n", "        review_on: 2026-12-20\n        example: true\n")
    (problem,) = folder.problems()
    line = folder.line_of(GOALS, "example: true")
    assert str(problem).startswith(f'config/goals.yaml:{line}  KPI016  "biz_grow" is an unedited example; make it your')
    folder.change(COMPANY, "started_on", "is_example: true\nstarted_on")
    assert folder.codes() == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (GOALS, "ceo: {name", "ceo: {example: true, name"),
        (GOALS, "ad_relevance: {name", "ad_relevance: {example: true, name"),
        (GOALS, "spend: {objective", "spend: {example: true, objective"),
        (GOALS, "grow: {objective", "grow: {example: true, objective"),
        (MARKETING, "    version: 1", "    example: true\n    version: 1"),
    ],
)
def test_every_kind_of_entry_may_be_an_example(folder, name, old, new):
    folder.change(name, old, new)
    assert folder.codes() == ["KPI016"]


@pytest.mark.parametrize("alias", ["csfs", "cfs"])
def test_success_factors_are_known_by_their_short_names(folder, alias):
    folder.change(GOALS, "success_factors:", f"{alias}:")
    assert list(load_configuration(folder.path).goals.success_factors) == ["spend", "ads_fit"]


def test_an_id_under_both_names_is_used_twice(folder):
    folder.change(GOALS, "questions:", "cfs:\n    spend: {}\nquestions:")
    assert folder.codes() == ["KPI003"]


@pytest.mark.parametrize("field", ["value: 5", "target: 5"])
def test_a_criterion_never_carries_a_number(folder, field):
    folder.change(GOALS, "ad_relevance: {name", f"ad_relevance: {{{field}, name")
    (problem,) = folder.problems()
    assert (problem.code, problem.hint) == ("KPI002", "a criterion carries no number; name metrics in measured_by")


REPORT = "    executive: {audience: executive, title: {en: Weekly, fa: هفتگی}, languages: [en], kpis: [%s]}\n"


def test_a_report_for_executives_names_no_internal_kpi(folder):
    text = (folder.path / REPORTS).read_text(encoding="utf-8")
    folder.write(REPORTS, text + REPORT % "cac_blended, ctr_ads")
    (problem,) = folder.problems()
    assert str(problem) == (
        'config/reports.yaml:3  KPI051  report "executive" for audience "executive" contains internal KPI "ctr_ads"; '
        "internal KPIs must not be reported to executives or clients; remove it"
    )
    assert "شاخص داخلی «ctr_ads»" in problem_text(problem, "fa")
    folder.write(REPORTS, text + REPORT % "cac_blended")
    assert folder.codes() == []


def test_an_internal_report_may_name_any_kpi(folder):
    folder.change(REPORTS, "languages: [en, fa]", "languages: [en], kpis: [ctr_ads, cac_blended]")
    assert folder.codes() == []


def test_a_report_names_kpis_that_exist(folder):
    folder.change(REPORTS, "languages: [en, fa]", "languages: [en], kpis: [ctr_adz]")
    (problem,) = folder.problems()
    assert (problem.code, problem.hint) == ("KPI004", 'did you mean "ctr_ads"?')


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ("max_kpis: 2", []),
        ("max_kpis: 1", ["KPI060"]),
        ("max_kpis: 1, kpis: [ctr_ads]", []),
        ("max_kpis: 1, audience: executive", []),
    ],
)
def test_a_report_has_a_limit(folder, options, codes):
    title = "title: {en: Weekly, fa: هفتگی}, languages: [en]"
    audience = "" if "audience" in options else "audience: internal, "
    folder.write(REPORTS, f"reports:\n    weekly: {{{audience}{title}, {options}}}\n")
    assert folder.codes() == codes
