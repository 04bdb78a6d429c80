"""Meta's Graph API for pages and Instagram accounts: insights by day, each named by the midnight at which it ends."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.unit.sources.api.api_server import Question, Reply
from tests.unit.sources.api.instants import NOW
from tests.unit.sources.api.pulled import days_between

TOKEN = "graph-secret"
Figures = Mapping[str, Callable[[date], int]]


def error(code: int, message: str, status: int = 400, **other: Any) -> Reply:
    body = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1"} | other
    return Reply({"error": body}, status)


def daily_insights(question: Question, figures: Figures) -> Reply:
    """Answer for one metric; like the vendor, an unknown one makes the whole answer an error."""
    assert question.headers["authorization"] == f"Bearer {TOKEN}"
    assert question.query["period"] == "day"
    metrics = question.query["metric"].split(",")
    if not set(metrics) <= set(figures):
        return error(100, "(#100) The value must be a valid insights metric")
    since, until = (datetime.fromtimestamp(int(question.query[key]), UTC) for key in ("since", "until"))
    assert until <= NOW
    if until - since > timedelta(days=30):
        return error(100, "(#100) There cannot be more than 30 days between since and until")
    around = days_between(since.date() - timedelta(days=2), until.date())
    days = [day for day in around if since < datetime.fromisoformat(f"{end_of(day)}+00:00") <= until]
    data = [
        {
            "name": metric,
            "period": "day",
            "values": [{"value": figures[metric](day), "end_time": f"{end_of(day)}+0000"} for day in days],
            "title": metric,
            "id": f"1/insights/{metric}/day",
        }
        for metric in metrics
    ]
    base = "https://graph.facebook.com/v25.0/1/insights"
    links = {"previous": f"{base}?access_token={TOKEN}", "next": f"{base}?access_token={TOKEN}&since=1"}
    return Reply({"data": data, "paging": links})


def end_of(day: date) -> str:
    """Midnight in California: 07:00 UTC in summer, 08:00 from the first of November 2026 on."""
    hour = "07" if day < date(2026, 11, 1) else "08"
    return f"{day + timedelta(days=1)}T{hour}:00:00"
