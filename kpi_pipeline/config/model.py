"""The base of all typed models of ``config/*.yaml``, and the types that several of them share.

Here: what is common to the models. Add a type when a second model needs it. One module per YAML file holds its own
model; reading and checking do not belong here.
"""

import unicodedata
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from kpi_pipeline.calendar.company_calendar import Grain as Grain

IDENTIFIER_PATTERN = r"^[a-z][a-z0-9_]{1,63}$"
CURRENCY_PATTERN = r"^[A-Z]{3}$"
TIME_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
PERSIAN_LETTERS = str.maketrans("يك", "یک")


def with_persian_letters(text: str) -> str:
    """Return the text with the Persian letters in place of the Arabic ones that many keyboards write."""
    return unicodedata.normalize("NFC", text).translate(PERSIAN_LETTERS)


def exact_number(value: object) -> object:
    """Return a number as it is written, in decimal, so that 0.1 stays 0.1."""
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER_PATTERN)]
CurrencyCode = Annotated[str, StringConstraints(pattern=CURRENCY_PATTERN)]
TimeOfDay = Annotated[str, StringConstraints(pattern=TIME_PATTERN)]
Sentence = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True), AfterValidator(with_persian_letters)]
Exact = Annotated[Decimal, BeforeValidator(exact_number)]
Language = Literal["en", "fa"]
Direction = Literal["higher_better", "lower_better"]
Unit = Literal["percent", "points", "currency", "count", "ratio", "minutes", "hours", "days", "months"]


class Model(BaseModel):
    """A frozen model that refuses unknown fields and does not convert between types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Text(Model):
    """A text in every language of the reports."""

    en: Sentence
    fa: Sentence
