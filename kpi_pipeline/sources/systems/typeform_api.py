"""Typeform: the responses of a form.

Here: the form's questions, its finished responses page by page from the newest to the oldest, and their mapping to
answers. The source names the question with the score by its title, as in the export, or by its reference or identifier.
Other questions are in the answers but not read. Responses that nobody finished are not asked for. The export belongs to
``typeform_responses``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.changed_entities import day_in_zone, newest_rows
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, plain_number, rewrite_pull
from kpi_pipeline.sources.api.paging import Paging
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.api.survey_questions import Question, named_question
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.contracts.entity_rules import declared_option, declared_time_zone, filled_in
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.contracts.survey_answers import SURVEY_OPTIONS, declared_survey
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(
    version="",
    sunset=None,
    endpoint="https://api.typeform.com",
    secrets=("access_token",),
    asks_for="changes",
)
_PAGE_SIZE = "1000"
# Responses of the last half hour may be missing in an answer.
_LATE = timedelta(hours=1)
_QUESTIONS = {"score": "score_column", "comment": "comment_column", "email": "email_column"}


def build(name: str, source: Source) -> Contract:
    """Make the contract of a form's responses.

    Raises:
        ConfigurationError: the source does not say its time zone, which form it is, or which question holds the score.
    """
    options = declared_options(name, source, (*SURVEY_OPTIONS, "email_column"))
    given = dict(options)
    declared_option(name, source, "survey_id")
    survey = declared_survey(name, source)
    survey = replace(
        survey, score_headers=("score",), comment_headers=("comment",) if "comment_column" in given else ()
    )
    zone = declared_time_zone(name, source)
    columns = {
        "response_id": "response_id",
        "day": day_in_zone("submitted_utc", zone),
        "submitted_at": "submitted_utc",
        "customer_key": "email" if "email_column" in given else "null",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="typeform_api",
        formats=("csv",),
        fields=(
            Field("response_id", ("token",), required=True),
            Field("submitted", ("submitted_at",), "timestamp", required=True),
            *survey.fields,
            *((Field("email", ("email",), required=True, personal=True),) if "email_column" in given else ()),
        ),
        tables=(survey.answers(columns, is_finished="true"),),
        row_query=newest_rows("response_id", "submitted", f"{survey.score} as score_value"),
        row_rules=(filled_in("submitted"), survey.readable_score),
        rewriter="systems.typeform_api",
        options=options,
        time_zone=zone,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for the form's questions, then for its responses."""
    client = request.client(headers={"Authorization": f"Bearer {request.secret('access_token')}"})
    form = f"/forms/{request.option('survey_id')}"
    yield Page({"kind": "form"}, client.get(form).content.decode())
    paging = Paging(client, request.page_limit)
    since, before = f"{request.since - _LATE:%Y-%m-%dT%H:%M:%S}", ""
    total, tokens, pages = None, set[str](), 2
    while pages > 1:
        paging.follow(before)
        position = {"before": before} if before else {}
        answer = client.get(
            f"{form}/responses", {"page_size": _PAGE_SIZE, "completed": "true", "since": since} | position
        )
        items, pages = answer.body["items"], int(answer.body["page_count"])
        total = int(answer.body["total_items"]) if total is None else total
        yield Page({"kind": "responses"}, answer.content.decode())
        if not items:
            break
        paging.take(answer)
        tokens |= {item["token"] for item in items}
        before = items[-1]["token"]
    if len(tokens) != total:
        raise client.refuse(
            f"{len(tokens)} responses", "The next run asks again.", expected=f"{total}, as the first page says"
        )


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per response.

    Raises:
        RefusedFile: the form does not have a question that the source names.
    """
    contract = file.contract
    wanted = {key: contract.option(option) for key, option in _QUESTIONS.items() if contract.option(option)}

    def records(pull: StoredPull, _extracted: Extracted) -> Iterator[Record]:
        (form,) = [page.body for page in pull.pages if page.about["kind"] == "form"]
        questions = {
            key: named_question(file.file_name, _QUESTIONS[key], names, list(_questions(form["fields"])))
            for key, names in wanted.items()
        }
        for page in pull.pages:
            if page.about["kind"] == "responses":
                for item in page.body["items"]:
                    # A response without any answer has no list of them.
                    answers = {answer["field"]["id"]: _text(answer) for answer in item.get("answers") or ()}
                    record = {key: answers.get(question) for key, question in questions.items()}
                    yield record | {"response_id": item["token"], "submitted": item["submitted_at"]}

    return rewrite_pull(file, records)


def _questions(fields: Sequence[Any]) -> Iterator[Question]:
    """Yield all questions, those of groups too; not every question has properties or a reference."""
    for field in fields:
        yield Question(field["id"], field["title"], field.get("ref", ""))
        yield from _questions(field.get("properties", {}).get("fields", ()))


def _text(answer: Mapping[str, Any]) -> str | None:
    """Return an answer as text; a choice is its label, several choices are none."""
    value = answer[answer["type"]]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        value = value.get("label")  # absent where a text of one's own was given
    if answer["type"] == "number":
        return plain_number(value)
    return value if isinstance(value, str) else None
