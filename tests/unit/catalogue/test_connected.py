from dataclasses import replace

from kpi_pipeline.catalogue.metrics.connected import connected_project
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.source import Source
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import configuration, goals, kpi

GOOGLE_ADS = {"google": Source(system="google_ads")}


def tables(project: SqlProject) -> set[str]:
    return {file.table for file in project.files}


def test_only_what_a_source_delivers_to_is_built(project: SqlProject, library: dict[str, Metric]) -> None:
    built = tables(connected_project(configuration(library, sources=GOOGLE_ADS), project))
    assert {"staging.ad_performance", "core.ad_performance", "core.exchange_rates", "measures.ads"} <= built
    assert {"staging.support_tickets", "core.tickets", "measures.tickets", "core.deals"}.isdisjoint(built)


def test_everything_that_a_built_table_reads_is_built(project: SqlProject, library: dict[str, Metric]) -> None:
    connected = connected_project(configuration(library, sources=GOOGLE_ADS), project)
    read = {table for file in connected.files for table in file.inputs}
    assert read <= tables(connected) | project.external_tables


def test_a_commitment_brings_its_tables_without_any_source(project: SqlProject, library: dict[str, Metric]) -> None:
    committed = configuration(library, sources=GOOGLE_ADS, goals=goals(), kpis={"csat": kpi("csat", "grow")})
    assert {"staging.survey_responses", "measures.surveys_csat"} <= tables(connected_project(committed, project))
    nobody = replace(committed, kpis={}, sources={})
    without_source = tables(connected_project(nobody, project))
    # What says which days are covered, and at which rates to convert, is always there.
    assert {"core.coverage", "core.exchange_rates"} <= without_source
    assert not any(table.startswith("measures.") for table in without_source)
