"""The whole demo company, whose published values were restated on the way: its warehouse is lost and made again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kpi_pipeline.demo.delivery import deliver
from kpi_pipeline.demo.simulation import simulate
from kpi_pipeline.pipeline import Installation, Publication
from kpi_pipeline.upkeep.rebuild import rebuild
from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot


@pytest.mark.slow
def test_every_published_value_is_restored_with_what_was_said_before(
    tmp_path: Path,
    make_installation: Callable[..., Installation],
    run_day: Callable[..., Publication],
) -> None:
    summary = simulate(tmp_path / "demo", weeks=20, scale=0.1, seed=7)
    installation = make_installation(tmp_path / "data")
    for day in summary.arrival_days:
        deliver(summary.directory, installation.paths.inbox, day)
        run_day(installation, day)
    with open_snapshot(current_snapshot(installation.paths.published, "internal")) as connection:
        query = "select (select count(*) from kpi.values), (select count(distinct snapshot_id) from kpi.reported)"
        values, snapshots = connection.execute(query).fetchall()[0]
    assert values > 1000
    assert snapshots > 1
    installation.paths.warehouse.unlink()
    rebuilt = rebuild(installation)
    assert rebuilt.comparison.differences == ()
    assert rebuilt.comparison.equal_tables > 30
    assert rebuilt.is_switched
    # Nothing is left to do for the next run of the same day.
    assert not run_day(installation, summary.arrival_days[-1]).is_new
