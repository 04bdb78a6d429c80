"""What all survey tools share: one answer with a score is one row, and the source says which question holds the score.

Here: the settings of such a source, the score that a label such as ``10 - Extremely likely`` means, and the mapping to
answers. Which columns a tool writes belongs to its module under ``systems``.
"""

from dataclasses import dataclass

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.contract import ContractTable, RowRule, contract_table, source_error
from kpi_pipeline.sources.contracts.entity_rules import declared_option
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

SURVEY_OPTIONS = ("survey_type", "score_column", "scale_max", "comment_column", "survey_id")
_TYPES = ("nps", "csat", "task")
# "10 - Extremely likely" and "Not at all likely - 0", but no number that is only part of another one.
_FIRST = r"^\s*([0-9]{1,3})(?:[^0-9.,/%][^0-9]*)?$"
_LAST = r"^[^0-9]*\s([0-9]{1,3})\s*$"


@dataclass(frozen=True)
class Survey:
    """What a source says about its survey.

    Attributes:
        score_headers: the question that holds the score.
        comment_headers: the question that holds a comment, if one counts.
    """

    survey_id: str
    survey_type: str
    scale_max: int
    score_headers: tuple[str, ...]
    comment_headers: tuple[str, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """The columns that the source named."""
        score = Field("score", self.score_headers, required=True)
        if not self.comment_headers:
            return (score,)
        return (score, Field("comment", self.comment_headers, required=True, free_text=True))

    @property
    def score(self) -> str:
        """The expression of the score that an answer means, NULL where it means none; rows keep it as `score_value`."""
        number = " ".join(
            f"when regexp_full_match(score, {literal(pattern)}) then"
            f" cast(regexp_extract(score, {literal(pattern)}, 1) as double)"
            for pattern in (_FIRST, _LAST)
        )
        yes_or_no = ""
        if self.survey_type == "task":
            yes_or_no = "when lower(trim(score)) = 'yes' then 1.0 when lower(trim(score)) = 'no' then 0.0"
        return f"case {yes_or_no} {number} end"

    @property
    def readable_score(self) -> RowRule:
        """The rule that an answer is empty or a score on the survey's scale."""
        yes_or_no = ", or yes or no" if self.survey_type == "task" else ""
        return RowRule(
            predicate=f"coalesce(trim(score), '') = '' or score_value between 0 and {self.scale_max}",
            shown="score",
            expected=f"a score from 0 to {self.scale_max}, alone or before or after its label{yes_or_no}",
            advice="options.score_column must name the question with the score, options.scale_max its highest score.",
        )

    def answers(self, columns: dict[str, str], *, is_finished: str) -> ContractTable:
        """Return the table of answers.

        Args:
            columns: canonical columns that the tool's own columns give.
            is_finished: predicate of an answer that was sent off; without a score it is still not complete.
        """
        return contract_table(
            "survey_responses",
            {
                "survey_id": literal(self.survey_id),
                "survey_type": literal(self.survey_type),
                "score": "score_value",
                "scale_max": str(self.scale_max),
                "comment": "nullif(trim(comment), '')" if self.comment_headers else "null",
                "is_complete": f"coalesce({is_finished}, false) and score_value is not null",
            }
            | columns,
        )


def declared_survey(name: str, source: Source) -> Survey:
    """Return what the source's settings say about its survey.

    Raises:
        ConfigurationError: a setting is missing, or has no meaning.
    """
    (survey_type,) = declared_option(name, source, "survey_type")[:1]
    if survey_type not in _TYPES:
        raise source_error(name, "options.survey_type", f"{survey_type!r} is none of {', '.join(_TYPES)}")
    (scale_max,) = declared_option(name, source, "scale_max", default=("10",) if survey_type == "nps" else ())[:1]
    if not (scale_max.isascii() and scale_max.isdecimal() and 0 < int(scale_max) <= 100):
        raise source_error(name, "options.scale_max", f"{scale_max!r} is not the highest score of a scale")
    if survey_type == "nps" and scale_max != "10":
        raise source_error(
            name, "options.scale_max", f"is {scale_max}, but the net promoter score is asked from 0 to 10"
        )
    (survey_id,) = declared_option(name, source, "survey_id", default=(name,))[:1]
    return Survey(
        survey_id=survey_id,
        survey_type=survey_type,
        scale_max=int(scale_max),
        score_headers=declared_option(name, source, "score_column"),
        comment_headers=declared_option(name, source, "comment_column") if "comment_column" in source.options else (),
    )
