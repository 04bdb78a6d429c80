"""A warehouse with hand-made raw rows, and short forms of such rows."""

from collections.abc import Collection
from datetime import date, datetime, time

from kpi_pipeline.sources.loading.raw_tables import COVERED_DAYS
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.warehouse.build import BuildReport, build_tables
from kpi_pipeline.warehouse.changes import record_changes
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.sql_project import SqlProject

AS_OF = date(2026, 3, 20)
EXPORTED_AT = datetime(2026, 3, 20, 6)
Row = dict[str, object]


class Warehouse:
    """Fills raw tables and builds what is made from them."""

    def __init__(self, engine: DuckDbEngine, project: SqlProject) -> None:
        self.engine = engine
        self.project = project

    def set_company(self, **settings: object) -> None:
        """Change what ``core.company`` says."""
        assignments = ", ".join(f"{name} = ${name}" for name in settings)
        self.engine.run(f"update core.company set {assignments}", settings)
        record_changes(self.engine, "core.company", None)

    def add_source(self, source: str, restates_days: int) -> None:
        """Connect a source."""
        self.engine.run(
            "insert into core.sources values ($source, 'csv', $restates_days, 1)",
            {"source": source, "restates_days": restates_days},
        )
        record_changes(self.engine, "core.sources", None)

    def load(self, subject: str, rows: Collection[Row], *, source: str = "", account_id: str = "1") -> None:
        """Insert raw rows, and let their batch speak for their days."""
        source = source or f"{subject}_source"
        unit = "event_day" if subject == "web_events" else "day"
        lineage = {"source": source, "account_id": account_id, "batch_id": "b", "exported_at": EXPORTED_AT}
        for row in rows:
            self._insert(SUBJECTS[subject].table, row | lineage)
        for covered in sorted({row[unit] for row in rows}):
            self._insert(COVERED_DAYS, {"subject": subject, "day": covered} | lineage)
        record_changes(self.engine, SUBJECTS[subject].table, {row["day"] for row in rows})
        record_changes(self.engine, COVERED_DAYS, {row[unit] for row in rows})

    def _insert(self, table: str, row: Row) -> None:
        self.engine.run(f"insert into {table} ({', '.join(row)}) values ({', '.join(f'${name}' for name in row)})", row)

    def build(self, *tables: str) -> BuildReport:
        """Bring these tables and all that they are made from up to date; every table if none is named."""
        only = {name for table in tables for name in (table, *self.project.ancestors(table))} or None
        report = build_tables(self.engine, self.project, only=only)
        report.raise_failures()
        return report

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.engine.connection.execute(query).fetchall()


def ad(day: date, **values: object) -> Row:
    """One row of an advertising export in the reporting currency."""
    return {
        "day": day,
        "platform": "google_ads",
        "campaign_id": "c1",
        "campaign_name": "Spring",
        "impressions": 100,
        "clicks": 1,
        "interactions": 1,
        "cost": 10,
        "currency": "EUR",
        "conversions": 0,
        "conversion_value": 0,
    } | values


def event(name: str, at: datetime, *, session: str = "s1", day: date | None = None, **values: object) -> Row:
    """One web event; ``day`` is that of the session's begin if it differs."""
    return {
        "event_day": at.date(),
        "day": day or at.date(),
        "event_at": at,
        "event_name": name,
        "visitor_id": f"visitor of {session}",
        "session_id": session,
        "is_engaged": False,
        "channel": "Direct",
        "device": "desktop",
        "country": "Germany",
    } | values


def order(order_id: str, day: date, **values: object) -> Row:
    """One paid order of 100.00 in the reporting currency, placed at noon by a customer of its own."""
    return {
        "order_id": order_id,
        "order_number": f"#{order_id}",
        "day": day,
        "created_at": datetime.combine(day, time(12)),
        "customer_key": f"customer of {order_id}",
        "status": "paid",
        "is_test": False,
        "currency": "EUR",
        "gross_items": 100,
        "discounts": 0,
        "refunded_total": 0,
        "channel": "",
        "country": "DE",
    } | values


def rate(day: date, base: str, quote: str, value: str) -> Row:
    """One exchange rate: one unit of ``base`` costs ``value`` units of ``quote``."""
    return {"day": day, "base": base, "quote": quote, "rate": value}
