"""The ``kpi`` command.

Here: exit codes, and the commands of runs, reports and snapshots. Each command calls one function of the layer that
does the work; heavy imports stay inside the commands, so that ``kpi --help`` is quick. The commands of a subject stand
in ``cli.<subject>``; logic does not belong here.
"""

import os
import sys
from datetime import date
from typing import TYPE_CHECKING

import click

from kpi_pipeline.cli.command import DAY, EXIT_PROBLEM, EXIT_RUN_ACTIVE, EXIT_USAGE, current_installation
from kpi_pipeline.cli.configuration import check, new, schema
from kpi_pipeline.cli.deliver import deliver
from kpi_pipeline.cli.doctor import doctor
from kpi_pipeline.cli.export import export
from kpi_pipeline.cli.metrics import explain, goals, history, metrics, query, sql
from kpi_pipeline.cli.serve import serve
from kpi_pipeline.cli.sources import sources
from kpi_pipeline.cli.upkeep import backup, rebuild, restore
from kpi_pipeline.errors import KpiPipelineError, RunActiveError

if TYPE_CHECKING:
    from kpi_pipeline.config.model import Language
    from kpi_pipeline.config.report import Audience


def main() -> None:
    """Run the command line: 0 good, 1 a problem in data or configuration, 2 wrong usage, 3 another run is active."""
    # Before anything loads numpy: no matrix here is large, and threads that wait for tiny ones only burn time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        kpi(standalone_mode=False)
    except click.exceptions.Exit as exit_request:
        sys.exit(exit_request.exit_code)
    except click.Abort:
        click.echo("Interrupted.", err=True)
        sys.exit(EXIT_PROBLEM)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_USAGE)
    except RunActiveError as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_RUN_ACTIVE)
    except KpiPipelineError as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_PROBLEM)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kpi-pipeline")
def kpi() -> None:
    """From exports to KPIs that somebody has committed to, and to two weekly reports."""


@kpi.command(short_help="Simulate a company and write its exports.")
@click.option("--weeks", type=click.IntRange(3, 520), default=30, show_default=True, help="Length of the history.")
@click.option(
    "--scale", type=click.FloatRange(0.01, 1000), default=1.0, show_default=True, help="1: 8,000 sessions a week."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--run", "run_it", is_flag=True, help="Deliver the exports day by day, run the pipeline, show the scorecard."
)
def demo(weeks: int, scale: float, seed: int, run_it: bool) -> None:
    """Simulate a company and write its exports in the platforms' own formats."""
    from kpi_pipeline.console.runs import print_demo_summary, print_outcomes, print_scorecard, print_where, working
    from kpi_pipeline.demo.delivery import deliver as drop_exports
    from kpi_pipeline.demo.simulation import simulated

    installation = current_installation()
    paths = installation.paths
    with working(f"simulating {weeks} weeks of the demo company"):
        summary = simulated(paths.demo, weeks=weeks, scale=scale, seed=seed)
    print_demo_summary(summary, paths.demo)
    if not run_it:
        return
    installation.run_lock.refuse_if_held()
    from kpi_pipeline.defs.daily_run import Orchestrator, run_days

    with Orchestrator.open(installation) as orchestrator:
        for day in summary.arrival_days:
            arrived = drop_exports(paths.demo, paths.inbox, day)
            is_last = day == summary.arrival_days[-1]
            if arrived or is_last:
                outcomes = run_days(orchestrator, installation, day, day, with_reports=is_last)
                if not print_outcomes(outcomes, f"run of {day}", may_quarantine=True):
                    sys.exit(EXIT_PROBLEM)
    print_scorecard(paths)
    print_where(paths)


@kpi.command(short_help="Take what arrived, compute, publish and report.")
@click.option("--on", "on_day", type=DAY, help="Run as of this day; its own data is not complete yet. Today if absent.")
@click.option("--from", "from_day", type=DAY, help="First day of a range; its days are run one after the other.")
@click.option("--to", "to_day", type=DAY, help="Last day of the range; today if absent.")
@click.option("--source", "sources", multiple=True, help="Only this source; may be repeated.")
def run(on_day: date | None, from_day: date | None, to_day: date | None, sources: tuple[str, ...]) -> None:
    """Take what arrived, bring all tables and KPIs up to date, publish, write the weekly reports."""
    from kpi_pipeline.console.runs import print_outcomes

    if on_day and (from_day or to_day):
        raise click.UsageError("--on names one day, --from and --to a range; give one of them")
    if to_day and not from_day:
        raise click.UsageError("--to needs --from")
    installation = current_installation()
    installation.run_lock.refuse_if_held()
    if unknown := sorted(set(sources) - set(installation.configuration.sources)):
        known = ", ".join(sorted(installation.configuration.sources))
        raise click.UsageError(f"no source {', '.join(unknown)}; there are: {known}")
    from kpi_pipeline.defs.daily_run import Orchestrator, run_days

    first = on_day or from_day or installation.today
    last = on_day or to_day or installation.today
    with Orchestrator.open(installation) as orchestrator:
        is_good = print_outcomes(run_days(orchestrator, installation, first, last, sources=sources), f"run of {first}")
    if not is_good:
        sys.exit(EXIT_PROBLEM)


@kpi.command(short_help="Write the weekly reports.")
@click.option("--week", "week", type=DAY, help="A day of the week to report; the last complete week if absent.")
@click.option("--audience", type=click.Choice(["internal", "executive"]), multiple=True, help="Both if absent.")
@click.option(
    "--language", type=click.Choice(["en", "fa"]), multiple=True, help="All languages of the report if absent."
)
def report(week: date | None, audience: tuple["Audience", ...], language: tuple["Language", ...]) -> None:
    """Write the weekly reports from the published snapshots and say where they are."""
    from kpi_pipeline.reports.issue import write_reports

    installation = current_installation()
    for path in write_reports(
        installation.configuration,
        installation.paths,
        installation.clock,
        week=week,
        audiences=audience,
        languages=language,
    ):
        click.echo(path)


@kpi.command(short_help="Query the current snapshot with SQL, read-only.")
@click.option("--audience", type=click.Choice(["internal", "executive"]), default="internal", show_default=True)
@click.option(
    "-c", "statement", help="Run one statement and print its rows; otherwise lines are read from the terminal."
)
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def connect(audience: "Audience", statement: str | None, form: str) -> None:
    """Query the current snapshot: read-only, without access to anything else."""
    from kpi_pipeline.console.runs import print_statement, run_shell
    from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot

    path = current_snapshot(current_installation().paths.published, audience)
    with open_snapshot(path) as connection:
        if statement is not None:
            print_statement(connection, statement, form)
        else:
            run_shell(connection, path, form)


for command in (
    deliver,
    sources,
    check,
    schema,
    new,
    metrics,
    query,
    sql,
    goals,
    explain,
    history,
    export,
    serve,
    doctor,
    rebuild,
    backup,
    restore,
):
    kpi.add_command(command)
