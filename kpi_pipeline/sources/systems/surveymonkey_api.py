"""SurveyMonkey: the responses of a survey.

Here: the survey's questions, its responses in bulk, and their mapping to answers. Answers name the chosen label by a
number, which the survey's details resolve. The source names the question with the score by its heading or identifier,
and only the questions that it names are asked for. Previews by the survey's makers do not count. The export belongs to
``surveymonkey_responses``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.changed_entities import day_in_zone, newest_rows, noting_asked, refuse_unasked
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, rewrite_pull
from kpi_pipeline.sources.api.paging import Paging
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.api.survey_questions import Question, named_question
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, TryAgain, Verdict
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.contracts.entity_rules import declared_option, declared_time_zone, filled_in
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.contracts.survey_answers import SURVEY_OPTIONS, declared_survey
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(
    version="v3",
    sunset=None,
    endpoint="https://api.surveymonkey.com",
    secrets=("access_token",),
    asks_for="changes",
)
_PAGE_SIZE = 100
_QUESTIONS = {"score": "score_column", "comment": "comment_column"}
_PREVIEWS = ("preview", "survey_preview")
_LIMIT = "x-ratelimit-app-global"


def build(name: str, source: Source) -> Contract:
    """Make the contract of a survey's responses.

    Raises:
        ConfigurationError: the source does not say its time zone, which survey it is, or which question holds the
            score.
    """
    options = declared_options(name, source, SURVEY_OPTIONS)
    declared_option(name, source, "survey_id")
    survey = declared_survey(name, source)
    survey = replace(
        survey, score_headers=("score",), comment_headers=("comment",) if "comment_column" in dict(options) else ()
    )
    zone = declared_time_zone(name, source)
    columns = {
        "response_id": "response_id",
        "day": day_in_zone("modified_utc", zone),
        "submitted_at": "case when status = 'completed' then modified_utc end",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="surveymonkey_api",
        formats=("csv",),
        fields=(
            Field("response_id", ("id",), required=True),
            Field("status", ("response_status",), required=True),
            Field("modified", ("date_modified",), "timestamp", required=True),
            *survey.fields,
        ),
        tables=(survey.answers(columns, is_finished="status = 'completed'"),),
        row_query=newest_rows("response_id", "modified", f"{survey.score} as score_value"),
        row_rules=(filled_in("modified"), survey.readable_score),
        rewriter="systems.surveymonkey_api",
        options=options,
        time_zone=zone,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for the survey's questions, then for the responses that changed."""
    client = request.client(
        path=f"/{request.version}",
        headers={"Authorization": f"Bearer {request.secret('access_token')}"},
        judge=_judge,
    )
    survey = f"/surveys/{request.option('survey_id')}"
    details = client.get(f"{survey}/details")
    yield Page({"kind": "details"}, details.content.decode())
    options = dict(declared_options(request.name, request.source, SURVEY_OPTIONS))
    questions = _wanted(request.file_name, details.body, options)
    paging = Paging(client, request.page_limit)
    number, total, found, is_last = 1, None, 0, False
    while not is_last:
        paging.follow(number)
        answer = client.get(
            f"{survey}/responses/bulk",
            {
                "per_page": str(_PAGE_SIZE),
                "page": str(number),
                "sort_by": "date_modified",
                "sort_order": "ASC",
                "start_modified_at": f"{request.since:%Y-%m-%dT%H:%M:%S+00:00}",
                # What changes meanwhile leaves the list, and its number tells.
                "end_modified_at": f"{request.now:%Y-%m-%dT%H:%M:%S+00:00}",
                "question_ids": ",".join(questions.values()),
            },
        )
        responses, items = answer.body["data"], int(answer.body["total"])
        found += len(responses)
        is_last = "next" not in answer.body["links"]
        if total not in (None, items) or (is_last and found != items):
            raise client.refuse(
                f"{items} responses, {found} of them on the pages so far",
                "Responses changed meanwhile; the next run asks again.",
                expected="as many as the first page says",
            )
        if responses:
            paging.take(answer)
        yield Page({"kind": "responses"} | noting_asked(questions.values()), answer.content.decode())
        total, number = items, number + 1


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per response and time that it was told.

    Raises:
        RefusedFile: the survey does not have a question that the source names, or it was not asked for.
    """

    def records(pull: StoredPull, _extracted: Extracted) -> Iterator[Record]:
        (details,) = [page.body for page in pull.pages if page.about["kind"] == "details"]
        questions = _wanted(file.file_name, details, dict(file.contract.options))
        labels = _labels(details)
        for page in pull.pages:
            if page.about["kind"] != "responses":
                continue
            refuse_unasked(file.file_name, page, questions.values())
            for response in page.body["data"]:
                if response["collection_mode"] not in _PREVIEWS:
                    answers = _answers(response, labels)
                    yield {key: answers.get(question) for key, question in questions.items()} | {
                        "response_id": response["id"],
                        "status": response["response_status"],
                        "modified": response["date_modified"],
                    }

    return rewrite_pull(file, records)


def _wanted(file_name: str, details: Any, options: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the identifiers of the questions that the source names."""
    questions = [
        Question(question["id"], question["headings"][0]["heading"])
        for page in details["pages"]
        for question in page["questions"]
    ]
    return {
        key: named_question(file_name, option, options[option], questions)
        for key, option in _QUESTIONS.items()
        if option in options
    }


def _labels(details: Any) -> dict[str, str | None]:
    """Return what each choice says; one without a text, such as a star, is worth its weight."""
    return {
        choice["id"]: None if choice.get("is_na") else choice["text"].strip() or choice.get("weight")
        for page in details["pages"]
        for question in page["questions"]
        for choice in question.get("answers", {}).get("choices", ())  # open questions have none
    }


def _answers(response: Any, labels: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return question → answer; of several choices nobody can say which one counts."""
    found = {}
    for page in response["pages"]:
        for question in page["questions"]:
            texts = [
                labels[answer["choice_id"]] if "choice_id" in answer else answer.get("text")
                for answer in question["answers"]
            ]
            found[question["id"]] = texts[0] if len(texts) == 1 else None
    return found


def _judge(answer: Answer) -> Verdict:
    if answer.status != 429:
        return None
    if answer.headers.get(f"{_LIMIT}-day-remaining") == "0":
        return GiveUp("HTTP 429: the requests of this day are used up", "The next run asks again.")
    seconds = answer.headers.get(f"{_LIMIT}-minute-reset", "")
    return TryAgain("HTTP 429", float(seconds)) if seconds.isdecimal() else None
