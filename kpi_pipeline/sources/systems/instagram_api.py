"""Instagram: insights of the Graph API, of an account by day and of its posts.

Here: reach and new followers by day, whose days are those of California, and for every recent post what it collected so
far. How many followers the account has in all, Instagram tells for now alone, so no history can be kept from it. The
export of the Business Suite belongs to ``meta_business_posts``.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.changed_entities import day_in_zone, newest_rows
from kpi_pipeline.sources.api.http_client import HttpClient
from kpi_pipeline.sources.api.meta_insights import (
    ENDPOINT,
    SUNSET,
    VERSION,
    covering,
    daily_insights,
    days_of,
    error_code,
    graph_client,
    is_about_one_post,
    is_unknown_metric,
    refused,
    without_token,
)
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, rewrite_pull
from kpi_pipeline.sources.api.paging import Paging
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract, contract_table, source_error
from kpi_pipeline.sources.contracts.entity_rules import declared_time_zone
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.opened_file import FileNote
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(version=VERSION, sunset=SUNSET, endpoint=ENDPOINT, secrets=("access_token",), asks_for="days")
# Posts that are older hardly change; they keep the figures that they had.
_POSTS_CHANGE = timedelta(days=30)
# Instagram tells new followers of the last 30 days alone; one day is in the making, and one is left for its midnight.
_FOLLOWERS_KNOWN_DAYS = 28
_PAGE_SIZE = "100"
_DAY_METRICS = {"reach": "reach", "follower_count": "new_followers"}
_POST_METRICS = {
    "views": "views",
    "reach": "reach",
    "likes": "reactions",
    "comments": "comments",
    "shares": "shares",
    "saved": "saves",
    "ig_reels_video_view_total_time": "watch_seconds",
}
_OF_REELS = ("ig_reels_video_view_total_time",)
_FIELDS = (
    Field("kind", ("kind",), required=True),
    Field("day", ("day",), "date"),
    Field("reach", ("reach",), "integer"),
    Field("new_followers", ("follower_count",), "integer"),
    Field("post_id", ("id",)),
    Field("published", ("timestamp",), "timestamp"),
    Field("post_type", ("media_type",)),
    Field("permalink", ("permalink",)),
    Field("views", ("views",), "integer"),
    Field("reactions", ("likes",), "integer"),
    Field("comments", ("comments",), "integer"),
    Field("shares", ("shares",), "integer"),
    Field("saves", ("saved",), "integer"),
    Field("watch_seconds", ("ig_reels_video_view_total_time",), "double", scale="0.001"),
)


def build(name: str, source: Source) -> Contract:
    """Make the contract of an account's answers.

    Raises:
        ConfigurationError: the source does not say which account, or its time zone.
    """
    if not source.account_id:
        raise source_error(name, "account_id", "is missing; it is the identifier of the Instagram account")
    if source.restates_days > _FOLLOWERS_KNOWN_DAYS:
        problem = f"at most {_FOLLOWERS_KNOWN_DAYS}: of earlier days Instagram does not tell new followers again"
        raise source_error(name, "restates_days", problem)
    zone = declared_time_zone(name, source)
    account = literal(source.account_id)
    fixed = {"platform": "'instagram'", "profile_id": account, "account_id": account}
    by_day = {column: column for column in ("day", "reach", "new_followers")} | fixed
    posts = {column: column for column in ("post_id", "post_type", "permalink", *_POST_METRICS.values())} | fixed
    posts |= {"day": day_in_zone("published_utc", zone), "published_at": "published_utc"}
    return Contract(
        source=name,
        system="instagram_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=(
            contract_table("social_daily", by_day, where="kind = 'day'"),
            contract_table("social_posts", posts, where="kind = 'post'"),
        ),
        # A post that was published while its pages were turned over comes twice.
        row_query=newest_rows("kind, day, post_id", "published"),
        rewriter="systems.instagram_api",
        options=declared_options(name, source, ()),
        refuse_no_rows=True,
        time_zone=zone,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for the account's days, then for its posts and for what each of them collected."""
    client = graph_client(request)
    yield from daily_insights(client, request, ("reach",), required=("reach",))
    known_from = request.last_day - timedelta(days=_FOLLOWERS_KNOWN_DAYS - 1)
    recent = replace(request, first_day=max(request.first_day, known_from))
    yield from daily_insights(client, recent, ("follower_count",), required=())
    starts_on = request.source.pull.starts_on if request.source.pull else request.first_day
    wanted = str(max(starts_on, min(request.first_day, request.last_day - _POSTS_CHANGE)))
    for page in _posts(client, request, wanted):
        yield page
        for post in page.body["data"]:
            if _day_of(post) >= wanted:
                yield from _insights(client, request, post)


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per day and one per post."""
    days: dict[str, dict[str, str]] = {}

    def records(pull: StoredPull, extracted: Extracted) -> Iterator[Record]:
        days.update(days_of((page for page in pull.pages if page.about["kind"] == "day"), extracted))
        for day, values in days.items():
            yield {"kind": "day", "day": day} | {_DAY_METRICS[metric]: value for metric, value in values.items()}
        yield from _post_records(pull, extracted)

    return covering(rewrite_pull(file, records), days)


def _posts(client: HttpClient, request: PullRequest, wanted: str) -> Iterator[Page]:
    """Ask for posts, the newest first, until they are older than what is wanted."""
    paging = Paging(client, request.page_limit)
    cursor: str | None = ""
    while cursor is not None:
        paging.follow(cursor)
        answer = client.get(
            f"/{request.source.account_id}/media",
            {
                "fields": "id,timestamp,media_type,media_product_type,permalink,like_count,comments_count",
                "limit": _PAGE_SIZE,
            }
            | ({"after": cursor} if cursor else {}),
        )
        if error_code(answer):
            raise refused(client, answer)
        posts = answer.body["data"]
        if posts:
            paging.take(answer)
        yield without_token(request, {"kind": "posts"}, answer)
        is_enough = not posts or _day_of(posts[-1]) < wanted
        # The link to the next page is absent on the last one; it holds the token, so only its cursor is followed.
        following = answer.body.get("paging", {})
        cursor = None if is_enough or "next" not in following else following["cursors"]["after"]


def _day_of(post: Any) -> str:
    return str(post["timestamp"])[:10]


def _insights(client: HttpClient, request: PullRequest, post: Any) -> Iterator[Page]:
    """Ask for all metrics of a post, one by one where Meta does not know one of them for this kind of post."""
    metrics = [name for name in _POST_METRICS if post["media_product_type"] == "REELS" or name not in _OF_REELS]
    address = f"/{post['id']}/insights"
    answer = client.get(address, {"metric": ",".join(metrics)})
    answers = [answer]
    if error_code(answer) and is_unknown_metric(answer):
        answers = [client.get(address, {"metric": metric}) for metric in metrics]
    for answer in answers:
        if error_code(answer) and not is_unknown_metric(answer) and not is_about_one_post(answer):
            raise refused(client, answer)
        yield without_token(request, {"kind": "post", "post_id": post["id"]}, answer)


def _post_records(pull: StoredPull, extracted: Extracted) -> Iterator[Record]:
    insights: dict[str, dict[str, str]] = {}
    for page in pull.pages:
        if page.about["kind"] == "post":
            found = insights.setdefault(page.about["post_id"], {})
            for entry in page.body.get("data", ()):  # an error has none
                found[_POST_METRICS[entry["name"]]] = entry["values"][0]["value"]
    for page in pull.pages:
        if page.about["kind"] == "posts":
            for post in page.body["data"]:
                if post["id"] in insights:  # older ones share a page with those that were wanted
                    yield _post(post, insights[post["id"]], extracted)


def _post(post: Any, insights: dict[str, str], extracted: Extracted) -> Record:
    if not insights:
        message = "Instagram has no insights of some posts; only their likes and comments are known."
        extracted.notes.append(FileNote("posts_without_insights", post["id"], message))
    return {
        "kind": "post",
        "post_id": post["id"],
        "published": post["timestamp"],
        "post_type": "REELS" if post["media_product_type"] == "REELS" else post["media_type"],
        "permalink": post.get("permalink"),  # absent for posts with music that is not free
        "reactions": post.get("like_count"),  # absent where the owner hides likes
        "comments": post["comments_count"],
    } | insights
