from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.history.like_for_like import SameAge
from kpi_pipeline.catalogue.history.reported_value import ReportedValue
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric, week

CONFIG = configuration({"ctr": metric("ad_clicks")}, goals=goals(), kpis={"ctr": kpi("ctr", "convert")})
BEFORE = ReportedValue(
    "ctr", week(0), "executive", 80.0, None, "provisional", "s1", datetime(2026, 1, 12), "meaning", data_age_days=1
)
# Two days after the end of week 1.
AS_OF = week(2) + timedelta(days=1)
ROW: dict[str, Any] = {
    "kpi_id": "ctr",
    "week_start": week(1),
    "week_end": week(2) - timedelta(days=1),
    "value": 90.0,
    "previous_value": 100.0,
    "status": "provisional",
}


def columns(*told: ReportedValue, **row: Any) -> tuple[Any, Any, Any]:
    same_age = SameAge.of(told, Audiences(CONFIG), {"ctr": "meaning"}, AS_OF)
    found = same_age.columns(ROW | row)
    return found["data_age_days"], found["previous_value_at_same_age"], found["change_at_same_age"]


def test_week_is_compared_with_what_was_said_of_the_one_before_when_it_was_as_old() -> None:
    # 80 at one day, 84 at two, 97 at five: today's 90 is two days old, and more, although the week before has 100 now.
    told = [BEFORE, replace(BEFORE, value=84.0, data_age_days=2), replace(BEFORE, value=97.0, data_age_days=5)]
    assert columns(*told) == (2, 84.0, 6.0)


def test_value_that_stood_at_that_age_may_have_been_said_before() -> None:
    assert columns(BEFORE, replace(BEFORE, value=97.0, data_age_days=5)) == (2, 80.0, 10.0)


@pytest.mark.parametrize(
    "before",
    [
        {"data_age_days": 3},
        {"data_age_days": 0},
        {"status": "partial"},
        {"definition_hash": "other"},
        {"week_start": week(1)},
        {"audience": "internal"},
        {"value": None},
    ],
)
def test_nothing_is_compared_that_was_not_said_so_early_or_meant_something_else(before: dict[str, Any]) -> None:
    assert columns(replace(BEFORE, **before)) == (2, None, None)


@pytest.mark.parametrize("row", [{"status": "final"}, {"status": "partial"}, {"previous_value": None}])
def test_only_a_provisional_week_that_is_comparable_is_compared(row: dict[str, Any]) -> None:
    assert columns(BEFORE, **row) == (2, None, None)


def test_week_without_a_value_has_no_change() -> None:
    assert columns(BEFORE, value=None) == (2, 80.0, None)
