import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.systems import ga4_api
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor
from tests.unit.sources.api.ga4_vendor import QUOTA, Asked, Ga4Api, analytics, clashing, error, private_key, report
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi
from tests.unit.sources.read_files import ReadFile, contract

# A Thursday; the month ends on Saturday, the week on Sunday.
FIRST, LAST = date(2026, 10, 29), date(2026, 11, 2)
API = Ga4Api("ga4_api", analytics, {}, {"account_id": "270706717"}, FIRST, LAST)


def changed(is_meant: Callable[[Asked], bool], **other: Any) -> Vendor:
    """Return Google with something else in the answers that are meant."""
    return analytics(lambda wanted, answer: answer | other if is_meant(wanted) else answer)


def always(_wanted: Asked) -> bool:
    return True


def has_sessions(wanted: Asked) -> bool:
    return "sessions" in wanted.metrics


def kinds(found: ReadFile) -> set[str]:
    return {note.kind for note in found.prepared.notes}


def test_sessions_come_with_the_steps_to_a_purchase(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    sessions = found.rows["web_sessions_daily"]
    assert len(sessions) == 5 * 2
    assert sum(row["sessions"] for row in sessions) == 5 * (120 + 4)
    assert sum(row["revenue"] for row in sessions) == 5 * Decimal("184.5")
    row = next(row for row in sessions if row["day"] == LAST and row["source_name"] == "google")
    assert (row["channel"], row["medium"], row["campaign_name"], row["device"], row["country"]) == (
        "Organic Search", "organic", "(organic)", "mobile", "Germany",
    )  # fmt: skip
    assert (row["add_to_carts"], row["checkouts"], row["purchases"], row["users"], row["engagement_seconds"]) == (
        12, 7, 3, 101, 3600.0,
    )  # fmt: skip
    assert (row["account_id"], row["currency"], row["time_zone"]) == ("270706717", "EUR", "Europe/Berlin")
    assert (row["is_sampled"], row["is_thresholded"], row["has_other_row"]) == (False, False, False)
    assert found.prepared.stated_range == (FIRST, LAST)


def test_people_of_a_day_are_told_apart_where_google_can(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    users = {row["new_or_returning"]: row for row in found.rows["web_users_daily"] if row["day"] == FIRST}
    assert set(users) == {"", "new", "returning"}
    assert (users[""]["users"], users["new"]["users"], users["returning"]["users"]) == (10, 3, 7)
    assert (users[""]["users_1_day"], users[""]["users_7_days"], users[""]["users_28_days"]) == (9, 24, 36)
    assert "unsplit_users" in kinds(found)


def test_people_of_a_period_are_asked_for_and_never_added_up(tmp_path: Path) -> None:
    rows = API.rows(tmp_path).rows["web_users_periods"]
    whole = {
        (row["grain"], row["period_start"], row["day"]): row["users"] for row in rows if not row["new_or_returning"]
    }
    days = {("day", date(2026, 10, 29), date(2026, 10, 29)): 10, ("day", date(2026, 11, 2), date(2026, 11, 2)): 10}
    assert whole.items() >= days.items()
    assert {key: users for key, users in whole.items() if key[0] != "day"} == {
        ("week", date(2026, 10, 26), date(2026, 11, 1)): 25,
        ("month", date(2026, 10, 1), date(2026, 10, 31)): 40,
    }
    returning = [row for row in rows if row["grain"] == "week" and row["new_or_returning"] == "returning"]
    assert [(row["users"], row["active_users"]) for row in returning] == [(9, 24)]


def test_weeks_begin_when_the_source_says_so(tmp_path: Path) -> None:
    saturdays = replace(API, yaml={**API.yaml, "options": {"week_start": "saturday"}})
    rows = saturdays.rows(tmp_path).rows["web_users_periods"]
    assert {(row["period_start"], row["day"]) for row in rows if row["grain"] == "week"} == {
        (date(2026, 10, 24), date(2026, 10, 30))
    }


def test_events_come_by_name(tmp_path: Path) -> None:
    events = API.rows(tmp_path).rows["web_events_daily"]
    assert {(row["event_name"], row["events"], row["users"], row["key_events"]) for row in events} == {
        ("page_view", 100, 8, 0.0), ("purchase", 3, 8, 3.0),
    }  # fmt: skip
    assert len(events) == 5 * 2


def test_reports_hold_no_fields_that_clash(shared_data: Path) -> None:
    listed = json.loads((shared_data.parent / "formats/ga4/incompatible_dimension_metric_subset.json").read_text())
    for made in (*ga4_api.DAILY_REPORTS, *ga4_api.PERIOD_REPORTS):
        assert len(made.dimensions) <= 9
        assert len(made.metrics) <= 10
        for dimension in made.dimensions:
            assert not set(listed.get(dimension, ())) & set(made.metrics)
    # The emulator's rule says what the list says.
    metrics = {metric for clash in listed.values() for metric in clash}
    for dimension in listed.keys() - {"transactionId"}:
        assert clashing(dimension, metrics) == set(listed[dimension]), dimension


def test_fields_that_clash_are_named_before_any_report_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = ga4_api.Report("sessions", ("date", "source"), ("sessions", "addToCarts"))
    monkeypatch.setattr(ga4_api, "DAILY_REPORTS", (report,))
    refused = API.refusal(tmp_path, analytics())
    assert "Please remove source or addToCarts to make the request compatible" in refused.found
    assert ":checkCompatibility" in refused.found


def test_fields_that_google_lists_as_incompatible_are_named(tmp_path: Path) -> None:
    google = analytics()

    def listing(question: Question) -> Reply:
        answer = google(question)
        if question.path.endswith(":checkCompatibility"):
            assert question.body["compatibilityFilter"] in (2, "INCOMPATIBLE")
            answer.body["metricCompatibilities"] = [{"metricMetadata": {"apiName": "checkouts"}, "compatibility": 2}]
        return answer

    assert API.refusal(tmp_path, listing).found == "that checkouts cannot stand in one report with the other fields"


def test_pages_are_read_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ga4_api, "_ROWS_PER_PAGE", 3)
    with ApiServer(analytics()) as server:
        found = API.rows_from(server, tmp_path)
        offsets = [
            int(question.body.get("offset", 0))
            for question in server.questions
            if question.path.endswith(":runReport") and {"name": "sessions"} in question.body["metrics"]
        ]
    assert offsets == [0, 3, 6, 9]
    assert sum(row["sessions"] for row in found.rows["web_sessions_daily"]) == 5 * 124


def test_figures_that_move_between_pages_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ga4_api, "_ROWS_PER_PAGE", 3)
    growing = analytics(lambda wanted, answer: answer | ({"rowCount": 11} if wanted.offset else {}))
    assert API.refusal(tmp_path, growing).found == "11 rows of sessions after 10"
    shifting = analytics(lambda wanted, answer: report(replace(wanted, offset=max(wanted.offset - 1, 0))))
    assert API.refusal(tmp_path, shifting).found == "a row of sessions a second time"


