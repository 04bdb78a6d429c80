from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.catalogue.metrics.query import query_metrics
from kpi_pipeline.catalogue.refresh import refresh_kpi_tables
from kpi_pipeline.catalogue.snapshots.analyst_tables import ANALYST_TABLES, WIDE
from kpi_pipeline.catalogue.snapshots.descriptions import TABLES_OF_THE_TEAM
from kpi_pipeline.catalogue.snapshots.snapshot_plan import EXECUTIVE_CATALOGUE, snapshot_tables
from kpi_pipeline.catalogue.tables.row_tables import ANOMALIES, write_rows
from kpi_pipeline.config.breaks import Break
from kpi_pipeline.config.kpi import How, Task
from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import ConfigurationError, FormulaError
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.loading.raw_tables import prepare_raw_tables
from kpi_pipeline.warehouse.build import build_tables
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.publish import publish_snapshot
from kpi_pipeline.warehouse.seeds import SEED_TABLES, write_seeds
from kpi_pipeline.warehouse.snapshot import open_snapshot
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, configuration, goals, kpi, metric, text, week

CONFIG = configuration(
    {
        "ctr": metric("ad_clicks / ad_impressions", unit="percent", name=text("Click rate")),
        "clicks": metric("ad_clicks", unit="count", name=text("Number of clicks")),
        "cost": metric("ad_cost", unit="currency", name=text("Cost of ads")),
        "cpm": metric("1000 * ad_cost / ad_impressions", unit="currency", name=text("Cost per thousand")),
    },
    goals=goals(),
    kpis={
        "click_rate": kpi(
            "ctr",
            "convert",
            guardrails=("ad_clicks", "thousand"),
            how=How(tasks=(Task(task="raise ad_clicks"),)),
        ),
        "ad_clicks": kpi("clicks", "tune_ads", success_factor="factor_of_convert"),
        "thousand": kpi("cpm", "grow"),
        "unfinished": kpi("cost", "grow", target=None),
    },
)
NEW_CLICKS = Break(
    on_day=week(1), measures=("ad_clicks",), platforms=("google_ads",), what=text("Secret plan"), source="a test"
)
CONFIG = replace(CONFIG, breaks={"new_clicks": NEW_CLICKS})
EXECUTIVE_TABLES = {
    "kpi.snapshot",
    "kpi.values",
    "kpi.weekly_executive",
    "kpi.catalogue",
    "kpi.objectives",
    "kpi.success_factors",
    "kpi.smart",
    "kpi.scores",
    "kpi.answers",
    "kpi.anomalies",
    "kpi.contributions",
    "kpi.breaks",
    "kpi.reported",
    "kpi.restatements",
    "kpi.lineage",
    "kpi.quality",
    *ANALYST_TABLES,
}
Connections = dict[Audience, duckdb.DuckDBPyConnection]


