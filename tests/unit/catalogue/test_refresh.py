from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.catalogue.judgement import overdue_reviews
from kpi_pipeline.catalogue.refresh import refresh_kpi_tables, snapshot_id
from kpi_pipeline.catalogue.snapshots.descriptions import KPI_TABLES
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.kpi import Impact, Review
from kpi_pipeline.config.source import Source
from kpi_pipeline.errors import ConfigurationError, EngineError
from kpi_pipeline.sources.custody.arrival import Decision, NewArrival, Refusal
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.loading.raw_tables import prepare_raw_tables
from kpi_pipeline.warehouse.canonical_hash import canonical_hash
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, configuration, goals, kpi, metric, week

CONFIG = configuration(
    {"ctr": metric("ad_clicks / ad_impressions", unit="percent"), "clicks": metric("ad_clicks", unit="count")},
    goals=goals(),
    kpis={"ctr": kpi("ctr", "convert"), "clicks": kpi("clicks", "tune_ads")},
)
TABLES = [table.removeprefix("kpi.") for table in KPI_TABLES if table != "kpi.snapshot"]
AS_OF = week(3)
NOW = datetime(2026, 2, 2, 7, 30, tzinfo=UTC)


class World:
    """A built warehouse and both ledgers."""

    def __init__(
        self, warehouse: Warehouse, project: SqlProject, custody: CustodyLedger, publications: PublicationLedger
    ) -> None:
        self.warehouse, self.project, self.custody, self.publications = warehouse, project, custody, publications
        prepare_raw_tables(warehouse.engine)
        self.deliver(500)

    def deliver(self, clicks: int) -> None:
        member = {"platform": "p", "campaign": "c", "device": "d", "country": "DE"}
        rows = [member | {"day": week(n), "ad_clicks": clicks + n, "ad_impressions": 1_000} for n in range(3)]
        self.warehouse.measures("ads", rows)
        self.warehouse.changed("measures.ads", *(week(n) for n in range(3)))
        self.warehouse.cover({"ad_performance": (week(0), week(3) - timedelta(days=1))})

    def refresh(self, name: str, as_of: date = AS_OF, config: Configuration = CONFIG, now: datetime = NOW) -> bool:
        self.warehouse.as_of(as_of)
        return refresh_kpi_tables(
            self.warehouse.engine,
            config,
            self.project,
            as_of=as_of,
            snapshot_id=name,
            published_at=now,
            custody=self.custody,
            publications=self.publications,
        )

    def hashes(self) -> dict[str, str]:
        return {table: canonical_hash(self.warehouse.engine, f"kpi.{table}") for table in (*TABLES, "snapshot")}

    def identifier(self, config: Configuration = CONFIG, as_of: date = AS_OF) -> str:
        return snapshot_id(self.warehouse.engine, config, self.project, self.custody, as_of)


@pytest.fixture
def world(warehouse: Warehouse, project: SqlProject, custody: CustodyLedger, publications: PublicationLedger) -> World:
    return World(warehouse, project, custody, publications)


def test_all_tables_are_made_for_one_snapshot(world: World) -> None:
    assert world.refresh("s1")

    for table in TABLES:
        assert world.warehouse.engine.exists(f"kpi.{table}")
    assert world.warehouse.rows("select * from kpi.snapshot") == [
        {
            "snapshot_id": "s1",
            "as_of": week(3),
            "published_at": datetime(2026, 2, 2, 7, 30),
            "company_name_en": "Test shop",
            "company_name_fa": "فروشگاه آزمون",
            "reporting_currency": "EUR",
            "money_shown_in": "EUR",
            "week_start": "monday",
            "month_calendar": "gregorian",
            "time_zone": "Europe/Berlin",
        }
    ]
    assert len(world.warehouse.rows("select * from kpi.weekly_internal")) == 6
    assert len(world.warehouse.rows("select * from kpi.weekly_executive")) == 3


def test_reviews_that_are_overdue_are_known_after_the_run(world: World) -> None:
    overdue = kpi("ctr", "convert", review=Review(every_weeks=4, next_on=AS_OF - timedelta(days=1)))
    world.refresh("s1", config=replace(CONFIG, kpis=CONFIG.kpis | {"ctr": overdue}))

    assert overdue_reviews(world.warehouse.engine) == ["ctr"]


def test_relation_to_a_metric_that_no_kpi_is_about_decides_what_is_left_of_the_evidence(world: World) -> None:
    members = {"platform": "p", "campaign": "c", "device": "d", "country": "DE"}
    # Clicks and costs alternate against each other, week after week.
    rows = [
        members | {"day": week(n), "ad_clicks": 500 + 9 * (n % 2) + n, "ad_cost": Decimal(900 - 7 * (n % 2) + n)}
        for n in range(24)
    ]
    world.warehouse.measures("ads", rows)
    world.warehouse.changed("measures.ads", *(week(n) for n in range(24)))
    world.warehouse.cover({"ad_performance": (week(0), week(24) - timedelta(days=1))})
    impact = Impact(objective_metric="cost", expected_sign=1, lag_weeks=0, evidence="measured")
    config = configuration(
        {"clicks": CONFIG.metrics["clicks"], "cost": metric("ad_cost", unit="currency")},
        goals=goals(),
        kpis={"clicks": kpi("clicks", "tune_ads", impact=impact)},
    )
    world.refresh("s1", as_of=week(24), config=config)

    (row,) = world.warehouse.rows("select * from kpi.relations")
    assert (row["kpi_id"], row["objective_metric"], row["weeks"], row["pairs"]) == ("clicks", "cost", 24, 23)
    assert (row["verdict"], row["is_indicative"], row["is_discovery"]) == ("contradicts", True, True)
    (known,) = world.warehouse.rows("select evidence, evidence_state from kpi.catalogue where kpi_id = 'clicks'")
    assert known == {"evidence": "measured", "evidence_state": "unconfirmed"}
    (score,) = world.warehouse.rows("select score, is_passed from kpi.scores where property = 'impactful'")
    assert score == {"score": 0.0, "is_passed": False}


