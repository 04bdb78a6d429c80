"""The ``kpi doctor`` command.

Here: arguments and the exit code. The checks belong to ``doctor``, how they look to ``console.doctor``.
"""

import os
import sys

import click

from kpi_pipeline.calendar.clock import SystemClock
from kpi_pipeline.cli.command import EXIT_PROBLEM


@click.command(short_help="Examine the installation and say what to do.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def doctor(as_json: bool) -> None:
    """Examine configuration, key, ledgers, warehouse, publications, deliveries and disk.

    Each line is ✔ good, ▲ worth a look or ■ a problem, with what to do. Nothing is changed. The exit code is 1 if there
    is a problem.
    """
    from kpi_pipeline.config.paths import Paths
    from kpi_pipeline.console.doctor import print_findings
    from kpi_pipeline.console.runs import working
    from kpi_pipeline.doctor.examination import examine
    from kpi_pipeline.doctor.finding import Examined
    from kpi_pipeline.pipeline import Installation

    # The key is one of the things to be examined: here it must not stop anything.
    installation = Installation(Paths.from_environment(os.environ), SystemClock(), hash_key=None)
    with working("examining the installation"):
        findings = examine(Examined(installation, os.environ))
    if not print_findings(findings, as_json=as_json):
        sys.exit(EXIT_PROBLEM)
