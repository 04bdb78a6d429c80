from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import build_contract
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor
from tests.unit.sources.api.graph_vendor import TOKEN, Figures, daily_insights, error
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi, days_between, survive_fault_schedules

FIRST, LAST = date(2026, 10, 1), date(2026, 11, 9)
FIGURES: Figures = {
    "page_follows": lambda day: 1000 + day.day,
    "page_media_view": lambda day: 50 * day.day,
    "page_total_media_view_unique": lambda day: 20 * day.day,
    "page_post_engagements": lambda day: day.day,
}


def vendor(figures: Figures = FIGURES) -> Vendor:
    def answer(question: Question) -> Reply:
        assert (question.method, question.path) == ("GET", "/v25.0/1112223334445556/insights")
        assert "access_token" not in question.query
        return daily_insights(question, figures)

    return answer


YAML = {"account_id": "1112223334445556"}
API = PulledApi("facebook_page_api", vendor, {"access_token": TOKEN}, YAML, FIRST, LAST)


def test_every_day_becomes_a_row(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    assert sorted(found.column("day")) == days_between(FIRST, LAST)
    # 1 to 31 October and 1 to 9 November: 496 + 45
    assert sum(found.column("engagements")) == 541
    assert (sum(found.column("views")), sum(found.column("reach"))) == (50 * 541, 20 * 541)
    row = next(row for row in found.only if row["day"] == date(2026, 11, 2))
    assert (row["followers"], row["views"], row["reach"], row["engagements"]) == (1002, 100, 40, 2)
    assert (row["platform"], row["profile_id"], row["account_id"]) == ("facebook", *2 * ("1112223334445556",))
    assert found.prepared.stated_range == (FIRST, LAST)


def test_a_metric_that_is_gone_is_noted_and_the_others_stand(tmp_path: Path) -> None:
    found = API.rows(tmp_path, vendor({key: FIGURES[key] for key in ("page_follows", "page_post_engagements")}))
    assert {note.found for note in found.prepared.notes} == {"page_media_view", "page_total_media_view_unique"}
    assert set(found.column("views")) == {None}
    assert sum(found.column("engagements")) == 541


def test_without_a_required_metric_nothing_is_read(tmp_path: Path) -> None:
    def gone(question: Question) -> Reply:
        return error(100, "(#100) The value must be a valid insights metric")

    assert API.refusal(tmp_path, gone).found == "code 100: (#100) The value must be a valid insights metric"


def test_two_values_of_one_day_are_refused(tmp_path: Path) -> None:
    def wavering(question: Question) -> Reply:
        reply = vendor()(question)
        values = reply.body["data"][0]["values"]
        values.append(values[3] | {"value": 1})
        return reply

    assert API.refusal(tmp_path, wavering).found == "an answer of an unknown shape"


def test_figures_by_week_are_refused(tmp_path: Path) -> None:
    def weekly(question: Question) -> Reply:
        reply = vendor()(question)
        reply.body["data"][0]["period"] = "week"
        return reply

    assert API.refusal(tmp_path, weekly).found == "an answer of an unknown shape"


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        ({"code": 80001, "message": "too many calls"}, [1.0]),
        ({"code": 4, "message": "limit"}, [1.0]),
        ({"code": 100, "message": "metric", "is_transient": True}, [1.0]),
    ],
)
def test_errors_that_pass_are_tried_again(fault: Any, waits: list[float], tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []

    def busy(question: Question) -> Reply:
        asked.append(question)
        return error(**fault) if len(asked) == 1 else vendor()(question)

    with ApiServer(busy) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == waits


def test_a_throttled_page_waits_as_long_as_the_header_says(tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []
    usage = '{"111": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 3}]}'

    def throttled(question: Question) -> Reply:
        asked.append(question)
        reply = error(80001, "There have been too many calls for this Page")
        return Reply(reply.body, 400, {"X-Business-Use-Case-Usage": usage}) if len(asked) == 1 else vendor()(question)

    with ApiServer(throttled) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [180.0]


@pytest.mark.parametrize(
    ("code", "other", "advice"),
    [
        (10, {}, "lacks a permission"),
        (190, {}, "make a new one"),
        (100, {"error_subcode": 33}, "Compare account_id"),
        (803, {}, ""),
    ],
)
def test_errors_that_last_give_up_and_show_no_token(
    code: int, other: dict[str, int], advice: str, tmp_path: Path
) -> None:
    asked = []

    def broken(question: Question) -> Reply:
        asked.append(question)
        return error(code, f"(#{code}) no metric for {TOKEN}", **other)

    refused = API.refusal(tmp_path, broken)
    assert refused.found.startswith(f"code {code}: (#{code}) no metric for ***")
    assert advice in refused.advice
    assert TOKEN not in str(refused)
    assert len(asked) == 1


def test_the_token_in_the_links_is_not_kept(tmp_path: Path) -> None:
    target = tmp_path / "stored.pull"
    with ApiServer(vendor()) as server:
        API.pull(server.url, target)
    stored = target.read_text()
    assert "access_token=***" in stored
    assert TOKEN not in stored


def test_an_answer_without_figures_brings_no_rows_which_loading_refuses(tmp_path: Path) -> None:
    assert API.rows(tmp_path, lambda question: Reply({"data": []})).only == []
    assert build_contract("shop", API.source("https://graph.facebook.com")).refuse_no_rows


def test_corrected_figures_stand_after_the_next_pull(tmp_path: Path) -> None:
    corrected = FIGURES | {"page_media_view": lambda day: 7}
    assert set(API.rows(tmp_path, vendor(corrected)).column("views")) == {7}


def test_an_answer_of_another_shape_is_refused(tmp_path: Path) -> None:
    assert API.refusal(tmp_path, lambda question: Reply({"list": []})).found == "an answer without 'data'"


def test_the_page_must_be_named() -> None:
    source = API.source("https://graph.facebook.com").model_copy(update={"account_id": ""})
    with pytest.raises(ConfigurationError, match="account_id: is missing"):
        build_contract("shop", source)


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
