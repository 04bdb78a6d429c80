"""A warehouse whose measures are written down by hand, row by row, and the configuration to go with it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.catalogue.metrics.compiler import compile_metric
from kpi_pipeline.config.company import Company
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.goals import Criterion, Goals, Objective, Owner, Question, SuccessFactor
from kpi_pipeline.config.kpi import (
    Action,
    Baseline,
    How,
    Impact,
    Kpi,
    Quality,
    Review,
    SuccessRule,
    Target,
    Task,
    When,
    Where,
    Who,
)
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Text
from kpi_pipeline.config.source import Source
from kpi_pipeline.warehouse.changes import record_changes
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.sql_project import SqlProject

MONDAY = date(2026, 1, 5)
MONEY = {
    "ad_cost",
    "ad_conversion_value",
    "acquisition_cost",
    "cohort_gross_margin",
    "gross_sales",
    "discounts",
    "returns",
}


def week(number: int) -> date:
    """First day of a week; week 0 is the first one of the hand-made data."""
    return MONDAY + timedelta(weeks=number)


def metric(formula: str, **options: Any) -> Metric:
    return Metric(
        name=options.pop("name", Text(en="Name", fa="نام")),
        formula=formula,
        unit=options.pop("unit", "ratio"),
        direction="higher_better",
        source="test",
        **options,
    )


def company(**changes: Any) -> Company:
    facts: dict[str, Any] = {
        "name": Text(en="Test shop", fa="فروشگاه آزمون"),
        "time_zone": "Europe/Berlin",
        "week_start": "monday",
        "reporting_currency": "EUR",
        "started_on": date(2026, 1, 1),
    }
    return Company(**(facts | changes))


def text(words: str) -> Text:
    return Text(en=words, fa=f"فارسی {words}")


def goals(**objectives: str) -> Goals:
    """A business objective, an external one below it, an internal one below that, and more by name → level."""
    levels = {"grow": "business", "convert": "external", "tune_ads": "internal"} | objectives
    parents = {"business": None, "external": "grow", "internal": "convert"}
    return Goals(
        owners={"ceo": Owner(name=text("Chief"), group="executive")},
        criteria={"quality": Criterion(name=text("Quality"))},
        objectives={
            name: Objective(
                level=level,  # type: ignore[arg-type]
                statement=text(f"Statement of {name}"),
                why=text(f"Reason of {name}"),
                owner="ceo",
                parent=parents[level],
                review_on=date(2027, 1, 1),
            )
            for name, level in levels.items()
        },
        success_factors={
            f"factor_of_{name}": SuccessFactor(
                objective=name, statement=text(f"Factor of {name}"), measured_by=(f"metric_of_{name}",)
            )
            for name in levels
        },
        questions={
            f"how_to_{name}": Question(
                objective=name, kind="how", question=text(f"How to reach {name}?"), answered_by=(f"metric_of_{name}",)
            )
            for name in levels
        },
    )


def kpi(metric_id: str, objective_id: str, **changes: Any) -> Kpi:
    """A complete commitment: from 5 in week 0 to 10 in week 10, two weeks in a row."""
    parts: dict[str, Any] = {
        "metric": metric_id,
        "version": 1,
        "effective_from": date(2026, 1, 1),
        "status": "active",
        "class": "business",
        "objective": objective_id,
        "success_factor": f"factor_of_{objective_id}",
        "criterion": "quality",
        "answers": (f"how_to_{objective_id}",),
        "why": text("Because it matters to everybody"),
        "what": ("two people",),
        "who": Who(accountable="ceo", responsible=("ceo",)),
        "where": Where(scope="everywhere", efficiency_metric=metric_id, per=metric_id),
        "when": When(assumptions=(), risks=(), obstacles=(), opportunities=()),
        "how": How(tasks=(Task(task="work"),)),
        "target": Target(
            baseline=Baseline(value=5.0, from_week=week(0), to_week=week(0)),
            value=10.0,
            deadline=week(11) - timedelta(days=1),
            success_rule=SuccessRule(comparator=">=", consecutive_weeks=2),
        ),
        "review": Review(every_weeks=4, next_on=date(2027, 1, 1)),
        "impact": Impact(objective_metric=metric_id, expected_sign=1, lag_weeks=0, evidence="self"),
        "actions": (Action(when="off_track", do=text("Try harder"), owner="ceo"),),
        "quality": Quality(max_latency_hours=96, min_coverage_pct=95),
    }
    return Kpi(**(parts | changes))


def configuration(metrics: Mapping[str, Metric], **parts: Any) -> Configuration:
    return Configuration(
        company=parts.pop("company", company()),
        sources=parts.pop("sources", {}),
        metrics=dict(metrics),
        goals=parts.pop("goals", Goals()),
        kpis=parts.pop("kpis", {}),
        reports=parts.pop("reports", {}),
        fingerprint=parts.pop("fingerprint", "test"),
    )


@cache
def _calendar_rows(week_start: str, month_calendar: str) -> pa.Table:
    calendar = CompanyCalendar("Europe/Berlin", week_start, month_calendar)  # type: ignore[arg-type]
    return pa.Table.from_pylist([asdict(row) for row in calendar.rows(date(2024, 12, 1), date(2026, 12, 31))])


@dataclass
class Warehouse:
    """An open warehouse and the ways in which tests fill it."""

    engine: DuckDbEngine

    def calendar(self, week_start: str = "monday", month_calendar: str = "gregorian") -> None:
        self._write("core.calendar", _calendar_rows(week_start, month_calendar))

    def as_of(self, day: date) -> None:
        self.engine.replace_table(
            "core.company",
            f"select date '{day}' as as_of, 'EUR' as reporting_currency, 'Europe/Berlin' as time_zone,"
            " 7 as fx_max_age_days",
        )

    def measures(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Replace a measures table; a column that a row does not name is NULL there."""
        names = list(dict.fromkeys(name for row in rows for name in row))
        fields = [(name, self._type(name, [row.get(name) for row in rows])) for name in names]
        self._write(f"measures.{table}", pa.Table.from_pylist(list(rows), schema=pa.schema(fields)))

    def cover(self, subjects: Mapping[str, tuple[date, date]], provisional_from: date = date.max) -> None:
        """Say which days are covered: subject → first and last day."""
        self.cover_days(
            {
                subject: [first + timedelta(days=number) for number in range((last - first).days + 1)]
                for subject, (first, last) in subjects.items()
            },
            provisional_from,
        )

    def cover_days(self, subjects: Mapping[str, Collection[date]], provisional_from: date = date.max) -> None:
        rows = [
            {"subject": subject, "day": day, "is_final": day < provisional_from}
            for subject, days in subjects.items()
            for day in days
        ]
        schema = pa.schema([("subject", pa.string()), ("day", pa.date32()), ("is_final", pa.bool_())])
        self._write("core.coverage", pa.Table.from_pylist(rows, schema=schema))

    def changed(self, table: str, *days: date) -> None:
        record_changes(self.engine, table, set(days) or None)

    def rows(self, query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.engine.read(query).to_pylist()
        return found

    @staticmethod
    def _type(name: str, values: Sequence[object]) -> pa.DataType:
        if name in MONEY or any(isinstance(value, Decimal) for value in values):
            return pa.decimal128(18, 4)
        if any(isinstance(value, date) for value in values):
            return pa.date32()
        if any(isinstance(value, bool) for value in values):
            return pa.bool_()
        return pa.string() if any(isinstance(value, str) for value in values) else pa.int64()

    def _write(self, table: str, rows: pa.Table) -> None:
        self.engine.connection.register("hand_made", rows)
        self.engine.replace_table(table, "select * from hand_made")
        self.engine.connection.unregister("hand_made")


class Calculator:
    """Compiles one metric and runs the statement as it is printed."""

    def __init__(self, warehouse: Warehouse, project: SqlProject, sources: Mapping[str, Source] | None = None) -> None:
        self.warehouse, self._project, self._sources = warehouse, project, sources or {}

    def rows(self, one: Metric, grain: str = "week", dimension: str | None = None, **days: Any) -> list[dict[str, Any]]:
        compiled = compile_metric(
            "asked", configuration({"asked": one}, sources=self._sources), self._project, grain, dimension, **days
        )  # type: ignore[arg-type]
        return self.warehouse.rows(compiled.sql)

    def values(self, one: Metric, **options: Any) -> list[tuple[Any, Any, Any]]:
        return [(row["value"], row["null_reason"], row["status"]) for row in self.rows(one, **options)]
