"""Runs asked for on the command line, executed in the same orchestrator instance that the UI shows.

Here: how a day's run and a week's reports are started and what came of them. What a run does belongs to ``pipeline``;
what is printed belongs to ``console``.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import dagster as dg

from kpi_pipeline.defs.assembly import assemble
from kpi_pipeline.defs.jobs import DAILY, WEEKLY
from kpi_pipeline.defs.run_failure import failure_of
from kpi_pipeline.defs.run_settings import prepare_dagster_home
from kpi_pipeline.defs.source_checks import FAILURE, PROBLEMS
from kpi_pipeline.errors import RunActiveError
from kpi_pipeline.pipeline import Installation


@dataclass(frozen=True)
class RunOutcome:
    """What came of one run.

    Attributes:
        problems: one message per quarantined file, in the words of the source's contract.
        failed_sources: sources that the run went on without: name → why.
        failure: why the run stopped, or None.
    """

    job: str
    partition: str
    run_id: str
    problems: tuple[str, ...]
    failed_sources: Mapping[str, str]
    materialized: tuple[str, ...]
    failure: str | None


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
        return self._run(DAILY, as_of.isoformat(), sources)

    def write_reports(self, week_start: date) -> RunOutcome:
        """Write both audiences' reports for one week."""
        return self._run(WEEKLY, week_start.isoformat(), ())

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
        kind, failure = ("", None) if result.success else failure_of(result.all_events)
        if kind == RunActiveError.__name__:
            raise RunActiveError(failure)
        return RunOutcome(
            job=job,
            partition=partition,
            run_id=result.run_id,
            problems=tuple(reason for _, reason in _told(result, PROBLEMS)),
            failed_sources=dict(_told(result, FAILURE)),
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


def _told(result: dg.ExecuteInProcessResult, what: str) -> Iterator[tuple[str, str]]:
    """Return what the checks of the sources found: source and reason."""
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed and what in evaluation.metadata:
            yield evaluation.asset_key.path[-1], str(evaluation.metadata[what].value)
