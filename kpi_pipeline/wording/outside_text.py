"""Text that was written outside (names, file names, messages), made safe to stand inside a line of ours.

Here: removing what could disturb the line around it, and isolating its direction. Escaping for HTML does not belong
here: the template engine does it.
"""

import re
import unicodedata

FIRST_STRONG_ISOLATE = "\u2068"
LEFT_TO_RIGHT_ISOLATE = "\u2066"
POP_ISOLATE = "\u2069"

NAME_LIMIT = 120
MESSAGE_LIMIT = 600
# Marks, embeddings, overrides and isolates: an unclosed one would turn the rest of the line around.
_DIRECTION_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_WHITESPACE = re.compile(r"\s+")


def clean_text(text: str, limit: int = NAME_LIMIT) -> str:
    """Return ``text`` on one line, without control characters, cut to ``limit`` characters."""
    one_line = _WHITESPACE.sub(" ", _DIRECTION_CONTROLS.sub("", text))
    # Cc: control characters such as NUL; Cs: lone surrogates, which no file can hold.
    visible = "".join(character for character in one_line if unicodedata.category(character) not in {"Cc", "Cs"})
    visible = visible.strip()
    return visible if len(visible) <= limit else visible[: limit - 1].rstrip() + "…"


def isolate(text: str) -> str:
    """Wrap cleaned text so that its direction neither follows from nor spills into the sentence around it."""
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"


def isolate_number(text: str) -> str:
    """Wrap a number with its sign or percent mark so that they stay at their sides in right-to-left text."""
    return f"{LEFT_TO_RIGHT_ISOLATE}{text}{POP_ISOLATE}"
