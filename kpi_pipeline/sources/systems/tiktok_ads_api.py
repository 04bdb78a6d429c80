"""TikTok Ads: the reporting API.

Here: the synchronous report by ad and day, thirty days at a time, and the vendor's habit of answering errors with HTTP
200. Names of campaigns come with the figures. The export of the UI belongs to ``tiktok_ads``.
"""

import json
from collections.abc import Iterator

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, rewrite_pull
from kpi_pipeline.sources.api.paging import Paging
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, TryAgain, Verdict
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract, contract_table
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(
    version="v1.3",
    sunset=None,
    endpoint="https://business-api.tiktok.com",
    secrets=("access_token",),
    asks_for="days",
)
_DAYS_PER_QUESTION = 30
_PAGE_SIZE = 1000
# The vendor answers with HTTP 200 and a code of its own; these pass.
_PASSING_CODES = ("40100", "40200", "40201", "40202", "40700", "50000", "50002")
_DIMENSIONS = ("ad_id", "stat_time_day")
_METRICS = (
    "campaign_id",
    "campaign_name",
    "adgroup_id",
    "adgroup_name",
    "ad_name",
    "currency",
    "spend",
    "impressions",
    "clicks",
    "conversion",
    "reach",
)
_FIELDS = (
    Field("day", ("stat_time_day",), "date", style="%Y-%m-%d 00:00:00", required=True),
    Field("campaign_id", ("campaign_id",), required=True),
    Field("campaign_name", ("campaign_name",)),
    Field("ad_group_id", ("adgroup_id",)),
    Field("ad_group_name", ("adgroup_name",)),
    Field("ad_id", ("ad_id",), required=True),
    Field("ad_name", ("ad_name",)),
    Field("currency", ("currency",)),
    Field("cost", ("spend",), "decimal", required=True),
    Field("impressions", ("impressions",), "integer", required=True),
    Field("clicks", ("clicks",), "integer", required=True),
    Field("conversions", ("conversion",), "double"),
    Field("reach", ("reach",), "integer"),
)
_FIELD_OF = {entry.headers[0]: entry.name for entry in _FIELDS}


def build(name: str, source: Source) -> Contract:
    """Make the contract of a TikTok advertiser's answers."""
    columns = {field.name: field.name for field in _FIELDS} | {
        "platform": "'tiktok_ads'",
        "link_clicks": "clicks",  # the vendor's clicks are those on the destination
        "time_zone": literal(source.time_zone or ""),
        "currency": "coalesce(currency, file_currency)",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="tiktok_ads_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("ad_performance", columns),),
        rewriter="systems.tiktok_ads_api",
        options=declared_options(name, source, ()),
        refuse_no_rows=True,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for the report, thirty days at a time, page by page."""
    client = request.client(
        path=f"/open_api/{request.version}",
        headers={"Access-Token": request.secret("access_token")},
        judge=_judge,
    )
    for first, last in request.spans(_DAYS_PER_QUESTION):
        paging = Paging(client, request.page_limit)
        page, pages = 1, 1
        while page <= pages:
            paging.follow(page)
            answer = client.get(
                "/report/integrated/get/",
                {
                    "advertiser_id": request.source.account_id,
                    "report_type": "BASIC",
                    "data_level": "AUCTION_AD",
                    "dimensions": json.dumps(_DIMENSIONS),
                    "metrics": json.dumps(_METRICS),
                    "start_date": str(first),
                    "end_date": str(last),
                    "page": str(page),
                    "page_size": str(_PAGE_SIZE),
                },
            )
            pages = int(answer.body["data"]["page_info"]["total_page"])
            paging.take(answer)
            yield Page({"first_day": str(first), "last_day": str(last)}, answer.content.decode())
            page += 1


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per ad and day."""
    return rewrite_pull(file, _records)


def _records(pull: StoredPull, _extracted: Extracted) -> Iterator[Record]:
    for page in pull.pages:
        for entry in page.body["data"]["list"]:
            values = entry["dimensions"] | entry["metrics"]
            yield {_FIELD_OF[key]: value for key, value in values.items() if key in _FIELD_OF}


def _judge(answer: Answer) -> Verdict:
    code = answer.body.get("code") if isinstance(answer.body, dict) else None
    if code in (None, "0"):
        return None
    if code in _PASSING_CODES:
        return TryAgain(f"code {code}: {answer.body.get('message')}")
    return GiveUp(f"code {code}: {answer.body.get('message')}")
