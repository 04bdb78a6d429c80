"""The ``kpi deliver`` command: sending the reports of a week, and what became of every copy.

Here: arguments and messages. What is sent to whom belongs to ``delivery``, how it looks to ``console.delivery``.
"""

import getpass
import os
import sys
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from kpi_pipeline.cli.command import DAY, EXIT_PROBLEM, current_installation

if TYPE_CHECKING:
    from kpi_pipeline.config.report import Audience
    from kpi_pipeline.delivery.delivery_ledger import DeliveryLedger, Entry
    from kpi_pipeline.pipeline import Installation


@click.command(short_help="Send the weekly reports to their readers.")
@click.option("--week", type=DAY, help="A day of the week to send; the last complete week if absent.")
@click.option("--audience", type=click.Choice(["internal", "executive"]), multiple=True, help="Both if absent.")
@click.option("--dry-run", is_flag=True, help="Write to the outbox what would be sent, and send nothing.")
@click.option("--status", is_flag=True, help="Show what became of every copy, and send nothing.")
@click.option("--resolve", type=click.Choice(["sent", "not-sent"]), help="Say what became of a copy that is unknown.")
@click.option("--recipient", metavar="TO", help="Whose copy is resolved, as delivery.yaml names them.")
@click.option("--by", "by_name", metavar="NAME", help="Who resolves it; the user of this machine if absent.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def deliver(
    week: date | None,
    audience: tuple["Audience", ...],
    dry_run: bool,
    status: bool,
    resolve: str | None,
    recipient: str | None,
    by_name: str | None,
    as_json: bool,
) -> None:
    """Send the reports of a week to everybody in config/delivery.yaml who has not got them yet.

    Nothing is sent while delivery.yaml says enabled: false; what would be sent is written to the outbox. Repeating the
    command is safe: nobody gets a second copy. A copy of which nobody can tell whether it arrived is "unknown" and is
    only sent again after --resolve not-sent.
    """
    if (resolve is not None) + status + dry_run > 1:
        raise click.UsageError("--dry-run, --status and --resolve are three things; ask for one of them")
    if (resolve is None) != (recipient is None):
        raise click.UsageError("--resolve and --recipient belong together")
    installation = current_installation()
    if resolve is not None and recipient is not None:
        _resolve(installation, recipient, resolve == "sent", by_name or getpass.getuser(), week, audience)
    elif status:
        _show(installation, week, audience, as_json=as_json)
    else:
        _deliver(installation, week, audience, is_dry_run=dry_run, as_json=as_json)


def _deliver(
    installation: "Installation",
    week: date | None,
    audiences: Sequence["Audience"],
    *,
    is_dry_run: bool,
    as_json: bool,
) -> None:
    from kpi_pipeline.config.secrets import Secrets
    from kpi_pipeline.console.delivery import print_as_json, print_delivered
    from kpi_pipeline.console.runs import working
    from kpi_pipeline.delivery.deliver import deliver_reports, make_post

    configuration = installation.configuration
    post = make_post(configuration, installation.paths, installation.clock, Secrets(os.environ))
    with working("delivering"):
        delivered = deliver_reports(post, week=week, audiences=audiences, is_dry_run=is_dry_run)
    if as_json:
        print_as_json(delivered)
    else:
        print_delivered(delivered, installation.paths.outbox, is_enabled=configuration.delivery.enabled)
    if not all(one.is_good for one in delivered):
        sys.exit(EXIT_PROBLEM)


def _show(installation: "Installation", week: date | None, audiences: Sequence["Audience"], *, as_json: bool) -> None:
    from kpi_pipeline.console.delivery import print_as_json, print_entries
    from kpi_pipeline.delivery.delivery_ledger import DeliveryLedger

    with DeliveryLedger(installation.paths.delivery_ledger) as ledger:
        ledger.expire(installation.clock.now())
        entries = _entries(installation, ledger, week, audiences)
    if as_json:
        print_as_json(entries)
    else:
        print_entries(entries)
    if any(entry.state in ("failed", "unknown") for entry in entries):
        sys.exit(EXIT_PROBLEM)


def _resolve(
    installation: "Installation",
    recipient: str,
    is_sent: bool,
    by_name: str,
    week: date | None,
    audiences: Sequence["Audience"],
) -> None:
    from kpi_pipeline.delivery.delivery_ledger import DeliveryLedger

    now = installation.clock.now()
    with DeliveryLedger(installation.paths.delivery_ledger) as ledger:
        ledger.expire(now)
        entries = _entries(installation, ledger, week, audiences)
        unknown = [one for one in entries if one.state == "unknown"]
        meant = [one for one in unknown if one.recipient.casefold() == recipient.casefold()]
        if not meant:
            others = ", ".join(sorted({one.recipient for one in unknown})) or "nobody's"
            raise click.UsageError(f"no copy for {recipient} is unknown; unknown are those of: {others}")
        for one in meant:
            ledger.resolve(one.place, is_sent=is_sent, by=by_name, now=now)
            what = "counts as sent" if is_sent else "goes out with the next kpi deliver"
            click.echo(f"{one.report} of {one.week_start} for {one.recipient}: {what}, resolved by {by_name}.")


def _entries(
    installation: "Installation", ledger: "DeliveryLedger", week: date | None, audiences: Sequence["Audience"]
) -> "list[Entry]":
    start = installation.configuration.calendar.period_of("week", week).start if week else None
    return [one for one in ledger.entries(start) if not audiences or one.audience in audiences]
