"""What is planted for the examination of relations is there to be found, and what only looks like one is seen through.

The true values of the weeks that are final at the end are judged; the exports are not looked at.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.simulations.planted import SEEDS, judge
from kpi_pipeline.demo import simulation


class NoExports:
    def __init__(self, *_: object) -> None: ...

    def __enter__(self) -> "NoExports":
        return self

    def __exit__(self, *_: object) -> None: ...

    def write_day(self, *_: object) -> None: ...

    def finish(self, _: object) -> dict[str, object]:
        return {}


@pytest.fixture(autouse=True)
def _without_exports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "ExportWriter", NoExports)


def truth_of(directory: Path, seed: int) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(simulation.simulate(directory, seed=seed).truth.read_text(encoding="utf-8"))
    return content


def test_the_drivers_are_found_at_their_lag_and_the_decoy_is_seen_through(tmp_path: Path) -> None:
    truth = truth_of(tmp_path, seed=1)
    remembered, clicked = (judge(truth, driver) for driver in truth["planted"]["drivers"])
    assert (remembered.best_lag, clicked.best_lag) == (1, 0)
    # 25 weeks are final, 24 changes; the last one has no week after it.
    assert (remembered.relation.pairs, clicked.relation.pairs) == (23, 24)
    assert 0.7 < remembered.r < 0.9
    assert remembered.is_found
    assert clicked.is_found
    decoy = judge(truth, truth["planted"]["decoy"])
    assert decoy.relation.verdict == "no_evidence"
    assert decoy.relation.level_correlation == pytest.approx(-0.93, abs=0.02)
    assert decoy.is_seen_through


def test_a_driver_that_is_looked_for_a_week_too_late_is_not_found(tmp_path: Path) -> None:
    truth = truth_of(tmp_path, seed=1)
    assert not judge(truth, truth["planted"]["drivers"][0] | {"lag_weeks": 2}).is_found


@pytest.mark.slow
def test_other_seeds_tell_the_same(tmp_path: Path) -> None:
    truths = [truth_of(tmp_path / str(seed), seed=seed) for seed in SEEDS]
    assert sum(judge(truth, truth["planted"]["drivers"][0]).is_found for truth in truths) >= 18
    assert sum(judge(truth, truth["planted"]["decoy"]).is_seen_through for truth in truths) >= 18
