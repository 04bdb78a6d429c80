"""By which dimensions executives see what moved a KPI, while internal KPIs are about some of the members."""

from dataclasses import replace
from pathlib import Path

import pytest

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.findings.driver_exposure import DriverExposure, WithheldSplit
from kpi_pipeline.catalogue.snapshots.snapshot_plan import snapshot_tables
from kpi_pipeline.catalogue.tables.row_tables import CONTRIBUTIONS, write_rows
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.report import Audience, Report
from kpi_pipeline.warehouse.seeds import SEED_TABLES
from kpi_pipeline.warehouse.sql_project import SqlProject, load_sql_project
from tests.unit.catalogue.conftest import RAW_TABLES
from tests.unit.catalogue.hand_made import Warehouse, configuration, goals, kpi, metric, text, week

VISITS = """\
-- One row per day, region and device.
-- grain: day, region, device
-- covered by: orders
-- basis: order placed
-- sum northern_visits: visit_count where region = 'north'
-- sum long_visits: visit_count where is_long
select
    orders.day, -- day
    orders.country as region, -- region
    orders.device, -- device
    true as is_long, -- whether they were long
    1 as visit_count, -- visits
    1 as visits -- the same
from raw.orders as orders
"""
RATE = metric("sessions_with_purchase / sessions", unit="percent")


def company(drivers: tuple[str, ...], inner: Metric | None = None, **others: Metric) -> Configuration:
    """Executives see the rate and ``others``; ``inner`` is for the team."""
    metrics = {"rate": RATE} | others | ({"secret": inner} if inner else {})
    kpis = {f"kpi_{name}": kpi(name, "tune_ads" if name == "secret" else "convert") for name in metrics}
    report = Report(audience="executive", title=text("Report"), languages=("en",), drivers=drivers)
    return configuration(metrics, goals=goals(), kpis=kpis, reports={"weekly": report})


def exposure(config: Configuration, project: SqlProject) -> DriverExposure:
    return DriverExposure(Audiences(config), project)


def test_executives_see_the_dimensions_that_their_reports_name(project: SqlProject) -> None:
    assert exposure(company(("device", "campaign")), project).shown() == {"kpi_rate": ("device",)}
    assert exposure(company(()), project).shown() == {"kpi_rate": ()}
    config = company(("device",))
    team = {"team": config.reports["weekly"].model_copy(update={"audience": "internal"})}
    assert exposure(replace(config, reports=team), project).shown() == {"kpi_rate": ()}


@pytest.mark.parametrize(
    "inner",
    [
        metric("sessions - sessions_with_purchase", unit="count", filter="device = 'mobile'"),
        metric("engaged_sessions", unit="count", filter="channel = 'Email' and device in ('mobile', 'tablet')"),
        metric("sessions_unassigned", unit="count", dimensions=("channel", "country")),
    ],
    ids=["what both sides of a member tell", "of the same table", "not to be split by it"],
)
def test_a_dimension_is_withheld_where_a_member_may_be_an_internal_kpi(project: SqlProject, inner: Metric) -> None:
    found = exposure(company(("country", "device"), inner), project)

    assert found.shown() == {"kpi_rate": ("country",)}
    assert list(found.withheld()) == [WithheldSplit("kpi_rate", "device", "kpi_secret")]


@pytest.mark.parametrize(
    "inner",
    [
        metric("ad_clicks", unit="count", filter="device = 'mobile'"),
        metric("engaged_sessions / user_days", unit="ratio"),
    ],
    ids=["of another table", "of all members"],
)
def test_other_internal_kpis_hide_nothing(project: SqlProject, inner: Metric) -> None:
    assert exposure(company(("device",), inner), project).shown() == {"kpi_rate": ("device",)}


def test_a_kpi_whose_sides_are_withheld_is_not_split(project: SqlProject) -> None:
    found = exposure(company(("device",), metric("sessions", unit="count")), project)

    assert "rate" in found.audiences.metrics_without_sides
    assert found.shown() == {"kpi_rate": ()}


def test_a_measure_that_counts_some_members_alone_hides_its_dimension(tmp_path: Path) -> None:
    """What a metric is about may be said by its measure instead of its filter."""
    (tmp_path / "measures").mkdir()
    (tmp_path / "measures" / "visits.sql").write_text(VISITS, encoding="utf-8")
    project = load_sql_project(tmp_path, (*RAW_TABLES, *SEED_TABLES))
    visits = metric("visits", unit="count")
    for inner, dimensions in (("northern_visits", ("device",)), ("long_visits", ("device", "region"))):
        config = company(("region", "device"), metric(inner, unit="count"), rate=visits)
        assert exposure(config, project).shown() == {"kpi_rate": dimensions}


FACTORS = {
    "traffic": metric("sessions", unit="count"),
    "order_rate": metric("orders / sessions", unit="percent"),
    "basket": metric("gross_sales / orders", unit="currency"),
}
SALES = metric("gross_sales", unit="currency", factors=tuple(FACTORS), dimensions=("country",))


def test_factors_are_shown_where_executives_see_all_of_them(project: SqlProject) -> None:
    assert exposure(company(("factors",), sales=SALES, **FACTORS), project).shown()["kpi_sales"] == ("factors",)
    without = {name: each for name, each in FACTORS.items() if name != "basket"}
    config = company(("factors",), sales=SALES, **without)
    config = replace(config, metrics=config.metrics | {"basket": FACTORS["basket"]})
    assert exposure(config, project).shown()["kpi_sales"] == ()


def test_drivers_are_those_of_the_first_dimension_that_a_reader_sees(warehouse: Warehouse, project: SqlProject) -> None:
    """Channels explain most, and executives do not see them."""
    config = company(("device", "country"))
    ranked = [("channel", 1, 1), ("device", 2, 1), ("device", 2, 2), ("device", 2, None), ("country", 3, 1)]
    rows = [
        {
            "kpi_id": "kpi_rate",
            "week_start": week(0),
            "dimension": dimension,
            "member": f"member {number}",
            "dimension_rank": dimension_rank,
            "driver_rank": rank,
            "finding_en": None if rank is None else f"driver {number}",
        }
        for number, (dimension, dimension_rank, rank) in enumerate(ranked)
    ]
    rows.append({"kpi_id": "kpi_rate", "week_start": week(0), "dimension": "device", "finding_en": "Not split"})
    warehouse.engine.run("create schema kpi")
    write_rows(warehouse.engine, "kpi.contributions", CONTRIBUTIONS, rows)
    columns = "dimension, dimension_rank, driver_rank, finding_en"

    def read(audience: Audience) -> list[tuple[object, ...]]:
        (table,) = (each for each in snapshot_tables(config, project)[audience] if each.name == "kpi.contributions")
        query = f"select {columns} from ({table.query}) as published order by member nulls last"
        return [tuple(row.values()) for row in warehouse.rows(query)]

    nobody: tuple[None, None] = (None, None)
    assert read("internal") == [
        ("channel", 1, 1, "driver 0"),
        *(("device", 2, *nobody),) * 3,
        ("country", 3, *nobody),
        ("device", None, None, "Not split"),
    ]
    assert read("executive") == [
        ("device", 1, 1, "driver 1"),
        ("device", 1, 2, "driver 2"),
        ("device", 1, *nobody),
        ("country", 2, *nobody),
        ("device", None, None, "Not split"),
    ]
