"""Tests of new entries: they are well-formed, say what is missing, and leave the rest of a file alone."""

import shutil
from datetime import date
from typing import get_args

import pytest
import yaml

from kpi_pipeline.config.commitment import PARTS
from kpi_pipeline.config.configuration import Configuration, check_configuration, load_configuration
from kpi_pipeline.config.goals import Goals
from kpi_pipeline.config.metric import Profile
from kpi_pipeline.config.new_entry import NewEntry, add_entry, new_goals_from_template, new_kpi, new_metric
from kpi_pipeline.config.paths import TEMPLATES
from kpi_pipeline.config.validation import validate
from kpi_pipeline.config.yaml_reader import read_yaml
from kpi_pipeline.errors import ConfigurationError

TODAY = date(2026, 11, 24)
MARKETING, METRICS = "kpis/marketing.yaml", "metrics/marketing.yaml"


@pytest.fixture
def configuration(folder) -> Configuration:
    return load_configuration(folder.path)


def test_a_new_metric_names_what_is_missing_and_check_does_too(folder, configuration):
    entry = new_metric("csat", "csat_positive / csat_answers", configuration, function="support")
    assert entry.file == "metrics/support.yaml"
    assert entry.missing == ("name.fa", "definition", "unit", "direction", "source")
    path = add_entry(entry, folder.path)
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["csat"]["formula"] == "csat_positive / csat_answers"
    problems = [problem for problem in folder.problems() if problem.path.name == "support.yaml"]
    assert {problem.code for problem in problems} == {"CFG011"}
    wrong = {path.read_text(encoding="utf-8").splitlines()[problem.line - 1].split(":")[0] for problem in problems}
    assert wrong == {"  name", "  definition", "  unit", "  direction", "  source"}


def test_a_new_metric_is_valid_once_it_is_filled_in(folder, configuration):
    path = add_entry(new_metric("csat", "a / b", configuration, function="support"), folder.path)
    text = path.read_text(encoding="utf-8")
    for old, new in (
        ("fa: }", "fa: رضایت}"),
        ("{en: , fa: رضایت}", "{en: Answers, fa: پاسخ‌ها}"),
        ("unit:", "unit: percent"),
        ("direction:", "direction: higher_better"),
        ("source:", "source: survey"),
        ("fa: }", "fa: تعریف}"),
    ):
        text = text.replace(old, new, 1)
    path.write_text(text.replace("{en: , ", "{en: Definition, "), encoding="utf-8")
    assert folder.problems() == []


@pytest.mark.parametrize("formula", ["a / b", "first_age(a >= b)", "a - previous(a)", "(a - b) / c * 100"])
def test_any_formula_is_written_as_it_is(configuration, formula):
    entry = new_metric("some", formula, configuration, function="support")
    assert yaml.safe_load(entry.text)["some"]["formula"] == formula


def test_a_new_kpi_is_a_draft_that_loads_as_it_stands(folder, configuration):
    folder.write("metrics/more.yaml", METRIC)
    configuration = load_configuration(folder.path)
    entry = new_kpi("csat", configuration, function="marketing", today=TODAY)
    assert (entry.file, entry.missing) == (MARKETING, PARTS)
    before = (folder.path / MARKETING).read_bytes()
    path = add_entry(entry, folder.path)
    assert path.read_bytes().startswith(before + b"\n")
    loaded, problems = check_configuration(folder.path)
    assert problems == []
    assert loaded.kpis["csat"].status == "draft"
    # The company's weeks start on Saturdays: the one after Tuesday 2026-11-24 on 2026-11-28.
    assert (loaded.kpis["csat"].effective_from, loaded.kpis["csat"].function) == (date(2026, 11, 28), "marketing")


METRIC = """\
csat:
    name: {en: Satisfaction, fa: رضایت}
    formula: csat_positive / csat_answers
    unit: percent
    direction: higher_better
    source: survey
"""


def test_what_a_new_kpi_suggests_in_comments_is_valid(folder, configuration):
    """Every commented line is uncommented; only references and words are put in."""
    folder.write("metrics/more.yaml", METRIC)
    entry = new_kpi("csat", load_configuration(folder.path), function=None, today=TODAY)
    assert entry.file == "kpis/company.yaml"
    text = entry.text.replace("  #  ", "    ")
    for old, new in (
        ("status: draft", "status: active"),
        ("objective: #", "objective: int_relevance #"),
        ("success_factor: #", "success_factor: ads_fit #"),
        ("criterion: #", "criterion: ad_relevance #"),
        ("answers: []", "answers: [clicks]"),
        ("en: because ...", "en: because customers who are satisfied stay"),
        ("fa: زیرا ...", "fa: زیرا مشتری راضی نزد ما می‌ماند"),
        ("what: []", "what: [a survey]"),
        ("one owner of goals.yaml, of the objective's department", "ads_lead"),
        ("[owners who do the work]", "[ads_lead]"),
        ("scope: web store, all markets", "scope: everywhere"),
        ("a metric or measure that says what came of the effort", "csat_positive"),
        ("a metric or measure that says how much effort it was", "csat_answers"),
        ("value: 0,", "value: 80,"),
        ("value: 0 #", "value: 90 #"),
        ("the metric or measure that the objective is measured by", "ctr_ads"),
        ("actions: []", "actions:"),
        ("owner: an owner of goals.yaml", "owner: ads_lead"),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)
    add_entry(NewEntry(entry.file, text, ()), folder.path)
    folder.change("goals.yaml", "answered_by: [ctr_ads]", "answered_by: [ctr_ads, csat]")
    assert folder.codes() == []


