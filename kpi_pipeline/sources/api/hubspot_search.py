"""HubSpot: the search for objects that changed, the same for deals and contacts.

Here: the questions, how their pages follow each other, and the vendor's way to say "too many". A search gives at most
10,000 results, and an object that is changed meanwhile moves to its end; so every question begins where the last
answer ended, and only objects of the same millisecond are turned over page by page. Which properties count belongs to
the systems.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from kpi_pipeline.sources.api.changed_entities import noting_asked
from kpi_pipeline.sources.api.http_client import HttpClient
from kpi_pipeline.sources.api.pages import Page
from kpi_pipeline.sources.api.paging import Paging
from kpi_pipeline.sources.api.pull import PullRequest
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, TryAgain, Verdict

ENDPOINT = "https://api.hubapi.com"
VERSION = "v3"
_PAGE_SIZE = 200
_RESULTS_OF_A_SEARCH = 10_000
_SECONDS_OF_POLICY = {"TEN_SECONDLY_ROLLING": 10.0, "SECONDLY": 1.0}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def hubspot_client(request: PullRequest) -> HttpClient:
    """Make the client of a pull."""
    return request.client(
        path=f"/crm/{request.version}",
        headers={"Authorization": f"Bearer {request.secret('access_token')}"},
        judge=_judge,
    )


def changed_objects(
    client: HttpClient,
    request: PullRequest,
    kind: str,
    *,
    changed: str,
    properties: Sequence[str],
    chosen: Sequence[str] = (),
) -> Iterator[Page]:
    """Ask for all objects that changed; the last ones of a page come again with the next.

    Args:
        client: of this pull.
        request: since when.
        kind: ``deals``, ``contacts`` ...
        changed: the property that says when an object was changed; it is asked for with the others.
        properties: what else to ask for.
        chosen: what the source's settings ask for beside them.
    """
    paging = Paging(client, request.page_limit)
    since, after = _milliseconds(request.since), ""
    while True:
        paging.follow((since, after))
        position = {"after": after} if after else {}
        answer = client.post(
            f"/objects/{kind}/search",
            {
                "filterGroups": [
                    {"filters": [{"propertyName": changed, "operator": "GTE", "value": str(since)}]},
                ],
                "sorts": [{"propertyName": changed, "direction": "ASCENDING"}],
                "properties": [changed, *properties, *chosen],
                "limit": _PAGE_SIZE,
            }
            | position,
        )
        yield Page({"kind": kind} | noting_asked(chosen), answer.content.decode())
        results = answer.body["results"]
        following = answer.body.get("paging")  # absent on the last page
        if not following or not results:
            return
        paging.take(answer)
        oldest, newest = (
            _milliseconds(datetime.fromisoformat(results[index]["properties"][changed])) for index in (0, -1)
        )
        if newest > oldest:
            since, after = newest, ""
            continue
        after = following["next"]["after"]
        if int(after) >= _RESULTS_OF_A_SEARCH:
            raise client.refuse(
                f"more than {_RESULTS_OF_A_SEARCH} {kind} that were changed in the same moment",
                "HubSpot's search does not show more; export the list as CSV once.",
            )


def _milliseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def _judge(answer: Answer) -> Verdict:
    if answer.status != 429 or not isinstance(answer.body, dict):
        return None
    policy = answer.body.get("policyName")
    if policy == "DAILY":
        return GiveUp("HTTP 429: the daily limit of requests is used up", "The next run asks again.")
    if policy in _SECONDS_OF_POLICY and "retry-after" not in answer.headers:
        return TryAgain(f"HTTP 429: {policy}", _SECONDS_OF_POLICY[policy])
    return None
