"""The catalogue as pages: one per metric and per KPI, and an index by function.

Here: what stands on a page and in which order, as Markdown. A pure function of configuration and SQL, so that a test
can tell whether the committed pages are fresh. Sentences about a metric come from ``metric_words`` and ``edge_rules``.
"""

from collections.abc import Iterator, Mapping, Sequence

from kpi_pipeline.catalogue.exports.kpi_page import kpi_page
from kpi_pipeline.catalogue.exports.metric_overview import MetricOverview, overviews
from kpi_pipeline.catalogue.exports.metric_words import example_in_words, form_of, options_in_words
from kpi_pipeline.catalogue.formulas.edge_rules import EDGE_RULES, RULES_OF_ALL
from kpi_pipeline.catalogue.metrics.breaks import MetricBreak, metric_breaks
from kpi_pipeline.catalogue.metrics.measure_sql import Selection
from kpi_pipeline.catalogue.metrics.metric_sql import metric_sql
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Grain
from kpi_pipeline.warehouse.sql_file import Measure
from kpi_pipeline.warehouse.sql_project import SqlProject

NOTICE = "<!-- Written by `make docs`; changes belong to config/ and sql/. -->"
INDEX = "README.md"
FUNCTION_NAMES = {"crm": "CRM", "email": "E-mail"}
PROFILE_NAMES = {"b2b": "B2B", "b2c": "B2C", "social": "social media", "online": "online shop"}


def catalogue_pages(configuration: Configuration, project: SqlProject, functions: Mapping[str, str]) -> dict[str, str]:
    """Return file name → Markdown.

    Args:
        configuration: the configuration.
        project: the SQL files.
        functions: metric → the function whose file defines it.

    Raises:
        FormulaError: if a metric cannot be computed as it is written.
    """
    found = overviews(configuration, project)
    platforms = {name for one in configuration.breaks.values() for name in one.platforms or ()}
    breaks = metric_breaks({name: each.plan for name, each in found.items()}, configuration, platforms)
    pages = {INDEX: _index(configuration, found, functions)}
    for metric_id, overview in found.items():
        pages[f"metrics/{metric_id}.md"] = _page(_metric_page(overview, functions[metric_id], breaks[metric_id]))
    for kpi_id in configuration.kpis:
        pages[f"kpis/{kpi_id}.md"] = _page(kpi_page(kpi_id, configuration))
    return pages


def _page(lines: Iterator[str]) -> str:
    return "\n".join([NOTICE, *lines]) + "\n"


def _index(configuration: Configuration, found: Mapping[str, MetricOverview], functions: Mapping[str, str]) -> str:
    lines = [
        "# The catalogue",
        "",
        f"{len(found)} metrics, and the {len(configuration.kpis)} KPIs that the demo company has committed to. What the"
        " words mean stands in the [glossary](../glossary.md), how to add one in [metrics](../metrics.md).",
        "",
        "## KPIs",
        "",
        "| KPI | Metric | Objective | Accountable |",
        "|---|---|---|---|",
    ]
    for kpi_id, kpi in configuration.kpis.items():
        owner = configuration.goals.owners[kpi.who.accountable].name.en if kpi.who else ""
        objective = configuration.goals.objectives[kpi.objective].statement.en if kpi.objective else ""
        name = configuration.metrics[kpi.metric].name.en
        lines.append(f"| [{kpi_id}](kpis/{kpi_id}.md) | [{name}](metrics/{kpi.metric}.md) | {objective} | {owner} |")
    for function in dict.fromkeys(functions.values()):
        title = FUNCTION_NAMES.get(function, function.replace("_", " ").capitalize())
        lines += ["", f"## {title}", ""]
        lines += ["| Metric | Name | نام | Formula | Unit |", "|---|---|---|---|---|"]
        for metric_id, overview in found.items():
            if functions[metric_id] == function:
                metric = overview.metric
                cells = (
                    f"[{metric_id}](metrics/{metric_id}.md)",
                    metric.name.en,
                    metric.name.fa,
                    f"`{overview.plan.formula.text}`",
                    metric.unit,
                )
                lines.append(f"| {' | '.join(cells)} |")
    return _page(iter(lines))


