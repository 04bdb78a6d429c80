"""Tests of loading: what comes out, and that each problem is found in its line, all of them at once."""

from datetime import date
from pathlib import Path

import pytest

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.configuration import check_configuration, load_configuration
from kpi_pipeline.errors import ConfigurationError

GOALS, MARKETING, COMPANY_KPIS = "goals.yaml", "kpis/marketing.yaml", "kpis/company.yaml"


def line_of(folder, name: str, text: str) -> int:
    lines = (folder.path / name).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_a_valid_configuration_has_no_problems(folder):
    assert folder.problems() == []


def test_the_configuration_holds_every_entry_by_its_id(folder):
    configuration = load_configuration(folder.path)
    assert configuration.company.name.fa == "فروشگاه آزمون"
    assert list(configuration.sources) == ["google_ads"]
    assert configuration.metrics["ctr_ads"].formula == "ad_clicks / ad_impressions"
    assert configuration.goals.objectives["int_relevance"].parent == "ext_acquire"
    assert configuration.kpis["ctr_ads"].target.deadline == date(2026, 12, 19)
    assert configuration.reports["weekly_internal"].languages == ("en", "fa")
    assert configuration.calendar == CompanyCalendar("Asia/Tehran", "saturday", "jalali")


def test_goals_kpis_and_reports_may_be_absent(folder):
    for name in (GOALS, MARKETING, COMPANY_KPIS, "reports.yaml"):
        (folder.path / name).unlink()
    configuration = load_configuration(folder.path)
    assert (configuration.kpis, configuration.reports, configuration.goals.objectives) == ({}, {}, {})


def test_the_fingerprint_follows_names_and_bytes_of_the_files_that_are_read(folder):
    first = load_configuration(folder.path).fingerprint
    folder.write("README.md", "not configuration")
    assert load_configuration(folder.path).fingerprint == first
    folder.change("company.yaml", "Test Shop", "Best Shop")
    second = load_configuration(folder.path).fingerprint
    (folder.path / "metrics/marketing.yaml").rename(folder.path / "metrics/ads.yaml")
    third = load_configuration(folder.path).fingerprint
    assert len({first, second, third}) == 3
    assert len(first) == 64


def test_persian_texts_get_persian_letters(folder):
    folder.change("metrics/marketing.yaml", "fa: نرخ کلیک", "fa: نرخ كليك")
    assert load_configuration(folder.path).metrics["ctr_ads"].name.fa == "نرخ کلیک"


def test_all_problems_of_all_files_are_reported_at_once(folder):
    folder.change("company.yaml", "Asia/Tehran", "Asia/Teheran")
    folder.change("metrics/marketing.yaml", "unit: percent", "unit: per cent")
    folder.change(GOALS, "ceo: {name", "ceo: {nam")
    folder.change(MARKETING, "version: 1", "version: one")
    with pytest.raises(ConfigurationError) as raised:
        load_configuration(folder.path)
    lines = str(raised.value).splitlines()
    assert lines[0] == f"the configuration in {folder.path} has 5 problems:"
    assert lines[1:] == [
        'config/company.yaml:2  CFG020  time zone "Asia/Teheran" is unknown; did you mean "Asia/Tehran"?',
        'config/goals.yaml:2  CFG010  the field "name" is missing',
        'config/goals.yaml:2  KPI002  unknown field "nam"; did you mean "name"?',
        'config/kpis/marketing.yaml:3  CFG011  version: expected a whole number, found "one"',
        "config/metrics/marketing.yaml:4  CFG011  unit: expected 'percent', 'currency', 'count', 'ratio' or 'months', "
        'found "per cent"; did you mean "percent"?',
    ]


def test_an_entry_that_is_wrong_in_itself_causes_no_problems_elsewhere(folder):
    folder.change(GOALS, "        owner: cmo\n", "")
    assert [(problem.code, problem.line) for problem in folder.problems()] == [
        ("CFG010", line_of(folder, GOALS, "ext_acquire:"))
    ]


def test_a_missing_folder_is_a_problem_not_a_crash(tmp_path: Path):
    assert [str(problem) for problem in check_configuration(tmp_path / "config")[1]] == [
        "config/company.yaml:1  CFG001  cannot be read: No such file or directory"
    ]


