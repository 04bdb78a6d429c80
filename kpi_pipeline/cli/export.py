"""The ``kpi export`` commands: the catalogue for other tools and for readers.

Here: arguments, files and messages. What stands in the files belongs to ``catalogue``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kpi_pipeline.cli.command import current_installation
from kpi_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from kpi_pipeline.catalogue.exports.portable import Export
    from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
    from kpi_pipeline.pipeline import Installation

NOT_EXPRESSED = "not_expressed.md"


@click.group(short_help="Write the catalogue for other tools, or as pages.")
def export() -> None:
    """Write the catalogue in the format of another tool, or as pages."""


@export.command()
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="A folder of its own.")
def metricflow(output: Path) -> None:
    """A semantic manifest for MetricFlow: one YAML file per table of measures, and one of metrics."""
    from kpi_pipeline.catalogue.exports.export_metricflow import NOTICE, export_metricflow

    installation = current_installation()
    made = export_metricflow(_plans(installation), installation.configuration.company)
    _write_folder(output, {**made.files, NOT_EXPRESSED: _list_of_not_expressed(made)}, NOTICE)
    _say(made, output)


@export.command()
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
def osi(output: Path) -> None:
    """One file in the format of Open Semantic Interchange, version 0.1.1."""
    from kpi_pipeline.catalogue.exports.export_osi import FILE, export_osi

    installation = current_installation()
    made = export_osi(_plans(installation), installation.configuration.company)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(made.files[FILE], encoding="utf-8")
    _say(made, output)


@export.command()
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="A folder of its own.")
def pages(output: Path) -> None:
    """Markdown pages: one per metric and KPI, and an index by function."""
    from kpi_pipeline.catalogue.exports.pages import NOTICE, catalogue_pages
    from kpi_pipeline.config.draft import read_draft

    installation = current_installation()
    functions = {name: path.stem for name, path in read_draft(installation.paths.config).metrics.declared.items()}
    files = catalogue_pages(installation.configuration, installation.project, functions)
    _write_folder(output, files, NOTICE)
    click.echo(f"wrote {len(files)} pages to {output}")


def _plans(installation: "Installation") -> "dict[str, MetricPlan]":
    from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric

    configuration = installation.configuration
    return {name: plan_metric(name, configuration, installation.project) for name in configuration.metrics}


def _write_folder(output: Path, files: Mapping[str, str], notice: str) -> None:
    """Make a folder hold these files; ``notice`` is how each begins, so that nothing else is ever taken for ours."""
    found = [path for path in output.rglob("*") if path.is_file()]
    ours = [path for path in found if path.read_bytes().startswith(notice.encode())]
    if found and not ours:
        raise ConfigurationError(
            f"{output} holds something else; name a folder that is new, empty or an earlier export"
        )
    for path in ours:
        if path.relative_to(output).as_posix() not in files:
            path.unlink()
    for name, text in files.items():
        path = output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _list_of_not_expressed(made: "Export") -> str:
    lines = ["# What this format cannot say", "", "| Metric | Why it is left out |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {reason} |" for name, reason in made.not_expressed.items())]) + "\n"


def _say(made: "Export", output: Path) -> None:
    click.echo(f"wrote {len(made.expressed)} metrics to {output}")
    if made.not_expressed:
        click.echo(f"{len(made.not_expressed)} metrics are left out, because the format cannot say them:")
        width = max(map(len, made.not_expressed))
        for name, reason in made.not_expressed.items():
            click.echo(f"  {name:<{width}}  {reason}")
