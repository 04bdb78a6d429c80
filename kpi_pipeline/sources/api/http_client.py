"""The one way to ask an API over HTTP: time limits, repeated tries, size limits, and no secret in any message.

Here: one question and its answer. Which questions make up a pull belongs to the systems; how pages follow each other to
``paging``. Messages name method, host and path, never parameters, headers or bodies: an allow-list, so that nothing
new can leak.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from urllib3.exceptions import HTTPError

from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.api.pacing import Pacing
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, Judge, TryAgain, Verdict, judge_status, without_addresses
from kpi_pipeline.sources.files.refused_file import RefusedFile

_BLOCK_BYTES = 65_536
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Limits:
    """How much patience there is.

    Attributes:
        tries: how often one question is asked at most.
        read_seconds: longest silence while an answer arrives.
        answer_seconds: longest time for one whole answer.
        answer_bytes: largest answer.
        budget_seconds: time for the whole pull, waiting included.
        longest_wait: cap of the back-off where the vendor does not say how long to wait.
    """

    tries: int = 6
    connect_seconds: float = 10
    read_seconds: float = 60
    answer_seconds: float = 300
    answer_bytes: int = 512 * 1024 * 1024
    budget_seconds: float = 1800
    longest_wait: float = 60


class _Again(Exception):  # noqa: N818 - it asks for another try and never leaves this module
    """Asks tenacity for another try."""

    def __init__(self, verdict: TryAgain) -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict


def accept_anything(_answer: Answer) -> Verdict:
    """Judge nothing beyond the status."""
    return None


@dataclass
class HttpClient:
    """A client for one pull from one API.

    Attributes:
        name: what messages call the pull, e.g. ``meta_ads.pull``.
        base_url: where paths begin; https, or http on this machine.
        headers: sent with every question.
        judge: the vendor's own rules; asked before the general ones.
        refresh: makes new headers after the first 401, such as a new access token; None where nothing can be renewed.
        now: the instant of the pull, for ``Retry-After`` with a date.
    """

    name: str
    base_url: str
    secrets: Secrets
    pacing: Pacing
    now: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    judge: Judge = accept_anything
    refresh: Callable[[], Mapping[str, str]] | None = None
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ConfigurationError(
                f"{self.name}: pull.endpoint: found {parts.scheme}://{parts.hostname}, expected an https:// address"
            )
        self._session = requests.Session()
        # Without an auth of its own, requests would take a password from ~/.netrc in place of the given header.
        self._session.auth = lambda request: request
        self._started = self.pacing.elapsed()
        self._was_refreshed = False

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """Ask with GET; ``path`` may be a whole address on the same host."""
        return self.ask("GET", path, params=params)

    def post(self, path: str, body: object, params: Mapping[str, str] | None = None) -> Answer:
        """Ask with POST and a JSON body."""
        return self.ask("POST", path, params=params, body=body)

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        form: Mapping[str, str] | None = None,
        is_json: bool = True,
    ) -> Answer:
        """Ask until there is an answer to take.

        Args:
            method: GET or POST.
            path: below the base address, or a whole address on the same host.
            params: the query.
            body: sent as JSON.
            form: sent as a form, in place of a body.
            is_json: whether only JSON is an answer; an HTML page of a proxy with status 200 is then tried again.

        Raises:
            RefusedFile: the vendor refuses, or there is no answer within the limits.
        """
        url = self._url(path)
        place = f"{method} {urlsplit(url).hostname}{urlsplit(url).path}"
        retrying = Retrying(
            stop=stop_after_attempt(self.limits.tries),
            retry=retry_if_exception_type(_Again),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            for attempt in retrying:
                with attempt:
                    return self._once(method, url, place, params, body, form, is_json)
        except _Again as again:
            raise self.refuse(
                f"{again.verdict.reason} ({place}, tried {retrying.statistics['attempt_number']} times)",
                "Nothing was loaded; the next run tries again.",
            ) from None
        raise AssertionError("tenacity neither returned nor raised")

    def refuse(self, found: str, advice: str = "", expected: str = "a complete answer") -> RefusedFile:
        """Return the refusal of the whole pull, without any secret or e-mail address in its text."""
        redact = self.secrets.redact
        return RefusedFile(self.name, found=without_addresses(redact(found)), expected=expected, advice=redact(advice))

    def _once(
        self,
        method: str,
        url: str,
        place: str,
        params: Mapping[str, str] | None,
        body: object,
        form: Mapping[str, str] | None,
        is_json: bool,
    ) -> Answer:
        answer = self._receive(method, url, params, body, form)
        if answer.status == 401 and self.refresh is not None and not self._was_refreshed:
            self._was_refreshed = True
            self.headers = {**self.headers, **self.refresh()}
            answer = self._receive(method, url, params, body, form)
        verdict = self.judge(answer) or judge_status(answer, self.now)
        if verdict is None and is_json and answer.body is None:
            verdict = TryAgain("an answer with status 200 that is not JSON")
        if isinstance(verdict, TryAgain):
            raise _Again(verdict)
        if isinstance(verdict, GiveUp):
            raise self.refuse(f"{verdict.found} ({place})", verdict.advice)
        return answer

    def _receive(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        body: object,
        form: Mapping[str, str] | None,
    ) -> Answer:
        if self._remaining() <= 0:
            raise self.refuse(
                f"no end within {self.limits.budget_seconds:g} seconds", "Raise pull.budget_minutes, or pull less."
            )
        limits = self.limits
        try:
            with self._session.request(
                method,
                url,
                params=params,
                json=body,
                data=form,
                headers={"Accept": "application/json", **self.headers},
                timeout=(limits.connect_seconds, limits.read_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = self._content(response)
        except (requests.RequestException, HTTPError) as error:
            # The error's own text holds the address with its parameters.
            raise _Again(TryAgain(f"no complete answer ({type(error).__name__})")) from None
        headers = CaseInsensitiveDict(response.headers)
        return Answer(
            response.status_code, {name.lower(): value for name, value in headers.items()}, parse_json(content), content
        )

    def _content(self, response: requests.Response) -> bytes:
        deadline = self.pacing.elapsed() + min(self.limits.answer_seconds, max(self._remaining(), 0))
        content = bytearray()
        # Only what has arrived: iter_content would wait for a whole block, however long it takes.
        while block := response.raw.read1(_BLOCK_BYTES, decode_content=True):
            content += block
            if len(content) > self.limits.answer_bytes:
                raise self.refuse(
                    f"an answer of more than {self.limits.answer_bytes} bytes", "Pull fewer days or fields at a time."
                )
            if self.pacing.elapsed() > deadline:
                raise _Again(TryAgain("an answer that arrives too slowly"))
        return bytes(content)

    def _url(self, path: str) -> str:
        if not path.startswith(("http://", "https://")):
            return self.base_url.rstrip("/") + "/" + path.lstrip("/")
        if urlsplit(path)[:2] != urlsplit(self.base_url)[:2]:
            raise self.refuse(
                f"a link to {urlsplit(path).hostname}", expected=f"only {urlsplit(self.base_url).hostname}"
            )
        return path

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        after = error.verdict.after if isinstance(error, _Again) else None
        if after is not None:
            return after
        return min(self.limits.longest_wait, 2.0**state.attempt_number) * self.pacing.jitter()

    def _sleep(self, seconds: float) -> None:
        if seconds > self._remaining():
            raise self.refuse(
                f"that it has to wait {seconds:.0f} seconds, longer than the pull may last",
                "The quota may be used up until tomorrow; the next run tries again.",
            )
        self.pacing.sleep(seconds)

    def _remaining(self) -> float:
        return self.limits.budget_seconds - (self.pacing.elapsed() - self._started)


def parse_json(content: bytes | str) -> Any:
    """Parse JSON with numbers as texts, as they are written: neither identifiers nor amounts may lose digits.

    Returns:
        The value; None where the content is not JSON.
    """
    try:
        return json.loads(content, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