def test_warnings_do_not_stop_loading(folder):
    folder.change(MARKETING, "    where: all markets\n", "")
    configuration, problems = check_configuration(folder.path)
    assert configuration is not None
    assert [str(problem) for problem in problems] == [
        'config/kpis/marketing.yaml:1  KPI021  warning: "ctr_ads" shown as metric: missing where'
    ]


# Each case: file, text that is replaced, replacement, code, text of the line of the problem.
CASES = [
    # YAML
    ("company.yaml", "week_start: saturday", "week_start: [", "CFG001", None),
    ("company.yaml", "started_on:", "week_start: monday\nstarted_on:", "CFG003", "week_start: monday"),
    ("sources/google_ads.yaml", "currency: EUR", "currency: NO", "CFG004", "currency"),
    (MARKETING, "where: all markets", "where: *markets", "CFG005", "where"),
    # Fields
    ("company.yaml", "reporting_currency: IRR\n", "", "CFG010", "name:"),
    ("company.yaml", "started_on: 2026-01-03", "started_on: soon", "CFG011", "started_on"),
    ("company.yaml", "languages: [en, fa]", "languages: []", "CFG011", "languages"),
    ("company.yaml", "{en: Test Shop, fa: فروشگاه آزمون}", "{en: Test Shop, fa: ''}", "CFG011", "name:"),
    ("company.yaml", "languages: [en, fa]", "languages: [en, fr]", "CFG011", "languages"),
    (GOALS, "criteria:\n", "criteria: [x]\nother:\n", "CFG011", "criteria"),
    ("metrics/marketing.yaml", "source: Farris", "source: 2010", "CFG011", "source: 2010"),
    ("metrics/marketing.yaml", "source: Farris", "source: Farris\n    decimals: 9", "CFG011", "decimals"),
    ("metrics/marketing.yaml", "cac_blended:", "CAC:", "CFG012", "CAC"),
    (GOALS, "parent: biz_grow", "parent: Biz Grow", "CFG012", "parent: Biz Grow"),
    ("metrics/marketing.yaml", "formula: ad_clicks", "formulas: a\n    formula: ad_clicks", "KPI002", "formulas"),
    (GOALS, "questions:", "question: {}\nquestions:", "KPI002", "question: {}"),
    (MARKETING, "every_weeks: 4", "every_weeks: 4, each: 2", "KPI002", "review"),
    # Company and sources
    ("company.yaml", "time_zone: Asia/Tehran", "time_zone: ../../etc", "CFG020", "time_zone"),
    ("sources/google_ads.yaml", "currency: EUR", "time_zone: Berlin", "CFG020", "time_zone"),
    ("company.yaml", "reporting_currency: IRR", "reporting_currency: IRT", "CFG021", "reporting_currency"),
    ("company.yaml", "reporting_currency: IRR", "reporting_currency: rial", "CFG021", "reporting_currency"),
    ("sources/google_ads.yaml", "currency: EUR", "currency: EUX", "CFG021", "currency"),
    ("sources/google_ads.yaml", "currency: EUR", "inbox: ../secret", "CFG022", "inbox"),
    ("sources/google_ads.yaml", "currency: EUR", "inbox: /etc", "CFG022", "inbox"),
    ("sources/google_ads.yaml", "'export-(\\d+)'", "'export-(\\d+'", "CFG023", "exported_at"),
    ("sources/google_ads.yaml", "'export-(\\d+)'", "'export-\\d+'", "CFG023", "exported_at"),
    ("company.yaml", "languages: [en, fa]", "languages: [fa]", "CFG024", None),
    # References
    (MARKETING, "metric: ctr_ads", "metric: ctr_adz", "KPI004", "metric: ctr_adz"),
    (MARKETING, "answers: [clicks]", "answers: [clicks, click]", "KPI004", "answers"),
    (MARKETING, "criterion: ad_relevance", "criterion: relevance", "KPI004", "criterion"),
    (MARKETING, "informed: [cmo]", "informed: [cto]", "KPI004", "who"),
    (MARKETING, "owner: ads_lead", "owner: ad_lead", "KPI004", "actions"),
    (MARKETING, "objective_metric: new_customers", "objective_metric: new_clients", "KPI004", "impact"),
    (GOALS, "parent: ext_acquire", "parent: ext_aquire", "KPI004", "parent: ext_aquire"),
    (GOALS, "answered_by: [ctr_ads]", "answered_by: [ctr_ads, cpc]", "KPI004", "clicks:"),
    (GOALS, "group: department,", "group: department, active: false,", "KPI041", None),
    # Goals
    (GOALS, "group: department, department: marketing}", "group: department}", "CFG030", "ads_lead: {"),
    (GOALS, "        department: marketing\n        parent: ext", "        parent: ext", "CFG030", "int_relevance:"),
    (GOALS, "        approved_on: 2026-09-05\n", "", "CFG031", "ext_acquire:"),
    (GOALS, "answered_by: [ctr_ads]", "answered_by: [ctr_ads, cac_blended]", "CFG032", "clicks:"),
    (MARKETING, "answers: [clicks]", "answers: [clicks, cost]", "CFG032", "answers"),
    (GOALS, "        parent: ext_acquire\n", "", "KPI011", "int_relevance:"),
    (GOALS, "parent: ext_acquire", "parent: biz_grow", "KPI011", None),
    (GOALS, "approved_by: ceo", "approved_by: ads_lead", "KPI015", "biz_grow:"),
    (GOALS, "        approved_on: 2026-09-01\n", "", "KPI015", "biz_grow:"),
    (GOALS, "objective: int_relevance", "objective: ext_acquire", "KPI017", "int_relevance:"),
    # KPIs
    (MARKETING, "    objective: int_relevance\n", "", "KPI010", "ctr_ads:"),
    (MARKETING, "    answers: [clicks]\n", "", "KPI018", "ctr_ads:"),
    (MARKETING, "who: {accountable: ads_lead", "who: {accountable: ceo", "CFG033", "who"),
    (MARKETING, "from_week: 2026-06-06", "from_week: 2026-06-08", "CFG034", "baseline"),
    (MARKETING, "to_week: 2026-08-29", "to_week: 2026-05-30", "CFG034", "baseline"),
    (MARKETING, "comparator: '>='", "comparator: '<='", "CFG035", "success_rule"),
    (COMPANY_KPIS, "value: 55", "value: -5", "CFG036", "path"),
    (MARKETING, "{en: Early signal of the relevance of ads.", "{en: Early signal.", "CFG037", "why"),
    (MARKETING, "        deadline: 2026-12-19\n", "", "KPI030", "target:"),
    (MARKETING, "deadline: 2026-12-19", "deadline: 2026-09-05", "KPI031", "deadline"),
    (MARKETING, "deadline: 2026-12-19", "deadline: 2028-09-09", "KPI032", "deadline"),
    (MARKETING, "value: 1.35", "value: 1.05", "KPI036", "value: 1.05"),
    (MARKETING, "value: 1.35", "value: 1.1", "KPI036", None),
    (COMPANY_KPIS, "value: 55", "value: 70", "KPI036", "value: 70"),
    (MARKETING, "accountable: ads_lead, ", "", "KPI040", "who"),
    (MARKETING, "accountable: ads_lead", "accountable: [ads_lead, cmo]", "KPI040", "who"),
    (MARKETING, "when: off_track", "when: at_risk", "KPI043", "actions"),
    (COMPANY_KPIS, "evidence: self", "evidence: hypothesis", "KPI052", "impact"),
    (COMPANY_KPIS, "evidence: self", "evidence: hypothesis, expires_on: 2027-03-07", "KPI052", "impact"),
]


