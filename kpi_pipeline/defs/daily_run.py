"""Runs asked for on the command line, executed in the same orchestrator instance that the UI shows.

Here: how a day's run and a week's reports are started and what came of them. What a run does belongs to ``pipeline``;
what is printed belongs to ``console``.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import dagster as dg

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.defs.assembly import assemble
from kpi_pipeline.errors import KpiPipelineError, RunActiveError
from kpi_pipeline.pipeline import Installation

INSTANCE_SETTINGS = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    default_limit: 1
    granularity: run
python_logs:
  python_log_level: WARNING
event_log_storage:
  module: kpi_pipeline.defs.event_log
  class: QuickEventLogStorage
  config:
    base_dir: {history}
"""


@dataclass(frozen=True)
class RunOutcome:
    """What came of one run.

    Attributes:
        problems: one message per quarantined file, in the words of the source's contract.
        failure: why the run stopped, or None.
    """

    job: str
    partition: str
    run_id: str
    problems: tuple[str, ...]
    materialized: tuple[str, ...]
    failure: str | None


def prepare_dagster_home(paths: Paths) -> None:
    """Create the orchestrator's folder with its settings, unless it is there."""
    settings = paths.dagster_home / "dagster.yaml"
    if not settings.exists():
        paths.dagster_home.mkdir(parents=True, exist_ok=True)
        history = json.dumps(str(paths.dagster_home / "history" / "runs"))
        settings.write_text(INSTANCE_SETTINGS.format(history=history), encoding="utf-8")


class Orchestrator:
    """The orchestrator's instance and definitions, loaded once for several runs."""

    def __init__(self, instance: dg.DagsterInstance, installation: Installation) -> None:
        self._instance = instance
        self._definitions = assemble(installation)

    @classmethod
    @contextmanager
    def open(cls, installation: Installation) -> Iterator["Orchestrator"]:
        """Open the instance below the data folder: the same that ``make dev`` shows."""
        home = installation.paths.dagster_home
        prepare_dagster_home(installation.paths)
        logging.getLogger("dagster").setLevel(logging.WARNING)
        with dg.DagsterInstance.from_config(str(home)) as instance:
            yield cls(instance, installation)

    def run_day(self, as_of: date, sources: Sequence[str] = ()) -> RunOutcome:
        """Run the daily job for one day, with all sources or only those named."""
        return self._run("daily", as_of.isoformat(), sources)

    def write_reports(self, week_start: date) -> RunOutcome:
        """Write both audiences' reports for one week."""
        return self._run("weekly_reports", week_start.isoformat(), ())

    def _run(self, job: str, partition: str, sources: Sequence[str]) -> RunOutcome:
        definition = self._definitions.resolve_job_def(job)
        selection = None
        if sources:
            others = [key for key in definition.asset_layer.executable_asset_keys if key.path[0] != "raw"]
            selection = [*others, *(dg.AssetKey(["raw", source]) for source in sources)]
        result = definition.execute_in_process(
            instance=self._instance,
            partition_key=partition,
            asset_selection=selection,
            raise_on_error=False,
            # The reason of a failure is printed once, by the caller; the whole log is in the instance.
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        kind, failure = ("", None) if result.success else _failure(result)
        if kind == RunActiveError.__name__:
            raise RunActiveError(failure)
        return RunOutcome(
            job=job,
            partition=partition,
            run_id=result.run_id,
            problems=tuple(_problems(result)),
            materialized=tuple(
                key.to_user_string() for event in result.get_asset_materialization_events() if (key := event.asset_key)
            ),
            failure=failure,
        )


def run_days(
    orchestrator: Orchestrator,
    installation: Installation,
    first: date,
    last: date,
    *,
    sources: Sequence[str] = (),
    with_reports: bool = True,
) -> Iterator[RunOutcome]:
    """Run each day of a range, then write the reports of the last week that is complete; stop at the first failure."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        outcome = orchestrator.run_day(date.fromordinal(ordinal), sources)
        yield outcome
        if outcome.failure is not None:
            return
    if with_reports:
        yield orchestrator.write_reports(installation.configuration.calendar.last_complete_week(last).start)


def _problems(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed and "problems" in evaluation.metadata:
            yield str(evaluation.metadata["problems"].value)


def _failure(result: dg.ExecuteInProcessResult) -> tuple[str, str]:
    """Return why a run failed: the outermost of our own errors and its kind, else the innermost foreign one."""
    ours = f"{KpiPipelineError.__module__}."
    message = "the run failed; its log is in the orchestrator's UI"
    for event in result.all_events:
        error = getattr(event.event_specific_data, "error", None)
        while error is not None:
            message = str(error.message).strip()
            if message.startswith(ours):
                kind, _, text = message.removeprefix(ours).partition(": ")
                return kind, text
            error = error.cause
    return "", message
