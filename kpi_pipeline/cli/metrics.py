"""The ``kpi`` commands about numbers: their values, their SQL, what they mean, and what they are for.

Here: arguments and messages. Values and definitions come from ``catalogue``, how they look belongs to
``console.metrics``, ``console.goals`` and ``console.explain``.
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kpi_pipeline.cli.command import DAY, current_installation

if TYPE_CHECKING:
    from kpi_pipeline.config.metric import Profile
    from kpi_pipeline.config.model import Grain, Language
    from kpi_pipeline.config.report import Audience

GRAINS = click.Choice(["day", "week", "month", "quarter", "year"])
LANGUAGES = click.Choice(["en", "fa"])


@click.command(short_help="Show metrics' values, split and filtered as you like.")
@click.argument("metrics", nargs=-1, required=True, metavar="METRIC...")
@click.option("--by", "dimension", metavar="DIMENSION", help="Split by this dimension; kpi metrics ID lists them.")
@click.option("--grain", type=GRAINS, default="week", show_default=True)
@click.option("--since", type=DAY, help="Periods from the one that holds this day.")
@click.option("--until", type=DAY, help="Periods up to the one that holds this day.")
@click.option("--where", metavar="PREDICATE", help="Only these rows, such as \"channel = 'Paid Search'\".")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json", "parquet"]), default="table", show_default=True
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write into this file; for parquet.")
def query(
    metrics: tuple[str, ...],
    dimension: str | None,
    grain: "Grain",
    since: date | None,
    until: date | None,
    where: str | None,
    form: str,
    output: Path | None,
) -> None:
    """Show metrics' values from the published internal snapshot: any grain, dimension, filter and days.

    What the formula does not allow is refused with the reason and with what is possible.
    """
    if (form == "parquet") != (output is not None):
        raise click.UsageError("--format parquet and --output FILE belong together")
    if since and until and since > until:
        raise click.UsageError(f"--since {since} lies after --until {until}")
    from kpi_pipeline.catalogue.exports.metric_overview import overview_of
    from kpi_pipeline.catalogue.metrics.query import query_metrics
    from kpi_pipeline.console.metrics import print_values
    from kpi_pipeline.console.runs import print_rows
    from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot

    installation = current_installation()
    configuration, project = installation.configuration, installation.project
    with open_snapshot(current_snapshot(installation.paths.published, "internal")) as connection:
        values = query_metrics(
            connection,
            configuration,
            project,
            metrics,
            grain=grain,
            dimension=dimension,
            since=since,
            until=until,
            where=where,
        )
    if output is not None:
        import pyarrow.parquet as parquet

        parquet.write_table(values, output)
        click.echo(f"wrote {values.num_rows} rows to {output}")
    elif form == "table":
        print_values(values, [overview_of(name, configuration, project) for name in dict.fromkeys(metrics)])
    else:
        print_rows(values.column_names, [tuple(row.values()) for row in values.to_pylist()], form)


@click.command(short_help="Print the statement behind a metric.")
@click.argument("metric")
@click.option("--by", "dimension", metavar="DIMENSION", help="Split by this dimension.")
@click.option("--grain", type=GRAINS, default="week", show_default=True)
@click.option("--where", metavar="PREDICATE", help="Only these rows, such as \"channel = 'Paid Search'\".")
def sql(metric: str, dimension: str | None, grain: "Grain", where: str | None) -> None:
    """Print the statement that a metric is computed by; it runs as printed on the internal snapshot."""
    from kpi_pipeline.catalogue.metrics.compiler import compile_metric

    installation = current_installation()
    compiled = compile_metric(
        metric, installation.configuration, installation.project, grain=grain, dimension=dimension, where=where
    )
    click.echo(compiled.sql)


@click.command(short_help="List metrics, search them, or show one.")
@click.argument("words", nargs=-1)
@click.option("--language", type=LANGUAGES, default="en", show_default=True, help="Of names and definitions.")
@click.option("--profile", type=click.Choice(["b2b", "b2c", "social", "online"]), help="Only those of this business.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def metrics(words: tuple[str, ...], language: "Language", profile: "Profile | None", as_json: bool) -> None:
    """List metrics, search them by words of both languages, or show everything about one.

    Words are looked for in ids, names and definitions: kpi metrics conversion, kpi metrics نرخ تبدیل.
    """
    from kpi_pipeline.catalogue.exports.metric_overview import overviews
    from kpi_pipeline.catalogue.metrics.metric_search import search_metrics
    from kpi_pipeline.console.metrics import metrics_as_json, print_metric, print_metrics

    installation = current_installation()
    configuration = installation.configuration
    is_one = len(words) == 1 and words[0] in configuration.metrics
    names = list(words) if is_one else search_metrics(words, configuration, profile)
    every = overviews(configuration, installation.project)
    found = [every[name] for name in names]
    if as_json:
        click.echo(metrics_as_json(found))
    elif is_one:
        print_metric(found[0], language)
    else:
        print_metrics(found, language)


@click.command(short_help="Draw the tree of objectives with their KPIs.")
@click.option("--audience", type=click.Choice(["internal", "executive"]), default="executive", show_default=True)
@click.option("--language", type=LANGUAGES, default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def goals(audience: "Audience", language: "Language", as_json: bool) -> None:
    """Draw the tree of objectives: what is wanted, what is asked about it, and how its KPIs stand.

    Internal objectives and KPIs are shown with --audience internal.
    """
    from kpi_pipeline.catalogue.commitments.goal_tree import read_goal_tree
    from kpi_pipeline.console.goals import print_goals, tree_as_json
    from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot

    with open_snapshot(current_snapshot(current_installation().paths.published, audience)) as connection:
        tree = read_goal_tree(connection, language)
    if as_json:
        click.echo(tree_as_json(tree))
    else:
        print_goals(tree, language)


@click.command(short_help="Show everything about one KPI and its value.")
@click.argument("kpi_id", metavar="KPI")
@click.option("--week", "week", type=DAY, help="A day of the week to explain; the last complete week if absent.")
def explain(kpi_id: str, week: date | None) -> None:
    """Show a KPI from its definition to the files behind its value, and what changed since it was last reported."""
    from kpi_pipeline.console.explain import print_explanation
    from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot

    with open_snapshot(current_snapshot(current_installation().paths.published, "internal")) as connection:
        print_explanation(connection, kpi_id, week)


@click.command(short_help="Show what was said of a week, and why it is different now.")
@click.argument("kpi_id", metavar="KPI")
@click.option("--week", "week", type=DAY, required=True, help="A day of the week.")
@click.option(
    "--on", "on_day", type=DAY, help="What the run of this day said; if absent, the first one after the week was over."
)
@click.option("--audience", type=click.Choice(["internal", "executive"]), help="For whom the KPI is made, if absent.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def history(kpi_id: str, week: date, on_day: date | None, audience: "Audience | None", as_json: bool) -> None:
    """Show every value that was published for a week, why the last one differs, and which files came in between.

    The differences are split by cause and add up: late data, refunds, exchange rates, another definition, corrections
    by a source.
    """
    from kpi_pipeline.catalogue.history.history import read_history
    from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
    from kpi_pipeline.console.explain import read_kpi
    from kpi_pipeline.console.history import history_as_json, print_history
    from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
    from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot

    installation = current_installation()
    paths = installation.paths
    with (
        open_snapshot(current_snapshot(paths.published, audience or "internal")) as connection,
        CustodyLedger(paths.custody_ledger) as custody,
    ):
        row = read_kpi(connection, kpi_id)
        found = read_history(
            connection,
            custody.arrivals(),
            plan_metric(row["metric_id"], installation.configuration, installation.project),
            kpi_id=kpi_id,
            audience=audience or row["audience"],
            week=week,
            on=on_day,
        )
    if as_json:
        click.echo(history_as_json(found))
    else:
        print_history(found, row)