def test_a_lower_number_is_better_for_a_metric_of_costs(folder, configuration):
    (folder.path / "kpis/company.yaml").unlink()
    configuration = Configuration(**(vars(configuration) | {"kpis": {}}))
    assert 'comparator: "<="' in new_kpi("cac_blended", configuration, function=None, today=TODAY).text


@pytest.mark.parametrize(
    ("metric_id", "function", "message"),
    [
        ("cpc", None, 'there is no metric "cpc"'),
        ("ctr_ads", None, '"ctr_ads" is already defined'),
        ("spare", "Big Sales", '"Big Sales" is not an id'),
    ],
)
def test_a_kpi_is_on_a_metric_that_has_none(folder, metric_id, function, message):
    folder.write("metrics/more.yaml", METRIC.replace("csat:", "spare:"))
    with pytest.raises(ConfigurationError, match=message):
        new_kpi(metric_id, load_configuration(folder.path), function=function, today=TODAY)


@pytest.mark.parametrize(("metric_id", "message"), [("ctr_ads", "is already defined"), ("CTR", "is not an id")])
def test_a_metric_has_an_id_of_its_own(configuration, metric_id, message):
    with pytest.raises(ConfigurationError, match=message):
        new_metric(metric_id, "a / b", configuration, function="support")


def test_a_new_file_names_its_schema(folder, configuration):
    path = add_entry(new_metric("csat", "a / b", configuration, function="support"), folder.path)
    assert path.read_text(encoding="utf-8").startswith(
        "# yaml-language-server: $schema=../../schemas/metrics.json\n\ncsat:\n"
    )
    (folder.path / "goals.yaml").unlink()
    path = add_entry(new_goals_from_template("b2b", today=TODAY), folder.path)
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=../schemas/goals.json\n\n#")


def test_a_file_without_a_final_line_break_is_continued_on_a_new_line(folder, configuration):
    folder.write(METRICS, (folder.path / METRICS).read_text(encoding="utf-8").rstrip("\n") + " # چرا؟")
    before = (folder.path / METRICS).read_bytes()
    add_entry(new_metric("csat", "a / b", configuration, function="marketing"), folder.path)
    assert (folder.path / METRICS).read_bytes().startswith(before + b"\n\ncsat:\n")


def test_nothing_is_written_where_a_key_is_taken(folder):
    before = (folder.path / "goals.yaml").read_bytes()
    with pytest.raises(ConfigurationError, match=r"goals\.yaml already has criteria, objectives, owners"):
        add_entry(new_goals_from_template("b2b", today=TODAY), folder.path)
    assert (folder.path / "goals.yaml").read_bytes() == before


def test_nothing_is_written_into_a_file_that_cannot_be_read(folder, configuration):
    folder.write(METRICS, "ctr_ads: [\n")
    with pytest.raises(ConfigurationError, match="has problems of its own"):
        add_entry(new_metric("csat", "a / b", configuration, function="marketing"), folder.path)
    assert (folder.path / METRICS).read_text(encoding="utf-8") == "ctr_ads: [\n"


@pytest.mark.parametrize("profile", get_args(Profile))
def test_goals_of_a_profile_are_valid_but_for_being_examples(folder, checkout, profile):
    for name in ("goals.yaml", MARKETING, "kpis/company.yaml", METRICS):
        (folder.path / name).unlink()
    shutil.copytree(checkout / "config/metrics", folder.path / "metrics", dirs_exist_ok=True)
    entry = new_goals_from_template(profile, today=TODAY)
    path = add_entry(entry, folder.path)
    problems = folder.problems(TODAY)
    factors = sum(1 for example in entry.missing if example.startswith("success_factors."))
    assert [problem.code for problem in problems].count("KPI016") == len(entry.missing)
    assert [problem.code for problem in problems].count("KPI019") == factors
    assert len(problems) == len(entry.missing) + factors, [str(problem) for problem in problems]
    folder.change("company.yaml", "started_on", "is_example: true\nstarted_on")
    assert set(folder.codes(TODAY)) == {"KPI019"}
    goals = validate(Goals, read_yaml(path.read_bytes(), path), ())
    assert isinstance(goals, Goals)
    everything = [*goals.owners.values(), *goals.criteria.values(), *goals.objectives.values()]
    assert all(entry.example for entry in [*everything, *goals.success_factors.values(), *goals.questions.values()])
    assert {objective.level for objective in goals.objectives.values()} == {"business", "external", "internal"}


def test_the_templates_hold_the_goals_that_founders_name():
    """Values, market share, profitability, brand, best service; acquisition, retention, sales, a lower CAC."""
    named = {"values", "market_share", "profitability", "brand", "best_service"}
    named |= {"acquisition", "retention", "sales", "lower_cac"}
    assert named <= {path.stem for path in (TEMPLATES / "goals").glob("*.yaml")}
    used = yaml.safe_load((TEMPLATES / "profiles.yaml").read_text(encoding="utf-8"))
    assert {theme for themes in used.values() for theme in themes} == {
        path.stem for path in (TEMPLATES / "goals").glob("*.yaml")
    }
    assert set(used) == set(get_args(Profile))