@pytest.mark.parametrize(("name", "old", "new", "code", "marker"), CASES)
def test_each_error_is_found_in_its_line(folder, name, old, new, code, marker):
    folder.change(name, old, new)
    configuration, problems = check_configuration(folder.path)
    assert configuration is None
    found = [problem for problem in problems if problem.code == code]
    assert found, [str(problem) for problem in problems]
    assert not found[0].is_warning
    if marker is not None:
        assert (found[0].path, found[0].line) == (Path("config") / name, line_of(folder, name, marker))


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        (GOALS, "measured_by: [ctr_ads]", "measured_by: []", None),  # a KPI names the criterion
        (GOALS, "criteria:\n", "criteria:\n    trust: {name: {en: Trust, fa: اعتماد}}\n", "KPI020"),
        (MARKETING, "    where: all markets\n", "", "KPI021"),
        ("reports.yaml", "languages: [en, fa]", "languages: [en], max_kpis: 1", "KPI060"),
    ],
)
def test_each_warning_is_found_and_does_not_stop(folder, name, old, new, code):
    folder.change(name, old, new)
    configuration, problems = check_configuration(folder.path)
    assert configuration is not None
    assert [problem.code for problem in problems if problem.is_warning] == ([code] if code else [])


def test_files_that_nothing_reads_are_named(folder):
    for name in ("sources/meta_ads.yml", "metric/sales.yaml", "kpis/old/sales.yaml"):
        folder.write(name, "a: 1\n")
    problems = folder.problems()
    assert {problem.code for problem in problems} == {"CFG002"}
    assert [str(problem.path) for problem in problems] == [
        "config/kpis/old/sales.yaml",
        "config/metric/sales.yaml",
        "config/sources/meta_ads.yml",
    ]


