from datetime import timedelta
from pathlib import Path

import dagster as dg
from dagster import DagsterInstance

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.defs.jobs import LIMIT
from kpi_pipeline.defs.run_settings import prepare_dagster_home
from kpi_pipeline.warehouse.run_lock import LONGEST_RUN


def test_a_new_installation_has_one_writer_and_limits_of_time(tmp_path: Path) -> None:
    paths = Paths.from_environment({"KPI_DATA_DIR": str(tmp_path)})
    prepare_dagster_home(paths)
    with DagsterInstance.from_config(str(paths.dagster_home)) as instance:
        concurrency = instance.get_concurrency_config()
        assert concurrency.pool_config.default_pool_limit == 1
        assert concurrency.pool_config.pool_granularity.value == "run"
        assert type(instance.run_coordinator).__name__ == "QueuedRunCoordinator"
        assert instance.run_monitoring_enabled
        assert timedelta(seconds=instance.run_monitoring_max_runtime_seconds) == LONGEST_RUN
        assert not instance.run_retries_enabled
    assert timedelta(seconds=int(LIMIT["dagster/max_runtime"])) == LONGEST_RUN


def test_the_settings_of_an_installation_are_never_changed(tmp_path: Path) -> None:
    paths = Paths.from_environment({"KPI_DATA_DIR": str(tmp_path)})
    paths.dagster_home.mkdir(parents=True)
    settings = paths.dagster_home / "dagster.yaml"
    settings.write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    prepare_dagster_home(paths)
    assert settings.read_text(encoding="utf-8") == "telemetry: {enabled: false}\n"
    assert dg.__version__.startswith("1.13.")
