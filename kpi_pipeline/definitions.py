"""Entry point of the orchestrator.

Here: reading the environment, once. Everything that Dagster shows and runs is put together in ``defs``.
"""

import os

import dagster as dg

from kpi_pipeline.calendar.clock import SystemClock
from kpi_pipeline.defs.assembly import assemble
from kpi_pipeline.pipeline import Installation


@dg.definitions
def definitions() -> dg.Definitions:
    """Return the definitions of the installation that the environment names."""
    return assemble(Installation.from_environment(os.environ, SystemClock()))
