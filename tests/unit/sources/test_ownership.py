"""Any order of arrival gives the tables that a small model in plain Python gives, and records exactly what changed."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_pipeline.sources.files.reading import PreparedFile
from kpi_pipeline.sources.loading.loading import load_file
from kpi_pipeline.sources.loading.ownership import Batch
from kpi_pipeline.sources.loading.raw_tables import loaded_batches, prepare_raw_tables, standing_batches
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.warehouse.changes import changes_since, last_sequence, prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from tests.unit.sources.hand_made_files import batch, prepared, table

SEQUENCES = int(os.environ.get("KPI_TEST_SEQUENCES", "20"))
UNHURRIED = [HealthCheck.too_slow]
FIRST_DAY = date(2026, 11, 1)
Coverage = Literal["range", "days_present"]


@dataclass(frozen=True)
class RatesFile:
    """Rows of (account, day, value), the range that the file states, and the hour of its export."""

    rows: tuple[tuple[str, int, int], ...]
    stated: tuple[int, int] | None
    exported_at: int

    def prepared(self) -> PreparedFile:
        rows = [
            {"day": day_of(day), "base": "EUR", "quote": "USD", "rate": value, "account_id": account}
            for account, day, value in self.rows
        ]
        stated = None if self.stated is None else (day_of(self.stated[0]), day_of(self.stated[1]))
        return prepared(table("fx_rates", rows), stated_range=stated)


@dataclass(frozen=True)
class OrdersFile:
    """Orders of (account, order, day, status), lines of (account, order, number), and the hour of the export."""

    orders: tuple[tuple[str, str, int, str], ...]
    lines: tuple[tuple[str, str, int], ...]
    exported_at: int

    def prepared(self) -> PreparedFile:
        orders = [
            {
                "order_id": order, "day": day_of(day), "created_at": day_of(day), "customer_key": "c", "status": status,
                "currency": "EUR", "gross_items": 1, "account_id": account,
            }
            for account, order, day, status in self.orders
        ]  # fmt: skip
        lines = [
            {
                "order_id": order, "line_number": number, "day": FIRST_DAY, "quantity": 1, "line_total": 1,
                "account_id": account,
            }
            for account, order, number in self.lines
        ]  # fmt: skip
        return prepared(table("orders", orders), table("order_lines", lines))


def day_of(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def batch_of(file: RatesFile | OrdersFile) -> Batch:
    return batch(file.prepared(), datetime(2026, 12, 1) + timedelta(hours=file.exported_at))


accounts = st.sampled_from(["a", "b"])
days = st.integers(0, 5)


@st.composite
def rates_files(draw: st.DrawFn) -> RatesFile:
    rows = draw(st.lists(st.tuples(accounts, days, st.integers(1, 2)), max_size=6))
    stated = None
    if draw(st.booleans()):
        first = draw(st.integers(0, min((day for _, day, _ in rows), default=5)))
        stated = (first, draw(st.integers(max((day for _, day, _ in rows), default=first), 5)))
    return RatesFile(tuple(sorted(rows)), stated, draw(st.integers(0, 4)))


@st.composite
def orders_files(draw: st.DrawFn) -> OrdersFile:
    identifiers = st.sampled_from("1234")
    orders = draw(
        st.lists(
            st.tuples(accounts, identifiers, days, st.sampled_from(["paid", "refunded"])),
            unique_by=lambda order: order[:2],
            max_size=4,
        )
    )
    lines = draw(st.lists(st.tuples(accounts, identifiers, st.integers(1, 2)), unique=True, max_size=4))
    return OrdersFile(tuple(sorted(orders)), tuple(sorted(lines)), draw(st.integers(0, 4)))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDbEngine]:
    engine = DuckDbEngine(tmp_path_factory.mktemp("ownership") / "warehouse.duckdb")
    prepare_meta(engine)
    prepare_raw_tables(engine)
    yield engine
    engine.close()


def emptied(engine: DuckDbEngine) -> DuckDbEngine:
    with engine.transaction():
        for name in ("fx_rates", "orders", "order_lines", "covered_days", "batches"):
            engine.run(f"delete from raw.{name}")
        engine.run("delete from meta.changes")
    return engine


def load(engine: DuckDbEngine, file: RatesFile | OrdersFile, is_loaded: bool, coverage: Coverage = "range") -> None:
    load_file(
        engine,
        file.prepared(),
        batch_of(file),
        account_id="main",
        coverage=coverage,
        is_confirmed=True,
        is_loaded=is_loaded,
    )


def visible_days(engine: DuckDbEngine, subject: str) -> dict[date, Counter[tuple[object, ...]]]:
    columns = ", ".join((*SUBJECTS[subject].columns, "account_id"))
    found: dict[date, Counter[tuple[object, ...]]] = {}
    for row in engine.read(f"select {columns} from raw.{subject}").to_pylist():
        found.setdefault(row["day"], Counter())[tuple(row.values())] += 1
    return found


def differing(before: Mapping[date, object], after: Mapping[date, object]) -> set[date]:
    return {day for day in before.keys() | after.keys() if before.get(day) != after.get(day)}


def unique(files: list[RatesFile] | list[OrdersFile]) -> dict[str, RatesFile | OrdersFile]:
    """The files by batch id; of the same bytes the newest export."""
    newest: dict[str, RatesFile | OrdersFile] = {}
    for file in sorted(files, key=lambda file: file.exported_at):
        newest[batch_of(file).batch_id] = file
    return newest


def newest_only(files: list[RatesFile] | list[OrdersFile]) -> list[RatesFile | OrdersFile]:
    """What ``ingest`` hands to loading: the same bytes again only with a later export time."""
    handed: dict[str, int] = {}
    kept = []
    for file in files:
        identifier = batch_of(file).batch_id
        if handed.get(identifier, -1) < file.exported_at:
            handed[identifier] = file.exported_at
            kept.append(file)
    return kept


def expected_rates(
    files: list[RatesFile], coverage: Coverage
) -> tuple[set[tuple[object, ...]], Counter[object], set[str]]:
    owners: dict[tuple[str, int], tuple[int, str]] = {}
    contents = unique(files)
    for identifier, file in contents.items():
        assert isinstance(file, RatesFile)
        present = {day for _, day, _ in file.rows}
        if file.stated is not None:
            spoken_for = set(range(file.stated[0], file.stated[1] + 1))
        else:
            spoken_for = set(range(min(present), max(present) + 1)) if present else set()
        keys = {(account, day) for account in {row[0] for row in file.rows} or {"main"} for day in spoken_for}
        if coverage == "days_present" and file.stated is None:
            keys = {(account, day) for account, day, _ in file.rows}
        for key in keys:
            owners[key] = max(owners.get(key, (-1, "")), (file.exported_at, identifier))
    covered = {(account, day_of(day), identifier) for (account, day), (_, identifier) in owners.items()}
    rows: Counter[object] = Counter()
    for identifier, file in contents.items():
        assert isinstance(file, RatesFile)
        for account, day, value in file.rows:
            if owners[account, day][1] == identifier:
                rows[account, day_of(day), value, identifier] += 1
    return covered, rows, {identifier for _, identifier in owners.values()}


@settings(max_examples=SEQUENCES, deadline=None, suppress_health_check=UNHURRIED)
@given(
    files=st.lists(rates_files(), min_size=1, max_size=4),
    coverage=st.sampled_from(["range", "days_present"]),
    repeated=st.integers(0, 4),
)
def test_of_each_day_the_newest_export_stands_whatever_the_order(
    warehouse: DuckDbEngine, files: list[RatesFile], coverage: Coverage, repeated: int
) -> None:
    engine = emptied(warehouse)
    for file in newest_only([*files, files[repeated % len(files)]]):
        before, sequence = visible_days(engine, "fx_rates"), last_sequence(engine)
        is_loaded = batch_of(file).batch_id in loaded_batches(engine)
        load(engine, file, is_loaded, coverage)
        recorded = changes_since(engine, ["raw.fx_rates"], sequence).get("raw.fx_rates", set())
        really = differing(before, visible_days(engine, "fx_rates"))
        assert recorded is not None
        # Bytes that are exported again are taken out and put in: more is recorded than differs, never less.
        assert recorded >= really if is_loaded else recorded == really

    covered, rows, standing = expected_rates(files, coverage)
    found = engine.read("select account_id, day, batch_id from raw.covered_days").to_pylist()
    assert {tuple(row.values()) for row in found} == covered
    assert len(found) == len(covered)
    found = engine.read("select account_id, day, cast(rate as integer) as rate, batch_id from raw.fx_rates").to_pylist()
    assert Counter(tuple(row.values()) for row in found) == rows
    assert standing_batches(engine, "shop") == standing


@settings(max_examples=SEQUENCES // 2, deadline=None, suppress_health_check=UNHURRIED)
@given(files=st.lists(orders_files(), min_size=1, max_size=4))
def test_of_each_order_the_newest_export_stands_with_its_lines_whatever_the_order(
    warehouse: DuckDbEngine, files: list[OrdersFile]
) -> None:
    engine = emptied(warehouse)
    for file in newest_only(files):
        before = {subject: visible_days(engine, subject) for subject in ("orders", "order_lines")}
        sequence = last_sequence(engine)
        is_loaded = batch_of(file).batch_id in loaded_batches(engine)
        load(engine, file, is_loaded)
        for subject, old in before.items():
            recorded = changes_since(engine, [f"raw.{subject}"], sequence).get(f"raw.{subject}", set())
            really = differing(old, visible_days(engine, subject))
            assert recorded is not None
            assert recorded >= really if is_loaded else recorded == really

    owners: dict[tuple[str, str], tuple[int, str]] = {}
    contents = unique(files)
    for identifier, file in contents.items():
        assert isinstance(file, OrdersFile)
        for account, order, *_ in (*file.orders, *file.lines):
            owners[account, order] = max(owners.get((account, order), (-1, "")), (file.exported_at, identifier))
    orders, lines = set(), set()
    for identifier, file in contents.items():
        assert isinstance(file, OrdersFile)
        orders |= {(*row, identifier) for row in file.orders if owners[row[0], row[1]][1] == identifier}
        lines |= {(*row, identifier) for row in file.lines if owners[row[0], row[1]][1] == identifier}
    found = engine.read("select account_id, order_id, day, status, batch_id from raw.orders").to_pylist()
    assert {(a, o, (d - FIRST_DAY).days, s, b) for a, o, d, s, b in map(dict.values, found)} == orders
    found = engine.read("select account_id, order_id, line_number, batch_id from raw.order_lines").to_pylist()
    assert {tuple(row.values()) for row in found} == lines
