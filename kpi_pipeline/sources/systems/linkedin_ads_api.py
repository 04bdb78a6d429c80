"""LinkedIn Ads: the analytics of the Marketing API.

Here: figures by campaign and day, thirty days at a time. The answer has no pages: one of the largest size that is known
may be cut, and is asked for again in halves. It knows campaigns by number only, and says nothing about the currency, so
the source must name it. LinkedIn's campaigns stand for campaigns and ad groups, as in a report without campaign groups;
that report belongs to ``linkedin_ads``.
"""

from collections.abc import Iterator
from datetime import date
from functools import partial

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.halving import TooMuchAtOnce, in_halves
from kpi_pipeline.sources.api.http_client import HttpClient
from kpi_pipeline.sources.api.lasting_grant import TOKEN_ENDPOINT, bearer_of_refresh_token
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, plain_number, rewrite_pull, rows_of
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, Verdict, vendor_message
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract, RowRule, contract_table, source_error
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(
    version="202607",
    sunset=date(2027, 7, 15),  # not announced; every version lives for a year
    endpoint="https://api.linkedin.com",
    secrets=("access_token",),
    asks_for="days",
    optional_secrets=("client_id", "client_secret", "refresh_token"),
)
_TOKEN_ADDRESS = "https://www.linkedin.com/oauth/v2/accessToken"
_DAYS_PER_QUESTION = 30
_MOST_ELEMENTS = 15_000
_CAMPAIGN = "urn:li:sponsoredCampaign:"
_FIELDS = (
    Field("day", ("dateRange",), "date", required=True),
    Field("campaign_id", ("pivotValues",), required=True, strip=_CAMPAIGN),
    Field("impressions", ("impressions",), "integer", required=True),
    Field("clicks", ("clicks",), "integer"),
    Field("cost", ("costInLocalCurrency",), "decimal", required=True, rounding=True),
    Field("conversions", ("externalWebsiteConversions",), "double"),
    Field("conversion_value", ("conversionValueInLocalCurrency",), "decimal", rounding=True),
    Field("leads", ("oneClickLeads",), "double"),
)
_NAMES = tuple(field.headers[0] for field in _FIELDS)
_ONLY_CAMPAIGNS = RowRule(
    predicate="regexp_full_match(campaign_id, '[0-9]+')",
    shown="campaign_id",
    expected=f"a campaign, written {_CAMPAIGN}123",
)
_VERSION_IS_OFF = 426


def build(name: str, source: Source) -> Contract:
    """Make the contract of a LinkedIn ad account's answers."""
    if not source.account_id.isdigit():
        raise source_error(name, "account_id", "is missing; it is the number of the ad account")
    if source.currency is None:
        raise source_error(name, "currency", "is missing; the API gives amounts in the account's currency unnamed")
    columns = {field.name: field.name for field in _FIELDS} | {
        "platform": "'linkedin_ads'",
        "time_zone": "'UTC'",
        "ad_group_id": "campaign_id",
        "currency": "file_currency",
        "attribution": "'as set for each conversion'",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="linkedin_ads_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("ad_performance", columns),),
        row_rules=(_ONLY_CAMPAIGNS,),
        rewriter="systems.linkedin_ads_api",
        options=declared_options(name, source, (TOKEN_ENDPOINT,)),
        # LinkedIn answers with an empty list where the permission is missing, too.
        refuse_no_rows=True,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for thirty days at a time, or for fewer where the answer may be cut."""
    client = request.client(
        path="/rest",
        headers={
            "Authorization": f"Bearer {request.secret('access_token')}",
            "LinkedIn-Version": request.version,
            "X-Restli-Protocol-Version": "2.0.0",
        },
        judge=_judge,
    )
    if request.optional_secret("refresh_token"):
        client.refresh = partial(bearer_of_refresh_token, request, _TOKEN_ADDRESS)
    for first, last in request.spans(_DAYS_PER_QUESTION):
        yield from in_halves(client, first, last, partial(_ask, client, request.source.account_id))


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per campaign and day."""
    return rewrite_pull(file, _records)


def _ask(client: HttpClient, account: str, first: date, last: date) -> list[Page]:
    # The brackets and colons are grammar and must arrive as they are; only those of values are encoded.
    query = (
        f"q=analytics&pivot=CAMPAIGN&timeGranularity=DAILY&dateRange=(start:{_written(first)},end:{_written(last)})"
        f"&accounts=List(urn%3Ali%3AsponsoredAccount%3A{account})&fields={','.join(_NAMES)}"
    )
    answer = client.get(f"/adAnalytics?{query}")
    if len(answer.body["elements"]) >= _MOST_ELEMENTS:
        raise TooMuchAtOnce(f"{len(answer.body['elements'])} rows, as many as LinkedIn sends at most")
    # The API is said to have no pages, so the key is not always there.
    if any(link.get("rel") == "next" for link in answer.body.get("paging", {}).get("links", ())):
        raise TooMuchAtOnce("an answer that goes on in another page")
    return [Page({"first_day": str(first), "last_day": str(last)}, answer.content.decode())]


def _written(day: date) -> str:
    return f"(year:{day.year},month:{day.month},day:{day.day})"


def _records(pull: StoredPull, _extracted: Extracted) -> Iterator[Record]:
    for element in rows_of(pull.pages, "elements"):
        days, (campaign,) = element["dateRange"], element["pivotValues"]
        if days["start"] != days["end"]:
            raise ValueError("more than one day in a row")
        start = days["start"]
        figures = {field.name: plain_number(element.get(field.headers[0])) for field in _FIELDS[2:]}
        yield figures | {
            "day": f"{start['year']}-{start['month']:0>2}-{start['day']:0>2}",
            "campaign_id": campaign,
        }


def _judge(answer: Answer) -> Verdict:
    if answer.status == _VERSION_IS_OFF:
        return GiveUp(f"HTTP 426{vendor_message(answer)}", "LinkedIn turned this version off; set pull.version.")
    return None
