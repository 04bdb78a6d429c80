"""The week in which the checkout was broken is there to be found, in the segment in which it was.

The true values of the weeks are judged; the exports are not looked at.
"""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.analysis.anomalies import JudgedWeek
from kpi_pipeline.analysis.proportion_chart import ShareObservation, judge_proportions
from kpi_pipeline.analysis.proportions import Share
from kpi_pipeline.demo import simulation
from tests.unit.demo.test_planted_relations import NoExports

METRIC = "conversion_rate_session"
Truth = Mapping[str, Any]


def judged(truth: Truth, member: str) -> JudgedWeek:
    """What is said of the incident's week for one kind of device."""
    planted = truth["planted"]["incident"]
    weeks = [
        ShareObservation(date.fromisoformat(one["week_start"]), Share(int(one["numerator"]), int(one["denominator"])))
        for one in truth["values"]
        if (one["metric_id"], one["dimension"], one["member"]) == (METRIC, planted["dimension"], member)
    ]
    found = judge_proportions(sorted(weeks, key=lambda each: each.week), 3.0)
    return next(one for one in found if one.week == date.fromisoformat(planted["week_start"]))


def truth_of(directory: Path, seed: int) -> Truth:
    content: Truth = json.loads(simulation.simulate(directory, seed=seed).truth.read_text(encoding="utf-8"))
    return content


@pytest.fixture(autouse=True)
def _without_exports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "ExportWriter", NoExports)


@pytest.mark.slow
def test_the_incident_is_found_on_mobile_devices_and_not_on_others(tmp_path: Path) -> None:
    found = 0
    for seed in range(1, 6):
        truth = truth_of(tmp_path / str(seed), seed)
        assert (truth["planted"]["incident"]["dimension"], truth["planted"]["incident"]["member"]) == (
            "device",
            "mobile",
        )
        mobile, desktop = judged(truth, "mobile"), judged(truth, "desktop")
        found += mobile.rule == "beyond_limits" and mobile.value < mobile.low
        assert not desktop.value < desktop.low
    assert found == 5
