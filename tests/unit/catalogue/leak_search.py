"""Publishing random catalogues, and searching what executives get for anything of internal KPIs.

Here: what counts as a leak, worked out from the configuration and the warehouse without asking the rule that is tested.
The catalogues themselves come from ``random_catalogues``.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.exposure.derivation import derivable_kpis
from kpi_pipeline.catalogue.findings.driver_exposure import DriverExposure
from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.catalogue.refresh import refresh_kpi_tables
from kpi_pipeline.catalogue.snapshots.snapshot_plan import snapshot_tables
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.loading.raw_tables import prepare_raw_tables
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.publish import publish_snapshot
from kpi_pipeline.warehouse.seeds import SEED_TABLES
from kpi_pipeline.warehouse.snapshot import open_snapshot
from kpi_pipeline.warehouse.sql_project import SqlProject, load_sql_project
from tests.unit.catalogue.conftest import RAW_TABLES
from tests.unit.catalogue.hand_made import Warehouse, week
from tests.unit.catalogue.random_catalogues import FACTS, WEEKS, RandomCatalogue, fact_rows, random_catalogue

Tables = dict[str, list[dict[str, Any]]]
Words = tuple[str, ...]

# An internal number is no less known for standing there as a percentage, or with its sign changed.
FACTORS = (1, 100, 1000, 0.01, 0.001)
FEWEST_DIGITS = 5
PARTS = ("numerator", "denominator", "value")
LISTS_OF_KPIS = ("kpi_ids", "guardrails")


@dataclass
class Publisher:
    """Fills one warehouse for one catalogue after the other, and reads what executives would get.

    Attributes:
        came_up: how often catalogues were of a kind; an attack without secrets proves nothing.
    """

    warehouse: Warehouse
    project: SqlProject
    folder: Path
    runs: int = 0
    came_up: Counter[str] = field(default_factory=Counter)

    def refresh(self, config: Configuration, ledger: str) -> str:
        """Make all tables of one snapshot and return its name."""
        self.runs += 1
        name = f"s{self.runs}"
        with (
            CustodyLedger(self.folder / "custody.sqlite") as custody,
            PublicationLedger(self.folder / f"{ledger}.sqlite") as publications,
        ):
            refresh_kpi_tables(
                self.warehouse.engine,
                config,
                self.project,
                as_of=week(WEEKS),
                snapshot_id=name,
                published_at=datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=self.runs),
                custody=custody,
                publications=publications,
            )
        return name

    def shown(self, config: Configuration) -> Tables:
        """The executives' tables, by the queries that their file is made with."""
        found: Tables = {}
        for table in snapshot_tables(config, self.project)["executive"]:
            result = self.warehouse.engine.connection.execute(table.query)
            columns = [column[0] for column in result.description]
            found[table.name] = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
        return found

    def published(self, config: Configuration, name: str) -> Path:
        """The executives' file."""
        executive = {"executive": snapshot_tables(config, self.project)["executive"]}
        return publish_snapshot(self.warehouse.engine, self.folder / "out", name, executive, keep=3)["executive"]

    def forget(self) -> None:
        """Leave nothing of the last catalogue but the measures."""
        self.warehouse.engine.run("drop schema if exists kpi cascade")
        self.warehouse.engine.run("drop table if exists meta.computed_metrics")


@contextmanager
def open_publisher(folder: Path) -> Iterator[Publisher]:
    """Open a publisher whose files lie in a folder; the warehouse lies in memory."""
    (folder / "sql" / "measures").mkdir(parents=True)
    (folder / "sql" / "measures" / "facts.sql").write_text(FACTS, encoding="utf-8")
    with closing(DuckDbEngine(Path(":memory:"), threads=1)) as engine:
        prepare_meta(engine)
        prepare_raw_tables(engine)
        warehouse = Warehouse(engine)
        warehouse.calendar()
        warehouse.as_of(week(WEEKS))
        warehouse.cover({"orders": (week(0), week(WEEKS) - timedelta(days=1))})
        warehouse.measures("facts", fact_rows(Random(0)))
        yield Publisher(warehouse, load_sql_project(folder / "sql", (*RAW_TABLES, *SEED_TABLES)), folder)


