"""The one resource: the open warehouse of a run.

Here: how a run of the orchestrator holds the lock and the warehouse from its first step to its last. What is done with
the open warehouse belongs to ``pipeline``.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from kpi_pipeline.calendar.clock import SystemClock
from kpi_pipeline.pipeline import Installation, Run


class Warehouse(dg.ConfigurableResource[Run]):
    """Opens the warehouse once per run, because all steps run in one process.

    The installation is read again for each run, so that a changed configuration needs no restart of the code server.
    """

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Run]:
        """Hold the lock for the whole run."""
        installation = Installation.from_environment(os.environ, SystemClock())
        with installation.open_run() as run:
            for disagreement in run.disagreements:
                if context.log is not None:
                    context.log.warning(disagreement.message)
            yield run
