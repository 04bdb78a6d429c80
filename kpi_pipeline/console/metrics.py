"""What ``kpi query`` and ``kpi metrics`` print.

Here: layout for a terminal; in a file nothing is cut. Values and definitions come ready from ``catalogue``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pyarrow as pa
from rich.table import Table
from rich.text import Text

from kpi_pipeline.catalogue.exports.metric_overview import MetricOverview
from kpi_pipeline.catalogue.exports.metric_words import UNIT_SIGNS, example_in_words, form_of, options_in_words
from kpi_pipeline.catalogue.formulas.edge_rules import EDGE_RULES
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Language, Unit
from kpi_pipeline.config.model import Text as Words
from kpi_pipeline.console.runs import Column, print_facts, print_table, terminal

REASONS = {
    "zero_denominator": "nothing to divide by",
    "source_missing": "no source speaks for it",
    "missing_rate": "a rate or figure is missing",
    "immature_cohort": "cohort too young",
    "not_reached": "not reached within the age",
    "below_min_denominator": "too few cases",
}
Row = Mapping[str, Any]

NOT_SET = "(not set)"


def print_values(values: pa.Table, asked: Sequence[MetricOverview]) -> None:
    """Print values, with the columns of ``kpi.values``, in their units, and why one is missing."""
    rows = values.to_pylist()
    metrics = {each.metric_id: each.metric for each in asked}
    if len(metrics) == 1:
        terminal().print(Text("".join(f"{one.name.en} ({name})" for name, one in metrics.items()), style="bold"))
    if rows:
        print_table([*_keys(rows, with_metric=len(metrics) > 1), *_figures(rows, metrics)])
    for each in asked:
        if not any(row["metric_id"] == each.metric_id for row in rows):
            missing = f"no connected source delivers {', '.join(each.missing_subjects)}"
            reason = "its sources speak for none of these days" if each.is_connected else missing
            terminal().print(f"{each.metric_id}: no values; {reason}")


def _keys(rows: Sequence[Row], *, with_metric: bool) -> Iterator[Column]:
    if with_metric:
        yield Column("metric", tuple(row["metric_id"] for row in rows), may_be_cut=True)
    is_daily = rows[0]["grain"] == "day"
    yield Column("day" if is_daily else "from", tuple(str(row["period_start"]) for row in rows))
    if not is_daily:
        yield Column("to", tuple(str(row["period_end"]) for row in rows), may_be_left_out=True)
    if rows[0]["dimension"] != "total":
        yield Column(rows[0]["dimension"], tuple(row["member"] or NOT_SET for row in rows), may_be_cut=True)


def _figures(rows: Sequence[Row], metrics: Mapping[str, Metric]) -> Iterator[Column]:
    values = []
    for row in rows:
        metric = metrics[row["metric_id"]]
        values.append(number_text(row["value"], metric.unit, metric.decimals, row["currency"]))
    yield Column("value", tuple(values), is_number=True)
    for side in ("numerator", "denominator"):
        yield Column(side, tuple(_amount(row[side]) for row in rows), is_number=True, may_be_left_out=True)
    yield Column("", tuple(_note(row) for row in rows))


def _note(row: Row) -> str:
    reason = REASONS.get(row["null_reason"], row["null_reason"]) if row["value"] is None else ""
    return ", ".join(part for part in (reason, row["status"] if row["status"] != "final" else "") if part)


def number_text(value: float | None, unit: Unit, decimals: int, currency: str | None) -> str:
    """Write a value with its decimals and unit; a dash where there is none."""
    if value is None:
        return "–"
    number = f"{Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP):,}"
    return f"{number} {currency}" if unit == "currency" and currency else f"{number}{UNIT_SIGNS.get(unit, '')}"


def print_metrics(found: Sequence[MetricOverview], language: Language) -> None:
    """Print each metric with its name, unit, KPI and formula."""
    console = terminal()
    if not found:
        console.print("No metric has all of these words; kpi metrics lists all.")
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    for is_text in (False, False, True):
        grid.add_column(no_wrap=not is_text, overflow="fold" if is_text else "ellipsis")
    for each in found:
        mark = Text("●", style="green") if each.is_connected else Text("○", style="dim")
        name = f"{_in(each.metric.name, language)}, {each.metric.unit}"
        kpis = f"   KPI {', '.join(each.kpis)}" if each.kpis else ""
        grid.add_row(mark, Text(each.metric_id), Text.assemble(name, (kpis, "bold")))
        grid.add_row("", "", Text(each.plan.formula.text, style="dim"))
    console.print(grid)
    connected = sum(each.is_connected for each in found)
    console.print(
        f"\n{_counted(found)}, {connected} with connected sources (●).   One in detail: kpi metrics ID", style="dim"
    )


def metrics_as_json(found: Sequence[MetricOverview]) -> str:
    """Return everything about metrics for scripts."""
    return json.dumps([_as_dict(each) for each in found], ensure_ascii=False, indent=2, default=str)


def print_metric(each: MetricOverview, language: Language) -> None:
    """Print everything about one metric."""
    metric, plan, console = each.metric, each.plan, terminal()
    console.print(Text.assemble((each.metric_id, "bold"), f"   {metric.name.en}   {metric.name.fa}"))
    if metric.definition:
        console.print(Text(_in(metric.definition, language)))
    console.print()
    example = example_in_words(plan)
    missing = ", ".join(each.missing_subjects)
    facts = [
        ("formula", plan.formula.text),
        ("form", form_of(plan)),
        ("unit", f"{metric.unit}, {metric.direction.replace('_better', ' is better')}"),
        ("example", example or ""),
        ("options", [sentence.replace("`", "") for sentence in options_in_words(plan)]),
        ("edge cases", [_in(EDGE_RULES[code], language) for code in metric.edge_rules]),
        ("periods", ", ".join(each.grains)),
        ("split by", ", ".join(plan.dimensions) or "nothing"),
        ("day", "; ".join(each.bases)),
        ("measures", [f"{measure.name}: {measure.note}" for one in plan.inputs for measure in one.measures]),
        ("KPI", ", ".join(each.kpis) or "nobody has committed to it"),
        ("profiles", ", ".join(metric.profiles)),
        ("sources", ", ".join(each.sources) if each.is_connected else f"not connected: {missing}"),
        ("defined by", metric.source),
        ("version", _version(metric)),
    ]
    print_facts(console, facts)
    console.print(f"\nValues: kpi query {each.metric_id}   Statement: kpi sql {each.metric_id}", style="dim")


def _version(metric: Metric) -> str:
    since = f" from {metric.effective_from}" if metric.effective_from else ""
    before = "; ".join(f"version {each.version} until {each.until}: {each.formula}" for each in metric.earlier)
    return f"{metric.version}{since}{f'; before: {before}' if before else ''}"


def _as_dict(each: MetricOverview) -> dict[str, Any]:
    return {
        "metric_id": each.metric_id,
        **each.metric.model_dump(mode="json"),
        "dimensions": list(each.plan.dimensions),
        "grains": list(each.grains),
        "kpis": list(each.kpis),
        "is_connected": each.is_connected,
        "missing_subjects": list(each.missing_subjects),
        "sources": list(each.sources),
    }


def _in(words: Words, language: Language) -> str:
    return words.fa if language == "fa" else words.en


def _counted(found: Sequence[MetricOverview]) -> str:
    return "1 metric" if len(found) == 1 else f"{len(found)} metrics"


def _amount(value: Decimal | date | None) -> str:
    if value is None:
        return ""
    return f"{value:,.2f}".removesuffix(".00")
