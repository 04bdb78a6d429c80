"""The catalogue in other tools' formats, read by those tools."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from metricflow.converters.models import OSIDocument
from metricflow.converters.osi_to_msi import OSIToMSIConverter
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantic_interfaces.implementations.semantic_manifest import PydanticSemanticManifest
from metricflow_semantic_interfaces.parsing.dir_to_model import parse_directory_of_yaml_files_to_semantic_manifest
from metricflow_semantic_interfaces.validations.semantic_manifest_validator import SemanticManifestValidator
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from kpi_pipeline.catalogue.exports.export_metricflow import export_metricflow
from kpi_pipeline.catalogue.exports.export_osi import FILE, export_osi
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan, plan_metric
from kpi_pipeline.config.metric import EarlierDefinition, Metric
from kpi_pipeline.config.source import Source
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Calculator, Warehouse, company, configuration, metric, text, week

WEEKS = 8
# The fields of the specification, version 0.1.1; it allows no others.
DESCRIBED = {"name", "description", "ai_context", "custom_extensions"}
FIELDS_OF_OPEN_SEMANTIC_INTERCHANGE = {
    "datasets": {"source", "primary_key", "unique_keys", "fields"},
    "fields": {"expression", "dimension", "label"},
    "relationships": {"from", "to", "from_columns", "to_columns"},
    "metrics": {"expression"},
}
METRICS = {
    "orders_valid": metric("orders", unit="count"),
    "sales": metric("gross_sales - discounts", unit="currency"),
    "aov": metric("(gross_sales - discounts) / orders", unit="currency"),
    "cpc": metric("ad_cost / ad_clicks", unit="currency"),
    "ctr": metric("ad_clicks / ad_impressions", unit="percent"),
    "ctr_mobile": metric("ad_clicks / ad_impressions", unit="percent", filter="device = 'mobile'"),
    "ctr_known": metric("ad_clicks / ad_impressions", unit="percent", min_denominator=2000),
    "cost_of_orders": metric("ad_cost / orders", unit="currency", mixed_basis=text("a cost and its order")),
    "cac": metric(
        "ad_cost / orders",
        unit="currency",
        trailing_weeks=4,
        cost_lag_weeks=1,
        lagged=("ad_cost",),
        mixed_basis=text("a cost and its order"),
    ),
    "growth": metric("(orders - previous(orders)) / previous(orders)", unit="percent", grains=("week",)),
    "growth_4_weeks": metric("(orders - weeks_earlier(orders, 4)) / weeks_earlier(orders, 4)", unit="percent"),
    "clicks_of_14_days": metric("trailing(ad_clicks, 14)", unit="count"),
    "buyers": metric("buying_customers", unit="count"),
    "returning": metric("returning_customers / buying_customers", unit="percent"),
}
NOT_EXPRESSED = {
    "roas": (
        metric("ad_conversion_value / claimant_cost", has_total=False, dimensions=("claimed_by",)),
        "its members must never be added up, and no format can forbid the total",
    ),
    "claims": (
        metric(
            "ad_conversions / orders",
            undivided=("orders",),
            mixed_basis=text("a claim and its order"),
            has_total=False,
            dimensions=("claimed_by",),
        ),
        "its members must never be added up, and no format can forbid the total; "
        "orders is taken whole for every member, also where the metric is split",
    ),
    "ltv": (
        metric("cohort_gross_margin / new_customers", cohort_age_days=90),
        "only cohorts that have reached the age of 90 days count",
    ),
    "changed": (
        metric(
            "orders",
            version=2,
            effective_from=date(2026, 2, 2),
            earlier=(
                EarlierDefinition(version=1, until=date(2026, 2, 2), formula="orders + 1", reason=text("A mistake")),
            ),
        ),
        "periods that began before 2026-02-02 are computed by an earlier definition",
    ),
}


def plans(metrics: Mapping[str, Metric], project: SqlProject, sources: dict[str, Source]) -> dict[str, MetricPlan]:
    asked = configuration(metrics, sources=sources)
    return {name: plan_metric(name, asked, project) for name in metrics}


def write(files: Mapping[str, str], folder: Path) -> Path:
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def problems_of(manifest: PydanticSemanticManifest) -> list[str]:
    found = SemanticManifestValidator().validate_semantic_manifest(manifest)
    return [issue.message for issue in (*found.errors, *found.future_errors, *found.warnings)]


@pytest.fixture(scope="module")
def of_library(library: dict[str, Metric], project: SqlProject, sources: dict[str, Source]) -> dict[str, MetricPlan]:
    return plans(library, project, sources)


@pytest.mark.slow
def test_metricflow_finds_nothing_wrong_in_the_exported_library(
    of_library: dict[str, MetricPlan], tmp_path: Path
) -> None:
    made = export_metricflow(of_library, company())

    read = parse_directory_of_yaml_files_to_semantic_manifest(str(write(made.files, tmp_path)))

    assert read.issues.all_issues == ()
    assert problems_of(read.semantic_manifest) == []
    names = {one.name for one in read.semantic_manifest.metrics}
    by_grain = {name for name in made.expressed if name not in names}
    assert all({f"{name}_by_week", f"{name}_by_month"} <= names for name in by_grain)
    assert {*made.expressed, *made.not_expressed} == set(of_library)
    assert len(made.expressed) > len(of_library) / 2


def test_validator_of_metricflow_would_find_a_fault(of_library: dict[str, MetricPlan], tmp_path: Path) -> None:
    made = export_metricflow({"ctr_ads": of_library["ctr_ads"]}, company())
    files = dict(made.files) | {"metrics.yaml": made.files["metrics.yaml"].replace("name: input_", "name: output_", 1)}

    read = parse_directory_of_yaml_files_to_semantic_manifest(
        str(write(files, tmp_path)), raise_issues_as_exceptions=False
    )

    assert problems_of(read.semantic_manifest) != []


def test_what_a_format_cannot_say_is_named_with_the_reason(project: SqlProject, sources: dict[str, Source]) -> None:
    of_odd_ones = plans({name: one for name, (one, _) in NOT_EXPRESSED.items()}, project, sources)
    expected = {name: reason for name, (_, reason) in NOT_EXPRESSED.items()}

    assert export_metricflow(of_odd_ones, company()).not_expressed == expected
    assert export_osi(of_odd_ones, company()).not_expressed == expected


def test_open_semantic_interchange_leaves_windows_and_stocks_out(
    project: SqlProject, sources: dict[str, Source]
) -> None:
    windows = {
        "trailing": metric("orders", trailing_weeks=4),
        "growth": metric("orders / previous(orders)"),
        "followers": metric("followers", unit="count"),
    }
    made = export_osi(plans(windows, project, sources), company())
    assert made.not_expressed == {
        "trailing": "a week's value is that of 4 weeks",
        "growth": "orders is taken from another window than the period itself",
        "followers": "followers is a stock figure, of which the last day counts",
    }


class _Client:
    """What MetricFlow wants to know of a database to write statements for it."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    """Eight full weeks of ads and orders; customer 7 buys every week, the others once."""
    days = [week(0) + timedelta(days=number) for number in range(7 * WEEKS)]
    warehouse.as_of(week(WEEKS))
    warehouse.measures(
        "ads",
        [
            {
                "day": day,
                "platform": "google_ads",
                "campaign": "brand",
                "device": device,
                "country": "DE",
                "ad_clicks": 5 + number % 4,
                "ad_impressions": 120 + 3 * number,
                "ad_cost": Decimal(7 + number % 3),
            }
            for number, day in enumerate(days)
            for device in ("mobile", "desktop")
        ],
    )
    warehouse.measures(
        "orders",
        [
            {
                "day": day,
                "channel": "Email" if number % 3 else "Direct",
                "country": "DE",
                "orders": 2 + number % 5 + number // 14,
                "gross_sales": Decimal(100 + number),
                "discounts": Decimal(number % 6),
            }
            for number, day in enumerate(days)
        ],
    )
    warehouse.measures(
        "buyers",
        [
            {"day": day, "channel": "Email", "country": "DE", "customer_key": name, "is_returning": name == "7"}
            for number, day in enumerate(days)
            for name in ("7", str(100 + number))
        ],
    )
    warehouse.cover(dict.fromkeys(("ad_performance", "orders"), (days[0], days[-1])))
    return warehouse


def by_metricflow(
    engine: MetricFlowEngine, connection: duckdb.DuckDBPyConnection, name: str, *group_by: str
) -> dict[Any, float]:
    request = MetricFlowQueryRequest.create(metric_names=[name], group_by_names=list(group_by))
    statement = engine.explain(request).sql_statement.sql
    rows = connection.execute(statement).fetchall()
    return {(*map(str, row[:-1]),): float(row[-1]) for row in rows if row[-1] is not None}


def test_metricflow_computes_the_same_values(
    filled: Warehouse, project: SqlProject, sources: dict[str, Source], tmp_path: Path
) -> None:
    """MetricFlow's engine writes its statements from the exported files; they run on our tables beside our own."""
    made = export_metricflow(plans(METRICS, project, sources), company())
    manifest = parse_directory_of_yaml_files_to_semantic_manifest(str(write(made.files, tmp_path))).semantic_manifest
    engine = MetricFlowEngine(SemanticManifestLookup(manifest), _Client())  # type: ignore[arg-type]
    calculator = Calculator(filled, project, sources)
    connection = filled.engine.connection

    assert made.expressed == tuple(METRICS)
    for name, one in METRICS.items():
        ours = {
            (f"{row['period_start']} 00:00:00",): row["value"]
            for row in calculator.rows(one)
            if row["value"] is not None
        }
        assert len(ours) >= WEEKS - 4, name
        theirs = by_metricflow(engine, connection, name, "metric_time__week")
        # At the edges MetricFlow also gives values of windows that our data does not fill.
        assert {period: theirs.get(period) for period in ours} == pytest.approx(ours), name

    one = METRICS["ctr"]
    split = {
        (f"{row['period_start']} 00:00:00", row["member"]): row["value"]
        for row in calculator.rows(one, dimension="device")
    }
    assert by_metricflow(engine, connection, "ctr", "metric_time__week", "ads_row__device") == pytest.approx(split)


