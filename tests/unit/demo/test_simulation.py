import hashlib
import json
import tracemalloc
from datetime import date

import pytest

from kpi_pipeline.demo.simulation import simulate
from kpi_pipeline.errors import DemoError

LAST_DAY = date(2026, 6, 14)


def digests(directory):
    return {
        path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not(tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        simulate(tmp_path / name, weeks=3, scale=0.1, seed=seed, last_day=LAST_DAY)
    first, same, other = (digests(tmp_path / name) for name in "abc")
    assert first == same
    assert first.keys() == other.keys()
    assert first["truth.json"] != other["truth.json"]


def test_a_second_simulation_replaces_the_first_whole(tmp_path):
    simulate(tmp_path, weeks=6, scale=0.05, seed=1, last_day=date(2026, 7, 5))
    summary = simulate(tmp_path, weeks=3, scale=0.05, seed=1, last_day=LAST_DAY)
    assert sorted(path.name for path in (tmp_path / "exports").iterdir()) == [
        day.isoformat() for day in summary.arrival_days
    ]
    assert summary.files == len(list((tmp_path / "exports").glob("*/*/*")))


def test_the_summary_and_the_truth_agree(demo):
    truth = json.loads(demo.truth.read_text(encoding="utf-8"))
    sessions = [
        value["value"] for value in truth["values"] if (value["metric_id"], value["dimension"]) == ("sessions", "total")
    ]
    assert demo.sessions == sum(sessions)
    assert truth["parameters"] == {"weeks": 6, "scale": 0.2, "seed": 7, "last_day": "2026-11-01"}
    assert (demo.first_day, demo.last_day) == (date(2026, 9, 21), date(2026, 11, 1))


def test_a_last_day_within_a_week_leaves_that_week_out_of_the_truth(tmp_path):
    summary = simulate(tmp_path, weeks=3, scale=0.05, seed=1, last_day=date(2026, 6, 11))
    truth = json.loads(summary.truth.read_text(encoding="utf-8"))
    assert summary.first_day == date(2026, 5, 25)
    assert {value["week_start"] for value in truth["values"]} == {"2026-05-25", "2026-06-01"}


@pytest.mark.slow
def test_memory_does_not_grow_with_the_weeks(tmp_path):
    def peak(weeks: int, scale: float) -> int:
        tracemalloc.start()
        simulate(tmp_path / str(weeks), weeks=weeks, scale=scale, seed=1, last_day=LAST_DAY)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(3, 0.02)  # the first run also pays for imports
    assert peak(8, 1) < 1.5 * peak(3, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"weeks": 2}, "at least 3 weeks of history, found 2"), ({"scale": 0.0}, "greater than 0, found 0")],
)
def test_an_impossible_demo_is_refused(tmp_path, arguments, message):
    with pytest.raises(DemoError, match=message):
        simulate(tmp_path, **arguments)
