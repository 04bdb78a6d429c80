"""The base of all typed models of ``config/*.yaml``, and the types that several of them share.

Here: what is common to the models. Add a type when a second model needs it. One module per YAML file holds its own
model; reading and checking do not belong here.
"""

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from kpi_pipeline.calendar.company_calendar import Grain as Grain

IDENTIFIER_PATTERN = r"^[a-z][a-z0-9_]{1,63}$"
CURRENCY_PATTERN = r"^[A-Z]{3}$"
PERSIAN_LETTERS = str.maketrans("يك", "یک")


def with_persian_letters(text: str) -> str:
    """Return the text with the Persian letters in place of the Arabic ones that many keyboards write."""
    return unicodedata.normalize("NFC", text).translate(PERSIAN_LETTERS)


Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER_PATTERN)]
CurrencyCode = Annotated[str, StringConstraints(pattern=CURRENCY_PATTERN)]
Sentence = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Language = Literal["en", "fa"]
Direction = Literal["higher_better", "lower_better"]
Unit = Literal["percent", "currency", "count", "ratio", "months"]


class Model(BaseModel):
    """A frozen model that refuses unknown fields and does not convert between types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Text(Model):
    """A text in every language of the reports."""

    en: Sentence
    fa: Annotated[Sentence, AfterValidator(with_persian_letters)]
