"""Google Analytics 4: the official client, asking through our HTTP layer.

Here: its requests and answers, whose shapes are Google's; time limits, repeated tries and redaction are those of every
pull, because the client has none for reports. Quotas are told apart by the text of the error. Which reports are asked
for belongs to ``systems/ga4_api``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, cast
from urllib.parse import parse_qsl

from google.analytics.data_v1beta import BetaAnalyticsDataClient
from google.analytics.data_v1beta.services.beta_analytics_data.transports.rest import BetaAnalyticsDataRestTransport
from google.analytics.data_v1beta.types import (
    CheckCompatibilityRequest,
    Compatibility,
    Dimension,
    Metric,
    PropertyQuota,
    RunReportRequest,
    RunReportResponse,
)
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import service_account
from google.protobuf.json_format import ParseError  # type: ignore[import-untyped]
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.api.http_client import HttpClient
from kpi_pipeline.sources.api.pull import PullRequest
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, TryAgain, Verdict

_SCOPE = "https://www.googleapis.com/auth/analytics.readonly"
_MINUTE = 60.0
# Parts of what Google says, and how long to wait; None where no waiting within a run helps.
_QUOTAS = (
    ("concurrent requests quota", 30.0),
    ("potentially thresholded requests quota", 30 * _MINUTE),
    ("per day", None),
    ("per hour", 30 * _MINUTE),
)
# A tenth of what a standard property has; an Analytics 360 property has ten times as much.
_TENTHS = {
    "tokens_per_day": 20_000,
    "tokens_per_hour": 4_000,
    "tokens_per_project_per_hour": 1_400,
    "server_errors_per_project_per_hour": 1,
    "potentially_thresholded_requests_per_hour": 12,
}


@dataclass(frozen=True)
class _TokenAnswer:
    """An answer as Google's library reads it that makes tokens."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class _Adapter(BaseAdapter):
    """The way that the official client's session takes to the network: through our HTTP layer."""

    def __init__(self, http: HttpClient) -> None:
        super().__init__()
        self.http = http
        self.content = b""

    def send(self, request: PreparedRequest, *_limits: object, **_others: object) -> Response:
        # The client's own time limit knows neither other tries nor the whole pull; ours holds instead.
        told = {name: value for name, value in request.headers.items() if name.lower().startswith("x-goog-")}
        self.http.headers = {**told, **self.http.headers}
        answer = self.http.ask("POST", str(request.url), body=json.loads(request.body or b"null"))
        self.content = answer.content
        response = Response()
        response.status_code = answer.status
        response.raw = BytesIO(answer.content)
        return response

    def close(self) -> None:
        self.http.close()


class Ga4Client:
    """One property's reports during one pull.

    Raises:
        ConfigurationError: the service account's key is missing or is none.
        RefusedFile: Google gives no access token for it.
    """

    def __init__(self, request: PullRequest) -> None:
        credentials = _credentials(request)
        self.http = request.client(headers=_bearer(request, credentials), judge=_judge)
        self.http.refresh = lambda: _bearer(request, credentials)
        self._adapter = _Adapter(self.http)
        # Who asks is decided in the adapter.
        transport = BetaAnalyticsDataRestTransport(host=self.http.base_url, credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
        transport._session.mount(self.http.base_url, self._adapter)
        self._client = BetaAnalyticsDataClient(transport=transport)
        self._shortage = ""

    def check(self, property_name: str, dimensions: Sequence[str], metrics: Sequence[str]) -> None:
        """Ask whether fields can stand in one report.

        Raises:
            RefusedFile: they cannot; the message names them.
        """
        request = CheckCompatibilityRequest(
            property=property_name,
            dimensions=[Dimension(name=name) for name in dimensions],
            metrics=[Metric(name=name) for name in metrics],
            compatibility_filter=Compatibility.INCOMPATIBLE,
        )
        with self._unreadable_refused():
            answer = self._client.check_compatibility(request)
        incompatible = {
            *(entry.dimension_metadata.api_name for entry in answer.dimension_compatibilities),
            *(entry.metric_metadata.api_name for entry in answer.metric_compatibilities),
        }
        if clash := sorted(incompatible & {*dimensions, *metrics}):
            raise self.http.refuse(
                f"that {', '.join(clash)} cannot stand in one report with the other fields",
                expected="fields that go together",
            )

    def run(self, request: RunReportRequest) -> tuple[RunReportResponse, str]:
        """Ask for one page of a report and return it, parsed and word for word.

        Raises:
            RefusedFile: there is no answer, or the one before used up nearly all of a quota.
        """
        if self._shortage:
            raise self.http.refuse(
                f"that {self._shortage}", "The next run tries again.", "more than a tenth of every quota"
            )
        with self._unreadable_refused():
            answer = self._client.run_report(request)
        self._shortage = shortage(answer.property_quota) if "property_quota" in answer else ""
        return answer, self._adapter.content.decode()

    @contextmanager
    def _unreadable_refused(self) -> Iterator[None]:
        try:
            yield
        except ParseError as error:
            raise self.http.refuse("an answer that Google's own client cannot read") from error


def shortage(quota: PropertyQuota) -> str:
    """Say which quota is used up but for a tenth; empty where none is."""
    return "; ".join(
        f"only {remaining} {name.replace('_', ' ')} are left"
        for name, remaining in _remaining(quota)
        if remaining <= _TENTHS[name]
    )


def _remaining(quota: PropertyQuota) -> Iterator[tuple[str, int]]:
    for name in _TENTHS:
        status = getattr(quota, name)
        if name in quota and "remaining" in status:
            yield name, status.remaining


def _credentials(request: PullRequest) -> service_account.Credentials:
    variable = "service_account"
    text = request.secret(variable)
    try:
        key = json.loads(text)
        request.secrets.add(str(key["private_key"]))
        return cast(
            service_account.Credentials,
            service_account.Credentials.from_service_account_info(key, scopes=[_SCOPE]),  # type: ignore[no-untyped-call]
        )
    except (ValueError, KeyError, TypeError, GoogleAuthError) as error:
        raise ConfigurationError(
            f"config/sources/{request.name}.yaml: the secret {variable} is not the JSON key of a Google service account"
        ) from error


def _bearer(request: PullRequest, credentials: service_account.Credentials) -> dict[str, str]:
    """Make the header of a new access token: Google's library signs, our HTTP layer asks."""

    def ask(url: str, method: str = "GET", body: Any = None, **_others: Any) -> _TokenAnswer:
        client = HttpClient(request.file_name, url, request.secrets, request.pacing, request.now)
        try:
            text = body.decode() if isinstance(body, bytes) else body
            answer = client.ask(method, url, form=dict(parse_qsl(text)))
        finally:
            client.close()
        return _TokenAnswer(answer.status, answer.headers, answer.content)

    try:
        credentials.refresh(ask)  # type: ignore[no-untyped-call]
    except GoogleAuthError as error:
        raise ConfigurationError("Google gave no access token for the service account's key") from error
    token = str(credentials.token)
    request.secrets.add(token)
    return {"Authorization": f"Bearer {token}"}


def _judge(answer: Answer) -> Verdict:
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    if not isinstance(error, dict) or (answer.status != 429 and error.get("status") != "RESOURCE_EXHAUSTED"):
        return None
    message = str(error.get("message"))
    for part, seconds in _QUOTAS:
        if part in message:
            if seconds is None:
                return GiveUp(message, "The quota comes back within a day; the next run tries again.")
            return TryAgain(message, seconds)
    return None