def cells(file: Path) -> list[Any]:
    """Every cell and comment of a published file."""
    found: list[Any] = []
    with closing(open_snapshot(file)) as connection:
        tables = connection.sql("select schema_name || '.' || table_name, comment from duckdb_tables()").fetchall()
        for table, comment in tables:
            rows = connection.sql(f"select * from {table}").fetchall()
            found += [comment, *(cell for row in rows for cell in row)]
    return found


def attack(publisher: Publisher, seed: int) -> list[str]:
    """Publish one catalogue, then again with one KPI of another objective; return what leaked."""
    publisher.forget()
    catalogue = random_catalogue(seed)
    leaks = []
    for config in (catalogue.before, catalogue.after):
        try:
            publisher.refresh(config, f"publications_{seed}")
        except ConfigurationError:
            publisher.came_up["refused"] += 1
            if not must_be_refused(config, catalogue):
                leaks.append(f"catalogue {seed}: refused without reason")
            continue
        if must_be_refused(config, catalogue):
            leaks.append(f"catalogue {seed}: one number or id for both audiences is accepted")
            continue
        tables = publisher.shown(config)
        leaks += [f"catalogue {seed}, {place}" for place in _found_in(tables, config, catalogue, publisher.warehouse)]
        _note(publisher, config, tables)
    return leaks


def must_be_refused(config: Configuration, catalogue: RandomCatalogue) -> bool:
    """Whether one number, or one id, stands on both sides."""
    audiences = Audiences(config)
    inner, outer = (
        {config.kpis[name].metric for name in side} for side in (audiences.internal_kpis, audiences.executive_kpis)
    )
    seen = {meaning for name in outer for meaning in (catalogue.meanings[name], *catalogue.changes[name])}
    has_shared_id = not inner.union(audiences.internal_kpis).isdisjoint(outer.union(audiences.executive_kpis))
    return has_shared_id or not seen.isdisjoint(catalogue.meanings[name] for name in inner)


def secret_names(config: Configuration) -> tuple[set[Words], set[Words]]:
    """What internal KPIs and objectives are called, and what executive KPIs are called, as words."""
    audiences = Audiences(config)
    known = _names(audiences.executive_kpis, config)
    objectives = config.goals.objectives
    internal = {tuple(words_of(name)) for name, each in objectives.items() if each.level == "internal"}
    return (_names(audiences.internal_kpis, config) | internal) - known, known


def words_of(text: str) -> list[str]:
    """The words of a text in small letters."""
    return re.findall(r"\w+", text.lower())


def names_any(text: str, secret: set[Words], known: set[Words]) -> bool:
    """Whether words of a text are a secret name, and no part of a longer one that is known."""
    words, position = words_of(text), 0
    while position < len(words):
        here = [name for name in secret | known if tuple(words[position : position + len(name)]) == name]
        if here and (longest := max(here, key=len)) in secret:
            return True
        position += len(longest) if here else 1
    return False


def secret_numbers(
    config: Configuration, catalogue: RandomCatalogue, warehouse: Warehouse
) -> Iterator[float | Decimal]:
    """What internal KPIs show: values, targets, and the sides of divisions that no executive KPI shows as its own."""
    audiences = Audiences(config)
    shown = audiences.executive_metrics
    known = {meaning for name in shown for meaning in (catalogue.meanings[name], *catalogue.changes[name])}
    for row in _rows_of({config.kpis[name].metric for name in audiences.internal_kpis}, warehouse):
        above, below = catalogue.sides[row["metric_id"]]
        sides = ((above, "numerator"), (below, "denominator"))
        yield from (row[side] for meaning, side in sides if meaning not in known and row[side] is not None)
        yield from (row["value"] * factor for factor in FACTORS if row["value"] is not None)
    for name in audiences.internal_kpis:
        if (target := config.kpis[name].target) is not None:
            yield from (target.value, target.baseline.value)


