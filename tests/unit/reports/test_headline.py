from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from kpi_pipeline.reports.document import Report
from kpi_pipeline.reports.model import report_model

WEEK = date(2026, 11, 9)


@pytest.fixture
def report_of(new_snapshot: Callable[..., Any]) -> Callable[..., Report]:
    """Make a report of KPIs a, b, c … with these pace statuses."""

    def make(*pace: str, language: str = "en", **columns: object) -> Report:
        maker = new_snapshot()
        for name, status in zip("abcdefgh", pace, strict=False):
            maker.add_kpi(f"kpi_{name}", name_en=f"Kpi {name}", name_fa=f"شاخص {name}", pace_status=status, **columns)
        return report_model(maker.write(), "executive", WEEK, language)

    return make


def test_what_needs_attention_comes_worst_first(report_of: Callable[..., Report]) -> None:
    report = report_of("on_track", "at_risk", "off_track", "unknown")
    names = "\u2068Kpi c\u2069 – off track; \u2068Kpi b\u2069 – at risk"
    assert report.headline == (f"2 of 4 KPIs need attention: {names}.",)
    assert [(item.status.word, item.count) for item in report.tally] == [
        ("Off track", "1"),
        ("At risk", "1"),
        ("On track", "1"),
        ("Not judged", "1"),
    ]


@pytest.mark.parametrize(
    ("pace", "sentence"),
    [
        (["on_track", "achieved"], "All 2 KPIs are on track."),
        (["on_track"], "The only KPI is on track."),
        (["unknown"], "The only KPI cannot be judged yet."),
        (["unknown", "unknown"], "None of the 2 KPIs can be judged yet."),
        (["on_track", "unknown"], "One of 2 KPIs is on track; the others cannot be judged yet."),
        (["missed"], "The only KPI needs attention: \u2068Kpi a\u2069 – missed."),
        (["missed", "on_track"], "One of 2 KPIs needs attention: \u2068Kpi a\u2069 – missed."),
    ],
)
def test_each_state_has_its_sentence(report_of: Callable[..., Report], pace: list[str], sentence: str) -> None:
    assert report_of(*pace).headline == (sentence,)


def test_no_more_than_three_names(report_of: Callable[..., Report]) -> None:
    (sentence,) = report_of(*["off_track"] * 5).headline
    assert sentence.endswith("; \u2068Kpi c\u2069 – off track; and 2 more.")


def test_the_change_of_the_worst_kpi_is_told_where_it_is_detectable(report_of: Callable[..., Report]) -> None:
    report = report_of("on_track", "at_risk", change_is_detectable=True)
    assert report.headline[1] == "\u2068Kpi b\u2069: 5.50%, +0.50 pp on the week before."


def test_no_detectable_change_is_told_only_where_it_was_tested(report_of: Callable[..., Report]) -> None:
    assert report_of("on_track", change_is_detectable=False).headline[1:] == (
        "No detectable change against the week before.",
    )
    assert report_of("on_track", change_is_detectable=None).headline[1:] == ()


def test_persian(report_of: Callable[..., Report]) -> None:
    report = report_of("off_track", "on_track", language="fa", change_is_detectable=True)
    assert report.headline == (
        "یکی از ۲ شاخص کلیدی نیازمند توجه است: \u2068شاخص a\u2069 – خارج از مسیر.",
        "\u2068شاخص a\u2069: \u2066۵٫۵۰٪\u2069؛ \u2066+۰٫۵۰\u2069 واحد درصد نسبت به هفتهٔ پیش.",
    )


def test_a_headline_never_names_a_cause(report_of: Callable[..., Report]) -> None:
    text = " ".join(report_of("off_track", "at_risk", change_is_detectable=True).headline)
    assert not any(word in text.lower() for word in ("because", "due to", "caused", "driven by"))


DRIVER = {"driver_rank": 1, "effect": 0.3, "share_of_change": 0.6, "finding_en": "Mobile accounts for +0.30 pp."}


@pytest.mark.parametrize(
    ("driver", "is_detectable", "expected"),
    [
        # 0.30 of 0.50 points.
        (DRIVER, True, ("Mobile accounts for +0.30 pp.",)),
        (DRIVER | {"share_of_change": 0.5}, True, ("Mobile accounts for +0.30 pp.",)),
        # Spread over many, against the change, not the first, of a change that may be chance, or not told at all.
        (DRIVER | {"share_of_change": 0.49}, True, ()),
        (DRIVER | {"effect": -0.3, "share_of_change": -0.6}, True, ()),
        (DRIVER | {"driver_rank": 2}, True, ()),
        (DRIVER | {"driver_rank": None}, True, ()),
        (DRIVER | {"finding_en": None}, True, ()),
        (DRIVER, False, ()),
    ],
)
def test_what_accounts_for_the_change_is_told_only_where_one_part_carries_it(
    new_snapshot: Callable[..., Any], driver: dict[str, object], is_detectable: bool, expected: tuple[str, ...]
) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion", values=[5.0, 5.5], pace_status="off_track", change_is_detectable=is_detectable)
    for member, part in (("mobile", driver), ("desktop", {"effect": 0.2})):
        place = {"kpi_id": "conversion", "week_start": WEEK, "dimension": "device", "member": member}
        maker.add("contributions", method="mix_rate", **place, **part)
    assert report_model(maker.write(), "executive", WEEK, "en").headline[2:] == expected
