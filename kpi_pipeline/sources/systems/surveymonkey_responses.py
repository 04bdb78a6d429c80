"""SurveyMonkey: the CSV of a survey's individual responses.

Here: its columns and its mapping to answers. Questions and their labels stand in two header rows, which
``layouts/surveymonkey`` makes one of. A respondent's identifier that a spreadsheet has rounded cannot be repaired. The
address is kept as a keyed hash; names, IP addresses and other questions are not read.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.contracts.entity_rules import declared_time_zone, identified_rows, row_identity
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.contracts.survey_answers import SURVEY_OPTIONS, declared_survey
from kpi_pipeline.sources.values.sql_text import literal

_DATE_STYLE = "%m/%d/%Y %H:%M:%S"


def build(name: str, source: Source) -> Contract:
    """Make the contract of a survey's responses.

    Raises:
        ConfigurationError: the source does not say its time zone, or which question holds the score.
    """
    options = declared_options(name, source, SURVEY_OPTIONS)
    survey = declared_survey(name, source)
    fields = (
        Field("response_id", ("Respondent ID",), required=True),
        Field("started", ("Start Date",), "timestamp", required=True, style=_DATE_STYLE),
        Field("ended", ("End Date",), "timestamp", required=True, style=_DATE_STYLE),
        Field("email", ("Email Address",), personal=True),
        *survey.fields,
    )
    columns = {
        "response_id": "trim(response_id)",
        "day": "cast(coalesce(ended, started) as date)",
        "submitted_at": "ended_utc",
        "customer_key": "email",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="surveymonkey_responses",
        formats=("csv",),
        fields=fields,
        tables=(survey.answers(columns, is_finished="ended is not null"),),
        row_query=identified_rows("response_id", f"{survey.score} as score_value"),
        row_rules=(*row_identity("response_id"), survey.readable_score),
        rewriter="layouts.surveymonkey",
        options=options,
        time_zone=declared_time_zone(name, source),
    )