def test_endless_pages_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ga4_api, "_ROWS_PER_PAGE", 1)

    def endless(wanted: Asked, answer: dict[str, Any]) -> dict[str, Any]:
        rows = [{"dimensionValues": [{"value": f"{wanted.offset}"}] * 7, "metricValues": [{"value": "1"}] * 10}]
        return answer | {"rows": rows, "rowCount": 1_000_000}

    assert API.refusal(tmp_path, analytics(endless)).found == "more than 200 pages"


def test_fewer_rows_than_stated_are_refused(tmp_path: Path) -> None:
    refused = API.refusal(tmp_path, changed(has_sessions, rowCount=12))
    assert (refused.found, refused.expected) == ("10 rows of sessions", "12, as the answer says")


def test_rows_without_a_date_are_asked_for_day_by_day(tmp_path: Path) -> None:
    lengths = []

    def crowded(wanted: Asked, answer: dict[str, Any]) -> dict[str, Any]:
        if not has_sessions(wanted):
            return answer
        length = (wanted.last - wanted.first).days + 1
        lengths.append((length, "date" in wanted.dimensions))
        if length > 1:
            answer["rows"][-1]["dimensionValues"] = [{"value": "(other)"}] * 7
        return answer | {"metadata": {"dataLossFromOtherRow": True}}

    found = API.rows(tmp_path, vendor=analytics(crowded))
    assert lengths == [
        (5, True),
        (3, True),
        (2, True),
        (1, False),
        (1, False),
        (1, False),
        (2, True),
        (1, False),
        (1, False),
    ]
    sessions = found.rows["web_sessions_daily"]
    assert sorted((row["day"].day, row["sessions"]) for row in sessions if row["source_name"] == "google") == [
        (1, 120), (2, 120), (29, 120), (30, 120), (31, 120),
    ]  # fmt: skip
    assert all(row["has_other_row"] for row in sessions)
    assert not any(row["has_other_row"] for row in found.rows["web_events_daily"])
    assert "other_row" in kinds(found)


