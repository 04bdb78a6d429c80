"""Tests of the three levels of objectives: what each needs, and that it is said in every language."""

import pytest

GOALS, MARKETING = "goals.yaml", "kpis/marketing.yaml"
DEPARTMENT = "        department: marketing\n"
INTERNAL, EXTERNAL = "level: internal\n", "level: external\n"


@pytest.mark.parametrize(
    ("name", "old", "code"),
    [
        ("int_relevance", INTERNAL + DEPARTMENT, "CFG030"),
        ("int_relevance", INTERNAL + DEPARTMENT + "        parent: ext_acquire\n", "KPI011"),
        ("ext_acquire", EXTERNAL + DEPARTMENT, "CFG030"),
        ("ext_acquire", EXTERNAL + DEPARTMENT + "        parent: biz_grow\n", "KPI011"),
    ],
)
def test_an_objective_of_a_department_names_the_department_and_what_it_serves(folder, name, old, code):
    lines = old.splitlines(keepends=True)
    folder.change(GOALS, old, "".join(lines[:-1]))
    found = next(problem for problem in folder.problems() if problem.code == code)
    assert f'objective "{name}"' in found.message
    assert (found.line, found.is_warning) == (folder.line_of(GOALS, f"    {name}:"), False)


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("parent: ext_acquire", "parent: biz_grow", "(level internal) must have a parent of level external"),
        ("level: internal", "level: external", "(level external) must have a parent of level business"),
        ("level: internal", "level: business", "(level business) must not have a parent"),
    ],
)
def test_no_level_is_skipped_or_turned_round(folder, old, new, wanted):
    folder.change(GOALS, old, new)
    found = next(problem for problem in folder.problems() if problem.code == "KPI011")
    assert wanted in found.message


def test_a_kpi_below_a_missing_parent_is_refused_with_it(folder):
    folder.change(GOALS, "parent: biz_grow", "parent: biz_shrink")
    assert {"KPI004", "KPI013"} >= {problem.code for problem in folder.problems()} >= {"KPI004"}


@pytest.mark.parametrize("text", ["statement: {en: Acquire, fa: جذب}", "why: {en: Because, fa: زیرا}"])
@pytest.mark.parametrize("language", ["en", "fa"])
def test_every_language_is_told_what_is_wanted_and_why(folder, text, language):
    said = dict(part.split(": ") for part in text[text.index("{") + 1 : -1].split(", "))
    other = "fa" if language == "en" else "en"
    folder.change(GOALS, text, f"{text[: text.index('{')]}{{{other}: {said[other]}}}")
    assert [(problem.code, problem.message) for problem in folder.problems()] == [
        ("CFG010", f'the field "{language}" is missing')
    ]
