"""Facebook page: insights by day of the Graph API.

Here: followers, views, reach and engagements of one page. The days are those of California, whatever the page's zone.
Posts come with the export of the Business Suite, which belongs to ``meta_business_posts``.
"""

from collections.abc import Iterator

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.meta_insights import (
    ENDPOINT,
    SUNSET,
    VERSION,
    covering,
    daily_insights,
    days_of,
    graph_client,
)
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, rewrite_pull
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract, contract_table, source_error
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(version=VERSION, sunset=SUNSET, endpoint=ENDPOINT, secrets=("access_token",), asks_for="days")
_REQUIRED = ("page_follows",)
_METRICS = {
    "page_follows": "followers",
    "page_media_view": "views",
    "page_total_media_view_unique": "reach",
    "page_post_engagements": "engagements",
}
_FIELDS = (
    Field("day", ("day",), "date", required=True),
    *(Field(name, (metric,), "integer") for metric, name in _METRICS.items()),
)


def build(name: str, source: Source) -> Contract:
    """Make the contract of a page's answers.

    Raises:
        ConfigurationError: the source does not say which page.
    """
    if not source.account_id:
        raise source_error(name, "account_id", "is missing; it is the page's identifier")
    columns = {field.name: field.name for field in _FIELDS} | {
        "platform": "'facebook'",
        "profile_id": literal(source.account_id),
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="facebook_page_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("social_daily", columns),),
        rewriter="systems.facebook_page_api",
        options=declared_options(name, source, ()),
        refuse_no_rows=True,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for every metric."""
    yield from daily_insights(graph_client(request), request, tuple(_METRICS), _REQUIRED)


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per day."""
    days: dict[str, dict[str, str]] = {}

    def records(pull: StoredPull, extracted: Extracted) -> Iterator[Record]:
        days.update(days_of(pull.pages, extracted))
        for day, values in days.items():
            yield {"day": day} | {_METRICS[metric]: value for metric, value in values.items()}

    return covering(rewrite_pull(file, records), days)
