"""Saying a problem in one of the languages of the product.

Here: finding the text for a ``Phrase`` in ``messages/<language>.yaml``. English needs no catalogue: it stands in the
code. A text that comes from elsewhere, such as the database's own words, is shown as it is, after the meaning of its
code. A new language is a new catalogue with the same keys.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from kpi_pipeline.config.model import Language
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem

CATALOGUES = Path(__file__).parent / "messages"


@dataclass(frozen=True)
class Catalogue:
    """The texts of one language.

    Attributes:
        warning: what stands before the message of a warning.
        separator: what stands between a message and its hint.
        codes: code → what it means.
        messages: English template → template in this language, with the same names in braces.
    """

    warning: str
    separator: str
    codes: Mapping[str, str]
    messages: Mapping[str, str]


@cache
def catalogue(language: Language) -> Catalogue:
    """Return the catalogue of a language other than English."""
    return Catalogue(**yaml.safe_load((CATALOGUES / f"{language}.yaml").read_text(encoding="utf-8")))


def translated(text: str, language: Language, shown: Callable[[str], str] = str) -> str:
    """Return a text in a language; as it is where it is no ``Phrase``.

    Args:
        text: the text.
        language: the language.
        shown: how a value stands in the translation, such as with marks of its direction.
    """
    if language == "en" or not isinstance(text, Phrase):
        return str(text)
    values = {
        name: translated(value, language, shown) if isinstance(value, Phrase) else shown(value)
        for name, value in text.values.items()
    }
    return catalogue(language).messages[text.template].format(**values)


def problem_text(problem: Problem, language: Language) -> str:
    """Return a problem as one line in a language: ``file:line  code  message; hint``."""
    if language == "en":
        return str(problem)
    texts = catalogue(language)
    message = translated(problem.message, language)
    if not isinstance(problem.message, Phrase) and problem.code in texts.codes:
        message = f"{texts.codes[problem.code]}: {message}"
    hint = f"{texts.separator}{translated(problem.hint, language)}" if problem.hint else ""
    warning = texts.warning if problem.is_warning else ""
    return f"{problem.path}:{problem.line}  {problem.code}  {warning}{message}{hint}"
