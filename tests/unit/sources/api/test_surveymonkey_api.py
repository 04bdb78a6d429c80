from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.sources.files.refused_file import RefusedFile
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor, page_of
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi, survive_fault_schedules
from tests.unit.sources.read_files import read

RECOMMEND, WHY, STARS = "How likely is it that you would recommend us?", "What could be better?", "How many stars?"


def choice(identifier: int, text: str, **other: Any) -> dict[str, Any]:
    return {"id": str(identifier), "text": text, "position": 1, "visible": True, "is_na": False} | other


NPS = [choice(100 + score, str(score), weight=-100) for score in range(11)]
NPS[0]["text"], NPS[10]["text"] = "Not at all likely - 0", "Extremely likely - 10"
DETAILS = {
    "id": "105723396",
    "title": "Shop",
    "pages": [
        {
            "id": "1",
            "questions": [
                {
                    "id": "11",
                    "headings": [{"heading": RECOMMEND}],
                    "family": "matrix",
                    "subtype": "rating",
                    "answers": {"rows": [{"id": "50", "text": "", "visible": True}], "choices": NPS},
                },
                {"id": "12", "headings": [{"heading": WHY}], "family": "open_ended", "subtype": "essay"},
                {
                    "id": "13",
                    "headings": [{"heading": STARS}],
                    "family": "matrix",
                    "subtype": "rating",
                    "answers": {
                        "rows": [{"id": "51", "text": ""}],
                        "choices": [
                            *(choice(200 + star, "", weight=star) for star in range(1, 6)),
                            choice(299, "N/A", is_na=True),
                        ],
                    },
                },
            ],
        }
    ],
}


def response(number: int, *answers: tuple[str, dict[str, str]], **other: Any) -> dict[str, Any]:
    questions: dict[str, list[dict[str, str]]] = {}
    for question, answer in answers or (("11", {"row_id": "50", "choice_id": str(100 + number % 11)}),):
        questions.setdefault(question, []).append(answer)
    moment = f"2026-10-{1 + number // 24:02}T{number % 24:02}:15:00+00:00"
    known = {"id": str(5_007_154_000 + number), "response_status": "completed", "collection_mode": "default"}
    known |= {"date_created": moment, "date_modified": moment, "ip_address": "192.0.2.1", "survey_id": "105723396"}
    page = {"id": "1", "questions": [{"id": key, "answers": value} for key, value in questions.items()]}
    return known | {"pages": [page]} | other


RESPONSES = [response(number) for number in range(1, 24)]
RESPONSES.append(
    response(47, ("11", {"row_id": "50", "choice_id": "110"}), ("12", {"text": "Call 0151 12345678, a@example.com"}))
)


def vendor(responses: list[dict[str, Any]] = RESPONSES, size: int = 10) -> Vendor:
    def answer(question: Question) -> Reply:
        assert question.method == "GET"
        assert question.headers["authorization"] == "Bearer monkey-secret"
        if question.path == "/v3/surveys/105723396/details":
            return Reply(DETAILS)
        assert question.path == "/v3/surveys/105723396/responses/bulk"
        query = question.query
        assert (query["per_page"], query["sort_by"], query["sort_order"]) == ("100", "date_modified", "ASC")
        assert "11" in query["question_ids"] or "13" in query["question_ids"]
        first, last = query["start_modified_at"], query["end_modified_at"]
        found = [entry for entry in responses if first <= entry["date_modified"] <= last]
        page = int(query["page"])
        links = {"self": "https://api.surveymonkey.com/v3/x"}
        if page * size < len(found):
            links["next"] = f"https://api.surveymonkey.com/v3/x?page={page + 1}"
        rows = page_of(found, page - 1, size)
        return Reply({"per_page": 100, "page": page, "total": len(found), "data": rows, "links": links})

    return answer


OPTIONS = {"survey_type": "nps", "survey_id": "105723396", "score_column": RECOMMEND, "comment_column": WHY}
SECRETS = {"access_token": "monkey-secret"}
FIRST, LAST = date(2026, 10, 1), date(2026, 11, 19)