def load_ads(engine: DuckDbEngine) -> None:
    engine.run(
        "insert into raw.batches by name select 'b1' as batch_id, 'google_ads' as source, 'secret.csv' as file_name,"
        " 'h' as sha256, timestamp '2026-02-01' as exported_at, 2 as rows_loaded, date '2026-02-01' as loaded_for"
    )
    for number in range(2):
        day = week(number)
        engine.run(
            "insert into raw.ad_performance by name select $day as day, 'google_ads' as platform, '1' as campaign_id,"
            " 'brand' as campaign_name, 'mobile' as device, 'DE' as country, 25000 as impressions, 500 + $n as clicks,"
            " 70.5 as cost, 'EUR' as currency, 'google_ads' as source, 'a' as account_id, 'b1' as batch_id,"
            " timestamp '2026-02-01' as exported_at",
            {"day": day, "n": number},
        )
    for number in range(14):
        engine.run(
            "insert into raw.covered_days"
            " values ('google_ads', 'a', 'ad_performance', $day, 'b1', timestamp '2026-02-01')",
            {"day": week(0) + timedelta(days=number)},
        )


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, project: SqlProject) -> Iterator[Connections]:
    folder = tmp_path_factory.mktemp("published")
    engine = DuckDbEngine(folder / "warehouse.duckdb", threads=1)
    prepare_meta(engine)
    prepare_raw_tables(engine)
    load_ads(engine)
    write_seeds(engine, CONFIG.company, CONFIG.sources, CONFIG.calendar, week(2))
    assert all(result.failed_check is None for result in build_tables(engine, project).results)
    with CustodyLedger(folder / "custody.sqlite") as custody, PublicationLedger(folder / "p.sqlite") as publications:
        refresh_kpi_tables(
            engine,
            CONFIG,
            project,
            as_of=week(2),
            snapshot_id="s1",
            published_at=datetime(2026, 2, 2, tzinfo=UTC),
            custody=custody,
            publications=publications,
        )
    files = publish_snapshot(engine, folder / "out", "s1", snapshot_tables(CONFIG, project), keep=3)
    engine.close()
    with closing(open_snapshot(files["internal"])) as internal, closing(open_snapshot(files["executive"])) as executive:
        yield {"internal": internal, "executive": executive}


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = connection.sql(query).to_arrow_table().to_pylist()
    return found


def tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    found = rows(connection, "select schema_name || '.' || table_name as name from duckdb_tables()")
    return {row["name"] for row in found}


def test_files_hold_the_tables_of_their_readers_and_no_others(published: Connections, project: SqlProject) -> None:
    assert tables(published["executive"]) == EXECUTIVE_TABLES
    analysts = {file.table for file in project.files if file.schema != "staging"}
    seeds = set(SEED_TABLES)
    assert tables(published["internal"]) == EXECUTIVE_TABLES | TABLES_OF_THE_TEAM | analysts | seeds


def test_every_table_and_column_is_described(published: Connections) -> None:
    for connection in published.values():
        silent = "select table_name from duckdb_tables() where coalesce(comment, '') = ''"
        assert rows(connection, silent) == []
        silent = "select column_name from duckdb_columns() where not internal and coalesce(comment, '') = ''"
        assert rows(connection, silent) == []


def test_files_say_what_they_are(published: Connections) -> None:
    for audience, connection in published.items():
        found = rows(connection, "select snapshot_id, audience, as_of from kpi.snapshot")
        assert found == [{"snapshot_id": "s1", "audience": audience, "as_of": week(2)}]


def test_executives_see_their_kpis_only(published: Connections) -> None:
    executive = published["executive"]

    for table, column in (("weekly_executive", "kpi_id"), ("catalogue", "kpi_id"), ("reported", "kpi_id")):
        found = rows(executive, f"select distinct {column} as id from kpi.{table} order by id")
        assert [row["id"] for row in found] == ["click_rate", "thousand"]
    found = rows(executive, "select distinct metric_id, dimension from kpi.values order by all")
    assert found == [{"metric_id": "cpm", "dimension": "total"}, {"metric_id": "ctr", "dimension": "total"}]
    grains = {row["grain"] for row in rows(executive, "select distinct grain from kpi.values")}
    assert grains == {"week", "month", "quarter", "year"}
    levels = rows(executive, "select distinct level from kpi.objectives order by all")
    assert [row["level"] for row in levels] == ["business", "external"]


def test_same_kpi_has_the_same_bits_in_both_files(published: Connections) -> None:
    same = "select * from kpi.weekly_executive order by kpi_id, week_start"
    assert rows(published["internal"], same) == rows(published["executive"], same)
    columns = "kpi_id, week_start, value, previous_value, change, path_value, attainment, probability, status"
    order = "where kpi_id <> 'ad_clicks' order by kpi_id, week_start"
    internal = rows(published["internal"], f"select {columns} from kpi.weekly_internal {order}")
    assert internal == rows(published["executive"], f"select {columns} from kpi.weekly_executive {order}")
    assert len(internal) == 4


