from datetime import timedelta

from kpi_pipeline.catalogue.metrics.lineage import metric_subjects, refresh_lineage
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.sources.loading.raw_tables import prepare_raw_tables
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, configuration, metric, week

METRICS = {
    "ctr": metric("ad_clicks / ad_impressions", unit="percent"),
    "sales": metric("gross_sales", unit="currency"),
}


def test_metric_is_made_from_everything_that_its_measures_read(project: SqlProject) -> None:
    config = configuration(METRICS)
    found = metric_subjects({name: plan_metric(name, config, project) for name in METRICS}, project)

    assert "ad_performance" in found["ctr"]
    assert "orders" not in found["ctr"]
    assert {"orders", "order_lines", "products", "fx_rates"} <= found["sales"]


def test_files_that_own_a_day_or_a_row_stand_behind_the_metric(warehouse: Warehouse) -> None:
    engine = warehouse.engine
    prepare_raw_tables(engine)
    engine.run("create schema if not exists kpi")
    for batch_id, source in (("b1", "ads"), ("b2", "ads"), ("b3", "shop"), ("lost", "ads")):
        engine.run(
            "insert into raw.batches by name select $b as batch_id, $s as source, $b || '.csv' as file_name,"
            " 'h' as sha256, timestamp '2026-02-01' as exported_at, 5 as rows_loaded, date '2026-01-01' as first_day,"
            " date '2026-01-31' as last_day, date '2026-02-01' as loaded_for",
            {"b": batch_id, "s": source},
        )
    for batch_id, day in (("b1", week(0)), ("b1", week(1)), ("b2", week(1) + timedelta(days=1))):
        engine.run(
            "insert into raw.covered_days values ('ads', 'a', 'ad_performance', $day, $batch, timestamp '2026-02-01')",
            {"day": day, "batch": batch_id},
        )
    engine.run(
        "insert into raw.orders by name select '1' as order_id, date '2026-01-07' as day, timestamp '2026-01-07' as"
        " created_at, 'c' as customer_key, 'paid' as status, 'EUR' as currency, 5 as gross_items, 'shop' as source,"
        " 'a' as account_id, 'b3' as batch_id, timestamp '2026-02-01' as exported_at"
    )
    refresh_lineage(engine, {"ctr": frozenset({"ad_performance"}), "both": frozenset({"ad_performance", "orders"})})

    rows = warehouse.rows("select * from kpi.lineage order by metric_id, batch_id")
    assert [(row["metric_id"], row["batch_id"], row["first_day"], row["last_day"]) for row in rows] == [
        ("both", "b1", week(0), week(1)),
        ("both", "b2", week(1) + timedelta(days=1), week(1) + timedelta(days=1)),
        ("both", "b3", week(0) + timedelta(days=2), week(0) + timedelta(days=2)),
        ("ctr", "b1", week(0), week(1)),
        ("ctr", "b2", week(1) + timedelta(days=1), week(1) + timedelta(days=1)),
    ]
    assert (rows[0]["source"], rows[0]["file_name"], rows[0]["rows_loaded"]) == ("ads", "b1.csv", 5)
