"""The catalogue in the format of Open Semantic Interchange, version 0.1.1.

Here: one dataset per measures table and one for the calendar that joins them, and one expression per metric. The format
knows aggregations only: metrics over other windows than the period itself, and stock figures, are left out and named
with their reason. SQL texts come from ``portable``.

Version 0.1.1 is the only one that has been released; the drafts after it, under the name Apache Ossie, keep all that is
used here.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from kpi_pipeline.catalogue.exports.portable import Export, formula_text, predicate_sql, reasons_against, row_sql
from kpi_pipeline.catalogue.formulas.formula import Window
from kpi_pipeline.catalogue.metrics.metric_plan import QUANTILES, MetricPlan
from kpi_pipeline.config.company import Company
from kpi_pipeline.warehouse.sql_file import Measure, SqlFile

Document = dict[str, Any]

VERSION = "0.1.1"
DIALECT = "ANSI_SQL"
FILE = "semantic_model.yaml"
CALENDAR = "calendar"


def export_osi(plans: Mapping[str, MetricPlan], company: Company) -> Export:
    """Return one file with one semantic model.

    Args:
        plans: metric → its plan.
        company: it gives the model its name.
    """
    not_expressed: dict[str, str] = {}
    chosen = {}
    for metric_id, plan in plans.items():
        if reasons := [*reasons_against(plan), *_reasons_of_format(plan)]:
            not_expressed[metric_id] = "; ".join(dict.fromkeys(reasons))
        else:
            chosen[metric_id] = plan
    tables = {each.file.table: each.file for plan in chosen.values() for each in plan.inputs}
    model: Document = {
        "name": "kpi_catalogue",
        "description": f"The metrics of {company.name.en}. Sums may be missing where ours are known to be zero.",
        "datasets": [_calendar(), *(_dataset(file) for file in tables.values())],
        "relationships": [
            {
                "name": f"{_stem(file)}_to_{CALENDAR}",
                "from": _stem(file),
                "to": CALENDAR,
                "from_columns": ["day"],
                "to_columns": ["day"],
            }
            for file in tables.values()
        ],
        "metrics": [_metric(plan) for plan in chosen.values()],
        "custom_extensions": [
            {"vendor_name": "COMMON", "data": json.dumps({"not_expressed": not_expressed}, ensure_ascii=False)}
        ],
    }
    document = {"version": VERSION, "semantic_model": [model]}
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)
    return Export({FILE: text}, tuple(chosen), not_expressed)


def _reasons_of_format(plan: MetricPlan) -> Iterator[str]:
    metric = plan.metric
    if metric.trailing_weeks > 1:
        yield f"a week's value is that of {metric.trailing_weeks} weeks"
    for each in plan.inputs:
        names = ", ".join(measure.name for measure in each.measures)
        if each.window != Window():
            yield f"{names} is taken from another window than the period itself"
        if each.is_last:
            yield f"{names} is a stock figure, of which the last day counts"


def _metric(plan: MetricPlan) -> Document:
    metric = plan.metric
    tables = {column: each.file for each in plan.inputs for column in each.columns}
    measures = {column: measure for each in plan.inputs for column, measure in each.columns.items()}

    def aggregation(column: str) -> str:
        written = _aggregation(measures[column], _stem(tables[column]), metric.filter)
        return f"coalesce({written}, 0)" if measures[column].name in metric.optional else written

    return {
        "name": plan.metric_id,
        "expression": _expression(formula_text(plan, aggregation)),
        "description": metric.definition.en if metric.definition else metric.name.en,
        "ai_context": {"synonyms": [metric.name.en, metric.name.fa]},
    }


def _aggregation(measure: Measure, table: str, condition: str | None) -> str:
    value = row_sql(measure, table)
    if condition:
        value = f"case when {predicate_sql(condition, lambda name: f'{table}.{name}')} then {value} end"
    if measure.kind == "distinct":
        return f"count(distinct {value})"
    if measure.kind in QUANTILES:
        return f"percentile_cont({QUANTILES[measure.kind]}) within group (order by {value})"
    return f"sum({value})"


def _dataset(file: SqlFile) -> Document:
    return {
        "name": _stem(file),
        "source": file.table,
        "primary_key": list(file.grain),
        "description": file.sentence,
        "fields": [_field(column.name, column.note, is_time=column.name == "day") for column in file.columns],
    }


def _calendar() -> Document:
    columns = {
        "day": "the day",
        "week_start": "first day of the company's week",
        "month_start": "first day of the month",
        "quarter_start": "first day of the quarter",
        "year_start": "first day of the year",
    }
    return {
        "name": CALENDAR,
        "source": "core.calendar",
        "primary_key": ["day"],
        "description": "One row per day, with the periods of the company around it.",
        "fields": [_field(name, note, is_time=True) for name, note in columns.items()],
    }


def _field(name: str, note: str, *, is_time: bool) -> Document:
    field: Document = {"name": name, "expression": _expression(name)}
    if is_time:
        field["dimension"] = {"is_time": True}
    return field | {"description": note or name}


def _expression(text: str) -> Document:
    return {"dialects": [{"dialect": DIALECT, "expression": text}]}


def _stem(file: SqlFile) -> str:
    return file.table.partition(".")[2]
