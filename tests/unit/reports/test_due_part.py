from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from kpi_pipeline.reports.internal_document import DueLine
from kpi_pipeline.reports.model import report_model

WEEK = date(2026, 11, 9)
# The snapshot is of Wednesday, 18 November 2026.
TODAY = "18 Nov 2026"


@pytest.fixture
def maker(new_snapshot: Callable[..., Any]) -> Any:
    snapshot = new_snapshot("internal")
    snapshot.add("owners", owner_id="ceo", name_en="CEO", name_fa="مدیرعامل")
    return snapshot


def due(maker: Any, language: str = "en") -> tuple[DueLine, ...]:
    part = report_model(maker.write(), "internal", WEEK, language).internal
    assert part is not None
    return part.due


def test_everything_with_a_day_comes_by_day_with_its_owner(maker: Any) -> None:
    maker.add_kpi(
        "conversion",
        review_next_on=date(2026, 11, 23),
        evidence="hypothesis",
        evidence_expires_on=date(2026, 12, 1),
        tasks="ship the new basket (2026-11-20)\nask ten customers",
        assumptions="prices stay (2026-11-10)\nthe team stays",
    )
    maker.rows["objectives"][0] |= {"owner": "ceo", "review_on": date(2026, 11, 17)}
    own = {"about": "Conversion", "owner": "Mara Lind"}
    assumption = "The target rests on this until then; see whether it still holds: \u2068prices stay\u2069"
    hypothesis = "The hypothesis about its effect ends; confirm the effect by data or give it up"
    assert due(maker) == (
        DueLine("10 Nov 2026", "overdue", assumption, **own),
        DueLine("17 Nov 2026", "overdue", "Review the objective", "Grow profitably", "CEO"),
        DueLine("20 Nov 2026", "", "ship the new basket", **own),
        DueLine("23 Nov 2026", "", "Review the KPI", **own),
        DueLine("1 Dec 2026", "", hypothesis, **own),
    )


@pytest.mark.parametrize(("day", "is_listed"), [(date(2026, 12, 16), True), (date(2026, 12, 17), False)])
def test_what_is_due_later_than_in_four_weeks_is_left_out(maker: Any, day: date, is_listed: bool) -> None:
    maker.add_kpi("conversion", review_next_on=day)
    assert bool(due(maker)) == is_listed


def test_what_has_no_day_of_its_own_is_due_today(maker: Any) -> None:
    maker.add_kpi("conversion", pace_status="off_track", is_strategy_review_due=True)
    note = {"kind": "correction_due", "metric_id": "conversion"}
    maker.add("quality", **note, first_day=date(2026, 9, 28), last_day=date(2026, 10, 4))
    assert [(line.day, line.state, line.what) for line in due(maker)] == [
        (TODAY, "", "All tasks are done; review the strategy"),
        (TODAY, "", "Issue the report of the week 28 Sep – 4 Oct 2026 again; its value is another one now"),
        (TODAY, "", "Off track, and no action is planned for that; decide on one"),
    ]


def test_off_track_with_an_action_and_evidence_that_is_measured_ask_for_nothing(maker: Any) -> None:
    expired = {"evidence": "measured", "evidence_expires_on": date(2026, 11, 1)}
    maker.add_kpi("conversion", pace_status="off_track", action_en="Ask customers.", **expired)
    assert due(maker) == ()


def test_what_only_looks_like_a_day_is_none(maker: Any) -> None:
    maker.add_kpi("conversion", tasks="a task (2026-02-30)")
    assert due(maker) == ()
