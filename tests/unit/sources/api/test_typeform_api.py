from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import build_contract
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi, survive_fault_schedules

RECOMMEND, WHY, ADDRESS = "How likely are you to recommend us?", "Why?", "Your e-mail"
FORM = {
    "id": "u6nXL7",
    "title": "Shop",
    "fields": [
        {"id": "f1", "ref": "recommend", "title": RECOMMEND, "type": "opinion_scale", "properties": {"steps": 11}},
        {
            "id": "g1",
            "ref": "group",
            "title": "About you",
            "type": "group",
            "properties": {
                "fields": [
                    {"id": "f2", "ref": "why", "title": WHY, "type": "long_text"},
                    {"id": "f3", "ref": "mail", "title": ADDRESS, "type": "email", "properties": {}},
                ]
            },
        },
        {"id": "f4", "ref": "again", "title": "Come again?", "type": "yes_no", "properties": {}},
        {"id": "f5", "ref": "grade", "title": "Grade", "type": "multiple_choice", "properties": {}},
        {"id": "f6", "ref": "twin", "title": "grade", "type": "short_text", "properties": {}},
    ],
}


def answer(identifier: str, kind: str, value: Any) -> dict[str, Any]:
    return {"field": {"id": identifier, "type": "x", "ref": "y"}, "type": kind, kind: value}


def response(number: int, score: int | None = 9, *others: dict[str, Any], **changed: Any) -> dict[str, Any]:
    moment = f"2026-10-{1 + number // 24:02}T{number % 24:02}:15:00Z"
    answers = [*([answer("f1", "number", score)] if score is not None else []), *others]
    known = {"landing_id": f"t{number}", "token": f"t{number}", "landed_at": moment, "submitted_at": moment}
    return known | {"metadata": {"platform": "other"}, "hidden": {}, "answers": answers} | changed


RESPONSES = [response(number, number % 11) for number in range(1, 24)]
RESPONSES.append(
    response(
        47,
        10,
        answer("f2", "text", "Good. Call 0151 12345678 or kunde@example.com"),
        answer("f3", "email", "Kunde@Example.com"),
        answer("f4", "boolean", True),
    )
)


