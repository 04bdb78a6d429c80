from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import build_contract
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor
from tests.unit.sources.api.graph_vendor import TOKEN, Figures, daily_insights, error
from tests.unit.sources.api.pulled import PulledApi, days_between, survive_fault_schedules

FIRST, LAST = date(2026, 10, 10), date(2026, 11, 19)
ACCOUNT = "17840000000000001"
FIGURES: Figures = {"reach": lambda day: 10 * day.day, "follower_count": lambda day: day.day % 3}


def post(identifier: int, published: str, kind: str = "IMAGE", product: str = "FEED", **other: Any) -> dict[str, Any]:
    known = {"id": str(identifier), "timestamp": f"{published}+0000", "media_type": kind, "media_product_type": product}
    return known | {"permalink": f"https://instagram.com/p/{identifier}", "like_count": 5, "comments_count": 2} | other


POSTS = [
    post(9, "2026-11-18T23:30:00", "VIDEO", "REELS"),
    post(8, "2026-11-10T12:00:00", "CAROUSEL_ALBUM"),
    post(7, "2026-10-25T12:00:00"),
    post(6, "2026-10-10T01:00:00"),
    post(5, "2026-10-09T12:00:00"),
    post(4, "2026-09-01T12:00:00"),
]


def collected(number: int, question: Question) -> Reply:
    metrics = question.query["metric"].split(",")
    known = ["reach", "likes", "comments", "shares", "saved", *(["views"] if number != 8 else [])]
    known += ["ig_reels_video_view_total_time"] if number == 9 else []
    if not set(metrics) <= set(known):
        return error(100, f"(#100) metric[0] must be one of the following values: {', '.join(known)}")
    values = {"views": 300, "reach": 200, "likes": 20, "comments": 3, "shares": 2, "saved": 1}
    values |= {"ig_reels_video_view_total_time": 61_500}
    data = [
        {"name": name, "period": "lifetime", "values": [{"value": values[name] + number}], "title": name, "id": "1"}
        for name in metrics
    ]
    return Reply({"data": data})


def vendor(posts: list[dict[str, Any]] = POSTS, figures: Figures = FIGURES) -> Vendor:
    def answer(question: Question) -> Reply:
        assert question.headers["authorization"] == f"Bearer {TOKEN}"
        place = question.path.removeprefix("/v25.0/")
        if place == f"{ACCOUNT}/insights":
            if question.query["metric"] == "follower_count":
                assert datetime.fromtimestamp(int(question.query["since"]), UTC) >= datetime(2026, 10, 21, tzinfo=UTC)
            return daily_insights(question, figures)
        if place == f"{ACCOUNT}/media":
            assert "caption" not in question.query["fields"]
            start = int(question.query.get("after") or 0)
            links: dict[str, Any] = {"cursors": {"before": str(start), "after": str(start + 2)}}
            if start + 2 < len(posts):
                links["next"] = f"https://graph.facebook.com/v25.0/media?access_token={TOKEN}&after={start + 2}"
            return Reply({"data": posts[start : start + 2], "paging": links})
        identifier, _, last = place.partition("/")
        assert last == "insights"
        return collected(int(identifier), question)

    return answer


YAML = {"account_id": ACCOUNT, "time_zone": "Europe/Berlin"}
API = PulledApi("instagram_api", vendor, {"access_token": TOKEN}, YAML, FIRST, LAST)


