"""Tests of how problems are printed and that the table of codes is complete."""

import re
from pathlib import Path

from kpi_pipeline.config import problems
from kpi_pipeline.config.problems import Problem, did_you_mean


def test_a_problem_is_printed_in_one_line():
    problem = Problem(Path("config/goals.yaml"), 7, "KPI004", "no such thing", "look again")
    assert str(problem) == "config/goals.yaml:7  KPI004  no such thing; look again"
    warning = Problem(Path("config/goals.yaml"), 7, "KPI020", "no metric", is_warning=True)
    assert str(warning) == "config/goals.yaml:7  KPI020  warning: no metric"


def test_a_near_word_is_offered_and_a_far_one_is_not():
    assert did_you_mean("ctr_adz", ["ctr_ads", "cac"]) == 'did you mean "ctr_ads"?'
    assert did_you_mean("sessions", ["ctr_ads", "cac"]) == ""


def test_every_code_stands_in_the_table_and_every_code_of_the_table_is_used():
    documented = re.findall(r"^(?:CFG|KPI)\d{3}", problems.__doc__, flags=re.MULTILINE)
    package = Path(problems.__file__).parents[1]
    texts = [file.read_text(encoding="utf-8") for file in package.rglob("*.py") if file.name != "problems.py"]
    used = set(re.findall(r'"((?:CFG|KPI)\d{3})"', "\n".join(texts)))
    assert sorted(used) == documented == sorted(documented)
