"""Tests of how the errors of one value are told."""

from pathlib import Path

import pytest

from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.source import Source
from kpi_pipeline.config.validation import validate
from kpi_pipeline.config.yaml_reader import read_yaml


def problems(model, text: str) -> list[str]:
    result = validate(model, read_yaml(text.encode(), Path("config/test.yaml")), ())
    assert isinstance(result, list)
    return [str(problem).removeprefix("config/test.yaml:") for problem in result]


def test_a_valid_value_becomes_its_model():
    source = validate(Source, read_yaml(b"system: csv\ncolumns: {day: {header: [Tag, Day]}}\n", Path("test.yaml")), ())
    assert source.columns["day"].header == ("Tag", "Day")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("system: csv\nfiles: 5\n", "2  CFG011  files: expected a text, found 5; put it in quotes"),
        ("system: csv\nfiles:\n", "2  CFG011  files: expected a text, found nothing"),
        ("system: csv\nfiles: true\n", "2  CFG011  files: expected a text, found true; put it in quotes"),
        ("system: csv\nrestates_days: 3.5\n", "2  CFG011  restates_days: expected a whole number, found 3.5"),
        ("system: csv\nrestates_days: 121\n", "2  CFG011  restates_days: expected 120 or less, found 121"),
        ("system: csv\npromised_every_days: 0\n", "2  CFG011  promised_every_days: expected 1 or more, found 0"),
        ("system: csv\ncolumns: [day]\n", "2  CFG011  columns: expected a mapping, found a list"),
        ("system: csv\ncolumns:\n  day: Tag\n", '3  CFG011  day: expected a mapping of fields, found "Tag"'),
        (
            "system: csv\ncolumns:\n  day:\n    header: 5\n",
            "4  CFG011  header: expected a text or a list, found 5; put it in quotes",
        ),
        (
            "system: csv\ncolumns:\n  day: {header: Tag, required: maybe}\n",
            '3  CFG011  required: expected true or false, found "maybe"',
        ),
        (
            "system: csv\ncolumns:\n  Day: {header: Tag}\n",
            '3  CFG012  "Day" is not an id; use 2 to 64 small letters, digits and underscores, a letter first',
        ),
        (
            "system: csv\ncolumns:\n  day:\n    header: Tag\n    tipe: date\n",
            '5  KPI002  unknown field "tipe"; did you mean "type"?',
        ),
        ("system: csv\npassword: abc\n", '2  KPI002  unknown field "password"'),
        ("system: csv\ncurrency: euro\n", '2  CFG021  currency: "euro" is not a currency; write a code such as EUR'),
        (
            "system: csv\ncoverage: days\n",
            "2  CFG011  coverage: expected 'range' or 'days_present', found \"days\"",
        ),
        ("files: a\n", '1  CFG010  the field "system" is missing'),
        ("5\n", "1  CFG011  the file: expected a mapping of fields, found 5"),
    ],
)
def test_a_wrong_value_is_told_with_its_line_what_was_expected_and_what_was_found(text, expected):
    assert problems(Source, text) == [expected]


def test_all_wrong_fields_of_a_value_are_told():
    assert len(problems(Metric, "name: x\ndecimals: 7\nunit: euro\n")) == 6
