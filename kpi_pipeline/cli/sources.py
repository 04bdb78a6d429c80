"""The ``kpi sources`` commands: how sources stand, letting files in, replaying, and adding a source.

Here: arguments and messages. What the commands do belongs to ``sources``, how it looks to ``console.sources``.
"""

import getpass
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kpi_pipeline.cli.command import EXIT_PROBLEM, current_installation

if TYPE_CHECKING:
    from kpi_pipeline.pipeline import Installation

HELP = ("-h", "--help")


class ShowUnlessToldOtherwise(click.Group):
    """A group whose first command needs not be named: ``kpi sources --json`` is ``kpi sources show --json``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in front where it is left out."""
        if not args or (args[0] not in self.commands and args[0] not in HELP):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group(cls=ShowUnlessToldOtherwise, short_help="Show how sources stand, let files in, add a source.")
def sources() -> None:
    """Show how sources stand, let files out of quarantine, add a source.

    "show" may be left out: kpi sources, kpi sources google_ads, kpi sources --release FILE.
    """


@sources.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option("--release", metavar="FILE", help="Decide on a quarantined file again in the next run.")
@click.option("--confirm", metavar="FILE", help="Let a file in that brings far fewer rows than before; needs --reason.")
@click.option("--reason", metavar="TEXT", help="Why there is really no more; kept in the ledger.")
@click.option("--by", "by_name", metavar="NAME", help="Who confirms; the user of this machine if absent.")
@click.option("--replay", is_flag=True, help="Load all files of the source NAME anew from custody.")
def show(
    name: str | None,
    as_json: bool,
    release: str | None,
    confirm: str | None,
    reason: str | None,
    by_name: str | None,
    replay: bool,
) -> None:
    """Show each source's last file, covered days, freshness and quarantine, or change what happens to a file.

    FILE is a file's name, or the first digits of its SHA-256.
    """
    if (release is not None) + (confirm is not None) + replay > 1:
        raise click.UsageError("--release, --confirm and --replay are three things; ask for one of them")
    if (confirm is None) != (reason is None):
        raise click.UsageError("--confirm FILE and --reason TEXT belong together")
    if replay and name is None:
        raise click.UsageError("--replay needs the NAME of the source")
    installation = current_installation()
    known = sorted(installation.configuration.sources)
    if name is not None and name not in known:
        raise click.UsageError(f"no source {name}; there are: {', '.join(known)}")
    if release is not None:
        _release(installation, release, [name] if name else known)
    elif confirm is not None and reason is not None:
        _confirm(installation, confirm, [name] if name else known, reason, by_name)
    elif replay and name is not None:
        _replay(installation, name)
    else:
        _show(installation, name, as_json)


def _show(installation: "Installation", name: str | None, as_json: bool) -> None:
    from kpi_pipeline.console.runs import terminal
    from kpi_pipeline.console.sources import print_state, print_states, print_states_as_json
    from kpi_pipeline.sources.custody.source_state import source_states

    configuration = installation.configuration
    shown = {name: configuration.sources[name]} if name else configuration.sources
    with installation.open_run() as opened:
        states = source_states(
            shown,
            engine=opened.engine,
            ledger=opened.ledger,
            calendar=configuration.calendar,
            as_of=opened.last_day or installation.today,
        )
    inboxes = installation.paths.inbox
    if as_json:
        is_well = print_states_as_json(states)
    elif name is not None:
        is_well = print_state(terminal(), states[0], inboxes)
    else:
        is_well = print_states(terminal(), states, inboxes)
    if not is_well:
        sys.exit(EXIT_PROBLEM)


def _release(installation: "Installation", file: str, names: list[str]) -> None:
    from kpi_pipeline.sources.custody.quarantine import release

    with installation.open_run() as opened:
        arrival = release(opened.ledger, file, names)
    click.echo(f"{arrival.file.source}: the next run decides again on {arrival.file.file_name}.")


def _confirm(installation: "Installation", file: str, names: list[str], reason: str, by_name: str | None) -> None:
    from kpi_pipeline.sources.custody.quarantine import confirm

    by_name = by_name or getpass.getuser()
    with installation.open_run() as opened:
        arrival = confirm(
            opened.ledger,
            file,
            names,
            confirmed_by=by_name,
            reason=reason,
            confirmed_at=installation.clock.now(),
        )
    click.echo(f"{arrival.file.source}: the next run loads {arrival.file.file_name}, confirmed by {by_name}.")


def _replay(installation: "Installation", name: str) -> None:
    from kpi_pipeline.console.runs import terminal
    from kpi_pipeline.console.sources import print_replay
    from kpi_pipeline.sources.loading.ingest import replay_source

    with installation.open_run() as opened:
        report = replay_source(
            name,
            installation.configuration.sources[name],
            engine=opened.engine,
            ledger=opened.ledger,
            paths=installation.paths,
            hash_key=installation.hash_key,
        )
    if not print_replay(terminal(), report):
        sys.exit(EXIT_PROBLEM)


@sources.command()
@click.argument("name", required=False)
@click.option(
    "--sample",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An export of the source; it is looked at and stays where it is.",
)
def add(name: str | None, sample: Path | None) -> None:
    """Write config/sources/NAME.yaml from a sample, or from a few questions.

    What cannot be told from the sample is left as a comment that begins with "unsure"; the command then exits with 1.
    """
    from kpi_pipeline.config.paths import Paths
    from kpi_pipeline.sources.suggestions.new_source import refuse_taken_name, suggest_from_answers, write_source
    from kpi_pipeline.sources.suggestions.suggestion import suggest
    from kpi_pipeline.sources.suggestions.trial_contracts import trial_contracts

    may_ask = sys.stdin.isatty()
    if not may_ask and (name is None or sample is None):
        raise click.UsageError("give NAME and --sample FILE; questions are only asked in a terminal")
    paths = Paths.from_environment(os.environ)
    name = name or click.prompt("Name of the source, such as google_ads")
    refuse_taken_name(paths.config, name)
    if sample is None and click.confirm("Is there an export to look at?", default=True):
        sample = click.prompt("Where is it", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    if sample is not None:
        with tempfile.TemporaryDirectory() as scratch:
            suggestion = suggest(sample, sample.name, Path(scratch))
    else:
        suggestion = suggest_from_answers(
            click.prompt("Which system", type=click.Choice(sorted(trial_contracts()))),
            currency=click.prompt("Currency of its amounts; empty if the files say it", default="", show_default=False),
            time_zone=click.prompt("Time zone of its account; empty if not needed", default="", show_default=False),
        )
    path = write_source(paths.config, name, suggestion)
    click.echo(f"wrote {path}")
    for sentence in suggestion.detected:
        click.echo(f"  detected  {sentence}")
    for sentence in suggestion.unsure:
        click.echo(f"  unsure    {sentence}")
    todo = "decide what is unsure, then: " if suggestion.unsure else ""
    click.echo(f"Next: {todo}kpi check, put exports into {paths.inbox / name}, kpi run")
    if suggestion.unsure:
        sys.exit(EXIT_PROBLEM)