def vendor(responses: list[dict[str, Any]] = RESPONSES, size: int = 10) -> Vendor:
    newest_first = sorted(responses, key=lambda item: str(item["submitted_at"]), reverse=True)

    def reply(question: Question) -> Reply:
        assert question.method == "GET"
        assert question.headers["authorization"] == "Bearer typeform-secret"
        if question.path == "/forms/u6nXL7":
            return Reply(FORM)
        assert question.path == "/forms/u6nXL7/responses"
        assert (question.query["page_size"], question.query["completed"]) == ("1000", "true")
        since = question.query["since"] + "Z"
        found = [item for item in newest_first if item["submitted_at"] >= since]
        tokens = [item["token"] for item in found]
        found = found[tokens.index(question.query["before"]) + 1 if "before" in question.query else 0 :]
        return Reply({"total_items": len(found), "page_count": -(-len(found) // size), "items": found[:size]})

    return reply


OPTIONS = {"survey_type": "nps", "survey_id": "u6nXL7", "score_column": RECOMMEND}
ALL_OPTIONS = OPTIONS | {"comment_column": "why", "email_column": ADDRESS.upper()}
SECRETS = {"access_token": "typeform-secret"}
FIRST, LAST = date(2026, 10, 1), date(2026, 11, 19)


def api(**options: Any) -> PulledApi:
    yaml = {"time_zone": "Europe/Berlin", "options": OPTIONS | options}
    return PulledApi("typeform_api", vendor, SECRETS, yaml, FIRST, LAST)


API = PulledApi("typeform_api", vendor, SECRETS, {"time_zone": "Europe/Berlin", "options": ALL_OPTIONS}, FIRST, LAST)


def test_every_response_becomes_an_answer(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    assert len(found.only) == 24
    # 1 to 10, 0 to 10 and 0 to 1, and one of 10
    assert sum(found.column("score")) == 55 + 55 + 1 + 10
    assert set(found.column("is_complete")) == {True}
    row = next(row for row in found.only if row["response_id"] == "t47")
    # 23:15 UTC is past midnight in Berlin.
    assert (row["day"], row["submitted_at"]) == (date(2026, 10, 3), datetime(2026, 10, 2, 23, 15))
    assert (row["survey_id"], row["survey_type"], row["scale_max"]) == ("u6nXL7", "nps", 10)
    assert row["comment"] == "Good. Call [phone] or [e-mail]"
    assert len(row["customer_key"]) == 32


def test_no_address_and_no_number_is_kept(tmp_path: Path) -> None:
    assert "example.com" not in repr(API.rows(tmp_path).rows).lower()


@pytest.mark.parametrize("name", ["recommend", "f1", "  how likely ARE you to recommend us? "])
def test_a_question_has_three_names(name: str, tmp_path: Path) -> None:
    assert sum(api(score_column=name).rows(tmp_path).column("score")) == 121


def test_a_question_that_the_form_does_not_have_is_refused(tmp_path: Path) -> None:
    refused = api(score_column="Recommend?").refusal(tmp_path, vendor())
    assert refused.found == "0 questions named 'Recommend?'"
    assert RECOMMEND in refused.expected
    assert "options.score_column" in refused.advice


def test_a_title_that_two_questions_have_is_refused(tmp_path: Path) -> None:
    assert api(comment_column="Grade").refusal(tmp_path, vendor()).found == "2 questions named 'Grade'"


def test_choices_and_yes_or_no_are_scores_too(tmp_path: Path) -> None:
    responses = [
        response(1, None, answer("f4", "boolean", True), answer("f5", "choice", {"id": "c", "label": "4 - good"})),
        response(2, None, answer("f4", "boolean", False), answer("f5", "choice", {"other": "none of them"})),
        response(3, None, answer("f5", "choices", {"labels": ["1", "2"]})),
    ]
    task = api(survey_type="task", scale_max="1", score_column="again")
    assert sorted(map(str, task.rows(tmp_path, vendor(responses)).column("score"))) == ["0.0", "1.0", "None"]
    grade = api(survey_type="csat", scale_max="5", score_column="f5").rows(tmp_path, vendor(responses))
    assert sorted(map(str, grade.column("score"))) == ["4.0", "None", "None"]
    assert sorted(grade.column("is_complete")) == [False, False, True]


def test_a_response_without_any_answer(tmp_path: Path) -> None:
    silent = {key: value for key, value in response(1).items() if key != "answers"}
    (row,) = API.rows(tmp_path, vendor([silent])).only
    assert (row["score"], row["is_complete"], row["comment"], row["customer_key"]) == (None, False, None, None)


def test_a_score_beyond_the_scale_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="a score from 0 to 10"):
        API.rows(tmp_path, vendor([response(1, 11)]))


def test_only_newer_responses_are_asked_for_and_those_that_came_late(tmp_path: Path) -> None:
    since = datetime(2026, 11, 19, 5, 50, 0, tzinfo=UTC)
    changes = PulledApi(API.system, vendor, SECRETS, API.yaml, FIRST, LAST, changed_since=since)
    with ApiServer(vendor()) as server:
        assert changes.rows_from(server, tmp_path).only == []
    assert server.questions[1].query["since"] == "2026-11-19T04:50:00"


def test_retry_after_is_honoured(tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []

    def busy(question: Question) -> Reply:
        asked.append(question)
        return Reply({"code": "TOO_MANY"}, 429, {"Retry-After": "2"}) if len(asked) == 2 else vendor()(question)

    with ApiServer(busy) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [2.0]


def test_a_token_that_is_not_accepted_is_refused_and_not_shown(tmp_path: Path) -> None:
    body = {"code": "AUTHENTICATION_FAILED", "description": "Authentication failed for typeform-secret"}
    refused = API.refusal(tmp_path, lambda question: Reply(body, 401))
    assert refused.found.startswith("HTTP 401: AUTHENTICATION_FAILED Authentication failed for ***")
    assert "typeform-secret" not in str(refused)


def test_responses_that_disappear_meanwhile_are_noticed(tmp_path: Path) -> None:
    asked = []

    def losing(question: Question) -> Reply:
        asked.append(question)
        return vendor(RESPONSES if len(asked) < 3 else RESPONSES[5:])(question)

    refused = API.refusal(tmp_path, losing)
    assert (refused.found, refused.expected) == ("19 responses", "24, as the first page says")


def test_responses_that_come_meanwhile_do_not_matter(tmp_path: Path) -> None:
    asked = []

    def gaining(question: Question) -> Reply:
        asked.append(question)
        return vendor(RESPONSES if len(asked) < 3 else [*RESPONSES, response(100)])(question)

    assert len(API.rows(tmp_path, gaining).only) == 24


def one_by_one(question: Question, token: str) -> Reply:
    if question.path == "/forms/u6nXL7":
        return Reply(FORM)
    return Reply({"total_items": 9, "page_count": 9, "items": [response(1, token=token)]})


def test_a_page_that_comes_twice_is_refused(tmp_path: Path) -> None:
    assert API.refusal(tmp_path, lambda question: one_by_one(question, "t")).found == "the same page a second time"


def test_a_cursor_that_comes_twice_is_refused(tmp_path: Path) -> None:
    asked = []

    def circling(question: Question) -> Reply:
        asked.append(question)
        reply = one_by_one(question, "t")
        return Reply(reply.body | {"total_items": len(asked)})

    assert API.refusal(tmp_path, circling).found == "the same page cursor a second time"


def test_endless_pages_are_refused(tmp_path: Path) -> None:
    asked = []

    def endless(question: Question) -> Reply:
        asked.append(question)
        return one_by_one(question, f"t{len(asked)}")

    assert API.refusal(tmp_path, endless).found == "more than 200 pages"


def test_an_answer_of_another_shape_is_refused(tmp_path: Path) -> None:
    def other(question: Question) -> Reply:
        return Reply(FORM) if question.path == "/forms/u6nXL7" else Reply({"items": []})

    assert API.refusal(tmp_path, other).found == "an answer without 'page_count'"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"survey_id": ""}, "options.survey_id: needed"),
        ({"score_column": ""}, "options.score_column: needed"),
        ({"survey_type": "ces"}, "options.survey_type: 'ces' is none of"),
    ],
)
def test_what_the_source_must_say(options: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        build_contract("shop", api(**options).source("https://api.typeform.com"))


def test_the_time_zone_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="time_zone: needed"):
        build_contract("shop", API.source("https://x.example").model_copy(update={"time_zone": None}))


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