def api(changed_since: datetime | None = None, **options: Any) -> PulledApi:
    yaml = {"time_zone": "Europe/Berlin", "options": OPTIONS | options}
    return PulledApi("surveymonkey_api", vendor, SECRETS, yaml, FIRST, LAST, changed_since)


API = api()


def test_every_response_becomes_an_answer(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    assert len(found.only) == 24
    # 1 to 10, 0 to 10 and 0 to 1, and one of 10
    assert sum(found.column("score")) == 55 + 55 + 1 + 10
    row = next(row for row in found.only if row["response_id"] == "5007154047")
    # 23:15 UTC is past midnight in Berlin.
    assert (row["day"], row["submitted_at"]) == (date(2026, 10, 3), datetime(2026, 10, 2, 23, 15))
    assert (row["survey_id"], row["survey_type"], row["scale_max"]) == ("105723396", "nps", 10)
    assert (row["score"], row["is_complete"], row["customer_key"]) == (10, True, None)
    assert row["comment"] == "Call [phone], [e-mail]"


def test_a_star_without_a_text_is_worth_its_weight(tmp_path: Path) -> None:
    responses = [
        response(1, ("13", {"row_id": "51", "choice_id": "204"})),
        response(2, ("13", {"row_id": "51", "choice_id": "299"})),
    ]
    found = api(survey_type="csat", scale_max="5", score_column="13").rows(tmp_path, vendor(responses))
    assert sorted(map(str, found.column("score"))) == ["4.0", "None"]
    assert sorted(found.column("is_complete")) == [False, True]


def test_of_several_choices_none_counts(tmp_path: Path) -> None:
    both = response(1, ("11", {"choice_id": "101"}), ("11", {"choice_id": "102"}))
    (row,) = API.rows(tmp_path, vendor([both])).only
    assert (row["score"], row["is_complete"]) == (None, False)


def test_what_is_not_complete_does_not_count_and_previews_are_left_out(tmp_path: Path) -> None:
    responses = [
        response(1, response_status="partial"),
        response(2, response_status="disqualified"),
        response(3, collection_mode="preview"),
        response(4, collection_mode="survey_preview"),
        response(5),
    ]
    rows = {row["response_id"][-1]: row for row in API.rows(tmp_path, vendor(responses)).only}
    assert {key: row["is_complete"] for key, row in rows.items()} == {"1": False, "2": False, "5": True}
    assert (rows["1"]["submitted_at"], rows["1"]["score"], rows["1"]["day"]) == (None, 1, date(2026, 10, 1))


def test_an_unknown_choice_is_refused(tmp_path: Path) -> None:
    unknown = response(1, ("11", {"choice_id": "999"}))
    assert API.refusal(tmp_path, vendor([unknown])).found == "an answer without '999'"


def test_a_question_that_the_survey_does_not_have_is_refused(tmp_path: Path) -> None:
    refused = api(score_column="Recommend?").refusal(tmp_path, vendor())
    assert refused.found == "0 questions named 'Recommend?'"
    assert WHY in refused.expected


def test_answers_that_were_asked_for_with_other_options_are_refused(tmp_path: Path) -> None:
    target = tmp_path / "stored.pull"
    with ApiServer(vendor()) as server:
        API.pull(server.url, target)
    changed = build_contract("shop", api(score_column=STARS, scale_max="10").source("https://x.example"))
    with pytest.raises(RefusedFile, match="a question that did not ask for 13"):
        read(target, changed)


def test_only_changes_are_asked_for_up_to_now(tmp_path: Path) -> None:
    changes = api(changed_since=datetime(2026, 11, 19, 5, 50, 0, tzinfo=UTC))
    with ApiServer(vendor()) as server:
        assert changes.rows_from(server, tmp_path).only == []
    query = server.questions[1].query
    assert query["start_modified_at"] == "2026-11-19T05:50:00+00:00"
    assert query["end_modified_at"] == "2026-11-20T06:00:00+00:00"
    assert query["question_ids"] == "11,12"


def test_a_corrected_response_stands(tmp_path: Path) -> None:
    corrected = response(3, ("11", {"choice_id": "109"}), date_modified="2026-11-01T00:00:00+00:00")
    (row,) = API.rows(tmp_path, vendor([response(3), corrected])).only
    assert row["score"] == 9


def test_the_minute_limit_waits_as_long_as_the_header_says(tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []
    headers = {"X-Ratelimit-App-Global-Day-Remaining": "300", "X-Ratelimit-App-Global-Minute-Reset": "41"}

    def busy(question: Question) -> Reply:
        asked.append(question)
        return Reply({"error": {"id": "1040"}}, 429, headers) if len(asked) == 2 else vendor()(question)

    with ApiServer(busy) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [41.0]


def test_retry_after_is_honoured(tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []

    def busy(question: Question) -> Reply:
        asked.append(question)
        return Reply({}, 429, {"Retry-After": "3"}) if len(asked) == 1 else vendor()(question)

    with ApiServer(busy) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [3.0]


def test_the_daily_limit_gives_up_at_once(tmp_path: Path) -> None:
    asked = []
    headers = {"X-Ratelimit-App-Global-Day-Remaining": "0", "X-Ratelimit-App-Global-Day-Reset": "50000"}

    def exhausted(question: Question) -> Reply:
        asked.append(question)
        return Reply({"error": {"id": "1040", "message": "Rate limit reached"}}, 429, headers)

    assert "the requests of this day are used up" in API.refusal(tmp_path, exhausted).found
    assert len(asked) == 1


def test_a_token_that_is_not_accepted_is_refused_and_not_shown(tmp_path: Path) -> None:
    body = {"error": {"id": "1012", "name": "Authorization Error", "message": "monkey-secret is not valid."}}
    refused = API.refusal(tmp_path, lambda question: Reply(body, 401))
    assert refused.found.startswith("HTTP 401: *** is not valid.")
    assert "monkey-secret" not in str(refused)


def test_responses_that_change_meanwhile_are_noticed(tmp_path: Path) -> None:
    asked = []

    def changing(question: Question) -> Reply:
        asked.append(question)
        return vendor(RESPONSES if len(asked) < 3 else RESPONSES[1:])(question)

    refused = API.refusal(tmp_path, changing)
    assert refused.found == "23 responses, 20 of them on the pages so far"


def test_pages_that_end_too_early_are_noticed(tmp_path: Path) -> None:
    def ending(question: Question) -> Reply:
        reply = vendor()(question)
        return Reply(reply.body | {"links": {}}) if question.query.get("page") == "2" else reply

    assert API.refusal(tmp_path, ending).found == "24 responses, 20 of them on the pages so far"


def test_a_page_that_comes_twice_is_refused(tmp_path: Path) -> None:
    def standing(question: Question) -> Reply:
        if question.path.endswith("/details"):
            return Reply(DETAILS)
        return Reply({"total": 5, "page": 1, "data": [response(1)], "links": {"next": "x"}})

    assert API.refusal(tmp_path, standing).found == "the same page a second time"


def test_endless_pages_are_refused(tmp_path: Path) -> None:
    def endless(question: Question) -> Reply:
        if question.path.endswith("/details"):
            return Reply(DETAILS)
        return Reply({"total": 5, "data": [response(int(question.query["page"]))], "links": {"next": "x"}})

    assert API.refusal(tmp_path, endless).found == "more than 200 pages"


def test_an_answer_of_another_shape_is_refused(tmp_path: Path) -> None:
    def other(question: Question) -> Reply:
        return Reply(DETAILS) if question.path.endswith("/details") else Reply({"data": []})

    assert API.refusal(tmp_path, other).found == "an answer without 'total'"


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"survey_id": ""}, "options.survey_id: needed"), ({"email_column": "x"}, "options.email_column: unknown")],
)
def test_what_the_source_must_say(options: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        build_contract("shop", api(**options).source("https://api.surveymonkey.com"))


def test_the_time_zone_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="time_zone: needed"):
        build_contract("shop", API.source("https://x.example").model_copy(update={"time_zone": None}))


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
