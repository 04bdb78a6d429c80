"""The catalogue as a semantic manifest of MetricFlow.

Here: one semantic model per measures table, and one metric per metric of ours, with the private ones that its operands
need. What MetricFlow cannot say is left out and named with its reason. SQL texts come from ``portable``.

Where MetricFlow says less: a period without rows has no value there, where ours is zero or tells the reason; a sum over
rows of which some are unknown leaves those out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from kpi_pipeline.catalogue.exports.portable import Export, formula_text, predicate_sql, reasons_against, row_sql
from kpi_pipeline.catalogue.formulas.formula import Operand
from kpi_pipeline.catalogue.metrics.metric_plan import MeasureInput, MetricPlan
from kpi_pipeline.catalogue.metrics.metric_sql import HUNDREDFOLD_UNITS
from kpi_pipeline.config.company import Company
from kpi_pipeline.config.model import Grain
from kpi_pipeline.warehouse.sql_file import Measure, SqlFile

Document = dict[str, Any]

AGGREGATIONS = {
    "sum": "sum",
    "distinct": "count_distinct",
    "last": "sum",
    "median": "median",
    "percentile_90": "percentile",
}
COMPANY_PERIODS: tuple[Grain, ...] = ("week", "month", "quarter", "year")
ALL_GRAINS: tuple[Grain, ...] = ("day", *COMPANY_PERIODS)
DAYS_OF_A_WEEK = 7
NOTICE = "# Written by `kpi export metricflow`; changes belong to config/ and sql/.\n"
# MetricFlow keeps the word day for itself.
DAY = "on_day"


def export_metricflow(plans: Mapping[str, MetricPlan], company: Company) -> Export:
    """Return the files of a semantic manifest.

    Args:
        plans: metric → its plan.
        company: its weeks and months may differ from those of MetricFlow.
    """
    manifest = _Manifest(company)
    not_expressed: dict[str, str] = {}
    chosen = {}
    for metric_id, plan in plans.items():
        if reasons := [*reasons_against(plan)]:
            not_expressed[metric_id] = "; ".join(dict.fromkeys(reasons))
        else:
            chosen[metric_id] = plan
    tables = {each.file.table: each.file for plan in chosen.values() for each in plan.inputs}
    manifest.shared = _shared_dimensions(tables.values())
    for plan in chosen.values():
        manifest.add(plan)
    files = {"project_configuration.yaml": _yaml([{"project_configuration": _time_spine()}])}
    for file in tables.values():
        files[f"{_stem(file)}.yaml"] = _yaml([{"semantic_model": manifest.semantic_model(file)}])
    files["metrics.yaml"] = _yaml([{"metric": metric} for metric in manifest.metrics.values()])
    return Export(files, tuple(chosen), not_expressed)


@dataclass
class _Manifest:
    """Collects metrics, the private ones of their operands, and the measures that all of them need."""

    company: Company
    shared: frozenset[str] = frozenset()
    metrics: dict[str, Document] = field(default_factory=dict)
    measures: dict[str, dict[str, Measure]] = field(default_factory=dict)

    def add(self, plan: MetricPlan) -> None:
        has_previous = any(each.window.is_previous for each in plan.inputs)
        if not has_previous:
            self._add_variant(plan, plan.metric_id, "day")
            return
        grains = plan.metric.grains or ALL_GRAINS
        for grain in grains:
            name = plan.metric_id if len(grains) == 1 else f"{plan.metric_id}_by_{grain}"
            self._add_variant(plan, name, grain)

    def _add_variant(self, plan: MetricPlan, name: str, grain: Grain) -> None:
        operands = {operand.name: operand for operand in plan.formula.operands if operand.name not in plan.zeros}
        inputs = {column: each for each in plan.inputs for column in each.columns}
        references = {column: self._reference(plan, operands[column], inputs[column], grain) for column in operands}
        is_by_one_grain = any(each.window.is_previous for each in plan.inputs)
        shown_grains = [grain] if is_by_one_grain else list(self._grains(plan))
        self.metrics[name] = {
            "name": name,
            "description": _description(plan),
            "label": f"{plan.metric.name.en} by {grain}" if name != plan.metric_id else plan.metric.name.en,
            **self._type(plan, references),
            **({"filter": self._filter(plan)} if plan.metric.filter else {}),
            "config": {
                "meta": {
                    "name_fa": plan.metric.name.fa,
                    "unit": plan.metric.unit,
                    "direction": plan.metric.direction,
                    "grains": shown_grains,
                    "formula": plan.formula.text,
                    "version": plan.metric.version,
                }
            },
        }

    def _grains(self, plan: MetricPlan) -> tuple[Grain, ...]:
        # A window of whole weeks is ours for weeks alone; other periods are taken as they are.
        return ("week",) if plan.metric.trailing_weeks > 1 else plan.metric.grains or ALL_GRAINS

    def _type(self, plan: MetricPlan, references: Mapping[str, Document]) -> Document:
        formula, metric = plan.formula, plan.metric
        is_plain = metric.unit not in HUNDREDFOLD_UNITS and not metric.min_denominator
        sides = [references.get(side.name) for side in formula.sides if not list(side.iter_expressions())[1:]]
        simple = [each for each in sides if each is not None and set(each) == {"name", "alias"}]
        if is_plain and len(simple) == len(formula.sides) == 2:
            above, below = ({"name": each["name"]} for each in simple)
            return {"type": "ratio", "type_params": {"numerator": above, "denominator": below}}
        return {
            "type": "derived",
            "type_params": {
                "expr": formula_text(plan, lambda column: column),
                "metrics": list(references.values()),
            },
        }

    def _reference(self, plan: MetricPlan, operand: Operand, source: MeasureInput, grain: Grain) -> Document:
        """The private metric that an operand is, and how far back it is taken."""
        measure = source.columns[operand.name]
        self.measures.setdefault(source.file.table, {})[measure.name] = measure
        fill = 0 if measure.name in plan.metric.optional else None
        name = f"input_{measure.name}{'_or_zero' if fill is not None else ''}"
        wanted: Document = {"name": measure.name, **({"fill_nulls_with": fill} if fill is not None else {})}
        days = source.window.trailing_days
        if days is None and plan.metric.trailing_weeks > 1:
            days = DAYS_OF_A_WEEK * plan.metric.trailing_weeks
        self._add_private(name, measure, "simple", {"measure": wanted})
        if days is not None:
            window = {"metric": {"name": name}, "window": f"{days} days", "period_agg": "last"}
            name = f"{name}_over_{days}_days"
            self._add_private(name, measure, "cumulative", {"cumulative_type_params": window})
        offset = self._offset(source, grain)
        return {"name": name, "alias": operand.name, **({"offset_window": offset} if offset else {})}

    def _add_private(self, name: str, measure: Measure, kind: str, parameters: Document) -> None:
        described = {"name": name, "description": measure.note or measure.name, "type": kind}
        self.metrics.setdefault(name, {**described, "type_params": {**parameters, "is_private": True}})

    def _offset(self, source: MeasureInput, grain: Grain) -> str | None:
        if source.window.is_previous:
            return f"1 {self._period(grain)}"
        weeks = source.window.weeks_earlier
        return f"{DAYS_OF_A_WEEK * weeks} days" if weeks else None

    def _period(self, grain: Grain) -> str:
        is_own_week = grain == "week" and self.company.week_start != "monday"
        is_own_month = grain in ("month", "quarter", "year") and self.company.month_calendar != "gregorian"
        return f"company_{grain}" if is_own_week or is_own_month else grain

    def _filter(self, plan: MetricPlan) -> str:
        file = plan.inputs[0].file
        assert plan.metric.filter is not None
        return predicate_sql(
            plan.metric.filter,
            lambda name: (
                f"{{{{ Entity('{name}') }}}}"
                if name in self.shared
                else f"{{{{ Dimension('{_primary_entity(file)}__{name}') }}}}"
            ),
        )

    def semantic_model(self, file: SqlFile) -> Document:
        dimensions: list[Document] = [
            {"name": DAY, "type": "time", "expr": "day", "type_params": {"time_granularity": "day"}}
        ]
        dimensions += [
            {"name": name, "type": "categorical", "description": file.column_notes[name]}
            for name in file.dimensions
            if name not in self.shared
        ]
        return {
            "name": _stem(file),
            "description": file.sentence,
            "node_relation": {"schema_name": file.schema, "alias": _stem(file)},
            "defaults": {"agg_time_dimension": DAY},
            "primary_entity": _primary_entity(file),
            "entities": [{"name": name, "type": "foreign"} for name in file.dimensions if name in self.shared],
            "dimensions": dimensions,
            "measures": [_measure(measure) for measure in self.measures[file.table].values()],
        }


def _measure(measure: Measure) -> Document:
    written: Document = {
        "name": measure.name,
        "agg": AGGREGATIONS[measure.kind],
        "expr": row_sql(measure),
        "description": measure.note or measure.name,
    }
    if measure.kind == "last":
        written["non_additive_dimension"] = {"name": DAY, "window_choice": "max"}
    if measure.kind == "percentile_90":
        written["agg_params"] = {"percentile": 0.9}
    return written


def _shared_dimensions(files: Iterable[SqlFile]) -> frozenset[str]:
    """The dimensions of several tables: as entities they can split a metric that reads more than one of them."""
    counted = Counter(name for file in files for name in file.dimensions)
    return frozenset(name for name, tables in counted.items() if tables > 1)


def _description(plan: MetricPlan) -> str:
    return plan.metric.definition.en if plan.metric.definition else plan.metric.name.en


def _primary_entity(file: SqlFile) -> str:
    return f"{_stem(file)}_row"


def _stem(file: SqlFile) -> str:
    return file.table.partition(".")[2]


def _time_spine() -> Document:
    return {
        "time_spines": [
            {
                "node_relation": {"schema_name": "core", "alias": "calendar"},
                "primary_column": {"name": "day", "time_granularity": "day"},
                "custom_granularities": [
                    {"name": f"company_{grain}", "column_name": f"{grain}_start"} for grain in COMPANY_PERIODS
                ],
            }
        ]
    }


def _yaml(documents: list[Document]) -> str:
    return NOTICE + yaml.safe_dump_all(documents, allow_unicode=True, sort_keys=False, width=120)