def test_sides_and_formula_that_would_show_an_internal_kpi_are_withheld(published: Connections) -> None:
    executive, internal = published["executive"], published["internal"]

    for table, column in (("values", "metric_id"), ("weekly_executive", "kpi_id")):
        for name in ("ctr", "click_rate"):
            sides = f"select numerator, denominator from kpi.{table} where {column} = '{name}'"
            assert {(row["numerator"], row["denominator"]) for row in rows(executive, sides)} <= {(None, None)}
    cpm = rows(executive, "select numerator, denominator from kpi.weekly_executive where kpi_id = 'thousand'")
    assert [(int(row["numerator"]), int(row["denominator"])) for row in cpm] == [(70_500, 25_000), (70_500, 25_000)]
    # The internal KPI has the name of a measure in the formula.
    formulas = rows(executive, "select metric_id, formula, sql is null as hidden from kpi.catalogue order by metric_id")
    assert [(row["metric_id"], row["formula"], row["hidden"]) for row in formulas] == [
        ("cpm", "1000 * ad_cost / ad_impressions", False),
        ("ctr", None, True),
    ]
    clicks = rows(internal, "select numerator from kpi.values where metric_id = 'ctr' and grain = 'year'")
    assert {int(row["numerator"]) for row in clicks} == {1_001}


def test_executives_learn_which_files_stand_behind_their_kpis_but_not_what_is_wrong_inside(
    published: Connections,
) -> None:
    executive = published["executive"]

    lineage = rows(executive, "select distinct metric_id from kpi.lineage order by all")
    assert [row["metric_id"] for row in lineage] == ["cpm", "ctr"]
    details = "coalesce(file_name, column_name, found, expected, line::varchar)"
    inside = f"select * from kpi.quality where {details} is not null"
    assert rows(executive, inside) == []


def test_executives_learn_that_a_meaning_changed_but_not_in_the_words_of_the_team(published: Connections) -> None:
    query = "select metric_id, on_day, kind, what_en from kpi.breaks order by metric_id"
    found = {audience: [tuple(row.values()) for row in rows(one, query)] for audience, one in published.items()}
    assert found == {
        "internal": [(name, week(1), "platform", "Secret plan") for name in ("clicks", "ctr")],
        "executive": [("ctr", week(1), "platform", "A platform counts in another way from this day on.")],
    }
    comparisons = rows(
        published["executive"], "select previous_value, rank_52 from kpi.weekly_executive where kpi_id = 'click_rate'"
    )
    assert comparisons == [{"previous_value": None, "rank_52": 1}] * 2


def test_executives_read_of_a_commitment_nothing_that_the_team_writes_freely(published: Connections) -> None:
    query = "select * from kpi.catalogue where kpi_id = 'click_rate'"
    (executive,), (internal,) = rows(published["executive"], query), rows(published["internal"], query)

    assert {name for name, value in executive.items() if value is not None} <= EXECUTIVE_CATALOGUE
    freely = (
        "resources",
        "where_scope",
        "tasks",
        "assumptions",
        "identity",
        "responsible",
        "answers",
        "objective_metric",
    )
    assert [executive[name] for name in freely] == [None] * len(freely)
    assert (internal["tasks"], internal["where_scope"]) == ("raise ad_clicks", "everywhere")
    shown = ("class", "form", "deadline", "review_next_on", "why_en", "feasibility", "is_replace_candidate")
    assert [executive[name] for name in shown] == [internal[name] for name in shown]


def test_executives_learn_of_no_internal_guardrail(published: Connections) -> None:
    query = "select kpi_id, guardrails from kpi.catalogue where kpi_id in ('click_rate', 'thousand') order by kpi_id"
    assert [row["guardrails"] for row in rows(published["internal"], query)] == ["ad_clicks, thousand", None]
    assert [row["guardrails"] for row in rows(published["executive"], query)] == ["thousand", None]


