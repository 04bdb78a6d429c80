"""Random sequences of exports against a model in plain Python: whatever the order of arrival, the same rows stand.

The model knows two rules only: of each day (or each order) that several exports speak for, the newest export's rows
stand and no other's; and the same bytes exported again count from their newest time.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.custody.custody import Custody
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.reconciliation import reconcile
from kpi_pipeline.sources.loading import ingest, loading
from kpi_pipeline.sources.loading.ingest import ingest_source, replay_source
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from tests.fault_figures import note_figures

FIRST_DAY = date(2026, 9, 1)
FIRST_EXPORT = datetime(2026, 10, 1, 6, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)

DAYS = Source.model_validate(
    {
        "system": "csv",
        "subject": "ad_performance",
        "currency": "EUR",
        "columns": {
            "day": {"header": "day"},
            "campaign_id": {"header": "campaign"},
            "impressions": {"header": "shown"},
            "cost": {"header": "cost"},
        },
        "constants": {"platform": "google_ads"},
    },
    strict=False,
)
ORDERS = Source.model_validate(
    {
        "system": "csv",
        "currency": "EUR",
        "columns": {
            "number": {"header": "order"},
            "line": {"header": "line", "type": "integer"},
            "day": {"header": "day", "type": "date"},
            "pieces": {"header": "pieces", "type": "decimal"},
        },
        "tables": {
            "orders": {
                "group_by": ["number"],
                "columns": {
                    "order_id": "number",
                    "day": "min(day)",
                    "created_at": "min(day)",
                    "customer_key": "number",
                    "status": "'paid'",
                    "gross_items": "sum(pieces)",
                },
            },
            "order_lines": {
                "columns": {
                    "order_id": "number",
                    "line_number": "line",
                    "day": "day",
                    "quantity": "pieces",
                    "line_total": "pieces",
                }
            },
        },
    },
    strict=False,
)

Row = tuple[object, ...]


@dataclass(frozen=True)
class Export:
    """One export: what it says of each day or order, and when it was made."""

    name: str
    exported_at: datetime
    rows: dict[object, list[Row]]
    header: str

    @property
    def text(self) -> str:
        lines = [",".join(map(str, row)) for rows in self.rows.values() for row in rows]
        return "\n".join([self.header, *lines]) + "\n"


@dataclass
class Model:
    """What must stand: unit → (time of the newest export that speaks for it, its rows)."""

    standing: dict[object, tuple[datetime, list[Row]]] = field(default_factory=dict)

    def take(self, export: Export) -> None:
        for unit, rows in export.rows.items():
            former = self.standing.get(unit)
            if former is None or former[0] < export.exported_at:
                self.standing[unit] = (export.exported_at, rows)

    def rows(self) -> Counter[Row]:
        return Counter(row for _time, rows in self.standing.values() for row in rows)


def day_export(random: Random, number: int) -> Export:
    first = random.randrange(20)
    length = random.randrange(1, 9)
    rows: dict[object, list[Row]] = {}
    for offset in range(length):
        day = FIRST_DAY + timedelta(days=first + offset)
        # A day without rows says that there was nothing. The ends have rows: they are the range that the file covers.
        is_empty = 0 < offset < length - 1 and random.random() < 0.25
        count = 0 if is_empty else random.choice([1, 1, 2])
        rows[day] = [(day, f"c{random.randrange(3)}", random.randrange(5), random.randrange(4)) for _ in range(count)]
    return Export(f"f{number}.csv", export_time(random), rows, "day,campaign,shown,cost")


def order_export(random: Random, number: int) -> Export:
    rows: dict[object, list[Row]] = {}
    for order in random.sample(range(12), random.randrange(1, 6)):
        day = FIRST_DAY + timedelta(days=random.randrange(6))
        rows[order] = [(order, line, day, random.randrange(1, 4)) for line in range(1, random.randrange(2, 5))]
    return Export(f"f{number}.csv", export_time(random), rows, "order,line,day,pieces")


def export_time(random: Random) -> datetime:
    # Never the same for two exports: of those the greater batch id would win, which the model does not know.
    return FIRST_EXPORT + timedelta(microseconds=random.randrange(10**12))


def standing_days(engine: DuckDbEngine, source: str) -> Counter[Row]:
    rows = engine.read(
        "select day, campaign_id, impressions, cast(cost as integer) as cost from raw.ad_performance"
        " where source = $source",
        {"source": source},
    )
    return Counter(tuple(row.values()) for row in rows.to_pylist())


def standing_orders(engine: DuckDbEngine, source: str) -> Counter[Row]:
    heads = engine.read(
        "select cast(order_id as integer), cast(gross_items as integer) from raw.orders where source = $source",
        {"source": source},
    )
    lines = engine.read(
        "select cast(order_id as integer) as order_id, line_number, day, cast(quantity as integer) as quantity"
        " from raw.order_lines where source = $source",
        {"source": source},
    )
    found = Counter(tuple(row.values()) for row in lines.to_pylist())
    sums: Counter[object] = Counter()
    for (order, _line, _day, pieces), count in found.items():
        sums[order] += pieces * count
    assert dict(sums) == dict(tuple(row.values()) for row in heads.to_pylist())
    return found


KINDS = {
    "days": (DAYS, day_export, standing_days),
    "orders": (ORDERS, order_export, standing_orders),
}


class Crash(BaseException):
    """What a killed process does to those who wait for it."""


STEPS: list[tuple[object, str]] = [
    (Custody, "flush"),
    (CustodyLedger, "register"),
    (ingest, "prepare_file"),
    (loading, "claim_days"),
    (loading, "enter_batch"),
    (ingest, "standing_batches"),
    (CustodyLedger, "decide"),
]


class Installation:
    """One source after the other in the same warehouse; files are dropped, then ingested."""

    def __init__(self, folder: Path, engine: DuckDbEngine, ledger: CustodyLedger, patch: pytest.MonkeyPatch) -> None:
        self.paths = Paths(config=folder, sql=folder, data=folder / "data")
        self.engine, self.ledger, self.patch = engine, ledger, patch

    def drop(self, source: str, export: Export) -> None:
        path = self.paths.inbox / source / export.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(export.text)
        nanoseconds = int((export.exported_at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 1000
        os.utime(path, ns=(nanoseconds, nanoseconds))

    def ingest(self, name: str, source: Source) -> list[str]:
        report = ingest_source(
            name,
            source,
            engine=self.engine,
            ledger=self.ledger,
            paths=self.paths,
            as_of=NOW.date(),
            now=NOW,
            hash_key=None,
        )
        refused = [file for file in report.files if file.problem]
        for file in refused:
            # Far fewer rows than before are nothing that the model minds; somebody says that it is really so.
            assert "confirm this file" in str(file.problem)
            self.ledger.confirm(name, file.sha256, confirmed_by="test", reason="so it is", confirmed_at=NOW)
        return [file.file_name for file in report.files] + (self.ingest(name, source) if refused else [])

    def crash(self, random: Random, name: str, source: Source) -> None:
        """Ingest until one step of one file, and be killed there."""
        owner, step = random.choice(STEPS)
        original: Callable[..., object] = getattr(owner, step)
        calls = Counter[str]()
        fatal = random.randrange(1, 4)

        def crashing(*arguments: object, **options: object) -> object:
            calls[step] += 1
            if calls[step] == fatal:
                raise Crash
            return original(*arguments, **options)

        with self.patch.context() as patch:
            patch.setattr(owner, step, crashing)
            try:
                self.ingest(name, source)
            except Crash:
                reconcile(self.engine, self.ledger)

    def replay(self, name: str, source: Source) -> None:
        replay_source(name, source, engine=self.engine, ledger=self.ledger, paths=self.paths, hash_key=None)


@pytest.fixture
def installation(
    tmp_path: Path, engine: DuckDbEngine, ledger: CustodyLedger, monkeypatch: pytest.MonkeyPatch
) -> Installation:
    return Installation(tmp_path, engine, ledger, monkeypatch)


def sequence(random: Random, make: Callable[[Random, int], Export]) -> Iterator[Export]:
    """Yield exports in the order in which they arrive: late ones, corrections, the same bytes under another name."""
    exports = [make(random, number) for number in range(random.randrange(2, 6))]
    for number in range(random.randrange(3)):
        original = random.choice(exports)
        # A correction replaces the file of its name; the same bytes under the same name would only be touched.
        changed = Export(original.name, export_time(random), make(random, 0).rows, original.header)
        copied = Export(f"again{number}.csv", export_time(random), original.rows, original.header)
        exports.append(random.choice([changed, copied]))
    random.shuffle(exports)
    yield from exports


def check_sequence(installation: Installation, kind: str, seed: int) -> None:
    random = Random(f"{kind} {seed}")
    source, make, standing = KINDS[kind]
    name, model = f"{kind}_{seed}", Model()
    waiting: set[str] = set()
    for export in sequence(random, make):
        if export.name in waiting:  # it would replace a file that no run has seen
            installation.ingest(name, source)
            waiting.clear()
        installation.drop(name, export)
        model.take(export)
        waiting.add(export.name)
        chance = random.random()
        if chance < 0.15:
            installation.crash(random, name, source)
        if chance < 0.6:
            installation.ingest(name, source)
            waiting.clear()
            assert standing(installation.engine, name) == model.rows()
        if 0.5 < chance < 0.57:  # another contract that reads the same
            source = source.model_copy(update={"final_line_break": not source.final_line_break})
    installation.ingest(name, source)
    assert standing(installation.engine, name) == model.rows()

    changes = installation.engine.read("select count(*) as changes from meta.changes").to_pylist()
    assert installation.ingest(name, source) == []
    assert installation.engine.read("select count(*) as changes from meta.changes").to_pylist() == changes
    if seed % 10 == 0:
        installation.replay(name, source)
        assert standing(installation.engine, name) == model.rows()


@pytest.mark.parametrize("kind", KINDS)
def test_the_rows_that_stand_do_not_depend_on_the_order_of_arrival(installation: Installation, kind: str) -> None:
    for seed in range(6):
        check_sequence(installation, kind, seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_sequences(installation: Installation, kind: str, part: int) -> None:
    for seed in range(1000 + 50 * part, 1000 + 50 * (part + 1)):
        check_sequence(installation, kind, seed)
    note_figures("sequences", sequences=50)