def _metric_page(overview: MetricOverview, function: str, breaks: Sequence[MetricBreak]) -> Iterator[str]:
    metric, plan = overview.metric, overview.plan
    yield f"# {metric.name.en}"
    yield f'\n<div dir="rtl" lang="fa">\n\n**{metric.name.fa}**'
    if metric.definition:
        yield f"\n{metric.definition.fa}"
    yield "\n</div>"
    if metric.definition:
        yield f"\n{metric.definition.en}"
    yield "\n| | |\n|---|---|"
    for label, value in _facts(overview, function):
        yield f"| {label} | {value} |"
    yield "\n## What goes in\n\n| Measure | Taken as | Table | Meaning |\n|---|---|---|---|"
    for each in plan.inputs:
        for operand, measure in each.columns.items():
            meaning = measure.note or each.file.column_notes.get(measure.column) or each.file.sentence
            yield f"| `{operand}` | {_taken_as(measure)} | `{each.file.table}` | {meaning} |"
    for operand in sorted(plan.zeros):
        yield f"| `{operand}` | zero | | no connected source delivers it |"
    if sentences := [*options_in_words(plan)]:
        yield ""
        yield from (f"- {sentence}" for sentence in sentences)
    yield "\n## Edge cases\n"
    yield from (f"- {rule.en}" for rule in (*RULES_OF_ALL, *(EDGE_RULES[code] for code in metric.edge_rules)))
    if example := example_in_words(plan):
        yield f"\n## Worked example\n\n{example}"
    yield "\n## Data it needs\n"
    yield from _needs(overview)
    yield from _history(metric)
    if breaks:
        yield "\n## Days across which nothing is compared\n"
        yield from (f"- {one.on_day} ({one.kind}): {one.what.en}" for one in breaks)
    grain: Grain = "week" if "week" in overview.grains else overview.grains[0]
    dimension = None if metric.has_total else plan.dimensions[0]
    split = f" and {dimension}" if dimension else ""
    yield f"\n## SQL by {grain}{split}\n\n```sql\n{metric_sql(plan, Selection((grain,), (dimension,)))}\n```"


def _taken_as(measure: Measure) -> str:
    if measure.where is None and measure.column == measure.name:
        return measure.kind
    condition = f" where `{measure.where}`" if measure.where else ""
    return f"{measure.kind.replace('_', ' ')} of `{measure.column}`{condition}"


def _facts(overview: MetricOverview, function: str) -> Iterator[tuple[str, str]]:
    metric, plan = overview.metric, overview.plan
    yield "Id", f"`{overview.metric_id}`, in `config/metrics/{function}.yaml`"
    yield "Formula", f"`{plan.formula.text}`"
    yield "Form", form_of(plan)
    yield "Unit", f"{metric.unit}, shown with {metric.decimals} decimal{'' if metric.decimals == 1 else 's'}"
    yield "Better", "higher" if metric.direction == "higher_better" else "lower"
    yield "Day that counts", "; ".join(overview.bases)
    yield "Periods", ", ".join(overview.grains)
    yield "Can be split by", ", ".join(f"`{name}`" for name in plan.dimensions) or "nothing"
    yield "Made for", "executives too" if metric.default_audience == "external" else "the team that does the work"
    if metric.profiles:
        yield "Ready-made sets", ", ".join(PROFILE_NAMES[name] for name in metric.profiles)
    if overview.kpis:
        yield "KPI", ", ".join(f"[{name}](../kpis/{name}.md)" for name in overview.kpis)
    yield "Definition from", metric.source


def _needs(overview: MetricOverview) -> Iterator[str]:
    for each in dict.fromkeys((each.covered_by.subjects, each.covered_by.joined_by) for each in overview.plan.inputs):
        subjects, joint = each
        yield f"- {f' {joint} '.join(f'`{name}`' for name in subjects)}"
    if overview.is_connected:
        yield f"\nThe demo company delivers it from {', '.join(f'`{name}`' for name in overview.sources)}."
    else:
        missing = ", ".join(f"`{name}`" for name in overview.missing_subjects)
        yield f"\nNo source of the demo company delivers {missing}; see [sources](../../sources.md)."


def _history(metric: Metric) -> Iterator[str]:
    yield "\n## Versions\n\n| Version | Periods that began | Formula | Why it changed |\n|---|---|---|---|"
    start = ""
    for earlier in metric.earlier:
        formula = f"`{earlier.formula}{f' where {earlier.filter}' if earlier.filter else ''}`"
        yield f"| {earlier.version} | {start}before {earlier.until} | {formula} | {earlier.reason.en} |"
        start = f"from {earlier.until} and "
    since = f"from {metric.effective_from}" if metric.effective_from else "all"
    yield f"| {metric.version} | {since} | `{metric.formula}` | |"
