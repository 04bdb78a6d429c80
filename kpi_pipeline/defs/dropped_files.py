"""A run for files that arrive at odd hours.

Here: the sensor, and when a file is worth a run. Which files wait is found in ``sources.custody.dropped``.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import dagster as dg

from kpi_pipeline.defs.jobs import DAILY
from kpi_pipeline.pipeline import Installation
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.dropped import DroppedFile, dropped_files

UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
)
TICK_SECONDS = 60


def dropped_files_sensor(
    installation: Installation, tables: Sequence[dg.AssetKey], status: dg.DefaultSensorStatus
) -> dg.SensorDefinition:
    """Return the sensor; ``tables`` are what the daily job makes behind its sources."""

    @dg.sensor(
        name="dropped_files",
        job_name=DAILY,
        minimum_interval_seconds=TICK_SECONDS,
        default_status=status,
        description="Runs today's daily job for the sources in whose inboxes new files lie, once a file has not changed"
        f" for {TICK_SECONDS} seconds.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        before: dict[str, str] = json.loads(context.cursor or "{}")
        # Read again: a source that was connected a minute ago needs no restart to be looked at.
        found = _waiting(replace(installation))
        context.update_cursor(json.dumps({_place(file): file.state for file in found}))
        settled = [file for file in found if before.get(_place(file)) == file.state]
        if not settled:
            return dg.SkipReason(f"{len(found)} file(s) are new, and may still be written" if found else "nothing new")
        if context.instance.get_runs_count(dg.RunsFilter(job_name=DAILY, statuses=list(UNFINISHED))):
            return dg.SkipReason("a daily run is waiting or active; what it does not take is looked at after it")
        sources = sorted({file.source for file in settled})
        key = sha256("\n".join(sorted(f"{_place(file)} {file.state}" for file in settled)).encode()).hexdigest()
        return dg.RunRequest(
            # The same files are asked for once, also if their run failed: somebody is told of that.
            run_key=f"files-{key[:16]}",
            partition_key=installation.today.isoformat(),
            asset_selection=[*(dg.AssetKey(["raw", source]) for source in sources), *tables],
        )

    return sensor


def _waiting(installation: Installation) -> list[DroppedFile]:
    paths = installation.paths
    with CustodyLedger(paths.custody_ledger) as ledger:
        return dropped_files(installation.configuration.sources, paths.inbox, ledger, installation.clock.now())


def _place(file: DroppedFile) -> str:
    return f"{file.source}/{file.name}"
