"""The ``kpi doctor`` command.

Here: arguments and the exit code. The checks belong to ``doctor``, how they look to ``console.doctor``, whom the
watchdog tells to ``alerts``.
"""

import os
import sys
from typing import TYPE_CHECKING

import click

from kpi_pipeline.calendar.clock import SystemClock
from kpi_pipeline.cli.command import EXIT_PROBLEM

if TYPE_CHECKING:
    from kpi_pipeline.alerts.announce import Announced
    from kpi_pipeline.config.secrets import Secrets
    from kpi_pipeline.doctor.finding import Examined
    from kpi_pipeline.doctor.watch import Watched


@click.command(short_help="Examine the installation and say what to do.")
@click.option("--watch", "is_watch", is_flag=True, help="Look at what must happen in time, and alert the data team.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def doctor(is_watch: bool, as_json: bool) -> None:
    """Examine configuration, key, ledgers, warehouse, publications, deliveries and disk.

    Each line is ✔ good, ▲ worth a look or ■ a problem, with what to do. Nothing is changed. The exit code is 1 if there
    is a problem.

    With --watch, for a timer: one look at what can be told beside a run and without the orchestrator, and at what is
    due by now: the daily run, the reports, the sources, a run that hangs. The data team is told of each problem once,
    again after a day, and when it is over. If all is well, the address in KPI_HEARTBEAT_URL is asked.
    """
    from kpi_pipeline.config.paths import Paths
    from kpi_pipeline.console.doctor import print_findings
    from kpi_pipeline.console.runs import working
    from kpi_pipeline.doctor.examination import examine
    from kpi_pipeline.doctor.finding import Examined
    from kpi_pipeline.pipeline import Installation

    # The key is one of the things to be examined: here it must not stop anything.
    installation = Installation(Paths.from_environment(os.environ), SystemClock(), hash_key=None)
    examined = Examined(installation, os.environ)
    if is_watch:
        is_good = _watch(examined, as_json=as_json)
    else:
        with working("examining the installation"):
            findings = examine(examined)
        is_good = print_findings(findings, as_json=as_json)
    if not is_good:
        sys.exit(EXIT_PROBLEM)


def _watch(examined: "Examined", *, as_json: bool) -> bool:
    """Look once, tell the team and the monitor; what could not be told goes to the error output."""
    from kpi_pipeline.alerts.heartbeat import send_heartbeat
    from kpi_pipeline.config.secrets import Secrets
    from kpi_pipeline.console.doctor import print_watched
    from kpi_pipeline.doctor.watch import watch
    from kpi_pipeline.errors import KpiPipelineError

    watched = watch(examined)
    secrets = Secrets(examined.environment)
    announced: list[Announced] = []
    untold = ""
    try:
        announced = _announced(examined, watched, secrets)
        if not watched.incidents and all(one.is_told for one in announced):
            untold = send_heartbeat(secrets) or ""
    except KpiPipelineError as error:
        untold = f"nobody could be told: {str(error).splitlines()[0]}"
    print_watched(watched, announced, as_json=as_json)
    if untold:
        click.echo(untold, err=True)
    return not watched.incidents and not untold and all(one.is_told for one in announced)


def _announced(examined: "Examined", watched: "Watched", secrets: "Secrets") -> "list[Announced]":
    from kpi_pipeline.alerts.announce import announce
    from kpi_pipeline.delivery.deliver import make_post
    from kpi_pipeline.doctor.watch import SCOPE

    installation = examined.installation
    post = make_post(installation.configuration, installation.paths, installation.clock, secrets)
    return announce(post, watched.incidents, SCOPE, is_everything=watched.is_everything)
