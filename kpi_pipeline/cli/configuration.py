"""The ``kpi`` commands about the configuration: checking it, schemas for editors, and new entries.

Here: arguments and messages. What is checked belongs to ``config`` and ``catalogue``; what an entry looks like to
``config.new_entry``.
"""

import json
import os
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kpi_pipeline.calendar.clock import SystemClock
from kpi_pipeline.cli.command import EXIT_PROBLEM, current_installation

if TYPE_CHECKING:
    from kpi_pipeline.catalogue.history.silent_changes import PublishedDefinition
    from kpi_pipeline.config.metric import Profile
    from kpi_pipeline.config.model import Language
    from kpi_pipeline.config.new_entry import NewEntry
    from kpi_pipeline.config.paths import Paths
    from kpi_pipeline.config.problems import Problem


@click.command(short_help="Check config/ and sql/ and print all problems.")
@click.option("--language", type=click.Choice(["en", "fa"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def check(language: "Language", as_json: bool) -> None:
    """Check everything under config/ and sql/ and print all problems, each with its file and line.

    Definitions are compared with those of the published snapshot, so that none changes silently.
    """
    from kpi_pipeline.catalogue.catalogue_check import check_catalogue
    from kpi_pipeline.config.paths import Paths
    from kpi_pipeline.config.translation import problem_text
    from kpi_pipeline.pipeline import RAW_TABLES
    from kpi_pipeline.warehouse.seeds import SEED_TABLES

    paths = Paths.from_environment(os.environ)
    findings = check_catalogue(
        paths.config,
        paths.sql,
        (*RAW_TABLES, *SEED_TABLES),
        as_of=SystemClock().now().date(),
        published=_published(paths),
    )
    if as_json:
        click.echo(
            json.dumps([_as_dict(problem, language) for problem in findings.problems], ensure_ascii=False, indent=2)
        )
    else:
        for problem in findings.problems:
            click.echo(problem_text(problem, language))
        if findings.is_good and findings.configuration and findings.project:
            configuration, project = findings.configuration, findings.project
            click.echo(
                f"{len(configuration.sources)} sources, {len(project.files)} SQL tables,"
                f" {len(configuration.metrics)} metrics and {len(configuration.kpis)} KPIs: no errors."
            )
    if not findings.is_good:
        sys.exit(EXIT_PROBLEM)


def _published(paths: "Paths") -> "Collection[PublishedDefinition]":
    from kpi_pipeline.catalogue.history.silent_changes import published_definitions
    from kpi_pipeline.warehouse.snapshot import current_snapshot_id, open_snapshot, pointer

    if current_snapshot_id(paths.published) is None:
        return ()
    with open_snapshot(pointer(paths.published, "internal")) as connection:
        return published_definitions(connection)


def _as_dict(problem: "Problem", language: "Language") -> dict[str, str | int]:
    from kpi_pipeline.config.translation import translated

    return {
        "file": problem.path.as_posix(),
        "line": problem.line,
        "code": problem.code,
        "severity": "warning" if problem.is_warning else "error",
        "message": translated(problem.message, language),
        "hint": translated(problem.hint, language),
    }


@click.group(short_help="Write a new entry into config/.")
def new() -> None:
    """Write a well-formed entry into the right file under config/ and say what is missing in it."""


@new.command("metric", short_help="A number with a formula.")
@click.argument("metric_id", metavar="ID")
@click.option("--formula", required=True, help='Over measures, such as "ad_clicks / ad_impressions".')
@click.option("--function", required=True, metavar="NAME", help="The entry goes into config/metrics/NAME.yaml.")
def new_metric_command(metric_id: str, formula: str, function: str) -> None:
    """Write a metric: a number with a formula. What is not known yet is left to be filled in."""
    from kpi_pipeline.catalogue.formulas.formula import check_names, parse_formula
    from kpi_pipeline.config.new_entry import new_metric

    installation = current_installation()
    measures = {measure.name for file in installation.project.files for measure in file.measures}
    check_names(parse_formula(formula, f"metric {metric_id}"), measures, f"metric {metric_id}")
    _write(new_metric(metric_id, formula, installation.configuration, function=function))


@new.command("kpi", short_help="Somebody's commitment to a metric.")
@click.argument("metric_id", metavar="METRIC")
@click.option("--function", metavar="NAME", help="The department whose KPI it is; the whole company's if absent.")
def new_kpi_command(metric_id: str, function: str | None) -> None:
    """Write a KPI as a draft: a draft is not checked for what is missing until it becomes active."""
    from kpi_pipeline.config.new_entry import new_kpi

    installation = current_installation()
    _write(new_kpi(metric_id, installation.configuration, function=function, today=installation.today))


@new.command("goals", short_help="Example goals for a kind of business.")
@click.option("--profile", type=click.Choice(["b2b", "b2c", "social", "online"]), required=True)
def new_goals_command(profile: "Profile") -> None:
    """Write goals.yaml for a kind of business, as examples to be made one's own."""
    from kpi_pipeline.config.new_entry import new_goals_from_template

    _write(new_goals_from_template(profile, today=current_installation().today))


def _write(entry: "NewEntry") -> None:
    from kpi_pipeline.config.new_entry import add_entry
    from kpi_pipeline.config.paths import Paths

    path = add_entry(entry, Paths.from_environment(os.environ).config)
    click.echo(f"wrote {path}")
    click.echo(f"to fill in: {', '.join(entry.missing)}")
    click.echo("Next: edit the file, then: kpi check")


@click.command(short_help="JSON Schemas of config/, for editors.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="Write the schemas into this folder.")
def schema(output: Path | None) -> None:
    """Print the JSON Schemas of the configuration's files, for editors, or write each into a file."""
    from kpi_pipeline.config.json_schema import KINDS, json_schemas, schema_files

    if output is None:
        click.echo(json.dumps(json_schemas(), ensure_ascii=False, indent=2))
        return
    output.mkdir(parents=True, exist_ok=True)
    for name, text in schema_files().items():
        (output / name).write_text(text, encoding="utf-8")
    for pattern, (name, _) in KINDS.items():
        click.echo(f"config/{pattern:<16} {output / name}.json")
    click.echo("Editors with a YAML language server read a first line: # yaml-language-server: $schema=<path>")
