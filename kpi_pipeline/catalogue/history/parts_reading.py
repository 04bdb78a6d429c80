"""Reading from the warehouse what the values of some weeks are made from.

Here: one statement per definition, put together from the same common tables as the values themselves, and what decides
a number besides its sums. What is done with the parts belongs to ``restatement_rows``.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from textwrap import indent

from kpi_pipeline.catalogue.history.parts import WHOLE, Kept, Parts, Sums
from kpi_pipeline.catalogue.metrics.definition import SQL_SCHEMAS, WORDS
from kpi_pipeline.catalogue.metrics.measure_sql import (
    Selection,
    beginning,
    covered_days,
    days_of_periods,
    listed,
    measure_rows,
    periods,
    sums,
)
from kpi_pipeline.catalogue.metrics.metric_plan import MeasureInput, MetricPlan, plan_metric
from kpi_pipeline.config.company import Company
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.errors import FormulaError
from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.warehouse.sql_file import AGE_COLUMN, Measure
from kpi_pipeline.warehouse.sql_project import SqlProject

HASH_LENGTH = 12
# What of the company's settings reaches measures, by the table in which SQL finds it.
SETTINGS = {
    "core.company": ("reporting_currency", "time_zone", "fx_max_age_days"),
    "core.settings": ("support_sla_minutes", "attribution_lookback_days", "bestsellers"),
    "core.web_goals": ("web_goals",),
}


def read_parts(
    engine: Engine, plan: MetricPlan, configuration: Configuration, project: SqlProject, weeks: Collection[date]
) -> dict[date, Parts]:
    """Return the parts of a metric's total in some weeks, each by the definition that holds for it."""
    by_version: dict[int, list[date]] = defaultdict(list)
    versions = [*(earlier for earlier, _ in plan.earlier), plan]
    for week in weeks:
        by_version[versions.index(version_of(plan, week))].append(week)
    found: dict[date, Parts] = {}
    for position, starts in by_version.items():
        version = versions[position]
        made_by = {
            table: made_by_hash(table, configuration.company, project)
            for table in {each.file.table for each in version.inputs}
        }
        read = _read_sums(engine, version, starts)
        for week in starts:
            found[week] = Parts(_definition(version.metric), tuple(sorted(version.zeros)), made_by, read[week])
    return found


def version_of(plan: MetricPlan, week: date) -> MetricPlan:
    """Return the definition that holds for a week."""
    return next((earlier for earlier, until in plan.earlier if week < until), plan)


def plan_as_it_was(
    parts: Parts, plan: MetricPlan, configuration: Configuration, project: SqlProject
) -> MetricPlan | None:
    """Return the plan of the definition that kept parts were made by; None if measures that it needs are gone."""
    metric = plan.metric
    words = metric.model_dump_json(include={"name", "direction", "source"})
    was = Metric.model_validate_json(f"{parts.definition[:-1]},{words[1:]}")
    changed = replace(configuration, metrics={**configuration.metrics, plan.metric_id: was})
    try:
        return plan_metric(plan.metric_id, changed, project)
    except FormulaError:
        return None


def days_behind(plan: MetricPlan, each: MeasureInput, week: date) -> tuple[date, date]:
    """Return the first and last day whose rows can reach an input in a week; a cohort is followed up to its age."""
    start = week - timedelta(weeks=each.window.weeks_earlier + (1 if each.window.is_previous else 0))
    end = start + timedelta(days=6)
    if each.window.trailing_days:
        start = end - timedelta(days=each.window.trailing_days - 1)
    else:
        start -= timedelta(weeks=plan.metric.trailing_weeks - 1)
    follow_up = (plan.metric.cohort_age_days or 1) - 1 if each.is_cohort else 0
    return start, end + timedelta(days=follow_up)


