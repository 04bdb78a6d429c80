from base64 import b64encode
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import build_contract
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi, survive_fault_schedules

SECRETS = {"email": "agent@example.com", "api_token": "zendesk-secret"}
PAIR = b64encode(b"agent@example.com/token:zendesk-secret").decode()


def minutes(calendar: int | None, business: int | None = None) -> dict[str, int | None]:
    return {"calendar": calendar, "business": business}


def ticket(number: int, updated: str = "2026-10-05T08:00:00Z", **other: Any) -> dict[str, Any]:
    metrics = {"reopens": 0, "replies": 0, "solved_at": None, "reply_time_in_minutes": minutes(None)}
    metrics |= {"first_resolution_time_in_minutes": minutes(None), "full_resolution_time_in_minutes": minutes(None)}
    known = {"id": number, "created_at": "2026-10-01T22:30:00Z", "updated_at": updated, "status": "open"}
    known |= {"priority": None, "via": {"channel": "web", "source": {}}, "group_id": 36000, "assignee_id": None}
    known |= {"requester_id": 20_978_392_999_999, "subject": "Mail me: kunde@example.com"}
    return known | {"satisfaction_rating": {"score": "unoffered"}, "metric_set": metrics} | other


SOLVED = {
    "status": "solved",
    "priority": "high",
    "assignee_id": 777,
    "satisfaction_rating": {"score": "good", "comment": "thanks"},
    "metric_set": {
        "solved_at": "2026-10-03T22:30:00Z",
        "reopens": 1,
        "replies": 3,
        "reply_time_in_minutes": minutes(95, 35),
        "first_resolution_time_in_minutes": minutes(400, 200),
        "full_resolution_time_in_minutes": minutes(2880, 960),
    },
}
TICKETS = [
    *(ticket(number) for number in range(1, 24)),
    ticket(24, **SOLVED),
    ticket(3, "2026-10-06T08:00:00Z", status="pending"),
    {key: value for key, value in ticket(25, status="deleted").items() if key != "metric_set"},
]


def vendor(tickets: list[dict[str, Any]] = TICKETS, size: int = 10) -> Vendor:
    def answer(question: Question) -> Reply:
        assert (question.method, question.path) == ("GET", "/api/v2/incremental/tickets/cursor.json")
        assert question.headers["authorization"] == f"Basic {PAIR}"
        assert question.query["include"] == "metric_sets"
        assert ("start_time" in question.query) != ("cursor" in question.query)
        start = int(question.query.get("cursor", "c0")[1:])
        after = f"c{start + size}"
        base = "https://example.zendesk.com/api/v2/incremental/tickets/cursor.json"
        body = {"tickets": tickets[start : start + size], "after_cursor": after, "after_url": f"{base}?cursor={after}"}
        return Reply(body | {"end_of_stream": start + size >= len(tickets), "before_cursor": None})

    return answer


YAML = {"account_id": "example", "time_zone": "Europe/Berlin"}
API = PulledApi("zendesk_api", vendor, SECRETS, YAML, date(2026, 10, 1), date(2026, 11, 19))


def test_every_ticket_becomes_a_row(tmp_path: Path) -> None:
    rows = {row["ticket_id"]: row for row in API.rows(tmp_path).only}
    assert sorted(rows, key=int) == [str(number) for number in range(1, 26)]
    solved, opened = rows["24"], rows["1"]
    assert (solved["day"], solved["created_at"]) == (date(2026, 10, 2), datetime(2026, 10, 1, 22, 30))
    assert (solved["solved_day"], solved["solved_at"]) == (date(2026, 10, 4), datetime(2026, 10, 3, 22, 30))
    assert (solved["first_reply_minutes"], solved["first_reply_business_minutes"]) == (95, 35)
    assert (solved["first_resolution_minutes"], solved["full_resolution_minutes"]) == (400, 2880)
    assert (solved["reopens"], solved["replies"], solved["satisfaction"], solved["priority"]) == (1, 3, "good", "high")
    assert (solved["assignee"], solved["group_name"], solved["channel"]) == ("777", "36000", "web")
    assert solved["customer_key"] == "requester:20978392999999"
    assert (opened["first_reply_minutes"], opened["solved_at"], opened["assignee"], opened["priority"]) == (
        None, None, None, None,
    )  # fmt: skip
    assert (opened["reopens"], opened["satisfaction"]) == (0, "unoffered")


