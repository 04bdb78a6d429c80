from pathlib import Path

import pytest

from kpi_pipeline.warehouse.sql_header import CoveredBy, Header, read_header

PLACE = Path("sql/measures/ads.sql")


def header(text: str) -> Header:
    return read_header(text, PLACE)


def problems(text: str) -> list[str]:
    return [str(problem) for problem in header(text).problems]


def test_everything_a_header_can_say_is_read() -> None:
    found = header(
        "\n-- One row per campaign, device\n-- and day: all of it.\n-- grain: day, campaign,\n--    device\n"
        "-- incremental: day\n-- covered by: ad_performance and orders\n"
        "-- distinct buyers: customer_key where is_paid and day > date '2020-01-01'\n"
        "-- last followers: follower_count\n"
        "-- check clicks_not_negative: clicks >= 0\n-- warn clicks_within_impressions: clicks\n--    <= impressions\n"
        "\n-- a free comment: with a colon\nselect 1"
    )
    assert found.problems == ()
    assert found.sentence == "One row per campaign, device and day: all of it."
    assert found.grain == ("day", "campaign", "device")
    assert found.incremental
    assert found.covered_by == CoveredBy(("ad_performance", "orders"), "and")
    assert [(each.name, each.kind, each.column, each.where) for each in found.special_measures] == [
        ("buyers", "distinct", "customer_key", "is_paid and day > date '2020-01-01'"),
        ("followers", "last", "follower_count", None),
    ]
    assert [(each.name, each.predicate, each.is_blocking, each.line) for each in found.checks] == [
        ("clicks_not_negative", "clicks >= 0", True, 10),
        ("clicks_within_impressions", "clicks <= impressions", False, 11),
    ]
    assert found.checks[1].columns == {"clicks", "impressions"}
    assert found.special_measures[0].columns == {"customer_key", "is_paid", "day"}


def test_a_file_without_comment_has_an_empty_header() -> None:
    found = header("select 1 -- grain: day")
    assert (found.sentence, found.grain, found.checks, found.problems) == ("", (), (), ())


def test_one_subject_or_either_of_two_may_cover_a_table() -> None:
    assert header("-- covered by: orders").covered_by == CoveredBy(("orders",), "and")
    assert header("-- covered by: web_events or web_sessions_daily").covered_by == CoveredBy(
        ("web_events", "web_sessions_daily"), "or"
    )


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("apart: 1platform", "SQL009", "is no list of dimensions"),
        ("grian: day", "SQL005", 'did you mean "grain"?'),
        ("chekc positive: a > 0", "SQL005", 'did you mean "check"?'),
        ("note: something", "SQL005", "write one of grain,"),
        ("and more words", "SQL005", "indent a continued line"),
        ("grain: day", "SQL005", "a second time"),
        ("incremental: week", "SQL007", "write: incremental: day"),
        ("covered by: orders and clicks or refunds", "SQL008", "cannot be read"),
        ("covered by: orders clicks", "SQL008", "cannot be read"),
        ("covered by:", "SQL008", "cannot be read"),
        ("check a_name: a >", "SQL006", "no predicate"),
        ("check a_name: a > 0 b", "SQL006", "no predicate"),
        ("check a_name: 1 = 1", "SQL006", "no predicate"),
        ("check a_name: a in (select b from core.x)", "SQL006", "no predicate"),
        ("check a_name: a > 0; drop table x", "SQL006", "no predicate"),
        ("check grain: a > 0", "SQL006", '"grain" is taken'),
        ("check taken: a > 1", "SQL006", '"taken" is taken'),
        ("distinct buyers: count(a)", "SQL006", "names no column"),
        ("distinct buyers: a where b >", "SQL006", "no predicate"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: str, code: str, message: str) -> None:
    text = f"-- One row.\n-- grain: day\n-- check taken: a > 0\n-- {line}\nselect 1"
    assert any(found.startswith(f"sql/measures/ads.sql:4  {code}") and message in found for found in problems(text)), (
        problems(text)
    )


def test_a_misspelt_first_keyword_is_not_taken_for_the_sentence() -> None:
    assert "SQL005" in problems("-- One row.\n-- grian: day\nselect 1")[0]


def test_a_grain_that_is_no_list_is_refused() -> None:
    assert "SQL004" in problems("-- One row.\n-- grain: day source\nselect 1")[0]


def test_all_problems_are_told_at_once() -> None:
    assert len(problems("-- One row.\n-- grain: a b\n-- incremental: x\n-- what: ever\n-- check c: +")) == 4
