"""Texts that stand in headers of messages and in names of files, made so that they can be nothing else.

Here: cleaning. A line break, also an encoded one, would let a text begin a header of its own.
"""

import re
import unicodedata

from kpi_pipeline.wording.outside_text import clean_text

SUBJECT_LIMIT, NAME_LIMIT = 160, 80
# Python forgets the quotes of a name when it breaks the header into lines; these would then divide the address.
_DIVIDING = re.compile(r"""[()<>\[\]:;@\\,"]+""")
# Shorter names fit beside any address of usual length, and keep their signs.
_UNBROKEN = 30
_UNSAFE_IN_NAMES = re.compile(r"[^A-Za-z0-9@._-]+")


def header_text(text: str, limit: int = SUBJECT_LIMIT) -> str:
    """Return a text on one line that no reader of headers takes for an encoded one."""
    cleaned = clean_text(unicodedata.normalize("NFC", text), limit)
    # Python 3.11 decodes "=?UTF-8?Q?=0A?=" into a line break when it reads its own header (cpython issue 121650).
    while "=?" in cleaned:
        cleaned = cleaned.replace("=?", "= ?")
    return cleaned


def sender_name(text: str) -> str:
    """Return the name that stands before the sender's address, and can be nothing but a name."""
    name = header_text(text)
    return name if len(name) <= _UNBROKEN else clean_text(_DIVIDING.sub(" ", name), SUBJECT_LIMIT)


def file_name(text: str) -> str:
    """Return a name that is safe on every disk and in every header: Latin letters, digits and @ . _ -."""
    return _UNSAFE_IN_NAMES.sub("_", text).strip("._")[:NAME_LIMIT] or "report"