def test_what_google_says_about_quality_stands_in_every_row(tmp_path: Path) -> None:
    metadata = {
        "dataLossFromOtherRow": True,
        "subjectToThresholding": True,
        "samplingMetadatas": [{"samplesReadCount": "6888000", "samplingSpaceSize": "8400000"}],
        "currencyCode": "USD",
        "timeZone": "America/New_York",
    }
    berlin = replace(API, yaml={**API.yaml, "time_zone": "Europe/Berlin"})
    found = berlin.rows(tmp_path, vendor=changed(always, metadata=metadata))
    for subject in ("web_sessions_daily", "web_users_daily", "web_users_periods", "web_events_daily"):
        assert all(row["is_sampled"] and row["is_thresholded"] and row["has_other_row"] for row in found.rows[subject])
    assert {(row["currency"], row["time_zone"]) for row in found.rows["web_sessions_daily"]} == {
        ("USD", "America/New_York")
    }
    assert kinds(found) == {"sampled", "thresholded", "other_row", "time_zone", "unsplit_users"}


def test_an_empty_report_is_read_and_says_why(tmp_path: Path) -> None:
    empty = analytics(
        lambda wanted, answer: {
            "dimensionHeaders": answer.get("dimensionHeaders", []),
            "metricHeaders": answer["metricHeaders"],
            "metadata": {"currencyCode": "EUR", "timeZone": "Europe/Berlin", "emptyReason": "no data"},
        }
    )
    found = API.rows(tmp_path, vendor=empty)
    assert not any(found.rows.values())
    assert kinds(found) == {"empty_report"}
    assert contract("ga4_api", account_id="1").refuse_no_rows


def once(reply: Reply) -> Vendor:
    """Answer the first question for a report with ``reply`` and all others as ever."""
    replies, google = [reply], analytics()

    def answer(question: Question) -> Reply:
        usual = google(question)
        return replies.pop() if replies and question.path.endswith(":runReport") else usual

    return answer


@pytest.mark.parametrize(
    ("reply", "wait"),
    [
        (error(429, "RESOURCE_EXHAUSTED", "Exhausted concurrent requests quota. Please wait."), 30.0),
        (error(429, "RESOURCE_EXHAUSTED", "Something else that is exhausted."), 1.0),
        (error(503, "UNAVAILABLE", "The service is currently unavailable."), 1.0),
        (error(500, "INTERNAL", "An internal error has occurred."), 1.0),
    ],
)
def test_passing_errors_are_waited_for(tmp_path: Path, reply: Reply, wait: float) -> None:
    waiting = FakeTime()
    with ApiServer(once(reply)) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [wait]


@pytest.mark.parametrize(
    "message",
    [
        "Exhausted property tokens for a project per hour. These quota tokens will return in under an hour.",
        "Exhausted potentially thresholded requests quota.",
    ],
)
def test_a_quota_by_the_hour_is_waited_for_where_the_pull_may_last_so_long(tmp_path: Path, message: str) -> None:
    spent = error(429, "RESOURCE_EXHAUSTED", message)
    assert API.refusal(tmp_path, once(spent)).found == "no end within 1800 seconds"
    waiting = FakeTime()
    with ApiServer(once(spent)) as server:
        pull = {"starts_on": FIRST, "endpoint": server.url, "budget_minutes": 60}
        replace(API, yaml={**API.yaml, "pull": pull}).pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [1800.0]


def test_a_quota_by_the_day_fails_the_pull_at_once(tmp_path: Path) -> None:
    message = "Exhausted property tokens per day. These quota tokens will return in under 24 hours."
    refused = API.refusal(tmp_path, once(error(429, "RESOURCE_EXHAUSTED", message)))
    assert refused.found.startswith("Exhausted property tokens per day")
    assert refused.advice == "The quota comes back within a day; the next run tries again."


