"""Ten designed situations: each report says what was decided for it. KPI_ACCEPT=1 accepts what they say now.

The goldens were read by eye once; a change shows in the pull request.
"""

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.reports.document import Report
from kpi_pipeline.reports.model import report_model
from tests.unit.reports.full_snapshot import full_snapshot

GOLDEN = Path(__file__).parents[2] / "golden" / "reports"
WEEK = date(2026, 11, 9)


def moved_away(maker: Any) -> None:
    maker.add_kpi("conversion", values=[5.0, 4.6], attainment=-0.2, path_value=5.8, pace_status="off_track")


def past_the_target(maker: Any) -> None:
    maker.add_kpi("conversion", values=[6.9, 7.9], attainment=1.45, path_value=5.8, pace_status="achieved")


def target_is_the_start(maker: Any) -> None:
    maker.add_kpi("conversion", values=[7.0, 7.0], baseline=7.0, target=7.0, path_value=7.0, pace_status="on_track")


def lower_is_better(maker: Any) -> None:
    course = {"baseline": 20.0, "target": 15.0, "path_value": 18.0, "attainment": 0.6, "pace_status": "on_track"}
    maker.add_kpi("cost", values=[18.0, 17.0], unit="currency", direction="lower_better", **course)


def missing_data(maker: Any) -> None:
    maker.add_kpi(
        "conversion", values=[5.0, None], null_reason="source_missing", status="partial", pace_status="unknown"
    )
    maker.add("quality", kind="missing_days", metric_id="conversion", first_day=date(2026, 11, 12), last_day=WEEK)


def first_week(maker: Any) -> None:
    maker.add_kpi("conversion", values=[5.2], path_value=None, pace_status="unknown", status="provisional")


def behind_the_plan_but_likely(maker: Any) -> None:
    forecast = {"forecast_at_deadline": 7.2, "forecast_low": 6.1, "forecast_high": 8.4, "probability": 0.58}
    course = {"attainment": 0.25, "path_value": 5.8, "pace_status": "on_track", "change_is_detectable": False}
    maker.add_kpi("conversion", values=[5.1, 5.5], **course, **forecast)


def a_band_to_stay_in(maker: Any) -> None:
    band = {"target": None, "target_low": 40.0, "target_high": 60.0, "baseline": 70.0, "path_value": 64.0}
    maker.add_kpi("stock", values=[66.0, 63.0], unit="days", decimals=0, attainment=0.7, **band)


def no_kpi(maker: Any) -> None:
    maker.add_kpi("other", values=[5.0])


def forty_kpis_with_long_names(maker: Any) -> None:
    for number in range(40):
        maker.add_kpi(f"kpi_{number:02d}", name_en=f"KPI {number} " + "of a very long name " * 8, pace_status="at_risk")


SITUATIONS: dict[str, Callable[[Any], None]] = {
    made.__name__: made
    for made in (
        moved_away,
        past_the_target,
        target_is_the_start,
        lower_is_better,
        missing_data,
        first_week,
        behind_the_plan_but_likely,
        a_band_to_stay_in,
        no_kpi,
        forty_kpis_with_long_names,
    )
}


def report_of(situation: str, new_snapshot: Callable[..., Any]) -> Report:
    maker = new_snapshot()
    SITUATIONS[situation](maker)
    return report_model(maker.write(), "executive", WEEK, "en", ["nothing"] if situation == "no_kpi" else None)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_designed_situation_says_what_was_decided(new_snapshot: Callable[..., Any], situation: str) -> None:
    frozen = report_of(situation, new_snapshot).as_json()
    golden = GOLDEN / f"{situation}.json"
    if os.environ.get("KPI_ACCEPT"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(frozen, encoding="utf-8")
    assert json.loads(frozen) == json.loads(golden.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("situation", "progress"),
    [
        ("moved_away", "moved away from the target"),
        ("past_the_target", "target reached"),
        ("lower_is_better", "60% of the way"),
        ("missing_data", "not measurable yet"),
    ],
)
def test_progress_is_never_a_percentage_that_says_nothing(
    new_snapshot: Callable[..., Any], situation: str, progress: str
) -> None:
    (line,) = report_of(situation, new_snapshot).objectives[0].kpis
    assert line.progress.text == progress


def test_on_track_behind_the_plan_gives_the_reason_beside_it(new_snapshot: Callable[..., Any]) -> None:
    (line,) = report_of("behind_the_plan_but_likely", new_snapshot).objectives[0].kpis
    assert line.progress.note == "plan today: 5.80%; behind it, but the forecast reaches the target"


def test_a_report_of_everything_is_the_same_again(new_snapshot: Callable[..., Any]) -> None:
    snapshot = full_snapshot(new_snapshot("internal"))
    assert report_model(snapshot, "internal", WEEK, "fa") == report_model(snapshot, "internal", WEEK, "fa")
