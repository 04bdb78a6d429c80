"""Telling the data team what went wrong with a run, that it is over, and what did not happen in time.

Here: the sensors, and what of a run is an incident. Whom it is told to and how often belongs to ``alerts``; what must
have happened by when to ``doctor``.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

import dagster as dg

from kpi_pipeline.alerts.announce import announce
from kpi_pipeline.alerts.incident import Incident
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.defs.jobs import DAILY, WEEKLY
from kpi_pipeline.defs.run_failure import failure_of
from kpi_pipeline.delivery.deliver import make_post
from kpi_pipeline.doctor.finding import Examined
from kpi_pipeline.doctor.watch import SCOPE, watch
from kpi_pipeline.pipeline import Installation

LOOK_SECONDS = 600
FAILURES = (dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE)


def alert_sensors(installation: Installation, status: dg.DefaultSensorStatus) -> list[dg.SensorDefinition]:
    """Return what tells of failed runs, of checks that failed in runs that went through, and of what is late."""

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.FAILURE,
        name="tell_failures",
        default_status=status,
        description="Tells the data team that a run failed, and why.",
    )
    def failed(context: dg.RunStatusSensorContext) -> None:
        run = context.dagster_run
        _announce(installation, [_failed_run(context)], _scope(run), is_everything=False)

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="tell_recoveries",
        default_status=status,
        description="Tells the data team which checks failed in a run that went through, and what is well again.",
    )
    def went_through(context: dg.RunStatusSensorContext) -> None:
        run = context.dagster_run
        # A run of a part of the sources says nothing about the others.
        is_everything = run.job_name != DAILY or not run.asset_selection
        found = list(_failed_checks(context))
        _announce(installation, found, _scope(run), is_everything=is_everything)

    @dg.sensor(
        name="tell_lateness",
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=status,
        description="Tells the data team what did not happen in time: the daily run, reports, sources; and what hangs.",
    )
    def late() -> dg.SkipReason:
        watched = watch(Examined(replace(installation), os.environ))
        _announce(installation, watched.incidents, SCOPE, is_everything=watched.is_everything)
        return dg.SkipReason(f"{len(watched.incidents)} incident(s)")

    return [failed, went_through, late]


def _announce(installation: Installation, found: Sequence[Incident], scope: str, *, is_everything: bool) -> None:
    fresh = replace(installation)
    post = make_post(fresh.configuration, fresh.paths, fresh.clock, Secrets(os.environ))
    announce(post, found, scope, is_everything=is_everything)


def _scope(run: dg.DagsterRun) -> str:
    """Runs of one job speak for each other; runs that automation starts, for those of the same assets."""
    if run.job_name in (DAILY, WEEKLY):
        return f"run {run.job_name}"
    selected = sorted(key.to_user_string() for key in run.asset_selection or ())
    return f"run {' '.join(selected)}"


def _name(run: dg.DagsterRun) -> str:
    return run.job_name if run.job_name in (DAILY, WEEKLY) else "reports"


def _failed_run(context: dg.RunStatusSensorContext) -> Incident:
    run = context.dagster_run
    records = context.instance.get_records_for_run(run.run_id, of_type=set(FAILURES)).records
    events = [event for record in records if (event := record.event_log_entry.dagster_event) is not None]
    _, reason = failure_of(events)
    return Incident(
        key=_scope(run),
        kind="failure",
        what=Phrase(
            "the run {job} of {partition} failed: {reason}",
            job=_name(run),
            partition=run.tags.get("dagster/partition", "–"),
            reason=reason,
        ),
        advice=Phrase(
            "correct the cause, then: kpi run; the log is in the orchestrator's UI, run {run}", run=run.run_id
        ),
    )


def _failed_checks(context: dg.RunStatusSensorContext) -> Iterator[Incident]:
    records = context.instance.get_records_for_run(
        context.dagster_run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ).records
    for record in records:
        event = record.event_log_entry.dagster_event
        evaluation = event.asset_check_evaluation_data if event else None
        if evaluation is None or evaluation.passed or evaluation.severity != dg.AssetCheckSeverity.ERROR:
            continue
        place = f"{evaluation.asset_key.to_user_string()}: {evaluation.check_name}"
        yield Incident(
            key=place,
            kind="failure",
            what=Phrase("the check {check} failed: {reason}", check=place, reason=evaluation.description or "–"),
            advice=Phrase(
                "the run went on without it; kpi sources and the orchestrator's UI say more, run {run}",
                run=context.dagster_run.run_id,
            ),
        )