def test_weeks_of_the_company_can_be_asked_for(
    filled: Warehouse, project: SqlProject, sources: dict[str, Source], tmp_path: Path
) -> None:
    filled.calendar(week_start="saturday")
    wanted = {"growth": METRICS["growth"]}
    made = export_metricflow(plans(wanted, project, sources), company(week_start="saturday"))
    manifest = parse_directory_of_yaml_files_to_semantic_manifest(str(write(made.files, tmp_path))).semantic_manifest
    engine = MetricFlowEngine(SemanticManifestLookup(manifest), _Client())  # type: ignore[arg-type]

    theirs = by_metricflow(engine, filled.engine.connection, "growth", "metric_time__company_week")

    ours = Calculator(filled, project, sources).rows(wanted["growth"])
    whole = {(str(row["period_start"]),): row["value"] for row in ours if row["status"] == "final"}
    assert len(whole) >= WEEKS - 3
    assert {period: theirs.get(period) for period in whole} == pytest.approx(whole)


def test_open_semantic_interchange_is_read_by_another_reader_of_the_format(
    of_library: dict[str, MetricPlan],
) -> None:
    made = export_osi(of_library, company())
    document = yaml.safe_load(made.files[FILE])

    assert document["version"] == "0.1.1"
    read = OSIDocument.parse_obj(document)
    manifest = OSIToMSIConverter().convert(read).output
    assert {one.name for one in read.semantic_model[0].metrics or []} == set(made.expressed)
    assert {one.name for one in manifest.semantic_models} >= {"ads", "orders", "calendar"}
    (model,) = document["semantic_model"]
    assert set(document) <= {"version", "semantic_model", "dialects", "vendors"}
    assert set(model) <= DESCRIBED | {"datasets", "relationships", "metrics"}
    for kind, allowed in FIELDS_OF_OPEN_SEMANTIC_INTERCHANGE.items():
        of_datasets = [one for dataset in model["datasets"] for one in dataset["fields"]]
        for one in of_datasets if kind == "fields" else model[kind]:
            assert set(one) <= DESCRIBED | allowed, one["name"]


def test_expressions_of_open_semantic_interchange_give_our_values(
    filled: Warehouse, project: SqlProject, sources: dict[str, Source]
) -> None:
    wanted = ("orders_valid", "sales", "aov", "cpc", "ctr", "ctr_mobile", "ctr_known", "buyers", "returning")
    metrics = {name: METRICS[name] for name in wanted}
    made = export_osi(plans(metrics, project, sources), company())
    model = yaml.safe_load(made.files[FILE])["semantic_model"][0]
    calculator = Calculator(filled, project, sources)

    assert [one["name"] for one in model["metrics"]] == list(wanted)
    for one in model["metrics"]:
        expression = one["expression"]["dialects"][0]["expression"]
        table = next(each["name"] for each in model["datasets"] if f"{each['name']}." in expression)
        found = filled.rows(f"select {expression} as value from measures.{table} as {table}")
        ours = calculator.rows(metrics[one["name"]], grain="year")
        assert [float(row["value"]) for row in found] == pytest.approx([row["value"] for row in ours]), one["name"]
