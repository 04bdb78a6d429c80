"""A shop whose orders, refunds and rates arrive file by file, published again and again without the rest of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.history.arrived import RATES
from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.catalogue.history.reported_value import ReportedValue
from kpi_pipeline.catalogue.history.restatement import Restatement
from kpi_pipeline.catalogue.history.restatement_finding import made_from
from kpi_pipeline.catalogue.metrics.definition import definition_hash
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.metrics.values import refresh_values
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.loading.raw_tables import prepare_raw_tables
from kpi_pipeline.warehouse.changes import record_changes, record_snapshot
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, configuration, goals, kpi, metric, week

ONE_DAY = timedelta(days=1)
NET_SALES = "gross_sales - discounts - returns"
WEEKLY: dict[str, Any] = {"unit": "currency", "grains": ("week",), "dimensions": ()}
NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
SOURCES = {"orders": "shopify_orders", "refunds": "shop_refunds", "fx_rates": "fx_rates"}
# Both change a day for three days.
LONG_AFTER = week(2)


def day(number: int) -> date:
    """A day of week 0: 0 for its Monday."""
    return week(0) + number * ONE_DAY


def shop_configuration(sources: Mapping[str, Source], **metrics: Any) -> Configuration:
    """Net sales as an executive KPI, or other metrics as one each."""
    chosen = metrics or {"sales": metric(NET_SALES, **WEEKLY)}
    return configuration(
        chosen,
        goals=goals(),
        kpis={name: kpi(name, "convert") for name in chosen},
        sources={name: sources[name] for name in SOURCES.values()},
    )


@dataclass
class Publisher:
    """The warehouse, the ledger, and what has been delivered so far: every day of week 0 sells for 100, less 10."""

    warehouse: Warehouse
    project: SqlProject
    publications: PublicationLedger
    config: Configuration
    sales: dict[date, Decimal] = field(default_factory=lambda: {day(n): Decimal(100) for n in range(7)})
    refunds: dict[date, Decimal] = field(default_factory=lambda: {day(1): Decimal(20)})
    files: int = 0
    snapshots: int = 0

    def __post_init__(self) -> None:
        prepare_raw_tables(self.warehouse.engine)
        self.warehouse.engine.run("create table if not exists core.exchange_rates (day date)")

    def deliver(self, subject: str, *days: date) -> None:
        """Let a file arrive that speaks for these days, with what is set for them."""
        self.files += 1
        source, batch = SOURCES[subject], f"batch {self.files}"
        values = {"batch": batch, "source": source, "subject": subject, "days": list(days)}
        self._run(
            "insert into raw.batches by name select $batch as batch_id, $source as source, $batch as file_name,"
            " $batch as sha256, timestamp '2026-02-01' as exported_at, 5 as rows_loaded,"
            " date '2026-02-01' as loaded_for",
            values,
        )
        self._run(
            "delete from raw.covered_days where source = $source and subject = $subject"
            " and list_contains(cast($days as date[]), day)",
            values,
        )
        self._run(
            "insert into raw.covered_days select $source, 'shop', $subject, unnest(cast($days as date[])), $batch,"
            " timestamp '2026-02-01'",
            values,
        )
        record_changes(self.warehouse.engine, f"raw.{subject}", set(days))

    def deliver_everything(self) -> None:
        """Let all orders and refunds of week 0 arrive."""
        week_0 = [day(n) for n in range(7)]
        self.deliver("orders", *week_0)
        self.deliver("refunds", *week_0)

    def correct_rate(self, *days: date) -> None:
        """Let a file with other exchange rates arrive."""
        self.deliver("fx_rates", *days)
        record_changes(self.warehouse.engine, RATES, set(days))

    def publish(self, as_of: date = LONG_AFTER, *, becomes_public: bool = True) -> list[tuple[str, float | None]]:
        """Publish what is there; return the causes and effects of what was restated."""
        return [(one.cause, one.effect) for one in self.restate(as_of, becomes_public=becomes_public)]

    def restate(self, as_of: date = LONG_AFTER, *, becomes_public: bool = True) -> list[Restatement]:
        """Publish what is there; return what was restated."""
        self.snapshots += 1
        name, engine, config = f"s{self.snapshots}", self.warehouse.engine, self.config
        self.fill(as_of)
        plans = {metric_id: plan_metric(metric_id, config, self.project) for metric_id in config.metrics}
        at = (NOW + self.snapshots * ONE_DAY).replace(tzinfo=None)
        with engine.transaction():
            refresh_values(engine, config, self.project, as_of)
            news = self.publications.news(
                [
                    ReportedValue(
                        kpi_id=row["metric_id"],
                        week_start=row["period_start"],
                        audience=Audiences(config).of_kpi[row["metric_id"]],
                        value=row["value"],
                        null_reason=row["null_reason"],
                        status=row["status"],
                        snapshot_id=name,
                        published_at=at,
                        definition_hash=definition_hash(plans[row["metric_id"]], self.project),
                        data_age_days=(as_of - row["period_end"]).days,
                    )
                    for row in self.warehouse.rows(
                        "select * from kpi.values where grain = 'week' and dimension = 'total' order by all"
                    )
                ]
            )
            made = made_from(engine, config, self.project, plans, self.publications, news, as_of)
            record_snapshot(engine, name)
        self.publications.enter(name, as_of, at, news, made)
        if becomes_public:
            self.publications.settle(name)
        return list(made.restatements)

    def fill(self, as_of: date) -> None:
        """Write measures and coverage as far as they have been delivered."""
        covered = self.warehouse.rows("select subject, day from raw.covered_days")
        days: dict[str, set[date]] = {"orders": set(), "refunds": set()}
        for row in covered:
            days.setdefault(row["subject"], set()).add(row["day"])
        orders = [
            {"day": on, "channel": "a", "country": "DE", "gross_sales": amount, "discounts": Decimal(10), "orders": 4}
            for on, amount in self.sales.items()
            if on in days["orders"]
        ]
        returns = [
            {"day": on, "country": "DE", "returns": amount}
            for on, amount in self.refunds.items()
            if on in days["refunds"]
        ]
        self._measures("orders", orders, ("channel", "country", "gross_sales", "discounts", "orders"))
        self._measures("returns", returns, ("country", "returns"))
        self.warehouse.cover_days(cast(dict[str, Any], days))
        self.warehouse.changed("core.coverage")
        self.warehouse.as_of(as_of)

    def _measures(self, table: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
        # Without any row the columns must still be there.
        self.warehouse.measures(table, rows or [dict.fromkeys(("day", *columns)) | {"day": date(2025, 1, 1)}])
        self.warehouse.changed(f"measures.{table}")

    def _run(self, statement: str, values: dict[str, Any]) -> None:
        used = {name: value for name, value in values.items() if f"${name}" in statement}
        self.warehouse.engine.run(statement, used)
