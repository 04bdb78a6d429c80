"""The whole way on the demo company: what the simulation knows, the pipeline must find."""

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.demo.delivery import deliver
from kpi_pipeline.demo.simulation import DemoSummary, simulate
from kpi_pipeline.pipeline import Installation, Publication
from kpi_pipeline.warehouse.canonical_hash import canonical_hash
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot

WEEKS, SCALE = 20, 0.1
CENT = Decimal("0.01")
# Which file first brought a row is told by the batch, not by the table's content.
HASHED_SCHEMAS = ("raw", "staging", "core", "measures", "views")


@dataclass(frozen=True)
class Ran:
    """The demo company after all its arrivals were run day by day."""

    installation: Installation
    summary: DemoSummary
    publication: Publication


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> DemoSummary:
    return simulate(tmp_path_factory.mktemp("demo"), weeks=WEEKS, scale=SCALE, seed=7)


@pytest.fixture(scope="module")
def ran(
    exports: DemoSummary,
    tmp_path_factory: pytest.TempPathFactory,
    make_installation: Callable[..., Installation],
    run_day: Callable[..., Publication],
) -> Ran:
    installation = make_installation(tmp_path_factory.mktemp("data"))
    for day in exports.arrival_days:
        deliver(exports.directory, installation.paths.inbox, day)
        publication = run_day(installation, day)
    return Ran(installation, exports, publication)


def hashes(installation: Installation, schemas: tuple[str, ...] = HASHED_SCHEMAS) -> dict[str, str]:
    engine = DuckDbEngine(installation.paths.warehouse)
    try:
        found = engine.read(
            "select table_schema || '.' || table_name as name from information_schema.tables where table_schema in "
            f"({', '.join(repr(schema) for schema in schemas)})"
        )
        return {name: canonical_hash(engine, name) for name in found.column("name").to_pylist()}
    finally:
        engine.close()


def published(installation: Installation) -> dict[tuple[str, str, str, str], tuple[Any, Any, Any]]:
    with open_snapshot(current_snapshot(installation.paths.published, "internal")) as connection:
        rows = connection.execute(
            "select metric_id, period_start, dimension, member, numerator, denominator, value from kpi.values "
            "where grain = 'week'"
        ).fetchall()
    return {(row[0], row[1].isoformat(), row[2], row[3]): row[4:] for row in rows}


def is_near(actual: Any, expected: Any) -> bool:
    """Counts exactly, money to the cent, quotients to 1e-9."""
    if actual is None or expected is None:
        return actual is None and expected is None
    if isinstance(expected, int):
        return float(actual) == expected
    return abs(Decimal(str(actual)) - Decimal(expected)) <= CENT


def test_every_value_that_the_simulation_knows_is_published(ran: Ran) -> None:
    truth = json.loads(ran.summary.truth.read_text(encoding="utf-8"))["values"]
    found = published(ran.installation)
    wrong = []
    for entry in truth:
        key = (entry["metric_id"], entry["week_start"], entry["dimension"], entry["member"])
        numerator, denominator, value = found.get(key, (None, None, None))
        close = is_near(numerator, entry["numerator"]) and is_near(denominator, entry["denominator"])
        if close and entry["value"] is not None:
            expected = float(entry["value"])
            close = value is not None and abs(value - expected) <= max(
                0.01 if entry["denominator"] is None else 0, 1e-6 * abs(expected) + 1e-9
            )
        if not close or (entry["value"] is None) != (value is None):
            wrong.append((key, entry, found.get(key)))
    assert len(truth) > 1000
    assert wrong == []


def test_broken_file_is_in_quarantine_and_says_where(ran: Ran) -> None:
    with open_snapshot(current_snapshot(ran.installation.paths.published, "internal")) as connection:
        rows = connection.execute(
            "select file_name, line, column_name, found, expected from kpi.quality where kind = 'quarantined_file'"
        ).fetchall()
    fault = json.loads(ran.summary.truth.read_text(encoding="utf-8"))["faults"]
    assert len(rows) == 1
    file_name, line, column, found, expected = rows[0]
    assert file_name in json.dumps(fault)
    assert line is not None
    assert column
    assert found
    assert expected


def test_running_again_changes_nothing_and_publishes_nothing(ran: Ran, run_day: Callable[..., Publication]) -> None:
    before = hashes(ran.installation, (*HASHED_SCHEMAS, "kpi"))
    again = run_day(ran.installation, ran.summary.arrival_days[-1])
    assert not again.is_new
    assert again.snapshot_id == ran.publication.snapshot_id
    assert hashes(ran.installation, (*HASHED_SCHEMAS, "kpi")) == before


def test_all_at_once_in_any_order_equals_day_by_day(
    ran: Ran, tmp_path: Path, make_installation: Callable[..., Installation], run_day: Callable[..., Publication]
) -> None:
    """Files of four days, delivered in a random order over three runs, all as of the last day."""
    last = ran.summary.arrival_days[-1]
    everything = tmp_path / "everything"
    for day in ran.summary.arrival_days:
        deliver(ran.summary.directory, everything, day)
    files = sorted(path for path in everything.rglob("*") if path.is_file())
    random.Random(3).shuffle(files)
    installation = make_installation(tmp_path / "data")
    for part in range(3):
        for path in files[part::3]:
            target = installation.paths.inbox / path.relative_to(everything)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
        publication = run_day(installation, last)
    loaded_for = {"raw.batches"}
    expected = hashes(ran.installation)
    actual = hashes(installation)
    assert {name for name in expected if actual[name] != expected[name]} - loaded_for == set()
    assert published(installation) == published(ran.installation)
    assert publication.snapshots["executive"].exists()


def test_snapshots_of_both_audiences_agree_on_what_both_hold(ran: Ran) -> None:
    found = {}
    for audience in ("internal", "executive"):
        with open_snapshot(current_snapshot(ran.installation.paths.published, audience)) as connection:
            found[audience] = connection.execute("select * from kpi.weekly_executive order by all").fetchall()
    assert found["internal"] == found["executive"]
    assert {row[2] for row in found["executive"]} == {
        "cac_blended",
        "conversion_rate_session",
        "ltv_cohort_gm",
        "revenue",
    }


def test_week_of_the_last_day_is_complete(ran: Ran) -> None:
    assert ran.summary.last_day < ran.summary.arrival_days[-1]
    assert (date(2026, 11, 9).isoformat()) in {key[1] for key in published(ran.installation)}