def test_the_newest_of_two_states_stands(tmp_path: Path) -> None:
    later = ticket(1, "2026-10-06T09:00:00Z", status="closed")
    for tickets in ([later, ticket(1)], [ticket(1), later], [ticket(1, later["updated_at"]), later]):
        (row,) = API.rows(tmp_path, vendor(tickets)).only
        assert row["status"] == "closed"


def test_a_deleted_ticket_stays_with_its_status(tmp_path: Path) -> None:
    (row,) = [row for row in API.rows(tmp_path).only if row["ticket_id"] == "25"]
    assert (row["status"], row["first_reply_minutes"], row["reopens"]) == ("deleted", None, None)


def test_texts_of_people_are_not_kept(tmp_path: Path) -> None:
    assert "kunde" not in repr(API.rows(tmp_path).rows)


def test_a_ticket_without_a_rating(tmp_path: Path) -> None:
    (row,) = API.rows(tmp_path, vendor([ticket(1, satisfaction_rating=None)])).only
    assert row["satisfaction"] is None


def test_a_ticket_without_metrics_is_refused(tmp_path: Path) -> None:
    without = {key: value for key, value in ticket(1).items() if key != "metric_set"}
    assert API.refusal(tmp_path, vendor([without])).found == "an answer without 'metric_set'"


def test_only_changes_are_asked_for(tmp_path: Path) -> None:
    since = datetime(2026, 11, 19, 5, 50, 30, 500_000, tzinfo=UTC)
    changes = PulledApi(API.system, vendor, SECRETS, YAML, API.first_day, API.last_day, changed_since=since)
    with ApiServer(vendor()) as server:
        changes.rows_from(server, tmp_path)
    assert [question.query.get("start_time") for question in server.questions] == ["1795067430", None, None]
    assert datetime.fromtimestamp(1_795_067_430, UTC) == since.replace(microsecond=0)


@pytest.mark.parametrize(
    ("reply", "waits"),
    [
        (Reply({"error": "RateLimited", "description": "10 a minute"}, 429, {"Retry-After": "53"}), [53.0]),
        (Reply({"error": "conflict"}, 409), [10.0]),
        (Reply({}, 503), [1.0]),
    ],
)
def test_busy_answers_are_tried_again(reply: Reply, waits: list[float], tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []

    def busy(question: Question) -> Reply:
        asked.append(question)
        return reply if len(asked) == 2 else vendor()(question)

    with ApiServer(busy) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == waits


def test_a_token_that_is_not_accepted_is_refused_and_not_shown(tmp_path: Path) -> None:
    body = {"error": f"Couldn't authenticate you: {PAIR}, agent@example.com, zendesk-secret"}
    refused = API.refusal(tmp_path, lambda question: Reply(body, 401))
    assert refused.found.startswith("HTTP 401: Couldn't authenticate you: ***, [e-mail], ***")
    assert "secret" not in str(refused)
    assert PAIR not in str(refused)


def test_no_change_brings_no_rows(tmp_path: Path) -> None:
    nothing = Reply({"tickets": [], "after_cursor": None, "after_url": None, "end_of_stream": True})
    assert API.rows(tmp_path, lambda question: nothing).only == []


def test_a_stream_that_stands_still_is_refused(tmp_path: Path) -> None:
    standing = Reply({"tickets": [ticket(1)], "after_cursor": "c1", "end_of_stream": False})
    assert API.refusal(tmp_path, lambda question: standing).found == "the same page a second time"


def test_a_cursor_that_comes_twice_is_refused(tmp_path: Path) -> None:
    asked = []

    def circling(question: Question) -> Reply:
        asked.append(question)
        return Reply({"tickets": [ticket(len(asked))], "after_cursor": "c1", "end_of_stream": False})

    assert API.refusal(tmp_path, circling).found == "the same page cursor a second time"


def test_an_endless_stream_is_refused(tmp_path: Path) -> None:
    asked = []

    def endless(question: Question) -> Reply:
        asked.append(question)
        return Reply({"tickets": [ticket(len(asked))], "after_cursor": f"c{len(asked)}", "end_of_stream": False})

    assert API.refusal(tmp_path, endless).found == "more than 200 pages"


def test_an_answer_of_another_shape_is_refused(tmp_path: Path) -> None:
    assert API.refusal(tmp_path, lambda question: Reply({"tickets": []})).found == "an answer without 'end_of_stream'"


def test_the_time_zone_is_needed() -> None:
    source = API.source("https://example.zendesk.com").model_copy(update={"time_zone": None})
    with pytest.raises(ConfigurationError, match="time_zone: needed"):
        build_contract("shop", source)


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