@pytest.mark.parametrize(
    ("quota", "found"),
    [
        ({"tokensPerDay": {"consumed": 5, "remaining": 20000}}, "only 20000 tokens per day are left"),
        ({"tokensPerProjectPerHour": {"remaining": 0}}, "only 0 tokens per project per hour are left"),
        ({"serverErrorsPerProjectPerHour": {"remaining": 1}}, "only 1 server errors per project per hour are left"),
    ],
)
def test_a_quota_that_is_nearly_gone_stops_the_pull(tmp_path: Path, quota: dict[str, Any], found: str) -> None:
    refused = API.refusal(tmp_path, changed(always, propertyQuota=QUOTA | quota))
    assert refused.found == f"that {found}"


def test_a_quota_that_ends_with_the_pull_is_only_noted(tmp_path: Path) -> None:
    def is_last(wanted: Asked) -> bool:
        return wanted.first == date(2026, 10, 1) and bool(wanted.dimensions)

    found = API.rows(tmp_path, vendor=changed(is_last, propertyQuota=QUOTA | {"tokensPerHour": {"remaining": 4000}}))
    assert found.rows["web_sessions_daily"]
    assert "quota_low" in kinds(found)


def test_an_answer_without_a_quota_is_taken(tmp_path: Path) -> None:
    assert API.rows(tmp_path, vendor=changed(always, propertyQuota={})).rows["web_sessions_daily"]


@pytest.mark.parametrize(
    ("status", "name", "message"),
    [
        (403, "PERMISSION_DENIED", "User does not have sufficient permissions for this property."),
        (400, "INVALID_ARGUMENT", "Field foo is not a valid metric. For a list of valid dimensions and metrics, see"),
    ],
)
def test_other_errors_are_final(tmp_path: Path, status: int, name: str, message: str) -> None:
    refused = API.refusal(tmp_path, once(error(status, name, message)))
    assert message in refused.found


def test_an_expired_token_is_made_anew_once(tmp_path: Path) -> None:
    renewed = analytics(is_expired=lambda number: number == 1)
    assert API.rows(tmp_path, vendor=renewed).rows["web_sessions_daily"]
    refused = API.refusal(tmp_path, analytics(is_expired=lambda number: True))
    assert refused.found.startswith("HTTP 401: ")
    assert "credentials ***" in refused.found


def test_no_secret_stands_in_a_refusal(tmp_path: Path) -> None:
    told = private_key().splitlines()[3]
    assert told not in str(API.refusal(tmp_path, once(error(403, "PERMISSION_DENIED", f"no: {told}"))))


@pytest.mark.parametrize("text", ["no json", "{}", '{"private_key": "x"}', "[]", '{"private_key": 1}'])
def test_a_key_that_is_none_is_a_mistake_of_the_configuration(tmp_path: Path, text: str) -> None:
    wrong = PulledApi("ga4_api", analytics, {"service_account": text}, API.yaml, FIRST, LAST)
    with (
        ApiServer(analytics()) as server,
        pytest.raises(ConfigurationError, match="not the JSON key of a Google service"),
    ):
        wrong.pull(server.url, tmp_path / "stored.pull")


@pytest.mark.parametrize(
    "answer", [{"rows": 5}, {"rowCount": "many"}, {"rows": [{"dimensionValues": [{"value": "x"}]}], "rowCount": 1}]
)
def test_an_answer_of_another_shape_is_refused(tmp_path: Path, answer: dict[str, Any]) -> None:
    refused = API.refusal(tmp_path, once(Reply(answer)))
    assert refused.found in ("an answer that Google's own client cannot read", "an answer without 'metricValues'")


def test_corrected_figures_come_with_the_next_pull(tmp_path: Path) -> None:
    def corrected(wanted: Asked, answer: dict[str, Any]) -> dict[str, Any]:
        for row in answer["rows"] if has_sessions(wanted) else ():
            row["metricValues"][0]["value"] = "7"
        return answer

    assert {row["sessions"] for row in API.rows(tmp_path, vendor=analytics(corrected)).rows["web_sessions_daily"]} == {
        7
    }


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ({}, "account_id: is missing"),
        ({"account_id": "properties/1"}, "account_id: is missing"),
        ({"account_id": "1", "options": {"week_start": "mon"}}, "options.week_start: unknown 'mon'"),
    ],
)
def test_settings_are_checked(yaml: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        contract("ga4_api", **yaml)
