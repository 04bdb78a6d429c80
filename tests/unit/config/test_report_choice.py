"""Tests of reports that show only the KPIs of some scopes or functions."""

import pytest

from kpi_pipeline.config.configuration import load_configuration

REPORTS = "reports.yaml"
REPORT = "reports:\n    weekly: {audience: internal, title: {en: Weekly, fa: هفتگی}, languages: [en], %s}\n"


@pytest.fixture(autouse=True)
def scope_of_the_clicks(folder):
    folder.change("kpis/marketing.yaml", "class: function", "scope: team\n    class: function")


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        ("max_kpis: 5", None),
        ("scopes: [team, individual]", ("ctr_ads",)),
        ("scopes: [company]", ("cac_blended",)),
        ("scopes: [department]", ()),
        ("scopes: [team, company]", ("cac_blended", "ctr_ads")),
        ("scopes: [team, company], kpis: [ctr_ads, cac_blended]", ("ctr_ads", "cac_blended")),
        ("functions: [marketing]", ("ctr_ads",)),
        ("functions: [marketing], scopes: [company]", ()),
        ("functions: [marketing], kpis: [cac_blended]", ()),
    ],
)
def test_a_report_shows_the_kpis_of_its_scopes_and_functions(folder, choice, chosen):
    folder.write(REPORTS, REPORT % choice)
    configuration = load_configuration(folder.path)
    assert configuration.reports["weekly"].chosen(configuration.kpis) == chosen


@pytest.mark.parametrize(
    ("choice", "code"),
    [("scopes: [world]", "CFG011"), ("functions: [marketting]", "KPI004"), ("functions: []", "CFG011")],
)
def test_scopes_and_functions_are_those_that_exist(folder, choice, code):
    folder.write(REPORTS, REPORT % choice)
    assert set(folder.codes()) == {code}


def test_any_department_is_a_function(folder):
    owner = "    packer: {name: {en: Packer, fa: بسته‌بند}, group: department, department: logistics}\n"
    folder.change("goals.yaml", "owners:\n", f"owners:\n{owner}")
    folder.write(REPORTS, REPORT % "functions: [logistics, marketing]")
    assert folder.codes() == []


def test_the_limit_of_a_report_counts_what_it_shows(folder):
    folder.write(REPORTS, REPORT % "max_kpis: 1")
    assert folder.codes() == ["KPI060"]
    folder.write(REPORTS, REPORT % "max_kpis: 1, scopes: [team]")
    assert folder.codes() == []