def test_success_factors_count_what_their_readers_may_see(published: Connections) -> None:
    query = "select success_factor_id, kpi_ids, kpis, is_covered from kpi.success_factors order by all"
    told = {row["success_factor_id"]: tuple(row.values())[1:] for row in rows(published["internal"], query)}
    assert told == {
        "factor_of_convert": ("ad_clicks, click_rate", 2, True),
        "factor_of_grow": ("thousand", 1, True),
        "factor_of_tune_ads": (None, 0, False),
    }
    told = {row["success_factor_id"]: tuple(row.values())[1:] for row in rows(published["executive"], query)}
    assert told == {"factor_of_convert": ("click_rate", 1, True), "factor_of_grow": ("thousand", 1, True)}


def test_judgements_are_of_the_kpis_that_their_readers_see(published: Connections) -> None:
    for table, per_kpi in (("smart", 5), ("scores", 5)):
        counts = f"select kpi_id, count(*)::integer as found from kpi.{table} group by all order by all"
        internal = {row["kpi_id"]: row["found"] for row in rows(published["internal"], counts)}
        assert internal == dict.fromkeys(("ad_clicks", "click_rate", "thousand", "unfinished"), per_kpi)
        executive = {row["kpi_id"]: row["found"] for row in rows(published["executive"], counts)}
        assert executive == dict.fromkeys(("click_rate", "thousand"), per_kpi)
    query = "select letter, finding_en is null as is_hidden from kpi.smart where kpi_id = 'thousand' order by all"
    hidden = {row["letter"]: row["is_hidden"] for row in rows(published["executive"], query)}
    # Those that are told in the words of the configuration.
    assert hidden == {"S": True, "M": False, "A": False, "R": True, "T": True}
    assert not any(row["is_hidden"] for row in rows(published["internal"], query))


def test_answers_are_worded_for_their_readers(published: Connections) -> None:
    query = "select kpi_id, audience, answer_en from kpi.answers where kpi_id is not null order by kpi_id"
    internal = {row["kpi_id"]: row for row in rows(published["internal"], query)}
    assert {row["audience"] for row in internal.values()} == {"internal"}
    assert set(internal) == {"ad_clicks", "click_rate", "thousand", "unfinished"}
    assert "Open tasks: raise ad_clicks." in internal["click_rate"]["answer_en"]
    executive = {row["kpi_id"]: row for row in rows(published["executive"], query)}
    assert set(executive) == {"click_rate", "thousand"}
    assert {row["audience"] for row in executive.values()} == {"executive"}
    assert "ad_clicks" not in executive["click_rate"]["answer_en"]


def test_columns_have_the_same_types_in_both_files(published: Connections) -> None:
    types = (
        "select table_name, column_name, data_type from duckdb_columns()"
        f" where schema_name = 'kpi' and table_name <> '{WIDE.removeprefix('kpi.')}' order by all"
    )
    internal, executive = rows(published["internal"], types), rows(published["executive"], types)

    assert [row for row in internal if f"kpi.{row['table_name']}" not in TABLES_OF_THE_TEAM] == executive


def test_unfinished_commitments_are_for_the_internal_audience(published: Connections) -> None:
    query = "select kpi_id, audience, missing_parts from kpi.catalogue where missing_parts is not null"

    assert rows(published["internal"], query) == [
        {"kpi_id": "unfinished", "audience": "internal", "missing_parts": "target"}
    ]
    assert rows(published["executive"], query) == []


def test_published_internal_file_answers_any_question(published: Connections, project: SqlProject) -> None:
    found = query_metrics(
        published["internal"], CONFIG, project, ["ctr", "clicks"], grain="day", dimension="device", since=week(1)
    ).to_pylist()

    with_rows = [(row["metric_id"], row["period_start"], row["member"], row["value"]) for row in found]
    assert with_rows == [("ctr", week(1), "mobile", 100 * 501 / 25_000), ("clicks", week(1), "mobile", 501.0)]
    total = query_metrics(published["internal"], CONFIG, project, ["cpm"], grain="year").to_pylist()
    assert [row["value"] for row in total] == [1000 * 141 / 50_000]


