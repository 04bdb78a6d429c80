"""Tables whose rows are made in Python: KPIs, objectives, notes on quality, what was reported.

Here: their columns, and writing rows into them. Add a column here and in ``descriptions``, or in ``catalogue_columns``
for both. What stands in the rows belongs to the module that makes them; sets of many rows are made by SQL and never
pass through here.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from kpi_pipeline.catalogue.tables import analysis_columns, catalogue_columns
from kpi_pipeline.catalogue.tables.catalogue_columns import SUM_TYPE, types
from kpi_pipeline.warehouse.engine import Engine

Value = str | int | float | bool | Decimal | date | datetime | None
Row = Mapping[str, Value]

WEEKLY = {
    "week_start": "date",
    "week_end": "date",
    "kpi_id": "varchar",
    "name_en": "varchar",
    "name_fa": "varchar",
    "unit": "varchar",
    "direction": "varchar",
    "value": "double",
    "previous_value": "double",
    "change": "double",
    "change_is_detectable": "boolean",
    "data_age_days": "integer",
    "previous_value_at_same_age": "double",
    "change_at_same_age": "double",
    "same_week_last_year": "double",
    "numerator": SUM_TYPE,
    "denominator": SUM_TYPE,
    "null_reason": "varchar",
    "status": "varchar",
    "baseline": "double",
    "target": "double",
    "target_low": "double",
    "target_high": "double",
    "deadline": "date",
    "path_value": "double",
    "attainment": "double",
    "forecast_at_deadline": "double",
    "forecast_low": "double",
    "forecast_high": "double",
    "probability": "double",
    "pace_status": "varchar",
    "is_held_back": "boolean",
    "owner": "varchar",
    "objective_id": "varchar",
    "rank_52": "integer",
    "snapshot_id": "varchar",
}
CATALOGUE = types(catalogue_columns.CATALOGUE)
OBJECTIVES = types(catalogue_columns.OBJECTIVES)
SUCCESS_FACTORS = types(catalogue_columns.SUCCESS_FACTORS)
CRITERIA = types(catalogue_columns.CRITERIA)
ALIGNMENT = types(catalogue_columns.ALIGNMENT)
OWNERS = types(catalogue_columns.OWNERS)
SMART = types(catalogue_columns.SMART)
SCORES = types(catalogue_columns.SCORES)
ANSWERS = types(catalogue_columns.ANSWERS)
EFFICIENCY = types(catalogue_columns.EFFICIENCY)
RELATIONS = types(analysis_columns.RELATIONS)
ANOMALIES = types(analysis_columns.ANOMALIES)
WATCHED = types(analysis_columns.WATCHED)
CONTRIBUTIONS = types(analysis_columns.CONTRIBUTIONS)
RESTATEMENTS = types(analysis_columns.RESTATEMENTS)
LIFETIME = types(analysis_columns.LIFETIME)
LIFETIME_MODELS = types(analysis_columns.LIFETIME_MODELS)
LIFETIME_CALIBRATION = types(analysis_columns.LIFETIME_CALIBRATION)
BREAKS = {
    "metric_id": "varchar",
    "on_day": "date",
    "kind": "varchar",
    "what_en": "varchar",
    "what_fa": "varchar",
}
QUALITY = {
    "kind": "varchar",
    "source": "varchar",
    "metric_id": "varchar",
    "first_day": "date",
    "last_day": "date",
    "file_name": "varchar",
    "line": "bigint",
    "column_name": "varchar",
    "found": "varchar",
    "expected": "varchar",
    "message": "varchar",
    "severity": "varchar",
}
REPORTED = {
    "kpi_id": "varchar",
    "week_start": "date",
    "audience": "varchar",
    "value": "double",
    "null_reason": "varchar",
    "status": "varchar",
    "snapshot_id": "varchar",
    "published_at": "timestamp",
    "definition_hash": "varchar",
    "data_age_days": "integer",
}
SNAPSHOT = {
    "snapshot_id": "varchar",
    "as_of": "date",
    "published_at": "timestamp",
    "company_name_en": "varchar",
    "company_name_fa": "varchar",
    "reporting_currency": "varchar",
    "money_shown_in": "varchar",
    "week_start": "varchar",
    "month_calendar": "varchar",
    "time_zone": "varchar",
}


def write_rows(engine: Engine, table: str, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
    """Make ``table`` hold exactly these rows; a column that a row does not name is NULL."""
    values: dict[str, object] = {name: [row.get(name) for row in rows] for name in columns}
    listed = ", ".join(f"unnest(cast(${name} as {data_type}[])) as {name}" for name, data_type in columns.items())
    engine.run(f"create or replace table {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
    engine.run(f"insert into {table} select {listed}", values)
