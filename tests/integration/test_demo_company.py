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
def whole(
    tmp_path_factory: pytest.TempPathFactory,
    make_installation: Callable[..., Installation],
    run_day: Callable[..., Publication],
) -> Ran:
    """The company that ``kpi demo`` simulates, all its exports run as of the last day."""
    summary = simulate(tmp_path_factory.mktemp("whole"))
    installation = make_installation(tmp_path_factory.mktemp("whole_data"))
    for day in summary.arrival_days:
        deliver(summary.directory, installation.paths.inbox, day)
    return Ran(installation, summary, run_day(installation, summary.arrival_days[-1]))


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


def rows(ran: Ran, query: str) -> list[dict[str, Any]]:
    with open_snapshot(current_snapshot(ran.installation.paths.published, "internal")) as connection:
        found: list[dict[str, Any]] = connection.sql(query).to_arrow_table().to_pylist()
    return found


def planted(ran: Ran) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ran.summary.truth.read_text(encoding="utf-8"))["planted"]
    return found


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


def test_incident_that_the_simulation_planted_is_what_moved_the_conversion_rate(ran: Ran) -> None:
    planted = json.loads(ran.summary.truth.read_text(encoding="utf-8"))["planted"]["incident"]
    with open_snapshot(current_snapshot(ran.installation.paths.published, "internal")) as connection:
        rows = connection.execute(
            "select member, effect, mix_effect, rate_effect from kpi.contributions where week_start = ?"
            " and kpi_id = 'conversion_rate_session' and dimension = ? order by effect",
            [planted["week_start"], planted["dimension"]],
        ).fetchall()
    member, effect, mix, rate = rows[0]
    assert len(rows) >= 3
    assert member == planted["member"]
    assert effect < 2 * min(each[1] for each in rows[1:])
    assert rate < 0
    assert abs(rate) > 5 * abs(mix)


def test_effects_of_every_dimension_add_up_to_the_published_change(ran: Ran) -> None:
    with open_snapshot(current_snapshot(ran.installation.paths.published, "internal")) as connection:
        differences = connection.execute(
            "select kpi_id, week_start, dimension, abs(sum(effect) - any_value(weekly.change))"
            " / greatest(abs(any_value(weekly.value)), abs(any_value(weekly.previous_value)))"
            " from kpi.contributions inner join kpi.weekly_internal as weekly using (kpi_id, week_start)"
            " where method <> 'not_split' group by all"
        ).fetchall()
    assert {row[0] for row in differences} >= {"conversion_rate_session", "ctr_ads", "revenue"}
    assert [row for row in differences if row[3] > 1e-9] == []


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
    """Files of four days, delivered in a random order over two runs, all as of the last day."""
    last = ran.summary.arrival_days[-1]
    everything = tmp_path / "everything"
    for day in ran.summary.arrival_days:
        deliver(ran.summary.directory, everything, day)
    files = sorted(path for path in everything.rglob("*") if path.is_file())
    random.Random(3).shuffle(files)
    installation = make_installation(tmp_path / "data")
    for part in range(2):
        for path in files[part::2]:
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


def test_launch_of_the_campaign_shows_as_a_new_member_in_its_week_and_in_no_other(ran: Ran) -> None:
    launch = planted(ran)["campaign_launch"]
    found = rows(
        ran,
        "select week_start, dimension, member, value, previous_value, effect from kpi.contributions"
        " where is_new and kpi_id = 'ctr_ads'",
    )
    assert [(row["week_start"].isoformat(), row["dimension"], row["member"]) for row in found] == [
        (launch["week_start"], "campaign", launch["campaign"])
    ]
    assert found[0]["previous_value"] is None
    # Its rate lies below that of the others, so that it accounts for a fall.
    assert found[0]["effect"] < 0


@pytest.mark.slow
def test_every_value_of_the_whole_company_is_published(whole: Ran) -> None:
    test_every_value_that_the_simulation_knows_is_published(whole)


@pytest.mark.slow
def test_the_incident_is_an_unusual_week_of_the_right_segment(whole: Ran) -> None:
    incident = planted(whole)["incident"]
    found = rows(
        whole,
        "select dimension, member, rule, is_favourable from kpi.anomalies where kpi_id = 'conversion_rate_session'"
        f" and week_start = date '{incident['week_start']}' and not is_favourable and event is null order by priority",
    )
    assert (found[0]["dimension"], found[0]["member"]) == (incident["dimension"], incident["member"])
    assert found[0]["rule"] == "beyond_limits"
    assert ("total", "total") in {(row["dimension"], row["member"]) for row in found}


@pytest.mark.slow
def test_no_other_device_than_the_broken_one_changed_by_more_than_chance(whole: Ran) -> None:
    incident = planted(whole)["incident"]
    found = rows(
        whole,
        "select member, is_detectable, rate_effect, share_of_change, driver_rank from kpi.contributions"
        f" where kpi_id = 'conversion_rate_session' and week_start = date '{incident['week_start']}'"
        f" and dimension = '{incident['dimension']}' order by effect",
    )
    assert [row["member"] for row in found if row["is_detectable"]] == [incident["member"]]
    assert found[0]["rate_effect"] < 0
    assert found[0]["share_of_change"] > 0.8
    assert found[0]["driver_rank"] == 1


@pytest.mark.slow
def test_the_kpi_that_drives_its_objective_is_confirmed_at_its_lag(whole: Ran) -> None:
    driver = planted(whole)["drivers"][0]
    (found,) = rows(whole, f"select * from kpi.relations where kpi_id = '{driver['cause']}'")
    assert (found["objective_metric"], found["lag_weeks"]) == (driver["effect"], driver["lag_weeks"])
    assert found["verdict"] in ("weak", "moderate", "strong")
    assert found["is_discovery"]
    assert found["proposed_lag"] is None, "no other lag fits better"
    assert found["correlation_low"] > 0
    assert found["pairs"] == 23


@pytest.mark.slow
def test_the_decoy_has_no_evidence_although_the_series_themselves_correlate(whole: Ran) -> None:
    decoy = planted(whole)["decoy"]
    (found,) = rows(whole, f"select * from kpi.relations where kpi_id = '{decoy['cause']}'")
    assert (found["objective_metric"], found["expected_sign"]) == (decoy["effect"], decoy["sign"])
    assert found["verdict"] == "no_evidence"
    assert not found["is_discovery"]
    assert found["level_correlation"] * decoy["sign"] > 0.8
    assert found["shared_measures"] is None
