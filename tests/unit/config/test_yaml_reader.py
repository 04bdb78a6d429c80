"""Tests of the strict YAML reader: what it reads, what it refuses, and in which line."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_pipeline.config.yaml_reader import MAXIMUM_BYTES, read_yaml

PATH = Path("config/test.yaml")


def read(text: str):
    return read_yaml(text.encode(), PATH)


def problems(text: str) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in read(text).problems]


def test_plain_values_have_the_types_that_they_look_like():
    document = read(
        "whole: 7\nnegative: -3\nnumber: 1.50\nexponent: 1e-3\nday: 2026-11-20\nyes_it_is: true\nnothing:\n"
        "null_too: null\ntext: Google Ads\n"
        "account: 123-456-7890\nquoted: '0123'\nfolded: >\n  two\n  lines\nlist: [a, 2]\n"
    )
    assert document.problems == ()
    assert document.value == {
        "whole": 7,
        "negative": -3,
        "number": 1.5,
        "exponent": 0.001,
        "day": date(2026, 11, 20),
        "yes_it_is": True,
        "nothing": None,
        "null_too": None,
        "text": "Google Ads",
        "account": "123-456-7890",
        "quoted": "0123",
        "folded": "two lines\n",
        "list": ("a", 2),
    }


def test_persian_digits_without_quotes_are_numbers():
    assert read("a: ۷\nb: ۱.۵\nc: '۷'\n").value == {"a": 7, "b": 1.5, "c": "۷"}
    assert read("a: ۱۲٫۵\nb: -۳\nc: ۲۰۲۶-۱۱-۲۱\n").value == {"a": 12.5, "b": -3, "c": date(2026, 11, 21)}


def test_words_with_digits_in_them_stay_as_they_are():
    assert read("a: ۲ طراح در هفته\nb: ۱۲ ٪\n").value == {"a": "۲ طراح در هفته", "b": "۱۲ ٪"}


def test_every_key_and_item_has_its_line():
    document = read("a:\n    b:\n        - x\n        - c: 1\n\nd: 2\n")
    assert document.lines == {
        ("a",): 1,
        ("a", "b"): 2,
        ("a", "b", 0): 3,
        ("a", "b", 1): 4,
        ("a", "b", 1, "c"): 4,
        ("d",): 6,
    }
    assert document.line_of(("a", "b", 1, "missing")) == 4
    assert document.line_of(("missing",)) == 1


@pytest.mark.parametrize(
    "trap",
    ["yes", "no", "NO", "On", "off", "12:30", "1:30:00", "0123", "007", "0x1F", "0b11", "1_000"],
)
def test_text_that_yaml_reads_as_something_else_is_refused_and_kept_as_text(trap):
    document = read(f"fine: 1\nvalue: {trap}\n")
    assert [(problem.code, problem.line) for problem in document.problems] == [("CFG004", 2)]
    assert f'"{trap}"' in document.problems[0].hint
    assert document.value["value"] == trap
    assert read(f"value: '{trap}'\n").problems == ()


def test_a_country_code_that_looks_like_a_boolean_is_refused_as_a_key_too():
    assert problems("values:\n    NO: Norway\n") == [("CFG004", 2)]


@pytest.mark.parametrize("day", ["1405-08-30", "۱۴۰۵-۰۸-۳۰", "2026-02-30"])
def test_days_that_are_not_gregorian_are_refused(day):
    assert problems(f"day: {day}\n") == [("CFG004", 1)]


def test_a_key_that_is_written_twice_is_refused_with_both_lines():
    document = read("a: 1\nb: {x: 1}\na: 2\nb: {x: 3}\n")
    assert [(problem.code, problem.line) for problem in document.problems] == [("CFG003", 3), ("CFG003", 4)]
    assert "line 1" in document.problems[0].message
    assert document.value == {"a": 1, "b": {"x": 1}}


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\n",
        "a: !!python/name:os.system x\n",
        "a: !!str 5\n",
        "<<: {a: 1}\n",
        "1: a\n",
        "? [a]\n: 1\n",
        "? \n: 1\n",
    ],
)
def test_anchors_tags_merge_keys_and_keys_that_are_no_texts_are_refused(text):
    assert problems(text) == [("CFG005", 1)]


def test_aliases_are_refused_without_following_them():
    bomb = "a: &a [x]\n" + "".join(
        f"{k}: &{k} [{','.join(['*' + p] * 9)}]\n" for p, k in zip("abcdefg", "bcdefgh", strict=True)
    )
    assert {code for code, _ in problems(bomb)} == {"CFG005"}
    assert problems("a: *x\n") == [("CFG005", 1)]


@pytest.mark.parametrize("text", ["a: " + "[" * 5000, "a: " + "{b: " * 5000, "? " * 5000 + "a"])
def test_deep_nesting_is_refused(text):
    assert [code for code, _ in problems(text)] == ["CFG005"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: [1, 2\n", 3),
        ("a: 1\n\tb: 2\n", 2),
        ("a: 'open\n", 2),
        ("a: b: c\n", 1),
        ("a: 1\nb: \x01\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("", 1),
        ("# only a comment\n", 1),
    ],
)
def test_what_is_not_one_yaml_document_is_refused_with_its_line(text, line):
    assert problems(text) == [("CFG001", line)]


def test_other_encodings_are_refused():
    document = read_yaml("a: 1\nb: Größe\n".encode("latin-1"), PATH)
    assert [(problem.code, problem.line) for problem in document.problems] == [("CFG001", 2)]
    assert read_yaml("\ufeffa: 1\n".encode(), PATH).value == {"a": 1}


def test_large_files_are_refused():
    assert [problem.code for problem in read_yaml(b"#" * (MAXIMUM_BYTES + 1), PATH).problems] == ["CFG001"]


@given(st.text(max_size=60))
def test_any_text_gives_a_value_or_a_problem(text):
    document = read_yaml(text.encode("utf-8", "surrogatepass"), PATH)
    assert (
        document.problems
        or document.value is None
        or isinstance(document.value, str | int | float | date | tuple | dict)
    )
