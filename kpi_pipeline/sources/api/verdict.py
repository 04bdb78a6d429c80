"""What an answer of an API means: take it, try again, or give up.

Here: the verdicts and the rules that hold for every API (status codes, ``Retry-After``, how vendors word an error).
Rules of one vendor, such as throttling inside HTTP 200, belong to its module under ``systems``. Acting on a verdict
belongs to ``http_client``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_SHOWN_CHARACTERS = 300
_E_MAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+\.[a-zA-Z]{2,}")


@dataclass(frozen=True)
class Answer:
    """One answer.

    Attributes:
        headers: names in small letters.
        body: the parsed JSON, numbers as texts; None where the answer is something else.
        content: the bytes.
    """

    status: int
    headers: Mapping[str, str]
    body: Any
    content: bytes


@dataclass(frozen=True)
class TryAgain:
    """The same question may be answered later.

    Attributes:
        reason: what was found, for the message if it never is.
        after: seconds that the vendor asks to wait; None leaves it to the back-off.
    """

    reason: str
    after: float | None = None


@dataclass(frozen=True)
class GiveUp:
    """Asking again will not help.

    Attributes:
        found: what the vendor said.
        advice: what a person can do about it.
    """

    found: str
    advice: str = ""


@dataclass(frozen=True)
class Take:
    """An answer like any other, although its status says otherwise: the system knows what this error means."""


Verdict = TryAgain | GiveUp | Take | None
Judge = Callable[[Answer], Verdict]


def judge_status(answer: Answer, now: datetime) -> Verdict:
    """Judge an answer by its status alone; None takes it.

    Args:
        answer: the answer.
        now: the current instant, for ``Retry-After`` with a date.
    """
    if answer.status in RETRIED_STATUSES:
        return TryAgain(f"HTTP {answer.status}{vendor_message(answer)}", retry_after(answer.headers, now))
    if 200 <= answer.status < 300:
        return None
    if 300 <= answer.status < 400:
        return GiveUp(f"HTTP {answer.status}, a redirection", "Give the address that it leads to as pull.endpoint.")
    return GiveUp(f"HTTP {answer.status}{vendor_message(answer)}")


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how many seconds the vendor asks to wait: written as seconds or as an HTTP date."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,7}(\.\d+)?", text):
        return float(text)
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return max((instant - now).total_seconds(), 0.0)


def vendor_message(answer: Answer) -> str:
    """Return what the vendor says about an error, ready to stand behind the status; empty where it says nothing."""
    texts = [text for text in _messages(answer.body) if text.strip()]
    joined = " ".join(" ".join(texts).split())
    return f": {without_addresses(joined)[:_SHOWN_CHARACTERS]}" if joined else ""


def without_addresses(text: str) -> str:
    """Return a vendor's text with e-mail addresses replaced: who may not read something is nobody else's business."""
    return _E_MAIL.sub("[e-mail]", text)


def _messages(body: Any) -> list[str]:
    """Collect the texts under the names that vendors use for messages, codes first."""
    if isinstance(body, list):
        return [text for entry in body[:3] for text in _messages(entry)]
    if not isinstance(body, dict):
        return []
    found = [str(body[key]) for key in ("code", "type", "status") if isinstance(body.get(key), str)]
    found += [
        str(body[key])
        for key in ("message", "error_description", "title", "detail", "description")
        if isinstance(body.get(key), str)
    ]
    for key in ("error", "errors", "Fault", "Error"):
        value = body.get(key)
        found += [value] if isinstance(value, str) else _messages(value)
    return found
