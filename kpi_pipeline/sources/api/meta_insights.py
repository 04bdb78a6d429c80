"""Meta's Graph API: insights of pages and Instagram accounts, and how the vendor words errors about them.

Here: figures by day, asked for one metric at a time, because one metric that Meta has retired makes the whole answer an
error. Advertising has insights of another shape; they belong to ``systems/meta_ads_api``. Which metrics count belongs
to the systems.

A day is named by the instant at which it ends, midnight in California: the day itself began 24 hours before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from kpi_pipeline.sources.api.http_client import HttpClient, parse_json
from kpi_pipeline.sources.api.pages import Extracted, Page
from kpi_pipeline.sources.api.pull import PullRequest
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, Take, TryAgain, Verdict
from kpi_pipeline.sources.files.opened_file import FileNote
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.rewriting import Rewritten

ENDPOINT = "https://graph.facebook.com"
VERSION = "v25.0"
SUNSET = date(2028, 2, 1)  # not announced; versions of the Graph API live about two years
DAY = timedelta(days=1)
# At most 30 days may lie between the two bounds, of which one is a day that is not needed.
_DAYS_PER_QUESTION = 28
_PASSING_CODES = {1, 2, 4, 17, 32, 613, *range(80000, 80015)}
_PERMISSION, _PARAMETER, _TOKEN = 10, 100, 190
_MISSING_OBJECT, _POSTED_BEFORE_BUSINESS = 33, 2108006
_ADVICE = {
    _PERMISSION: "The token lacks a permission for this account's insights.",
    200: "The token lacks a permission for this account's insights.",
    _TOKEN: "The access token is no longer valid; make a new one.",
    _PARAMETER: "Compare account_id and pull.version with docs/apis.md.",
}


def graph_client(request: PullRequest) -> HttpClient:
    """Make the client of a pull; errors about one metric or one post are answers."""
    return request.client(
        path=f"/{request.version}",
        headers={"Authorization": f"Bearer {request.secret('access_token')}"},
        judge=_judge,
    )


def daily_insights(
    client: HttpClient, request: PullRequest, metrics: Sequence[str], required: Sequence[str]
) -> Iterator[Page]:
    """Ask for figures by day, one metric at a time.

    The links to earlier and later days are not followed: they never end.

    Raises:
        RefusedFile: the vendor refuses, or a required metric is gone.
    """
    for first, last in request.spans(_DAYS_PER_QUESTION):
        for metric in metrics:
            answer = client.get(
                f"/{request.source.account_id}/insights",
                # The last day ends a day later, and in California later still; what is too much is left out.
                {"metric": metric, "period": "day", "since": _unix(first), "until": _unix(last + 2 * DAY, request.now)},
            )
            if error_code(answer) and (metric in required or not is_unknown_metric(answer)):
                raise refused(client, answer)
            about = {"kind": "day", "metric": metric, "first_day": str(first), "last_day": str(last)}
            yield without_token(request, about, answer)


def without_token(request: PullRequest, about: Mapping[str, str], answer: Answer) -> Page:
    """Return an answer as it is kept: Meta writes the token into its links to other pages."""
    return Page(about, request.secrets.redact(answer.content.decode()))


def days_of(pages: Iterable[Page], extracted: Extracted) -> dict[str, dict[str, str]]:
    """Return day → metric → value of stored answers; a metric that is gone is noted.

    Args:
        pages: answers to ``daily_insights``.
        extracted: receives the notes.

    Raises:
        ValueError: the figures are others than those asked for, or a day has two values.
    """
    days: dict[str, dict[str, str]] = {}
    for page in pages:
        metric, body = page.about["metric"], page.body
        if "error" in body:
            extracted.notes.append(
                FileNote("missing_metric", metric, "Meta does not tell this metric; its column is empty.")
            )
            continue
        for entry in body["data"]:  # without any entry where there are no figures
            if (entry["name"], entry["period"]) != (metric, "day"):
                raise ValueError("figures that were not asked for")
            for value in entry["values"]:
                day = str((datetime.fromisoformat(value["end_time"]) - DAY).date())
                if not page.about["first_day"] <= day <= page.about["last_day"]:
                    continue
                if days.setdefault(day, {}).setdefault(metric, value["value"]) != value["value"]:
                    raise ValueError("two values for one day")
    return days


def covering(rewritten: Rewritten, days: Iterable[str]) -> Rewritten:
    """Return a pull that speaks for no day after the newest one that Meta told: in California it may not be over."""
    if rewritten.stated_range is None or not (told := sorted(days)):
        return rewritten
    return replace(rewritten, stated_range=(rewritten.stated_range[0], date.fromisoformat(told[-1])))


def error_code(answer: Answer) -> int:
    """Return the code of an error; 0 where the answer is none."""
    error = answer.body.get("error")
    return int(error["code"]) if error else 0


def is_unknown_metric(answer: Answer) -> bool:
    """Tell whether the error says that Meta does not know a metric."""
    error = answer.body["error"]
    return int(error["code"]) == _PARAMETER and "metric" in error["message"] and not is_about_one_post(answer)


def is_about_one_post(answer: Answer) -> bool:
    """Tell whether the error says that this post has no insights, while others may have them."""
    error = answer.body["error"]
    code, subcode = int(error["code"]), int(error.get("error_subcode", 0))
    return code == _PERMISSION or (code == _PARAMETER and subcode in (_MISSING_OBJECT, _POSTED_BEFORE_BUSINESS))


def refused(client: HttpClient, answer: Answer) -> RefusedFile:
    """Return the refusal for an error that is no answer after all."""
    error = answer.body["error"]
    return client.refuse(f"code {error['code']}: {error['message']}", _ADVICE.get(int(error["code"]), ""))


def _unix(day: date, latest: datetime | None = None) -> str:
    """Return the first second of a day, but none in the future."""
    instant = datetime.combine(day, time(), UTC)
    return str(int((min(instant, latest) if latest else instant).timestamp()))


def _judge(answer: Answer) -> Verdict:
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    if not isinstance(error, dict):
        return None
    code = int(error.get("code", 0))
    found = f"code {code}: {error.get('message')}"
    if error.get("is_transient") is True or code in _PASSING_CODES:
        return TryAgain(found, _seconds_to_wait(answer))
    # The same errors may be about one metric or one post; who asked knows that.
    return Take() if code in (_PERMISSION, _PARAMETER) else GiveUp(found, _ADVICE.get(code, ""))


def _seconds_to_wait(answer: Answer) -> float | None:
    """Return what the header about used-up quotas says; it is there only when Meta likes."""
    usage = parse_json(answer.headers.get("x-business-use-case-usage", ""))
    if not isinstance(usage, dict):
        return None
    minutes = [float(entry["estimated_time_to_regain_access"]) for entries in usage.values() for entry in entries]
    return 60 * max(minutes, default=0) or None
