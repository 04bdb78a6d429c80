"""How the orchestrator of an installation runs: one writer, limits of time, how long its diary is kept.

Here: the settings that a new installation starts with. A file that is there is never changed: it is the operator's.
"""

import json

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.warehouse.run_lock import LONGEST_RUN

# The dagster.yaml of a new installation. Steps that write are in one pool of one place, so that a second run waits in
# the queue; a run that failed is not repeated whole, because its sources were tried again already and nothing else is
# repaired by trying.
INSTANCE_SETTINGS = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    default_limit: 1
    granularity: run
  runs:
    max_concurrent_runs: 2
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
run_monitoring:
  enabled: true
  start_timeout_seconds: 300
  max_resume_run_attempts: 0
  max_runtime_seconds: {longest} # as long as a run may hold the warehouse at all
  free_slots_after_run_end_seconds: 300
  poll_interval_seconds: 60
run_retries:
  enabled: false
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 2
      failure: 90
      success: 90
  auto_materialize:
    purge_after_days:
      skipped: 2
      failure: 90
      success: 90
python_logs:
  python_log_level: WARNING
event_log_storage:
  module: kpi_pipeline.defs.event_log
  class: QuickEventLogStorage
  config:
    base_dir: {history}
"""


def prepare_dagster_home(paths: Paths) -> None:
    """Create the orchestrator's folder with its settings, unless it is there."""
    settings = paths.dagster_home / "dagster.yaml"
    if not settings.exists():
        paths.dagster_home.mkdir(parents=True, exist_ok=True)
        settings.write_text(instance_settings(paths), encoding="utf-8")


def instance_settings(paths: Paths) -> str:
    """Return the settings of a new installation."""
    history = json.dumps(str(paths.dagster_home / "history" / "runs"))
    return INSTANCE_SETTINGS.format(history=history, longest=int(LONGEST_RUN.total_seconds()))
