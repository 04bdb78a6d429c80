"""Typeform: the CSV of a form's responses.

Here: its columns and its mapping to answers. Every question is a column whose name is the question, so the source says
which one holds the score. Times are UTC; the day is that of the source's zone. Other questions are not read.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_options, listed_names
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.contracts.entity_rules import declared_time_zone, identified_rows, row_identity
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.contracts.survey_answers import SURVEY_OPTIONS, declared_survey
from kpi_pipeline.sources.values.sql_text import literal

_IGNORED = "Network ID; Tags"


def build(name: str, source: Source) -> Contract:
    """Make the contract of a form's responses.

    Raises:
        ConfigurationError: the source does not say its time zone, or which question holds the score.
    """
    options = declared_options(name, source, (*SURVEY_OPTIONS, "email_column"))
    survey = declared_survey(name, source)
    email = dict(options).get("email_column", ())
    fields = (
        Field("response_id", ("#",), required=True),
        *survey.fields,
        *((Field("email", email, required=True, personal=True),) if email else ()),
        Field("response_type", ("Response Type",)),
        Field("started", ("Start Date (UTC)",), "timestamp", required=True),
        Field("staged", ("Stage Date (UTC)",), "timestamp"),
        Field("submitted", ("Submit Date (UTC)",), "timestamp", required=True),
    )
    last = "coalesce(submitted, staged, started)"
    zone = literal(declared_time_zone(name, source))
    columns = {
        "response_id": "trim(response_id)",
        "day": f"cast(({last} at time zone 'UTC') at time zone {zone} as date)",
        "submitted_at": "submitted",
        "customer_key": "email" if email else "null",
        "account_id": literal(source.account_id),
    }
    is_finished = "submitted is not null and lower(coalesce(trim(response_type), '')) in ('', 'completed')"
    return Contract(
        source=name,
        system="typeform_responses",
        formats=("csv",),
        fields=fields,
        tables=(survey.answers(columns, is_finished=is_finished),),
        row_query=identified_rows("response_id", f"{survey.score} as score_value"),
        row_rules=(*row_identity("response_id"), survey.readable_score),
        ignored_headers=listed_names(_IGNORED),
        options=options,
    )
