"""The one resource: the open warehouse of a run.

Here: how a run of the orchestrator holds the lock and the warehouse from its first step to its last. What is done with
the open warehouse belongs to ``pipeline``.
"""

from collections.abc import Iterator
from dataclasses import replace

import dagster as dg

from kpi_pipeline.pipeline import Installation, Run


def warehouse_resource(installation: Installation) -> dg.ResourceDefinition:
    """Return the resource that opens the warehouse once per run, because all steps run in one process.

    The configuration is read again for each run, so that a changed one needs no restart of the code server.
    """

    @dg.resource(description="The lock and the open warehouse of a run.")
    def warehouse(context: dg.InitResourceContext) -> Iterator[Run]:
        with replace(installation).open_run() as run:
            for disagreement in run.disagreements:
                if context.log is not None:
                    context.log.warning(disagreement.message)
            yield run

    return warehouse
