from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.defs.event_log import QuickEventLogStorage
from kpi_pipeline.defs.run_settings import prepare_dagster_home


@dg.asset
def counted() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"rows": 3})


def test_events_are_stored_where_the_orchestrators_own_storage_finds_them(tmp_path: Path) -> None:
    paths = Paths.from_environment({"KPI_DATA_DIR": str(tmp_path)})
    prepare_dagster_home(paths)
    with dg.DagsterInstance.from_config(str(paths.dagster_home)) as instance:
        assert isinstance(instance.event_log_storage, QuickEventLogStorage)
        runs = [dg.materialize([counted], instance=instance) for _ in range(2)]
        assert all(run.success for run in runs)
        assert instance.get_latest_materialization_event(counted.key) is not None
        seen = [len(instance.all_logs(run.run_id)) for run in runs]
    own = SqliteEventLogStorage(str(paths.dagster_home / "history" / "runs"))
    assert [len(own.get_logs_for_run(run.run_id)) for run in runs] == seen
    assert set(own.get_all_run_ids()) == {run.run_id for run in runs}
    found = own.get_asset_records([counted.key])
    assert found[0].asset_entry.last_run_id == runs[-1].run_id
