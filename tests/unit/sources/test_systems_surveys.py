"""Typeform, SurveyMonkey, and any other survey tool through a mapping."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import KEY, ReadFile, contract, read, refusal, write

QUESTION = "How likely are you to recommend us?"
NPS = {"survey_type": "nps", "score_column": QUESTION}


def typeform(options: dict[str, Any] | None = None, **yaml: Any) -> Contract:
    return contract("typeform_responses", time_zone="Europe/Berlin", options=options or NPS, **yaml)


def surveymonkey(options: dict[str, Any] | None = None) -> Contract:
    return contract("surveymonkey_responses", time_zone="America/New_York", options=options or NPS)


def scores(file: ReadFile) -> dict[str, float | None]:
    return {row["response_id"]: row["score"] for row in file.only}


def address(text: str) -> str:
    return hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()[:32]


TYPEFORM = (
    '#,"How likely are you\nto recommend us?",Why?,E-mail,Response Type,Start Date (UTC),Stage Date (UTC),'
    "Submit Date (UTC),Network ID,Tags\n"
    "a1,9,Quick,Ada@Example.com,completed,2026-03-01 22:58:00,,2026-03-01 23:05:40,n1,\n"
    "b2,0,,,completed,2026-03-02 09:00:00,,2026-03-02 09:01:00,n2,\n"
    "c3,7,,,partial,2026-03-02 10:00:00,2026-03-02 10:02:00,,n3,\n"
    "d4,,,,completed,2026-03-02 11:00:00,,2026-03-02 11:02:00,n4,\n"
)


def test_typeform_keeps_answers_and_counts_only_finished_ones(tmp_path: Path) -> None:
    options = NPS | {"comment_column": "Why?", "email_column": "E-mail", "survey_id": "spring"}
    file = read(write(tmp_path, TYPEFORM), typeform(options))
    rows = {row["response_id"]: row for row in file.only}
    assert rows["a1"] == {
        "response_id": "a1",
        "survey_id": "spring",
        "survey_type": "nps",
        "day": date(2026, 3, 2),  # five past midnight in Berlin
        "submitted_at": datetime(2026, 3, 1, 23, 5, 40),
        "score": 9.0,
        "scale_max": 10.0,
        "comment": "Quick",
        "customer_key": address("ada@example.com"),
        "is_key_account": None,
        "is_complete": True,
        "account_id": "",
    }
    assert {key: (row["score"], row["is_complete"]) for key, row in rows.items()} == {
        "a1": (9.0, True),
        "b2": (0.0, True),
        "c3": (7.0, False),
        "d4": (None, False),
    }
    assert rows["c3"]["submitted_at"] is None
    assert file.prepared.unknown_columns == ()


@pytest.mark.parametrize("build", [typeform, surveymonkey])
def test_comments_keep_neither_addresses_nor_phone_numbers(tmp_path: Path, build: Callable[..., Contract]) -> None:
    said = "Ask ada@example.com or +49 30 1234567, please"
    is_typeform = build is typeform
    content = TYPEFORM.replace("Quick", f'"{said}"') if is_typeform else MONKEY.replace("Call me,\nsoon", said)
    column = "Why?" if is_typeform else "Any advice?"
    file = read(write(tmp_path, content), build(NPS | {"comment_column": column}))
    assert "Ask [e-mail] or [phone], please" in file.column("comment")


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("10 - Extremely likely", 10.0),
        ("Not at all likely - 0", 0.0),
        (" 6 ", 6.0),
        ("5: fine", 5.0),
    ],
)
def test_labels_around_a_score(tmp_path: Path, answer: str, score: float) -> None:
    content = TYPEFORM.replace("a1,9,", f"a1,{answer},")
    assert scores(read(write(tmp_path, content), typeform()))["a1"] == score


@pytest.mark.parametrize("answer", ["11", "-1", "7.5", "very", "7/10", "110 - Extremely likely"])
def test_an_answer_that_is_no_score_is_refused(tmp_path: Path, answer: str) -> None:
    refused = refusal(write(tmp_path, TYPEFORM.replace("b2,0,", f"b2,{answer},")), typeform())
    assert (refused.line, refused.column, refused.found) == (4, "How likely are you\nto recommend us?", repr(answer))


def test_yes_and_no_to_a_task(tmp_path: Path) -> None:
    options = {"survey_type": "task", "score_column": QUESTION, "scale_max": "1"}
    content = TYPEFORM.replace("a1,9,", "a1,Yes,").replace("b2,0,", "b2,no,").replace("c3,7,", "c3,1,")
    found = scores(read(write(tmp_path, content), typeform(options)))
    assert found == {"a1": 1.0, "b2": 0.0, "c3": 1.0, "d4": None}


def test_a_response_that_stands_twice_is_refused(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, TYPEFORM.replace("b2,", "a1,")), typeform())
    assert (refused.column, refused.expected) == ("#", "each one once in the file")


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"survey_type": "nps"}, "score_column"),
        ({"score_column": QUESTION}, "survey_type"),
        (NPS | {"survey_type": "stars"}, "survey_type"),
        (NPS | {"scale_max": "5"}, "scale_max"),
        (NPS | {"survey_type": "csat"}, "scale_max"),
        (NPS | {"survey_type": "csat", "scale_max": "five"}, "scale_max"),
        (NPS | {"score": "x"}, "score"),
    ],
)
def test_settings_without_meaning(options: dict[str, str], key: str) -> None:
    with pytest.raises(ConfigurationError, match=f"options.{key}: "):
        typeform(options)


def test_a_survey_needs_a_time_zone() -> None:
    with pytest.raises(ConfigurationError, match="time_zone: needed"):
        contract("typeform_responses", options=NPS)


MONKEY = (
    "Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,First Name,Last Name,Custom Data 1,"
    f"{QUESTION},,,Which of these?,,Any advice?\n"
    ",,,,,,,,,Not at all likely - 0,5,Extremely likely - 10,Price,Service,Open-Ended Response\n"
    "11800000001,4,03/01/2026 23:10:00,03/01/2026 23:12:30,10.0.0.1,ada@example.com,Ada,L,,,,Extremely likely - 10,"
    'Price,Service,"Call me,\nsoon"\n'
    "11800000002,4,03/02/2026 08:00:00,03/02/2026 08:01:00,10.0.0.2,,,,,Not at all likely - 0,,,,,\n"
    "11800000003,4,03/02/2026 09:00:00,03/02/2026 09:01:00,10.0.0.3,,,,,,,,Price,,\n"
)


def test_surveymonkey_has_two_header_rows(tmp_path: Path) -> None:
    file = read(write(tmp_path, MONKEY), surveymonkey(NPS | {"comment_column": "Any advice?"}))
    assert [
        (row["response_id"], row["score"], row["comment"], row["customer_key"], row["is_complete"])
        for row in sorted(file.only, key=lambda row: str(row["response_id"]))
    ] == [
        ("11800000001", 10.0, "Call me,\nsoon", address("ada@example.com"), True),
        ("11800000002", 0.0, None, None, True),
        ("11800000003", None, None, None, False),
    ]
    first = min(file.only, key=lambda row: str(row["response_id"]))
    assert (first["day"], first["submitted_at"]) == (date(2026, 3, 1), datetime(2026, 3, 2, 4, 12, 30))
    assert first["survey_id"] == "shop"


def test_one_column_of_a_question(tmp_path: Path) -> None:
    rating = MONKEY.replace(f"{QUESTION},,,", f"{QUESTION},,Spare,").replace(
        "Not at all likely - 0,5,Extremely likely - 10,Price", "Response,Please tell us why,,Price"
    )
    rating = rating.replace(",,,Extremely likely - 10,", ",10,because,,").replace("Not at all likely - 0", "0")
    options = NPS | {"score_column": f"{QUESTION} [Response]", "comment_column": f"{QUESTION} [Please tell us why]"}
    file = read(write(tmp_path, rating), surveymonkey(options))
    assert sorted((row["score"] or -1, row["comment"] or "") for row in file.only) == [
        (-1, ""),
        (-1, ""),
        (10, "because"),
    ]
    refused = refusal(write(tmp_path, rating), surveymonkey())
    assert (refused.line, refused.column, refused.found) == (3, QUESTION, "2 answers")


def test_without_its_second_header_row_the_export_is_refused(tmp_path: Path) -> None:
    first, second, *rest = MONKEY.splitlines(keepends=True)
    refused = refusal(write(tmp_path, "".join([first, *rest])), surveymonkey())
    assert (refused.line, refused.column) == (2, "Respondent ID")
    assert "second header row" in refused.expected
    assert refusal(write(tmp_path, first), surveymonkey()).found == "nothing"
    assert read(write(tmp_path, first + second), surveymonkey()).only == []


def test_a_respondent_that_a_spreadsheet_rounded_is_refused(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, MONKEY.replace("11800000002", "1.18E+10")), surveymonkey())
    assert (refused.column, refused.found) == ("Respondent ID", "'1.18E+10'")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (MONKEY[:-1], "no line break after the last row"),
        (MONKEY[: MONKEY.index("Price,,\n")] + "\n", "13 cells"),
        (MONKEY.replace('"Call me,\nsoon"', '"Call me'), "quotation marks that do not fit together"),
    ],
)
def test_a_cut_surveymonkey_export_is_refused(tmp_path: Path, content: str, found: str) -> None:
    assert refusal(write(tmp_path, content), surveymonkey()).found.startswith(found)


def test_surveymonkey_dates_are_american(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, MONKEY.replace("03/02/2026 08:01:00", "23/02/2026 08:01:00")), surveymonkey())
    assert (refused.column, refused.found) == ("End Date", "'23/02/2026 08:01:00'")


def test_any_other_tool_is_a_mapping(tmp_path: Path) -> None:
    mapped = contract(
        "csv",
        time_zone="Europe/Berlin",
        columns={
            "answer": {"header": "ID"},
            "rating": {"header": "Score", "type": "integer"},
            "said": {"header": "Comment"},
            "answered": {"header": "Created At (UTC)", "type": "timestamp"},
            "email": {"header": "Email", "personal": True},
        },
        tables={
            "survey_responses": {
                "columns": {
                    "response_id": "answer",
                    "survey_type": "'nps'",
                    "day": "cast(answered at time zone 'UTC' at time zone 'Europe/Berlin' as date)",
                    "submitted_at": "cast(answered as timestamp)",
                    "score": "rating",
                    "scale_max": "10",
                    "comment": "said",
                    "customer_key": "email",
                    "is_complete": "rating is not null",
                }
            }
        },
    )
    content = "ID,Score,Comment,Permalink,Created At (UTC),Email\n77,8,Nice,p,2026-03-01 23:30:00,ada@example.com\n"
    file = read(write(tmp_path, content), mapped)
    (row,) = file.only
    assert (row["day"], row["submitted_at"]) == (date(2026, 3, 2), datetime(2026, 3, 1, 23, 30))
    assert (row["score"], row["customer_key"]) == (8.0, address("ada@example.com"))