def made_by_hash(table: str, company: Company, project: SqlProject) -> str:
    """Return the hash of all SQL files and settings that a table of measures is made by; empty if there is none."""
    if table not in {file.table for file in project.files}:
        return ""
    tables = {table, *project.ancestors(table)}
    made = {name for name in tables if name.partition(".")[0] in SQL_SCHEMAS and name not in project.external_tables}
    settings = [str(getattr(company, name)) for seed in SETTINGS if seed in tables for name in SETTINGS[seed]]
    text = "\n".join([*(project.file(name).fingerprint for name in sorted(made)), *settings])
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def operands_of(plan: MetricPlan) -> Iterator[tuple[MeasureInput, str, Measure]]:
    """Yield the operands that are read, each with the input that it comes from and the measure that it is."""
    for each in plan.inputs:
        for operand, measure in each.columns.items():
            yield each, operand, measure


def _definition(metric: Metric) -> str:
    return metric.model_dump_json(exclude=set(WORDS), exclude_defaults=True)


def _read_sums(engine: Engine, plan: MetricPlan, weeks: Collection[date]) -> dict[date, dict[str, Sums]]:
    kept = {operand: _kept_by(plan, each, measure) for each, operand, measure in operands_of(plan)}
    # No rows add up to nothing; but they have no median, and no last figure.
    without_rows = {
        operand: {WHOLE: None} if measure.kind not in ("sum", "distinct") else {}
        for _, operand, measure in operands_of(plan)
    }
    figures: dict[date, dict[str, dict[str, Decimal | None]]] = {
        week: {operand: dict(nothing) for operand, nothing in without_rows.items()} for week in weeks
    }
    if kept:
        for row in engine.read(_statement(plan, Selection(("week",), (None,), starts={"week": weeks}))).to_pylist():
            figure = None if row["unknown"] else Decimal(row["figure"] or 0)
            if figure != 0 or kept[row["operand"]] == "period":
                figures[row["period_start"]][row["operand"]][row["kept_for"]] = figure
    return {
        week: {operand: Sums(kept[operand], found) for operand, found in of_week.items()}
        for week, of_week in figures.items()
    }


def _kept_by(plan: MetricPlan, each: MeasureInput, measure: Measure) -> Kept:
    if plan.formula.first_age and measure.name == plan.formula.first_age.gained:
        return "age"
    return "day" if measure.kind == "sum" and not each.is_cohort else "period"


def _statement(plan: MetricPlan, selection: Selection) -> str:
    tables: dict[str, str] = {each.covered: covered_days(each.covered_by) for each in plan.inputs}
    tables |= {"beginning": beginning(plan), "periods": periods(selection)}
    for each in plan.inputs:
        with_bounds = any(other.has_bounds for other in plan.inputs if other.window == each.window)
        tables[each.days] = days_of_periods(plan, selection, each.window, follow_up=0, with_bounds=with_bounds)
        tables[f"{each.name}_rows"] = measure_rows(plan, selection, each, with_day=True)
        tables[f"{each.name}_sums"] = sums(selection, each)
    parts = [f"{name} as (\n{indent(body, '    ')}\n)" for name, body in tables.items()]
    selects = [_select(plan, each, operand, measure) for each, operand, measure in operands_of(plan)]
    return "with " + ",\n\n".join(parts) + "\n\n" + "\nunion all\n".join(selects)


def _select(plan: MetricPlan, each: MeasureInput, operand: str, measure: Measure) -> str:
    kept_by = _kept_by(plan, each, measure)
    if kept_by == "period":
        unknown = f"found.{measure.name}_unknown > 0" if measure.kind == "sum" else f"found.{measure.name} is null"
        figure, source, group = f"found.{measure.name}", f"{each.name}_sums", ""
        key = f"'{WHOLE}'"
    else:
        column = f"found.{'day' if kept_by == 'day' else AGE_COLUMN}"
        unknown = f"count(*) > count(found.{measure.name})"
        figure, source, group = (
            f"sum(found.{measure.name})",
            f"{each.name}_rows",
            f"\ngroup by found.period_start, {column}",
        )
        key = f"cast({column} as varchar)"
    columns = [
        f"'{operand}' as operand",
        "found.period_start",
        f"{key} as kept_for",
        # As text, because the operands' types differ and nothing may be rounded.
        f"cast({figure} as varchar) as figure",
        f"{unknown} as unknown",
    ]
    return f"select\n    {listed(columns)}\nfrom {source} as found{group}"
