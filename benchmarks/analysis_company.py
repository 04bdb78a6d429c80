"""A made-up company with sixty KPIs, three years of them, for measuring how long judging takes.

Here: its configuration, the SQL of its one table, and the numbers, which are drawn at random. How long judging them
takes is measured by ``analysis_step``.
"""

from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.company import Company
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.goals import Goals
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Text
from kpi_pipeline.warehouse.sql_project import SqlProject, load_sql_project

KPIS, WEEKS = 60, 156
DIMENSIONS = ("market", "channel", "device", "product", "campaign")
MEMBERS = 5
ROWS_A_DAY = 25
SEED = 20_261_201
FIRST_DAY = date(2023, 1, 2)
AS_OF = FIRST_DAY + timedelta(weeks=WEEKS)
SUBJECT = "ledger_entries"
# The kinds of KPIs by turns: unit, formula, baseline, target.
KINDS: tuple[tuple[str, str, float, float], ...] = (
    ("percent", "part_{0} / whole_{0}", 20.0, 24.0),
    ("currency", "amount_{0}", 30_000.0, 40_000.0),
    ("currency", "amount_{0} / part_{0}", 9.0, 11.0),
)
SQL = """\
-- One row per day and member of every dimension.
-- grain: day, {dimensions}
-- covered by: {subject}
-- basis: day of the entry
select
    rows.day, -- the day
{columns}
from raw.{subject} as rows
group by rows.day, {grouped}
"""


def days() -> list[date]:
    """The days of the history."""
    return [FIRST_DAY + timedelta(days=number) for number in range(7 * WEEKS)]


def configuration() -> Configuration:
    """Return the configuration: every KPI is expected to move the metric of the next one, some weeks later."""
    kpis = {_kpi_id(number): _kpi(number) for number in range(KPIS)}
    return Configuration(
        company=Company(
            name=Text(en="Company", fa="شرکت"),
            time_zone="Europe/Berlin",
            week_start="monday",
            reporting_currency="EUR",
            languages=("en", "fa"),
            started_on=FIRST_DAY,
        ),
        sources={},
        metrics={_kpi_id(number): _metric(number) for number in range(KPIS)},
        goals=_goals(),
        kpis=kpis,
        reports={},
        fingerprint="benchmark",
    )


def sql_project(folder: Path) -> SqlProject:
    """Write the SQL of the table of measures into a folder and load it."""
    measures = folder / "sql" / "measures"
    measures.mkdir(parents=True, exist_ok=True)
    dimensions = [f"    rows.{name}, -- a dimension" for name in DIMENSIONS]
    columns = ",\n".join(f"    cast(sum(rows.{name}) as {kind}) as {name}" for name, kind in _measures())
    noted = "\n".join(f"{line} -- a measure" for line in columns.split("\n"))
    (measures / "facts.sql").write_text(
        SQL.format(
            dimensions=", ".join(DIMENSIONS),
            subject=SUBJECT,
            columns="\n".join([*dimensions, noted]),
            grouped=", ".join(f"rows.{name}" for name in DIMENSIONS),
        ),
        encoding="utf-8",
    )
    return load_sql_project(folder / "sql", (f"raw.{SUBJECT}",))