def test_same_snapshot_is_not_made_again(world: World) -> None:
    world.refresh("s1")
    before = world.hashes()

    assert not world.refresh("s1", now=NOW + timedelta(hours=5))
    assert world.hashes() == before


def test_lost_warehouse_gives_the_same_snapshot_again(world: World) -> None:
    world.refresh("s1")
    before = world.hashes()
    world.warehouse.engine.run("drop schema kpi cascade")
    world.warehouse.engine.run("drop table meta.computed_metrics")

    assert world.refresh("s1", now=NOW + timedelta(hours=5))
    assert world.hashes() == before


def test_snapshot_that_was_replaced_and_comes_back_is_reported_again(world: World) -> None:
    world.refresh("s1")
    rate = metric("ad_clicks / ad_impressions", unit="percent", trailing_weeks=2)
    other = replace(CONFIG, metrics=CONFIG.metrics | {"ctr": rate})
    world.refresh("s2", config=other)

    assert world.refresh("s1", now=NOW + timedelta(hours=1))
    found = world.warehouse.rows("select snapshot_id, count(*) as rows from kpi.reported group by all order by all")
    assert found == [{"snapshot_id": "s1", "rows": 9}, {"snapshot_id": "s2", "rows": 3}]
    assert len(world.publications.values()) == 12


def test_only_what_is_new_is_reported_again(world: World) -> None:
    world.refresh("s1")
    first = world.warehouse.rows("select * from kpi.reported")
    assert {(row["kpi_id"], row["audience"]) for row in first} == {("ctr", "executive"), ("clicks", "internal")}
    assert {row["data_age_days"] for row in first} == {1, 8, 15}
    assert len(first) == 6

    world.warehouse.engine.run(f"update measures.ads set ad_clicks = 7 where day = date '{week(1)}'")
    world.warehouse.changed("measures.ads", week(1))
    world.refresh("s2", as_of=week(3) + timedelta(days=1))
    news = world.warehouse.rows("select * from kpi.reported where snapshot_id = 's2' order by all")
    # The changed week of both KPIs, and the week that began.
    assert [(row["kpi_id"], row["week_start"], row["data_age_days"]) for row in news] == [
        ("clicks", week(1), 9),
        ("clicks", week(3), -5),
        ("ctr", week(1), 9),
        ("ctr", week(3), -5),
    ]
    assert len(world.publications.values()) == 10


def test_failure_leaves_tables_and_ledger_as_they_were(world: World) -> None:
    world.refresh("s1")
    before = world.hashes()
    world.deliver(900)
    world.warehouse.engine.run("drop table raw.batches")

    with pytest.raises(EngineError):
        world.refresh("s2")
    assert world.hashes() == before
    last = world.publications.last_publication()
    assert last is not None
    assert last[0] == "s1"


def test_commitments_that_would_leak_are_refused_before_anything_is_written(world: World) -> None:
    leaking = replace(CONFIG, kpis={"a": kpi("ctr", "tune_ads"), "b": kpi("ctr", "convert")})

    with pytest.raises(ConfigurationError, match="must not be reported to executives"):
        world.refresh("s1", config=leaking)
    assert not world.warehouse.engine.exists("kpi.snapshot")


def test_equal_inputs_have_equal_ids(world: World) -> None:
    identifier = world.identifier()

    assert identifier.startswith("20260126-")
    assert len(identifier) == 21
    assert world.identifier() == identifier


def test_every_input_changes_the_id(world: World) -> None:
    def deliver_batch() -> None:
        world.warehouse.engine.run(
            "insert into raw.batches by name select 'b' as batch_id, 's' as source, 'f' as file_name, 'h' as sha256,"
            " timestamp '2026-02-01' as exported_at, 5 as rows_loaded, date '2026-02-01' as loaded_for"
        )

    def cover_day() -> None:
        world.warehouse.engine.run(
            "insert into raw.covered_days values ('s', 'a', 'orders', date '2026-01-01', 'b', timestamp '2026-02-01')"
        )

    found = [world.identifier()]
    for change in (deliver_batch, cover_day):
        change()
        found.append(world.identifier())
    found.append(world.identifier(as_of=week(4)))
    found.append(world.identifier(replace(CONFIG, fingerprint="other")))
    formula = {"ctr": metric("ad_interactions / ad_impressions", unit="percent"), "clicks": CONFIG.metrics["clicks"]}
    found.append(world.identifier(replace(CONFIG, metrics=formula)))

    assert len(set(found)) == len(found)


def test_file_in_quarantine_changes_the_id_and_is_told(world: World, sources: dict[str, Source]) -> None:
    config = replace(CONFIG, sources={"google_ads": sources["google_ads"]})
    before = world.identifier(config)
    world.custody.register([NewArrival("google_ads", "ads.csv", 1, "hash", 0, NOW, week(3))])
    refusal = Refusal("ads.csv: broken", line=3, column="Cost", found="abc", expected="a number", advice="Export again")
    arrival_id = world.custody.arrivals()[0].arrival_id
    world.custody.decide([Decision(arrival_id, "quarantined", None, None, "f", refusal=refusal)])

    assert world.identifier(config) != before
    world.refresh("s1", config=config)
    refused = world.warehouse.rows("select * from kpi.quality where kind = 'quarantined_file' order by metric_id")
    assert {row["metric_id"] for row in refused} == {None, "clicks", "ctr"}
    assert {(row["file_name"], row["line"], row["found"]) for row in refused} == {("ads.csv", 3, "abc")}