def test_two_sources_must_not_take_the_same_files(folder):
    folder.write("sources/other.yaml", "system: meta_ads\ninbox: google_ads\n")
    (problem,) = folder.problems()
    assert (problem.code, str(problem.path)) == ("CFG022", "config/sources/other.yaml")
    folder.change("sources/other.yaml", "inbox: google_ads", "inbox: google_ads\nfiles: 'meta-*.csv'")
    assert folder.problems() == []


@pytest.mark.parametrize("name", ["kpis/repeated.yaml", "metrics/repeated.yaml"])
def test_an_id_is_used_once_over_all_files(folder, name):
    folder.write(name, "\nctr_ads: {}\n")
    folder_name = name.split("/")[0]
    assert [str(problem) for problem in folder.problems()] == [
        f'config/{name}:2  KPI003  "ctr_ads" is already defined in config/{folder_name}/marketing.yaml; '
        "rename or remove one of the two"
    ]


def test_kpis_need_objectives(folder):
    (folder.path / GOALS).unlink()
    assert [problem.code for problem in folder.problems()] == ["KPI001"]


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
    found = {
        problem.code: problem for problem in folder.problems() if problem.code == "KPI014" and not problem.is_warning
    }
    assert found["KPI014"].message == 'department "store" has internal objectives but no external objective'


def test_a_department_with_external_objectives_only_is_a_warning(folder):
    folder.change(GOALS, "department: marketing\n        parent: ext", "department: store\n        parent: ext")
    warning = next(problem for problem in folder.problems() if problem.is_warning)
    assert (warning.code, warning.line) == ("KPI014", line_of(folder, GOALS, "        department: marketing"))


def test_a_success_factor_needs_a_kpi(folder):
    folder.change(GOALS, "measured_by: [cac_blended]", "measured_by: []")
    assert folder.problems() == []  # the KPI names the factor
    folder.change(COMPANY_KPIS, "    success_factor: spend\n", "")
    assert [problem.code for problem in folder.problems()] == ["KPI019"]


def test_what_is_overdue_is_a_warning_on_the_day_that_asks_for_it(folder):
    folder.change(COMPANY_KPIS, "evidence: self", "evidence: hypothesis, expires_on: 2027-03-06")
    assert folder.problems(date(2026, 11, 16)) == []
    problems = folder.problems(date(2027, 3, 21))
    assert all(problem.is_warning for problem in problems)
    assert [(str(problem.path), problem.code) for problem in problems] == [
        ("config/kpis/company.yaml", "KPI031"),
        ("config/kpis/company.yaml", "CFG038"),
        ("config/kpis/company.yaml", "KPI052"),
        ("config/kpis/marketing.yaml", "KPI031"),
        ("config/kpis/marketing.yaml", "CFG038"),
    ]


def test_a_retired_kpi_is_not_checked_for_its_target(folder):
    folder.change(MARKETING, "value: 1.35", "value: 1.05")
    folder.change(MARKETING, "status: active", "status: retired")
    assert folder.problems() == []


def test_a_draft_may_lack_parts_without_a_word(folder):
    folder.change(MARKETING, "status: active", "status: draft")
    folder.change(MARKETING, "    where: all markets\n", "")
    assert folder.problems() == []
