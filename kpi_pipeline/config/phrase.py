"""Texts of problems that can be said in several languages.

Here: the text itself. English stands in the code, where the check is; it is also the key under which
``messages/<language>.yaml`` holds the other languages. Saying a text in a language belongs to ``translation``.
"""

from collections.abc import Iterable
from functools import reduce
from typing import Self


class Phrase(str):
    """An English text that remembers what it was made from, so that it can be said in another language.

    Attributes:
        template: the English text with names in braces where the values go.
        values: the values by name; a value that is a ``Phrase`` is said in the other language too.
    """

    template: str
    values: dict[str, str]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """Fill the values into the template."""
        texts = {name: value if isinstance(value, str) else str(value) for name, value in values.items()}
        phrase = super().__new__(cls, template.format(**texts))
        phrase.template = template
        phrase.values = texts
        return phrase


def written(number: float) -> str:
    """Return a number as people write it: 42000, not 42000.0."""
    return f"{number:.15g}"


def either(texts: Iterable[str]) -> str:
    """Return the texts as one that offers the choice."""
    return reduce(lambda first, second: Phrase("{first} or {second}", first=first, second=second), texts)