def test_every_day_becomes_a_row(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    days = {row["day"]: row for row in found.rows["social_daily"]}
    # At 06:00 UTC the nineteenth is not over in California.
    newest = date(2026, 11, 18)
    assert sorted(days) == days_between(FIRST, newest)
    assert found.prepared.stated_range == (FIRST, newest)
    assert sum(row["reach"] for row in days.values()) == 10 * (sum(range(10, 32)) + sum(range(1, 19)))
    assert (days[newest]["new_followers"], days[newest]["followers"]) == (0, None)
    assert days[FIRST]["new_followers"] is None  # older than what Instagram tells
    assert (days[newest]["platform"], days[newest]["profile_id"]) == ("instagram", ACCOUNT)


def test_every_recent_post_becomes_a_row(tmp_path: Path) -> None:
    posts = {row["post_id"]: row for row in API.rows(tmp_path).rows["social_posts"]}
    assert sorted(posts) == ["6", "7", "8", "9"]
    reel = posts["9"]
    assert (reel["views"], reel["reach"], reel["reactions"], reel["comments"]) == (309, 209, 29, 12)
    assert (reel["shares"], reel["saves"], reel["watch_seconds"]) == (11, 10, 61.509)
    # 23:30 UTC is past midnight in Berlin.
    assert (reel["day"], reel["published_at"]) == (date(2026, 11, 19), datetime(2026, 11, 18, 23, 30))
    assert (reel["post_type"], posts["8"]["post_type"], posts["7"]["post_type"]) == (
        "REELS", "CAROUSEL_ALBUM", "IMAGE",
    )  # fmt: skip
    assert reel["permalink"] == "https://instagram.com/p/9"


def test_a_metric_that_a_post_does_not_have_costs_only_itself(tmp_path: Path) -> None:
    (album,) = [row for row in API.rows(tmp_path).rows["social_posts"] if row["post_id"] == "8"]
    assert (album["views"], album["reach"], album["saves"]) == (None, 208, 9)


def test_older_posts_are_not_asked_for(tmp_path: Path) -> None:
    with ApiServer(vendor()) as server:
        API.rows_from(server, tmp_path)
    asked = [question.path for question in server.questions]
    assert not [path for path in asked if path.endswith(("/5/insights", "/4/insights"))]


@pytest.mark.parametrize(("code", "other"), [(10, {}), (100, {"error_subcode": 33}), (100, {"error_subcode": 2108006})])
def test_a_post_without_insights_keeps_what_the_list_says(code: int, other: Any, tmp_path: Path) -> None:
    def hiding(question: Question) -> Reply:
        return error(code, "media metric", **other) if "/7/insights" in question.path else vendor()(question)

    found = API.rows(tmp_path, hiding)
    (row,) = [row for row in found.rows["social_posts"] if row["post_id"] == "7"]
    assert (row["reactions"], row["comments"], row["views"], row["reach"]) == (5, 2, None, None)
    assert [(note.kind, note.found) for note in found.prepared.notes] == [("posts_without_insights", "7")]


def test_an_account_whose_insights_are_not_permitted_is_refused(tmp_path: Path) -> None:
    refused = API.refusal(tmp_path, lambda question: error(10, "(#10) Application does not have permission"))
    assert refused.found == "code 10: (#10) Application does not have permission"


def test_another_error_of_a_post_is_refused(tmp_path: Path) -> None:
    def broken(question: Question) -> Reply:
        return error(100, "no field") if "/7/insights" in question.path else vendor()(question)

    assert API.refusal(tmp_path, broken).found == "code 100: no field"


def test_an_error_of_the_list_of_posts_is_refused(tmp_path: Path) -> None:
    def broken(question: Question) -> Reply:
        return error(100, "no field") if question.path.endswith("/media") else vendor()(question)

    assert API.refusal(tmp_path, broken).found == "code 100: no field"


def test_an_account_with_few_followers_has_no_new_ones(tmp_path: Path) -> None:
    found = API.rows(tmp_path, vendor(figures={"reach": FIGURES["reach"]}))
    assert {row["new_followers"] for row in found.rows["social_daily"]} == {None}
    assert [note.found for note in found.prepared.notes] == ["follower_count"]


def test_a_post_that_comes_on_two_pages_counts_once(tmp_path: Path) -> None:
    posts = [POSTS[0], POSTS[1], POSTS[1], POSTS[2]]
    found = API.rows(tmp_path, vendor(posts))
    assert sorted(row["post_id"] for row in found.rows["social_posts"]) == ["7", "8", "9"]


def test_the_token_in_the_links_is_not_kept(tmp_path: Path) -> None:
    target = tmp_path / "stored.pull"
    with ApiServer(vendor()) as server:
        API.pull(server.url, target)
    stored = target.read_text()
    assert "access_token=***" in stored
    assert TOKEN not in stored


def test_an_account_without_posts(tmp_path: Path) -> None:
    found = API.rows(tmp_path, vendor([]))
    assert found.rows["social_posts"] == []
    assert len(found.rows["social_daily"]) == 40


def test_the_same_page_of_posts_is_refused(tmp_path: Path) -> None:
    asked = []

    def standing(question: Question) -> Reply:
        if not question.path.endswith("/media"):
            return vendor()(question)
        asked.append(question)
        return Reply({"data": [POSTS[0]], "paging": {"cursors": {"after": "x"}, "next": "https://graph.facebook.com"}})

    assert API.refusal(tmp_path, standing).found == "the same page a second time"


def test_endless_posts_are_refused(tmp_path: Path) -> None:
    def endless(question: Question) -> Reply:
        if not question.path.endswith("/media"):
            return collected(7, question) if ACCOUNT not in question.path else vendor()(question)
        number = int(question.query.get("after") or 0) + 1
        links = {"cursors": {"after": str(number)}, "next": "https://graph.facebook.com"}
        return Reply({"data": [post(number, "2026-11-18T23:30:00")], "paging": links})

    assert API.refusal(tmp_path, endless).found == "more than 200 pages"


def test_a_circle_of_cursors_is_refused(tmp_path: Path) -> None:
    asked = []

    def circling(question: Question) -> Reply:
        if not question.path.endswith("/media"):
            return collected(7, question) if ACCOUNT not in question.path else vendor()(question)
        asked.append(question)
        links = {"cursors": {"after": "same"}, "next": "https://graph.facebook.com"}
        return Reply({"data": [post(len(asked), "2026-11-18T23:30:00")], "paging": links})

    assert API.refusal(tmp_path, circling).found == "the same page cursor a second time"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"account_id": ""}, "account_id: is missing"),
        ({"time_zone": None}, "time_zone: needed"),
        ({"restates_days": 29}, "restates_days: at most 28"),
    ],
)
def test_what_the_source_must_say(change: dict[str, Any], problem: str) -> None:
    source = API.source("https://graph.facebook.com").model_copy(update=change)
    with pytest.raises(ConfigurationError, match=problem):
        build_contract("shop", source)


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
