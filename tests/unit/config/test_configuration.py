"""Tests of loading: what comes out, and that each problem is found in its line, all of them at once."""

from datetime import date
from pathlib import Path

import pytest

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.configuration import check_configuration, load_configuration
from kpi_pipeline.config.translation import problem_text
from kpi_pipeline.errors import ConfigurationError

GOALS, MARKETING, COMPANY_KPIS = "goals.yaml", "kpis/marketing.yaml", "kpis/company.yaml"
WHERE = "    where: {scope: all markets, efficiency_metric: ad_clicks, per: acquisition_cost}\n"


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


def test_all_texts_keep_their_joiners_and_get_persian_letters(folder):
    half_space = "\u200c"
    folder.change(MARKETING, "what: [2 creatives per week]", f"what: [كمك طراح در هفته{half_space}ها]")
    folder.change(MARKETING, "scope: all markets", "scope: بازارهاي ايران")
    kpi = load_configuration(folder.path).kpis["ctr_ads"]
    assert (kpi.what, kpi.where.scope) == ((f"کمک طراح در هفته{half_space}ها",), "بازارهای ایران")


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
        "config/metrics/marketing.yaml:4  CFG011  unit: expected 'percent', 'points', 'currency', 'count', 'ratio', "
        "'minutes', 'hours', 'days' or 'months', found \"per cent\"; did you mean \"percent\"?",
    ]


def test_an_entry_that_is_wrong_in_itself_causes_no_problems_elsewhere(folder):
    folder.change(GOALS, "        owner: cmo\n", "")
    assert [(problem.code, problem.line) for problem in folder.problems()] == [
        ("CFG010", folder.line_of(GOALS, "ext_acquire:"))
    ]


def test_a_missing_folder_is_a_problem_not_a_crash(tmp_path: Path):
    assert [str(problem) for problem in check_configuration(tmp_path / "config")[1]] == [
        "config/company.yaml:1  CFG001  cannot be read: No such file or directory"
    ]


def test_warnings_do_not_stop_loading(folder):
    folder.change(MARKETING, WHERE, "")
    configuration, problems = check_configuration(folder.path)
    assert configuration is not None
    assert [str(problem) for problem in problems] == [
        'config/kpis/marketing.yaml:1  KPI021  warning: "ctr_ads" shown as metric: missing where; '
        "fill in what is missing, or set status: draft"
    ]


# Each case: file, text that is replaced, replacement, code, text of the line of the problem.
CASES = [
    # YAML
    ("company.yaml", "week_start: saturday", "week_start: [", "CFG001", None),
    ("company.yaml", "started_on:", "week_start: monday\nstarted_on:", "CFG003", "week_start: monday"),
    ("sources/google_ads.yaml", "currency: EUR", "currency: NO", "CFG004", "currency"),
    (MARKETING, WHERE, "    where: *markets\n", "CFG005", "where"),
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
    (GOALS, "clicks: {objective: int_relevance", "clicks: {objective: ext_acquire", "KPI017", "int_relevance:"),
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
    assert problem_text(found[0], "fa") != str(found[0])
    if marker is not None:
        assert (found[0].path, found[0].line) == (Path("config") / name, folder.line_of(name, marker))


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        (GOALS, "measured_by: [ctr_ads]", "measured_by: []", None),  # a KPI names the criterion
        (GOALS, "criteria:\n", "criteria:\n    trust: {name: {en: Trust, fa: اعتماد}}\n", "KPI020"),
        (MARKETING, WHERE, "", "KPI021"),
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
