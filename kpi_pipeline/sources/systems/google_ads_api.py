"""Google Ads: the reporting API.

Here: one query per month of days, by campaign or by ad group, day and device. Answers come as an array of batches;
what is zero is left out of them, and so are rows in which everything is. The report of the UI belongs to
``google_ads``.

Campaigns are asked for unless the source says otherwise: campaigns without ad groups (Performance Max) would be missing
below them.
"""

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.halving import TooMuchAtOnce, in_halves
from kpi_pipeline.sources.api.http_client import HttpClient
from kpi_pipeline.sources.api.lasting_grant import TOKEN_ENDPOINT, bearer_of_refresh_token
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, plain_number, rewrite_pull
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, TryAgain, Verdict
from kpi_pipeline.sources.contracts.common_rules import declared_choice, declared_options
from kpi_pipeline.sources.contracts.contract import Contract, contract_table, source_error
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(
    version="v26",
    sunset=date(2027, 11, 1),  # the month is Google's own projection
    endpoint="https://googleads.googleapis.com",
    secrets=("client_id", "client_secret", "refresh_token"),
    asks_for="days",
    optional_secrets=("developer_token",),
)
_TOKEN_ADDRESS = "https://oauth2.googleapis.com/token"
_DAYS_PER_QUESTION = 30
_LEVELS = ("campaign", "ad_group")
_DEVICES = (("MOBILE", "mobile"), ("DESKTOP", "desktop"), ("TABLET", "tablet"), ("CONNECTED_TV", "tv"))
# Google's name in the query and in the answer; what is not there is zero.
_FIELDS = (
    Field("day", ("segments.date",), "date", required=True),
    Field("account_name", ("customer.descriptiveName",)),
    Field("currency", ("customer.currencyCode",), required=True),
    Field("time_zone", ("customer.timeZone",), required=True),
    Field("campaign_id", ("campaign.id",), required=True),
    Field("campaign_name", ("campaign.name",)),
    Field("campaign_type", ("campaign.advertisingChannelType",)),
    Field("ad_group_id", ("adGroup.id",)),
    Field("ad_group_name", ("adGroup.name",)),
    Field("device", ("segments.device",), values=_DEVICES),
    Field("impressions", ("metrics.impressions",), "integer", when_empty="0"),
    Field("clicks", ("metrics.clicks",), "integer", when_empty="0"),
    # Micros may say more than the four decimals that are kept.
    Field("cost", ("metrics.costMicros",), "decimal", scale="0.000001", rounding=True, when_empty="0"),
    Field("conversions", ("metrics.conversions",), "double", when_empty="0"),
    Field("conversion_value", ("metrics.conversionsValue",), "decimal", rounding=True, when_empty="0"),
    Field("video_views", ("metrics.videoTrueviewViews",), "integer", when_empty="0"),
)
_AD_GROUP_PREFIX = "adGroup."
_PASSING = {
    "quotaError": ("RESOURCE_EXHAUSTED", "RESOURCE_TEMPORARILY_EXHAUSTED"),
    "internalError": ("INTERNAL_ERROR", "TRANSIENT_ERROR", "DEADLINE_EXCEEDED"),
}
_TOO_MUCH = "QUERY_RESOURCE_CONSUMPTION"  # EXCESSIVE_SHORT_TERM_..., EXCESSIVE_LONG_TERM_...
_ADVICE = {
    "REQUESTED_METRICS_FOR_MANAGER": (
        "account_id is a manager account. Connect each of its client accounts as a source of its own, with the manager "
        "as options.login_customer_id."
    ),
    "NOT_ADS_USER": "The person who granted access has no Google Ads account; grant access as one who has.",
}


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Google Ads account's answers."""
    if not _digits(source.account_id):
        raise source_error(name, "account_id", "is missing; it is the customer ID, such as 123-456-7890")
    declared_choice(name, source, "level", _LEVELS)
    columns = {field.name: field.name for field in _FIELDS} | {
        "platform": "'google_ads'",
        "attribution": "'as set for each conversion action, by day of the click'",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="google_ads_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("ad_performance", columns),),
        rewriter="systems.google_ads_api",
        options=declared_options(name, source, ("level", "login_customer_id", TOKEN_ENDPOINT)),
        refuse_no_rows=True,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask with one query per thirty days, or per fewer where that is too much."""
    level = declared_choice(request.name, request.source, "level", _LEVELS)
    renew = partial(bearer_of_refresh_token, request, _TOKEN_ADDRESS)
    headers = renew()
    if manager := _digits(request.option("login_customer_id")):
        headers["login-customer-id"] = manager
    # Without a token the header must be missing: an empty one is refused.
    if token := request.optional_secret("developer_token"):
        headers["developer-token"] = token
    account = _digits(request.source.account_id)
    client = request.client(path=f"/{request.version}/customers/{account}", headers=headers, judge=_judge)
    client.refresh = renew
    for first, last in request.spans(_DAYS_PER_QUESTION):
        yield from in_halves(client, first, last, partial(_ask, client, level))


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per campaign or ad group, day and device."""
    return rewrite_pull(file, _records)


def _ask(client: HttpClient, level: str, first: date, last: date) -> list[Page]:
    names = [name for field in _FIELDS for name in field.headers]
    if level == "campaign":
        names = [name for name in names if not name.startswith(_AD_GROUP_PREFIX)]
    selected = ", ".join(["customer.id", *map(_query_name, names)])
    query = f"SELECT {selected} FROM {level} WHERE segments.date BETWEEN '{first}' AND '{last}'"
    answer = client.post("/googleAds:searchStream", {"query": query})
    return [Page({"first_day": str(first), "last_day": str(last)}, answer.content.decode())]


def _query_name(name: str) -> str:
    """Write ``metrics.costMicros`` as queries do: ``metrics.cost_micros``."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _records(pull: StoredPull, _extracted: Extracted) -> Iterator[Record]:
    for page in pull.pages:
        for batch in page.body:
            for row in batch.get("results", ()):  # a batch without rows has no such key
                flat = {f"{part}.{key}": value for part, values in row.items() for key, value in values.items()}
                flat |= {name: plain_number(value) for name, value in flat.items() if name.startswith("metrics.")}
                yield {field.name: _value(flat, field) for field in _FIELDS}


def _value(flat: dict[str, str], field: Field) -> str | None:
    """Return what a row says about a field; only what is zero, or of another level, may be missing."""
    (name,) = field.headers
    return flat[name] if field.required else flat.get(name)


def _judge(answer: Answer) -> Verdict:
    error = next((entry["error"] for entry in _entries(answer.body) if entry.get("error")), None)
    if error is None:
        return None
    for failure in _failures(error):
        for kind, code in failure.get("errorCode", {}).items():
            if code.endswith(_TOO_MUCH):
                raise TooMuchAtOnce(f"{kind} {code}", "Ask for level: campaign.")
            if code in _PASSING.get(kind, ()):
                return TryAgain(f"{kind} {code}: {failure.get('message', '')}", _retry_delay(failure))
            return GiveUp(f"{kind} {code}: {failure.get('message', '')}", _ADVICE.get(code, ""))
    # An error in the middle of a stream has status 200.
    return TryAgain(f"an error inside the answer: {error.get('message')}") if answer.status == 200 else None


def _entries(body: Any) -> list[dict[str, Any]]:
    return [entry for entry in (body if isinstance(body, list) else [body]) if isinstance(entry, dict)]


def _failures(error: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for detail in error.get("details", ()):
        yield from detail.get("errors", ())


def _retry_delay(failure: dict[str, Any]) -> float | None:
    delay = failure.get("details", {}).get("quotaErrorDetails", {}).get("retryDelay", "")
    return float(delay.removesuffix("s")) if delay else None


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())
