"""The part of the SQL project that the connected sources fill.

Here: which tables are built and published. A table that no connected source delivers anything to would stay empty for
ever, so it is left out until one does, unless somebody has committed to a number that is made from it.
"""

from collections.abc import Iterator

from kpi_pipeline.catalogue.formulas.formula import parse_formula
from kpi_pipeline.catalogue.metrics.delivered import source_subjects
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.warehouse.sql_project import SqlProject

# What tables of every kind read: exchange rates and the lists of what was loaded say nothing of what else is connected.
OF_EVERY_TABLE = frozenset({"raw.fx_rates", "raw.covered_days", "raw.batches"})


def connected_project(configuration: Configuration, project: SqlProject) -> SqlProject:
    """Return the project with the tables that something is delivered to, and all that they read."""
    delivered = frozenset[str]().union(*source_subjects(configuration).values())
    silent = {subject.table for name, subject in SUBJECTS.items() if name not in delivered} | OF_EVERY_TABLE
    needed = set(_committed_tables(configuration, project))
    for file in project.files:
        raw = {table for table in project.ancestors(file.table) if table.startswith("raw.")}
        if raw <= OF_EVERY_TABLE or raw - silent:
            needed.add(file.table)
    needed |= {table for found in tuple(needed) for table in project.ancestors(found)}
    return SqlProject(tuple(file for file in project.files if file.table in needed), project.external_tables)


def _committed_tables(configuration: Configuration, project: SqlProject) -> Iterator[str]:
    names: set[str] = set()
    for kpi in configuration.kpis.values():
        names.add(kpi.metric)
        if kpi.where is not None:
            names |= {kpi.where.efficiency_metric, kpi.where.per}
    for metric_id in names & configuration.metrics.keys():
        metric = configuration.metrics[metric_id]
        for text in (metric.formula, *(before.formula for before in metric.earlier)):
            names |= set(parse_formula(text, f"metric {metric_id}").measures)
    for file in project.files:
        if any(measure.name in names for measure in file.measures):
            yield file.table
