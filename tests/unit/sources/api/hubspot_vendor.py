"""HubSpot's search as it is documented: sorted by change, at most 200 a page and 10,000 a search, texts or null."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.unit.sources.api.api_server import Question, Reply

Objects = list[dict[str, Any]]


def hubspot_object(identifier: int, changed_property: str, changed: str, **properties: Any) -> dict[str, Any]:
    return {
        "id": str(identifier),
        "properties": {"hs_object_id": str(identifier), changed_property: changed, **properties},
        "createdAt": "2026-10-01T08:00:00Z",
        "updatedAt": changed,
        "archived": False,
    }


def milliseconds(text: str) -> int:
    return round((datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


def search(question: Question, objects: Iterable[Mapping[str, Any]], changed: str, size: int) -> Reply:
    """Answer a search; a page is `size` long, however many are asked for, so that few objects make several pages."""
    assert question.method == "POST"
    assert question.headers["authorization"] == "Bearer hubspot-secret"
    body = question.body
    ((condition,),) = [group["filters"] for group in body["filterGroups"]]
    assert (condition["propertyName"], condition["operator"]) == (changed, "GTE")
    assert body["sorts"] == [{"propertyName": changed, "direction": "ASCENDING"}]
    assert body["limit"] == 200
    found = sorted(
        (entry for entry in objects if milliseconds(entry["properties"][changed]) >= int(condition["value"])),
        key=lambda entry: (milliseconds(entry["properties"][changed]), int(entry["id"])),
    )
    start = int(body.get("after", 0))
    assert start < 10_000
    page = [
        entry | {"properties": {name: entry["properties"].get(name) for name in body["properties"]}}
        for entry in found[start : start + size]
    ]
    answer: dict[str, Any] = {"total": len(found), "results": page}
    if start + size < len(found):
        answer["paging"] = {"next": {"after": str(start + size)}}
    return Reply(answer)
