from collections.abc import Callable
from datetime import date
from typing import Any

from kpi_pipeline.reports.model import report_model

WEEK = date(2026, 11, 9)


def add_parts(maker: Any, dimension: str, effects: dict[str, float]) -> None:
    for member, effect in effects.items():
        place = {"kpi_id": "conversion", "week_start": WEEK, "dimension": dimension, "member": member}
        maker.add("contributions", method="mix_rate", effect=effect, **place)


def test_without_a_named_driver_the_dimension_with_the_fewest_of_several_members_is_drawn(
    new_snapshot: Callable[..., Any],
) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion", values=[5.0, 5.5])
    add_parts(maker, "country", {"": 0.5})
    add_parts(maker, "device", {"mobile": 0.4, "desktop": 0.1})
    add_parts(maker, "channel", {"Email": 0.3, "Direct": 0.1, "Referral": 0.1})
    chart = report_model(maker.write(), "executive", WEEK, "en").charts.waterfall
    assert chart is not None
    assert [(step.label, step.amount) for step in chart.steps] == [("Mobile", 0.4), ("Desktop", 0.1)]


def test_a_dimension_with_a_single_member_is_not_drawn(new_snapshot: Callable[..., Any]) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion", values=[5.0, 5.5])
    add_parts(maker, "country", {"": 0.5})
    assert report_model(maker.write(), "executive", WEEK, "en").charts.waterfall is None
