"""Tests of saying problems in other languages: every text has its translation, and every code its meaning."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from kpi_pipeline.config import problems
from kpi_pipeline.config.phrase import Phrase, either
from kpi_pipeline.config.problems import Problem
from kpi_pipeline.config.translation import catalogue, problem_text, translated

PLACE = Path("config/goals.yaml")
PERSIAN = re.compile(r"[\u0600-\u06ff]")


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def phrases_in_code(checkout: Path) -> set[str]:
    """Every first argument of Phrase, which must be written out there so that it can be looked up."""
    found = set()
    for path in (checkout / "kpi_pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Phrase":
                template = node.args[0]
                assert isinstance(template, ast.Constant), f"{path}:{node.lineno}"
                found.add(template.value)
    return found


def test_every_phrase_of_the_code_is_translated_and_nothing_else(checkout):
    assert set(catalogue("fa").messages) == phrases_in_code(checkout)


def test_a_translation_names_the_same_values(checkout):
    for english, persian in catalogue("fa").messages.items():
        assert placeholders(english) == placeholders(persian), english


def test_translations_are_persian_with_persian_letters():
    texts = [*catalogue("fa").messages.values(), *catalogue("fa").codes.values()]
    without = [text for text in texts if not PERSIAN.search(text)]
    assert without == []
    assert [text for text in texts if re.search("[يكىة]", text)] == []


def test_every_code_has_a_meaning_in_persian():
    documented = re.findall(r"^(?:CFG|KPI)\d{3}", problems.__doc__, flags=re.MULTILINE)
    assert [code for code in catalogue("fa").codes if not code.startswith("SQL")] == documented


def test_messages_and_hints_of_the_configuration_are_phrases(checkout):
    """A message made in another way could not be said in Persian."""
    for path in (checkout / "kpi_pipeline" / "config").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
                "Problem",
                "problem",
                "_refuse",
            ):
                texts = [*node.args, *(word.value for word in node.keywords)]
                assert not any(isinstance(text, ast.JoinedStr) for text in texts), f"{path}:{node.lineno}"
                constants = [text.value for text in texts if isinstance(text, ast.Constant)]
                assert not any(" " in value for value in constants if isinstance(value, str)), f"{path}:{node.lineno}"


def test_a_problem_is_one_line_in_either_language():
    problem = Problem(
        PLACE, 7, "KPI041", Phrase('owner "{owner}" is not active', owner="ceo"), Phrase("name a successor")
    )
    assert problem_text(problem, "en") == str(problem)
    assert str(problem) == 'config/goals.yaml:7  KPI041  owner "ceo" is not active; name a successor'
    assert (
        problem_text(problem, "fa") == "config/goals.yaml:7  KPI041  مسئول «ceo» دیگر فعال نیست؛ جانشین او را نام ببرید"
    )


def test_a_warning_says_so():
    problem = Problem(PLACE, 7, "KPI020", Phrase("the file is empty"), is_warning=True)
    assert problem_text(problem, "fa") == "config/goals.yaml:7  KPI020  هشدار: فایل خالی است"


def test_values_that_are_phrases_are_translated_too():
    expected = either([Phrase("a text"), Phrase("a list")])
    message = Phrase("{field}: expected {expected}, found {found}", field="header", expected=expected, found="5")
    assert message == "header: expected a text or a list, found 5"
    assert translated(message, "fa") == "header: باید متن یا فهرست باشد، اما 5 است"


def test_a_text_from_elsewhere_follows_the_meaning_of_its_code():
    problem = Problem(Path("sql/core/orders.sql"), 3, "SQL020", "core.order is no table")
    assert problem_text(problem, "fa") == "sql/core/orders.sql:3  SQL020  جدول ناشناخته: core.order is no table"


def test_braces_of_a_value_stay_as_they_are():
    assert Phrase("tag {name}", name="{x}") == "tag {x}"
    assert translated(Phrase("tag {name}", name="{x}"), "fa") == "برچسب YAML با نام {x}"


@pytest.mark.parametrize("texts", [["one"], ["one", "two"], ["one", "two", "three"]])
def test_a_choice_is_joined_by_or(texts):
    assert either(texts) == " or ".join(texts)
