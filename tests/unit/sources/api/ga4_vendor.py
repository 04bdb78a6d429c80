"""The Google Analytics Data API as an emulator: its rules for fields that go together, and a made-up site."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kpi_pipeline.sources.api.pull import PullRequest
from tests.unit.sources.api.api_server import Question, Reply, Vendor
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi, days_between

# What Google attributes to the last click of a key event; what counts events clashes with it.
ATTRIBUTED = {"source", "medium", "campaignName", "defaultChannelGroup"}
ITEMS = {"itemName", "itemId"}
ANY_SCOPE = ("session", "firstUser")
ITEM_METRICS = {"itemsPurchased", "itemRevenue", "itemsViewed", "itemsAddedToCart"}
EVENT_METRICS = {
    "newUsers",
    "addToCarts",
    "checkouts",
    "ecommercePurchases",
    "transactions",
    "eventCount",
    "screenPageViews",
}
MONEY_OF_EVENTS = {"purchaseRevenue", "totalRevenue", "refundAmount", "keyEvents"}
AD_METRICS = {"advertiserAdCost", "advertiserAdClicks", "returnOnAdSpend"}
QUOTA = {
    "tokensPerDay": {"consumed": 3, "remaining": 199997},
    "tokensPerHour": {"consumed": 3, "remaining": 39997},
    "concurrentRequests": {"remaining": 10},
    "serverErrorsPerProjectPerHour": {"remaining": 10},
    "potentiallyThresholdedRequestsPerHour": {"remaining": 120},
    "tokensPerProjectPerHour": {"consumed": 3, "remaining": 13997},
}
# People of a day, of a week and of a month: never the sum of the shorter ones.
PEOPLE = {"totalUsers": (10, 25, 40), "newUsers": (3, 20, 30), "activeUsers": (9, 24, 38)}
PARTS = {"new": (3, 20, 30), "returning": (7, 9, 15), "(not set)": (1, 1, 2)}


def clashing(dimension: str, metrics: set[str]) -> set[str]:
    """Return the metrics that cannot stand in one report with a dimension."""
    if dimension in ATTRIBUTED:
        return metrics & (EVENT_METRICS | ITEM_METRICS)
    if dimension in ITEMS:
        return metrics & (EVENT_METRICS | MONEY_OF_EVENTS | AD_METRICS)
    return set() if dimension.startswith(ANY_SCOPE) else metrics & AD_METRICS


@dataclass(frozen=True)
class Asked:
    """One question for a report."""

    dimensions: list[str]
    metrics: list[str]
    first: date
    last: date
    offset: int
    limit: int


def asked(question: Question) -> Asked:
    body = question.body
    (days,) = body["dateRanges"]
    return Asked(
        [entry["name"] for entry in body.get("dimensions", ())],
        [entry["name"] for entry in body["metrics"]],
        date.fromisoformat(days["startDate"]),
        date.fromisoformat(days["endDate"]),
        int(body.get("offset", 0)),
        int(body["limit"]),
    )


def report(wanted: Asked, **other: Any) -> dict[str, Any]:
    """Return an answer in the shape that Google sends: all values are texts, all that is empty is left out."""
    rows = sorted(_rows(wanted))
    shown = rows[wanted.offset : wanted.offset + wanted.limit]
    answer: dict[str, Any] = {
        "dimensionHeaders": [{"name": name} for name in wanted.dimensions],
        "metricHeaders": [{"name": name, "type": 1} for name in wanted.metrics],
        "rows": [
            {
                "dimensionValues": [{"value": value} for value in dimensions],
                "metricValues": [{"value": value} for value in metrics],
            }
            for dimensions, metrics in shown
        ],
        "rowCount": len(rows),
        "metadata": {"currencyCode": "EUR", "timeZone": "Europe/Berlin"},
        "propertyQuota": QUOTA,
        "kind": "analyticsData#runReport",
    }
    return {name: value for name, value in (answer | other).items() if value}


def _rows(wanted: Asked) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    if "date" not in wanted.dimensions:
        return _rows_of(wanted, "", (wanted.last - wanted.first).days + 1)
    return [row for day in days_between(wanted.first, wanted.last) for row in _rows_of(wanted, f"{day:%Y%m%d}", 1)]


def _rows_of(wanted: Asked, day: str, length: int) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    size = 0 if length == 1 else 1 if length == 7 else 2
    fixed = {name: str(numbers[size]) for name, numbers in PEOPLE.items()}
    fixed |= {"active1DayUsers": "9", "active7DayUsers": "24", "active28DayUsers": "36"}
    variants: list[tuple[dict[str, str], dict[str, str]]] = [({}, fixed)]
    if "newVsReturning" in wanted.dimensions:
        variants = [
            ({"newVsReturning": part}, fixed | {"totalUsers": str(numbers[size])}) for part, numbers in PARTS.items()
        ]
    if "eventName" in wanted.dimensions:
        counts = (("page_view", "100", "0"), ("purchase", "3", "3"))
        variants = [
            ({"eventName": name}, {"eventCount": count, "totalUsers": "8", "keyEvents": keys})
            for name, count, keys in counts
        ]
    if "sessionSource" in wanted.dimensions:
        variants = [
            (_session("google", "organic", "Organic Search"), _steps("120", "184.5")),
            (_session("(not set)", "(not set)", "Unassigned"), _steps("4", "0")),
        ]
    return [
        (
            tuple((dimensions | {"date": day})[name] for name in wanted.dimensions),
            tuple(metrics[name] for name in wanted.metrics),
        )
        for dimensions, metrics in variants
    ]


def _session(source: str, medium: str, channel: str) -> dict[str, str]:
    shared = {"sessionCampaignName": "(organic)", "deviceCategory": "mobile", "country": "Germany"}
    return shared | {"sessionSource": source, "sessionMedium": medium, "sessionDefaultChannelGroup": channel}


def _steps(sessions: str, revenue: str) -> dict[str, str]:
    people = {"totalUsers": "101", "newUsers": "45", "activeUsers": "99", "engagedSessions": "4"}
    steps = {"addToCarts": "12", "checkouts": "7", "ecommercePurchases": "3", "userEngagementDuration": "3600"}
    return people | steps | {"sessions": sessions, "purchaseRevenue": revenue}


def analytics(
    change: Callable[[Asked, dict[str, Any]], dict[str, Any]] = lambda wanted, answer: answer,
    is_expired: Callable[[int], bool] = lambda number: False,
) -> Vendor:
    """Emulate Google: tokens for signed statements, compatibility, and reports, which ``change`` may spoil."""
    tokens: list[str] = []

    def answer(question: Question) -> Reply:
        if question.path == "/token":
            tokens.append(f"access-token-canary-{len(tokens) + 1}")
            return Reply(_token(question, tokens[-1]))
        assert question.method == "POST"
        assert question.headers["authorization"] == f"Bearer {tokens[-1]}"
        if is_expired(len(tokens)):
            return error(401, "UNAUTHENTICATED", f"Request had invalid authentication credentials {tokens[-1]}")
        dimensions = [entry["name"] for entry in question.body.get("dimensions", ())]
        metrics = {entry["name"] for entry in question.body["metrics"]}
        for dimension in dimensions:
            if clash := clashing(dimension, metrics):
                return error(400, "INVALID_ARGUMENT", f"Please remove {dimension} or {min(clash)} to make the request"
                    " compatible. The request's dimensions & metrics are incompatible.")  # fmt: skip
        if question.path == "/v1beta/properties/270706717:checkCompatibility":
            others = [{"dimensionMetadata": {"apiName": name}, "compatibility": 2} for name in sorted(ITEMS)]
            return Reply({"dimensionCompatibilities": others})
        assert question.path == "/v1beta/properties/270706717:runReport"
        wanted = asked(question)
        assert question.body["returnPropertyQuota"] is True
        assert [entry["dimension"]["dimensionName"] for entry in question.body.get("orderBys", ())] == dimensions
        assert len(dimensions) <= 9
        assert len(metrics) <= 10
        assert "date" not in dimensions or (wanted.last - wanted.first).days < 7
        return Reply(change(wanted, report(wanted)))

    return answer


def error(status: int, name: str, message: str) -> Reply:
    return Reply({"error": {"code": status, "message": message, "status": name}}, status)


def _token(question: Question, token: str) -> dict[str, Any]:
    assert question.body["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    payload = question.body["assertion"].split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert said["iss"] == "reader@project.iam.gserviceaccount.com"
    assert said["scope"] == "https://www.googleapis.com/auth/analytics.readonly"
    return {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}


@cache
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def service_account(url: str) -> str:
    return json.dumps(
        {
            "type": "service_account",
            "client_email": "reader@project.iam.gserviceaccount.com",
            "private_key_id": "1",
            "private_key": private_key(),
            "token_uri": f"{url}/token",
        }
    )


@dataclass(frozen=True)
class Ga4Api(PulledApi):
    """The system with a key whose token address is the test's own server."""

    def request(self, url: str, waiting: FakeTime) -> PullRequest:
        return PulledApi.request(replace(self, secrets={"service_account": service_account(url)}), url, waiting)
