"""The ``kpi serve`` command: the published snapshot as pages for a browser on this machine.

Here: arguments, and the warning where others could reach the pages. The pages belong to ``serve``.
"""

from typing import TYPE_CHECKING

import click

from kpi_pipeline.cli.command import current_installation

if TYPE_CHECKING:
    from kpi_pipeline.config.model import Language
    from kpi_pipeline.config.report import Audience


@click.command(short_help="Show the published snapshot as web pages on this machine.")
@click.option("--audience", type=click.Choice(["internal", "executive"]), default="internal", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8321, show_default=True, help="0 for any that is free.")
@click.option("--language", type=click.Choice(["en", "fa"]), default="en", show_default=True, help="To begin with.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address under which the pages are opened.")
def serve(audience: "Audience", port: int, language: "Language", host: str) -> None:
    """Show weeks, KPIs, metrics and data quality as web pages, read-only, until Ctrl-C.

    The pages are made from the published snapshot alone, and follow it when a new one is published. There is no login:
    only this machine can open them, unless --host names another address.
    """
    from kpi_pipeline.serve.listening import is_loopback, is_wildcard
    from kpi_pipeline.serve.listening import serve as serve_pages
    from kpi_pipeline.warehouse.snapshot import current_snapshot

    if is_wildcard(host):
        raise click.UsageError(f"--host {host} is no address that a browser can open; name the one that is meant")
    published = current_installation().paths.published
    current_snapshot(published, audience)
    if not is_loopback(host):
        click.echo(
            f"Warning: there is no login. Whoever reaches {host} reads everything of the {audience} snapshot."
            " Put a proxy with a login before it, or leave --host out.",
            err=True,
        )
    serve_pages(
        published,
        audience,
        host=host,
        port=port,
        language=language,
        ready=lambda address: click.echo(f"The {audience} pages: {address} (Ctrl-C ends)"),
    )