def digits(number: float | Decimal) -> str | None:
    """What makes a number recognizable; None where it is small or round, and so equal to others by chance."""
    written = f"{abs(float(number)):.9e}"
    return written if len(written.partition("e")[0].replace(".", "").rstrip("0")) >= FEWEST_DIGITS else None


def _rows_of(metrics: Collection[str], warehouse: Warehouse) -> list[dict[str, Any]]:
    rows = warehouse.rows("select * from kpi.values where dimension = 'total'")
    return [row for row in rows if row["metric_id"] in metrics]


def _names(kpi_ids: Sequence[str], config: Configuration) -> set[Words]:
    metrics = {config.kpis[kpi_id].metric for kpi_id in kpi_ids}
    names = [config.metrics[metric_id].name for metric_id in metrics]
    return {
        tuple(words_of(each)) for each in (*kpi_ids, *metrics, *(text for name in names for text in (name.en, name.fa)))
    }


def _found_in(tables: Tables, config: Configuration, catalogue: RandomCatalogue, warehouse: Warehouse) -> Iterator[str]:
    audiences = Audiences(config)
    secret, known = secret_names(config)
    # Executive windows that the data does not fill are equal to other ones by chance.
    chance = {
        digits(row[part])
        for row in _rows_of(audiences.executive_metrics, warehouse)
        if row["status"] == "partial"
        for part in PARTS
        if row[part] is not None
    }
    numbers = {digits(number) for number in secret_numbers(config, catalogue, warehouse)} - {None} - chance
    executive = {"", *audiences.executive_kpis}
    for table, rows in tables.items():
        for row in rows:
            for column, cell in row.items():
                if column in LISTS_OF_KPIS:
                    if not executive.issuperset((cell or "").split(", ")):
                        yield f"{table}.{column} lists an internal KPI: {cell}"
                elif isinstance(cell, str) and names_any(cell, secret, known):
                    yield f"{table}.{column} names an internal KPI: {cell}"
                elif isinstance(cell, int | float | Decimal) and digits(cell) in numbers:
                    yield f"{table}.{column} is an internal number: {cell}"
    for member, number in _sides_of_members(tables):
        if digits(number) in numbers:
            yield f"what moved a KPI tells an internal number of {member}: {number}"


def _sides_of_members(tables: Tables) -> Iterator[tuple[str, float]]:
    """What a reader works out who multiplies weights with the denominator, and values with both, then adds these up."""
    weeks = {(row["kpi_id"], row["week_start"]): row for row in tables["kpi.weekly_executive"]}
    for row in tables["kpi.contributions"]:
        week = weeks[row["kpi_id"], row["week_start"]]
        if row["weight"] is not None and week["denominator"] is not None:
            below = row["weight"] * float(week["denominator"])
            yield f"{row['dimension']} {row['member']}", below
            if row["value"] is not None:
                above = row["value"] * below
                yield from (
                    (f"{row['dimension']} {row['member']}", each) for each in (above, above + below, above - below)
                )


def _note(publisher: Publisher, config: Configuration, tables: Tables) -> None:
    audiences = Audiences(config)
    seen = {row["kpi_id"] for row in tables["kpi.weekly_executive"]}
    kinds: Mapping[str, bool] = {
        "shown": bool(seen) and set(audiences.executive_kpis) == seen,
        "internal": bool(audiences.internal_kpis),
        "without sides": bool(audiences.metrics_without_sides),
        "derivable": bool(derivable_kpis(audiences, publisher.project)),
        "withheld": any(row["why_en"] is None for row in tables["kpi.catalogue"]),
        "split": any(row["weight"] is not None for row in tables["kpi.contributions"]),
        "split withheld": any(DriverExposure(audiences, publisher.project).withheld()),
        "factors": any(row["method"] == "factors" for row in tables["kpi.contributions"]),
        "driver": any(row["finding_en"] is not None for row in tables["kpi.contributions"] if row["driver_rank"]),
        "member withheld": any(
            row["member"] is None for row in tables["kpi.contributions"] if row["method"] != "not_split"
        ),
    }
    publisher.came_up.update(kind for kind, came_up in kinds.items() if came_up)
