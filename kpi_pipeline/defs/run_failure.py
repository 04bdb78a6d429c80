"""Why a run failed, in one message.

Here: finding our own words among the orchestrator's events. What a message says belongs to where it is raised.
"""

from collections.abc import Iterable

import dagster as dg

from kpi_pipeline.errors import KpiPipelineError


def failure_of(events: Iterable[dg.DagsterEvent]) -> tuple[str, str]:
    """Return why a run failed: the outermost of our own errors and its kind, else the innermost foreign one."""
    ours = f"{KpiPipelineError.__module__}."
    message = "the run failed; its log is in the orchestrator's UI"
    for event in events:
        error = getattr(event.event_specific_data, "error", None)
        while error is not None:
            message = str(error.message).strip()
            if message.startswith(ours):
                kind, _, text = message.removeprefix(ours).partition(": ")
                return kind, text
            error = error.cause
    return "", message
