"""What the served pages hold, who may ask for them, and that they show the current snapshot of one audience alone."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from kpi_pipeline.config.report import Audience
from kpi_pipeline.serve.guard import host_name
from kpi_pipeline.wording.language import load_language
from tests.unit.reports.markup import Page
from tests.unit.serve.conftest import new_maker
from tests.unit.serve.visitor import Visitor, point_to, publish, served

WEEK = date(2026, 11, 9)
KPI = "kpis/conversion/2026-11-09"


def test_links_lead_to_good_pages_of_this_server_whatever_texts_come_from_outside(hostile: Visitor) -> None:
    pages = hostile.all_pages("/en/", weeks=[WEEK.isoformat()])
    assert {"/en/", "/fa/", "/fa/metrics", "/en/quality", f"/en/{KPI}", "/fa/weeks/2026-11-09"} <= set(pages)
    for place, answer in pages.items():
        page = Page(answer.text)
        assert (answer.status, place[:4] in ("/en/", "/fa/")) == (200, True), place
        html = page.all("html")[0]
        assert (html["lang"], html["dir"]) == (("en", "ltr") if place.startswith("/en/") else ("fa", "rtl"))
        assert len(page.all("h1")) == 1
        assert not {name for name, _ in page.elements} & {"script", "img", "iframe", "style", "object"}, place
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
        assert not [name for _, attributes in page.elements for name in attributes if name == "style"]
        assert [link["href"] for link in page.all("link")] == ["/style.css"]
        assert "{{" not in page.text.replace("{{ 7*7 }}", "")
        assert page.all("a")[0]["href"] == "#content"
        assert [main["id"] for main in page.all("main")] == ["content"]
    assert "<script>alert('x')</script>" in Page(pages[f"/en/{KPI}"].text).text


def test_headings_go_down_one_step_at_a_time(plain: Visitor) -> None:
    for place in ("/en/", "/en/weeks/2026-11-09", f"/fa/{KPI}", "/en/metrics", "/en/metrics/sessions", "/fa/quality"):
        levels = [int(name[1]) for name, _ in Page(plain.ask(place).text).elements if re.fullmatch("h[1-6]", name)]
        assert levels[0] == 1, place
        assert all(later - earlier <= 1 for earlier, later in pairwise(levels)), place


def test_a_kpi_page_shows_everything_that_is_known_of_it(plain: Visitor) -> None:
    page = Page(plain.ask(f"/en/{KPI}").text)
    labels = [svg.get("aria-label") or "" for svg in page.all("svg") if svg.get("class") == "chart"]
    assert any("by week" in label for label in labels), labels
    assert any("from 5.00% to 5.50%" in label for label in labels), labels
    for text in (
        "40",  # rows of its file
        "Name.csv",
        "7.00%",  # of a channel
        "16 Nov 2026",  # published first
        "5.25%",
        "Achievable",
        "+0.15 pp",  # rate
        "late data",
        "Missing days",
    ):
        assert text in page.text, text
    # A week without a neighbour before it has none to lead to.
    assert [link["href"] for link in page.all("a") if "2026-11-02" in (link["href"] or "")] != []


def test_executives_get_no_part_that_is_for_the_team(tmp_path: Path) -> None:
    with served(publish(new_maker(tmp_path, "executive")), "executive") as visitor:
        page = Page(visitor.ask(f"/en/{KPI}").text)
        assert "For executives" in page.text
        assert "Achievable" not in page.text
        assert "By Channel" not in page.text
        assert "5.25%" in page.text


@pytest.mark.parametrize(
    "place",
    ["x", "weeks/2026-11-10", "weeks/..", "kpis/nobody", "kpis/conversion/2020-01-06", "metrics/%3Cb%3E", "?until=x"],
)
def test_what_is_not_there_is_said_in_the_language_of_the_address(plain: Visitor, place: str) -> None:
    for code in ("en", "fa"):
        answer = plain.ask(f"/{code}/{place}")
        assert answer.status == 404
        assert load_language(code).text("serve.missing") in answer.text
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_an_unknown_language_or_file_is_not_there(plain: Visitor) -> None:
    for place in ("/de/", "/fonts/x.ttf", "/fonts/..%2f..%2fpyproject.toml", "/static/x"):
        assert plain.ask(place).status == 404
    start = plain.ask("/")
    assert (start.status, start.headers["location"]) == (307, "/en/")


def test_fonts_and_the_style_sheet_come_from_the_server(
    plain: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kpi_pipeline.serve.fonts.FOLDER", tmp_path)
    assert "url(" not in plain.ask("/style.css").text
    (tmp_path / "Vazirmatn-Bold.ttf").write_bytes(b"a font")
    sheet = plain.ask("/style.css")
    assert sheet.headers["content-type"].startswith("text/css")
    assert re.findall(r'url\("([^"]*)"\)', sheet.text) == ["/fonts/Vazirmatn-Bold.ttf"]
    assert plain.ask("/fonts/Vazirmatn-Bold.ttf").headers["content-type"] == "font/ttf"
    assert plain.ask("/fonts/Vazirmatn-Regular.ttf").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_pages_can_only_be_read(plain: Visitor, method: str) -> None:
    answer = plain.ask("/en/", method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_head_has_no_body(plain: Visitor) -> None:
    answer = plain.ask("/en/", "HEAD")
    assert (answer.status, answer.text) == (200, "")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "localhost.", "", "x@localhost"]
)
def test_a_host_that_is_not_served_is_refused(plain: Visitor, host: str) -> None:
    answer = plain.ask("/en/", host=host.format(port=plain.port))
    assert answer.status in (400, 421)
    assert "Name" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:{port}", "[::1]:{port}"])
def test_this_machine_may_be_called_by_each_of_its_names(plain: Visitor, host: str) -> None:
    assert plain.ask("/en/", host=host.format(port=plain.port)).status == 200


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("a:1", "a"),
        ("A", "a"),
        ("[::1]:80", "[::1]"),
        ("[::1]", "[::1]"),
        (":80", ":80"),
        ("a:b", "a:b"),
    ],
)
def test_the_name_of_a_host_is_what_stands_before_its_port(host: str, name: str) -> None:
    assert host_name(host) == name


def test_pages_follow_what_is_published(tmp_path: Path) -> None:
    folder = publish(new_maker(tmp_path, "internal"))
    with served(folder, "internal") as visitor:
        assert "20261118-0123456789ab" in visitor.ask("/en/").text
        later = new_maker(tmp_path, "internal", "second")
        later.rows["snapshot"][0]["snapshot_id"] = "20261119-later"
        publish(later)
        assert "20261119-later" in visitor.ask("/en/").text
        (folder / "internal.duckdb").unlink()
        answer = visitor.ask("/fa/")
        assert answer.status == 503
        assert load_language("fa").text("serve.unavailable") in answer.text


def test_a_file_of_the_team_is_never_shown_to_executives(tmp_path: Path) -> None:
    folder = publish(new_maker(tmp_path, "internal"))
    (folder / "executive.duckdb").symlink_to(folder / "internal" / "first.duckdb")
    audience: Audience = "executive"
    with served(folder, audience) as visitor:
        for place in ("/en/", f"/en/{KPI}", "/en/metrics", "/en/quality", "/en/weeks/2026-11-09"):
            answer = visitor.ask(place)
            assert (answer.status, "Name" in answer.text) == (503, False), place


def test_metrics_are_found_by_any_part_of_their_names_in_any_spelling(tmp_path: Path) -> None:
    maker = new_maker(tmp_path, "internal")
    folder = publish(maker)
    extra = new_maker(tmp_path, "internal", "more")
    names = {"name_en": "Click rate", "name_fa": "نرخ کلیک"}
    row = {"metric_id": "click_rate", "unit": "percent", "decimals": 2, "direction": "higher_better", **names}
    extra.add("catalogue", audience="internal", **row)
    publish_more = publish(extra)
    assert folder == publish_more
    with served(folder, "internal") as visitor:

        def found(search: str) -> int:
            page = Page(visitor.ask(f"/fa/metrics?search={search}").text)
            return len([link for link in page.all("a") if "/metrics/click_rate" in (link["href"] or "")])

        # Letters of an Arabic keyboard: كليك.
        for search in ("CLICK", "click+rate", "%D9%83%D9%84%D9%8A%D9%83", ""):
            assert found(search) == 1, search
        for search in ("nothing", "click+nothing", "%22%3E%3Cb%3E"):
            assert found(search) == 0, search


def test_weeks_beyond_the_newest_stand_on_pages_of_their_own(tmp_path: Path) -> None:
    maker = new_maker(tmp_path, "executive")
    maker.add_kpi("growth", values=[float(number) for number in range(30)])
    maker.add_kpi("young", values=[1.0, 2.0])
    point_to(maker.write())
    with served(tmp_path, "executive") as visitor:
        lists = visitor.all_pages("/en/", weeks=())
        # A KPI that is younger than the others leads nowhere before its first week.
        newest, first = (Page(visitor.ask(place).text) for place in ("/en/kpis/young", "/en/kpis/young/2026-11-02"))
    weeks = [link["href"] for answer in lists.values() for link in Page(answer.text).all("a")]
    assert len({week for week in weeks if week and week.startswith("/en/weeks/")}) == 30
    assert "Week before" in newest.text
    assert "Week before" not in first.text.replace("Week before Change", "")
    assert "Week after" in first.text


def test_many_may_ask_at_once(plain: Visitor) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(plain.ask, ["/en/quality", "/en/metrics", f"/en/{KPI}", "/en/"] * 4))
    assert {answer.status for answer in answers} == {200}
