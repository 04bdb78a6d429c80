"""The tables of ``core`` that come from the configuration: the calendar, the company and its sources.

Here: their columns and rows. Add a table when SQL needs another fact of the configuration. What is derived from these
tables belongs to ``sql/``. ``core.company`` changes every day with the day of the run: an incremental table that
read it would be rebuilt whole every day.
"""

from collections.abc import Mapping
from datetime import date
from operator import attrgetter

import pyarrow as pa

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.company import Company
from kpi_pipeline.config.source import Source
from kpi_pipeline.warehouse.changes import record_changes
from kpi_pipeline.warehouse.engine import Engine

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2040, 12, 31)

SEED_TABLES = {
    "core.calendar": "One row per day: the company's week, month, quarter and year around it, and its Jalali date.",
    "core.company": "One row: the company's settings and the day of the run; days before it are complete.",
    "core.settings": "One row: what the company has set for its measures; it does not change from day to day.",
    "core.web_goals": "One row per event of the website that the company counts as a goal.",
    "core.sources": "One row per connected source: its system, how long it changes a day, how often it promises data.",
}
COLUMNS = {
    "core.calendar": {
        "day": "date",
        "starts_at": "timestamp",
        "week_start": "date",
        "week_end": "date",
        "month_start": "date",
        "month_end": "date",
        "quarter_start": "date",
        "quarter_end": "date",
        "year_start": "date",
        "year_end": "date",
        "iso_year": "integer",
        "iso_week": "integer",
        "weekday": "integer",
        "jalali_year": "integer",
        "jalali_month": "integer",
        "jalali_day": "integer",
    },
    "core.company": {
        "as_of": "date",
        "reporting_currency": "varchar",
        "time_zone": "varchar",
        "fx_max_age_days": "integer",
    },
    "core.settings": {
        "support_sla_minutes": "integer",
        "attribution_lookback_days": "integer",
        "bestsellers": "integer",
    },
    "core.web_goals": {
        "goal": "varchar",
        "event_name": "varchar",
        "value": "decimal(18, 4)",
    },
    "core.sources": {
        "source": "varchar",
        "system": "varchar",
        "restates_days": "integer",
        "promised_every_days": "integer",
    },
}

Rows = list[tuple[object, ...]]


def write_seeds(
    engine: Engine, company: Company, sources: Mapping[str, Source], calendar: CompanyCalendar, as_of: date
) -> list[str]:
    """Write the tables whose rows differ from what the warehouse holds, and return their names.

    Args:
        engine: the warehouse, outside a transaction.
        company: the company's settings.
        sources: the connected sources by name.
        calendar: the company's calendar.
        as_of: the first day that is not complete.
    """
    calendar_columns = attrgetter(*COLUMNS["core.calendar"])
    rows: dict[str, Rows] = {
        "core.calendar": [calendar_columns(day) for day in calendar.rows(FIRST_DAY, LAST_DAY)],
        "core.company": [(as_of, company.reporting_currency, company.time_zone, company.fx_max_age_days)],
        "core.settings": [(company.support_sla_minutes, company.attribution_lookback_days, company.bestsellers)],
        "core.web_goals": [(name, goal.event, goal.value) for name, goal in sorted(company.web_goals.items())],
        "core.sources": [
            (name, source.system, source.restates_days, source.promised_every_days)
            for name, source in sorted(sources.items())
        ],
    }
    return [table for table in SEED_TABLES if _replace_if_different(engine, table, rows[table])]


def _replace_if_different(engine: Engine, table: str, rows: Rows) -> bool:
    columns = COLUMNS[table]
    values: dict[str, object] = {name: [row[position] for row in rows] for position, name in enumerate(columns)}
    with engine.transaction():
        engine.run("create schema if not exists core")
        if engine.exists(table):
            found = engine.read(f"select * from {table} order by all")
            if found.column_names == list(columns) and found.equals(pa.table(values, schema=found.schema)):
                return False
        listed = ", ".join(f"unnest(cast(${name} as {type_name}[])) as {name}" for name, type_name in columns.items())
        engine.run(f"create or replace table {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
        engine.run(f"insert into {table} select {listed}", values)
        record_changes(engine, table, None)
    return True
