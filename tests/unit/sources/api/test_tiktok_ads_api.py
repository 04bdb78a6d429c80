import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor, page_of
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi, days_between, survive_fault_schedules

FIRST, LAST = date(2026, 10, 1), date(2026, 11, 9)


def figures(day: date, ad: int) -> dict[str, Any]:
    metrics = {"campaign_id": "1790000000000000001", "campaign_name": "Spring", "adgroup_id": "7", "adgroup_name": "A"}
    metrics |= {"ad_name": f"Ad {ad}", "currency": "EUR", "spend": f"{ad}.25", "impressions": "1000", "clicks": "40"}
    metrics |= {"conversion": "2", "reach": "900"}
    return {"dimensions": {"ad_id": f"1790000000000000{ad:03}", "stat_time_day": f"{day} 00:00:00"}, "metrics": metrics}


def envelope(rows: list[Any], page: int, pages: int, **other: Any) -> dict[str, Any]:
    info = {"page": page, "page_size": 1000, "total_number": 0, "total_page": pages}
    return {"code": 0, "message": "OK", "data": {"list": rows, "page_info": info}} | other


def vendor() -> Vendor:
    def answer(question: Question) -> Reply:
        assert question.path == "/open_api/v1.3/report/integrated/get/"
        assert question.headers["access-token"] == "tiktok-secret"
        assert "adgroup_id" in json.loads(question.query["metrics"])
        first, last = (date.fromisoformat(question.query[key]) for key in ("start_date", "end_date"))
        assert (last - first).days < 30
        rows = [figures(day, ad) for day in days_between(first, last) for ad in (1, 2)]
        page = int(question.query["page"])
        return Reply(envelope(page_of(rows, page - 1, 25), page, -(-len(rows) // 25)))

    return answer


API = PulledApi(
    "tiktok_ads_api", vendor, {"access_token": "tiktok-secret"}, {"account_id": "6797669162035445766"}, FIRST, LAST
)


def test_every_ad_and_day_becomes_a_row(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    assert len(found.only) == 40 * 2
    assert sum(found.column("cost")) == 40 * (Decimal("1.25") + Decimal("2.25"))
    row = next(row for row in found.only if row["day"] == FIRST and row["ad_name"] == "Ad 2")
    assert (row["ad_id"], row["campaign_id"], row["account_id"]) == (
        "1790000000000000002", "1790000000000000001", "6797669162035445766",
    )  # fmt: skip
    assert (row["clicks"], row["link_clicks"], row["conversions"], row["reach"], row["currency"]) == (
        40, 40, 2.0, 900, "EUR",
    )  # fmt: skip
    assert found.prepared.stated_range == (FIRST, LAST)
    assert found.prepared.is_end_verifiable


def test_a_passing_code_inside_200_is_tried_again(tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []

    def busy(question: Question) -> Reply:
        asked.append(question)
        return Reply({"code": 40100, "message": "Too many requests"}) if len(asked) < 3 else vendor()(question)

    with ApiServer(busy) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [1.0, 2.0]  # half of 2 and of 4 seconds


def test_another_code_inside_200_gives_up_and_shows_no_token(tmp_path: Path) -> None:
    asked = []

    def no_permission(question: Question) -> Reply:
        asked.append(question)
        return Reply({"code": 40001, "message": "no permission for tiktok-secret"})

    refused = API.refusal(tmp_path, no_permission)
    assert str(refused).startswith("shop.pull: found code 40001: no permission for *** (GET 127.0.0.1/open_api/")
    assert len(asked) == 1


def test_an_answer_without_rows_is_read_and_brings_nothing(tmp_path: Path) -> None:
    found = API.rows(tmp_path, vendor=lambda question: Reply(envelope([], 1, 1)))
    assert found.only == []


def test_a_page_that_comes_twice_is_refused(tmp_path: Path) -> None:
    standing = envelope([figures(FIRST, 1)], 1, 3)
    refused = API.refusal(tmp_path, lambda question: Reply(standing))
    assert refused.found == "the same page a second time"


def test_endless_pages_are_refused(tmp_path: Path) -> None:
    def endless(question: Question) -> Reply:
        page = int(question.query["page"])
        return Reply(envelope([figures(FIRST, page)], page, page + 1))

    assert API.refusal(tmp_path, endless).found == "more than 200 pages"


def test_an_answer_of_another_shape_is_refused(tmp_path: Path) -> None:
    refused = API.refusal(tmp_path, lambda question: Reply({"code": 0, "data": {}}))
    assert refused.found == "an answer without 'page_info'"


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
