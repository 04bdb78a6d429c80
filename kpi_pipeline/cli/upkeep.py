"""The commands that keep the data safe: rebuild, backup, restore.

Here: arguments, progress and messages. What the commands do belongs to ``upkeep``.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kpi_pipeline.cli.command import EXIT_PROBLEM, current_installation

if TYPE_CHECKING:
    from kpi_pipeline.upkeep.rebuild import Rebuilt


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show a bar on the terminal that is told: the number of a step, how many there are, what it does."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=None)

        def tell(step: int, steps: int, what: str) -> None:
            progress.update(task, completed=step, total=steps, description=what)

        yield tell


@click.command(short_help="Make the warehouse anew from custody.")
@click.option("--check", "check_only", is_flag=True, help="Compare with what is published, and change nothing.")
@click.option("--accept-differences", is_flag=True, help="Use the new warehouse even if it says something else.")
def rebuild(check_only: bool, accept_differences: bool) -> None:
    """Make the warehouse anew from custody, the ledgers and the configuration alone.

    It is made beside the standing one and takes its place only if every published KPI table comes out with the same
    hash. The ledgers are not changed. Needs about as much free disk as the warehouse and two snapshots take.
    """
    from kpi_pipeline.upkeep.rebuild import rebuild as rebuild_warehouse

    if check_only and accept_differences:
        raise click.UsageError("--check changes nothing; leave --accept-differences out")
    with _progress("rebuilding") as tell:
        rebuilt = rebuild_warehouse(
            current_installation(), tell, check_only=check_only, accept_differences=accept_differences
        )
    _print_rebuilt(rebuilt, check_only=check_only)
    if rebuilt.comparison.differences and not rebuilt.is_switched:
        sys.exit(EXIT_PROBLEM)


def _print_rebuilt(rebuilt: "Rebuilt", *, check_only: bool) -> None:
    comparison = rebuilt.comparison
    click.echo(f"{rebuilt.files} files were loaded from custody.")
    if comparison.equal_tables:
        click.echo(
            f"{comparison.equal_tables} published tables came out with the same hash ({comparison.snapshot_id})."
        )
    elif comparison.snapshot_id:
        click.echo("No snapshot is published; every value was compared with the publication ledger instead.")
    for difference in comparison.differences:
        click.echo(f"differs: {difference}")
    if rebuilt.is_switched:
        click.echo("The rebuilt warehouse is in use.")
    elif check_only:
        click.echo("Nothing was changed.")
    else:
        click.echo(
            "The old warehouse stays in use. To use the rebuilt one all the same: kpi rebuild --accept-differences"
        )


@click.command(short_help="Copy everything that cannot be made again.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--with-warehouse", is_flag=True, help="Take the warehouse too; without it, a restore is rebuilt.")
def backup(folder: Path, with_warehouse: bool) -> None:
    """Copy ledgers, custody, configuration, SQL, reports and the current snapshots into FOLDER, with their hashes.

    FOLDER must be empty or absent. The key for personal data is not copied: keep it elsewhere. Inboxes, the
    orchestrator's history and the outbox are not copied either. The exit code is 3 while a run is active.
    """
    from kpi_pipeline.upkeep.backup import back_up

    installation = current_installation()
    with _progress("backing up") as tell:
        manifest = back_up(installation, folder, tell, with_warehouse=with_warehouse)
    size = sum(kept.size for kept in manifest.files.values())
    click.echo(f"{len(manifest.files):,} files, {size / 1e6:,.1f} MB, in {folder}.")
    click.echo("The key for personal data (KPI_HASH_KEY) is not in it: keep a copy of it somewhere else.")


@click.command(short_help="Put a backup back.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--replace", "may_replace", is_flag=True, help="Set aside what the data folder holds.")
def restore(folder: Path, may_replace: bool) -> None:
    """Verify the backup in FOLDER, copy it, and move the copy into the data folder.

    What a data folder holds already is only set aside with --replace, and never deleted. config/ and sql/ are restored
    where they are absent or empty; otherwise it is said how they differ.
    """
    from kpi_pipeline.upkeep.restore import restore as put_back

    installation = current_installation()
    with _progress("verifying") as tell:
        restored = put_back(installation, folder, tell, may_replace=may_replace)
    manifest = restored.manifest
    click.echo(f"{len(manifest.files):,} files of {manifest.made_at} are in {installation.paths.data}.")
    if restored.set_aside:
        click.echo(f"What was there is in {restored.set_aside}; delete it when you are sure.")
    if restored.is_same_key is False:
        click.echo("The key for personal data is not the one of the backup: customers would not be recognised. Set it.")
    for name in restored.other_configuration:
        click.echo(f"differs from the backup, left as it is: {name}")
    click.echo(
        f"What was sent after {manifest.made_at} is not known now: kpi deliver --dry-run shows what would leave."
    )
    click.echo(f"Next: {'kpi doctor' if restored.has_warehouse else 'kpi rebuild, then kpi doctor'}")
