"""The languages of the product: texts, digits and marks, read from one message catalogue per language.

Here: loading ``messages/<code>.yaml`` and choosing a text. A new language is a new catalogue with the same keys;
nothing is added here for it. Writing numbers and dates (``numbers``, ``dates``) does not belong here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from kpi_pipeline.errors import ReportError

CATALOGUES = Path(__file__).parent / "messages"


@dataclass(frozen=True)
class Language:
    """One language.

    Attributes:
        calendar: how days are written, ``gregorian`` or ``jalali``; the company's own periods do not depend on it.
        digits: the ten digits, zero first.
        patterns: how numbers and dates are put together.
        messages: texts by dotted key; plural forms end in ``.one`` and ``.other``.
    """

    code: str
    direction: str
    calendar: str
    digits: str
    decimal_mark: str
    group_mark: str
    percent_mark: str
    patterns: Mapping[str, str]
    months: tuple[str, ...]
    currencies: Mapping[str, str]
    messages: Mapping[str, str]

    def text(self, key: str, /, **values: str) -> str:
        """Return a message with its placeholders filled.

        Raises:
            ReportError: if the catalogue has no such message or the message asks for another value.
        """
        if key not in self.messages:
            raise ReportError(f"messages/{self.code}.yaml: no text {key!r}; add it to every catalogue")
        return self.messages[key].format(**values)

    def plural(self, key: str, count: int, /, **values: str) -> str:
        """Return the form of a message that goes with ``count``."""
        return self.text(f"{key}.{'one' if count == 1 else 'other'}", **values)

    def known_text(self, section: str, word: str, default: str) -> str:
        """Return the text for a word that comes from outside, or ``default`` if the catalogue does not know it."""
        return self.messages.get(f"{section}.{word}", default)

    def section(self, name: str) -> dict[str, str]:
        """Return the messages below ``name`` by the rest of their keys."""
        return {key.removeprefix(f"{name}."): text for key, text in self.messages.items() if key.startswith(f"{name}.")}

    def join(self, parts: list[str]) -> str:
        """Join words to a list as the language writes it."""
        return self.text("page.list_separator").join(parts)


@cache
def load_language(code: str) -> Language:
    """Read a language from its catalogue.

    Raises:
        ReportError: if there is no catalogue for ``code``.
    """
    known = sorted(path.stem for path in CATALOGUES.glob("*.yaml"))
    if code not in known:
        raise ReportError(f"language {code!r}: no message catalogue; expected one of {', '.join(known)}")
    # The compiled loader, where the library was built with it, is ten times as fast.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load((CATALOGUES / f"{code}.yaml").read_text(encoding="utf-8"), Loader=loader)
    written = document.pop("format")
    return Language(
        code=code,
        direction=written["direction"],
        calendar=written["calendar"],
        digits=written["digits"],
        decimal_mark=written["decimal_mark"],
        group_mark=written["group_mark"],
        percent_mark=written["percent_mark"],
        patterns=written["patterns"],
        months=tuple(written["months"]),
        currencies=written["currencies"],
        messages=dict(_flat(document)),
    )


def _flat(document: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in document.items():
        if isinstance(value, Mapping):
            found.extend(_flat(value, f"{prefix}{key}."))
        else:
            found.append((f"{prefix}{key}", str(value)))
    return found