def facts() -> pa.Table:
    """Draw the rows of the table: trends, noise, and a level that wanders, other ones for every KPI."""
    random = np.random.Generator(np.random.PCG64(SEED))
    history = days()
    count = len(history) * ROWS_A_DAY
    week = np.repeat(np.arange(len(history)) // 7, ROWS_A_DAY)
    columns: dict[str, Any] = {"day": pa.array(np.repeat(np.array(history, dtype="datetime64[D]"), ROWS_A_DAY))}
    for name in DIMENSIONS:
        member = random.integers(0, MEMBERS, count)
        columns[name] = pa.array([f"{name} {one}" for one in member.tolist()])
    for number in range(KPIS):
        level = np.exp(random.normal(0.001, 0.004) * np.arange(WEEKS) + np.cumsum(random.normal(0, 0.02, WEEKS)))[week]
        whole = random.poisson(100 * level)
        part = random.binomial(whole, 0.2)
        columns[f"part_{number}"] = pa.array(part)
        columns[f"whole_{number}"] = pa.array(whole)
        amount = np.round(part * np.exp(random.normal(2.2, 0.3, count)), 2)
        columns[f"amount_{number}"] = pa.array(amount).cast(pa.decimal128(18, 4), safe=False)
    return pa.table(columns)


def calendar_rows() -> pa.Table:
    """The company's days and periods."""
    calendar = CompanyCalendar("Europe/Berlin", "monday", "gregorian")
    return pa.Table.from_pylist([asdict(row) for row in calendar.rows(date(2022, 12, 1), AS_OF + timedelta(weeks=26))])


def _measures() -> list[tuple[str, str]]:
    return [
        (f"{kind}_{number}", "decimal(18, 4)" if kind == "amount" else "bigint")
        for number in range(KPIS)
        for kind in ("part", "whole", "amount")
    ]


def _kpi_id(number: int) -> str:
    return f"kpi_{number:02d}"


def _text(words: str) -> dict[str, str]:
    return {"en": words, "fa": f"شاخص {words}"}


def _metric(number: int) -> Metric:
    unit, formula, _, _ = KINDS[number % len(KINDS)]
    return Metric.model_validate(
        {
            "name": _text(f"KPI {number}"),
            "formula": formula.format(number),
            "unit": unit,
            "direction": "higher_better",
            "source": "benchmark",
        }
    )


def _kpi(number: int) -> Kpi:
    _, _, baseline, target = KINDS[number % len(KINDS)]
    objective = "grow" if number % 2 else "improve"
    return Kpi.model_validate(
        {
            "metric": _kpi_id(number),
            "version": 1,
            "status": "active",
            "effective_from": FIRST_DAY,
            "class": "business",
            "objective": objective,
            "success_factor": f"factor_of_{objective}",
            "criterion": "quality",
            "answers": (f"question_of_{objective}",),
            "why": _text("Because it matters to everybody"),
            "what": ("two people",),
            "who": {"accountable": "ceo", "responsible": ("ceo",)},
            "where": {"scope": "everywhere", "efficiency_metric": _kpi_id(number), "per": _kpi_id((number + 1) % KPIS)},
            "when": {"assumptions": (), "risks": (), "obstacles": (), "opportunities": ()},
            "how": {"tasks": ("work",)},
            "target": {
                "baseline": {"value": baseline, "from_week": FIRST_DAY, "to_week": FIRST_DAY + timedelta(weeks=12)},
                "value": target,
                "deadline": AS_OF + timedelta(weeks=13, days=-1),
                "success_rule": {"comparator": ">=", "consecutive_weeks": 3},
            },
            "review": {"every_weeks": 4, "next_on": AS_OF + timedelta(weeks=4)},
            "impact": {
                "objective_metric": _kpi_id((number + 1) % KPIS),
                "expected_sign": 1,
                "lag_weeks": number % 3,
                "evidence": "measured",
            },
            "actions": ({"when": "off_track", "do": _text("Try harder"), "owner": "ceo"},),
            "quality": {"max_latency_hours": 96, "min_coverage_pct": 95},
        }
    )


def _goals() -> Goals:
    levels = {"grow": "business", "convert": "external", "improve": "internal"}
    parents = {"grow": None, "convert": "grow", "improve": "convert"}
    return Goals.model_validate(
        {
            "owners": {"ceo": {"name": _text("Chief"), "group": "executive"}},
            "criteria": {"quality": {"name": _text("Quality")}},
            "objectives": {
                name: {
                    "level": level,
                    "statement": _text(f"Statement of {name}"),
                    "why": _text(f"Reason of {name}"),
                    "owner": "ceo",
                    "parent": parents[name],
                    "review_on": AS_OF + timedelta(weeks=4),
                }
                for name, level in levels.items()
            },
            "success_factors": {
                f"factor_of_{name}": {
                    "objective": name,
                    "statement": _text(f"Factor of {name}"),
                    "measured_by": (_kpi_id(0),),
                }
                for name in levels
            },
            "questions": {
                f"question_of_{name}": {
                    "objective": name,
                    "kind": "how",
                    "question": _text(f"How to reach {name}?"),
                    "answered_by": (_kpi_id(0),),
                }
                for name in levels
            },
        }
    )