def test_stored_values_are_those_of_the_printed_statement(published: Connections, project: SqlProject) -> None:
    columns = "grain, period_start, dimension, member, numerator, denominator, value, null_reason, status, currency"
    for row in rows(published["internal"], "select metric_id, sql from kpi.catalogue order by metric_id"):
        printed = rows(published["internal"], f"select {columns} from ({row['sql']}) order by all")
        stored = rows(
            published["internal"],
            f"select {columns} from kpi.values"
            f" where metric_id = '{row['metric_id']}' and grain = 'week' and dimension = 'total' order by all",
        )
        assert printed == stored


def test_executive_file_cannot_be_asked_for_measures(published: Connections, project: SqlProject) -> None:
    with pytest.raises(FormulaError, match="open the internal snapshot"):
        query_metrics(published["executive"], CONFIG, project, ["ctr"])


def test_commitments_that_would_leak_have_no_plan(project: SqlProject, tmp_path: Path) -> None:
    leaking = replace(CONFIG, kpis={"a": kpi("ctr", "tune_ads"), "b": kpi("ctr", "convert")})

    with pytest.raises(ConfigurationError, match="must not be reported to executives"):
        snapshot_tables(leaking, project)


def test_executives_see_unusual_weeks_of_their_kpis_in_total_with_ranks_of_their_own(
    warehouse: Warehouse, project: SqlProject
) -> None:
    def alarm(kpi_id: str, place: int | None, number: int = 1, **changes: Any) -> dict[str, Any]:
        row = {"kpi_id": kpi_id, "week_start": week(number), "dimension": "total", "member": "total", "value": 2.0}
        numbers = {"expected": 3.0, "low": 2.5, "high": 3.5, "score": -6.0, "impact": -500.0}
        texts = {"finding_en": f"{kpi_id} fell by 500", "brief_en": f"{kpi_id} fell"}
        return row | numbers | texts | {"priority": place} | changes

    # Two executive KPIs whose sides are no secret; of the click rate they are.
    config = replace(CONFIG, kpis=CONFIG.kpis | {"spend": kpi("cost", "grow")})
    warehouse.engine.run("create schema kpi")
    found = [
        alarm("ad_clicks", 1),
        alarm("thousand", 2, dimension="device", member="mobile"),
        alarm("click_rate", 3),
        alarm("thousand", 4),
        alarm("spend", 5, finding_en="Less, as Number of clicks is"),  # a text that names the internal KPI
        alarm("thousand", None, 2, event="sale"),
        alarm("spend", 2, 2),
    ]
    write_rows(warehouse.engine, "kpi.anomalies", ANOMALIES, found)
    (table,) = [one for one in snapshot_tables(config, project)["executive"] if one.name == "kpi.anomalies"]

    shown = warehouse.rows(f"select * from ({table.query}) order by week_start, priority nulls last")
    assert [(row["kpi_id"], row["week_start"], row["priority"], row["event"]) for row in shown] == [
        ("click_rate", week(1), 1, None),
        ("thousand", week(1), 2, None),
        ("spend", week(1), 3, None),
        ("spend", week(2), 1, None),
        ("thousand", week(2), None, "sale"),
    ]
    assert list(shown[0]) == list(ANOMALIES)
    assert [row["finding_en"] for row in shown[:3]] == ["click_rate fell", "thousand fell by 500", None]
    columns = ("value", "expected", "low", "high", "score", "impact")
    assert [shown[0][name] for name in columns] == [2.0, 3.0, None, None, None, None]
    assert [shown[1][name] for name in columns] == [2.0, 3.0, 2.5, 3.5, -6.0, -500.0]
