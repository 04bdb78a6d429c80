"""The warehouse as assets: seeds, SQL tables, KPI tables and published files.

Here: one step that reports only what it changed. The orchestrator skips a step as soon as one of its inputs was not
materialized, and writes five events per asset; so the unchanged is not materialized, and everything that depends on it
is in the same step. Sources and reports have steps of their own.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import dagster as dg

from kpi_pipeline.catalogue.history.restatement_rows import due_corrections
from kpi_pipeline.catalogue.judgement import overdue_reviews
from kpi_pipeline.catalogue.reconciliation import VALUES
from kpi_pipeline.catalogue.snapshots.descriptions import KPI_TABLES, TABLES_OF_THE_TEAM
from kpi_pipeline.config.company import Company
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.report import Audience
from kpi_pipeline.defs.kpi_metadata import TABLE, kpi_metadata
from kpi_pipeline.defs.metadata import Metadata
from kpi_pipeline.defs.ownership import owners_of_data, owners_of_kpis
from kpi_pipeline.defs.partitions import day_of_run
from kpi_pipeline.defs.reconciliation_checks import reconciliation_results, reconciliation_specs
from kpi_pipeline.pipeline import Installation, Publication, Run
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.warehouse.build import QUERY_FAILED, TableResult
from kpi_pipeline.warehouse.seeds import SEED_TABLES
from kpi_pipeline.warehouse.sql_file import SqlFile
from kpi_pipeline.warehouse.sql_project import SqlProject

AUDIENCES: tuple[Audience, ...] = ("internal", "executive")
GRAIN_CHECK = "grain"
TIME_TO_PUBLISH = timedelta(hours=3)
# Where a KPI table is made from others; all are made for the days that are covered.
KPI_INPUTS = {
    "kpi.weekly_internal": ("kpi.values",),
    "kpi.weekly_executive": ("kpi.values",),
    "kpi.reported": ("kpi.weekly_internal",),
    **dict.fromkeys(("kpi.lifetime_models", "kpi.lifetime_calibration"), ("core.coverage", "core.customer_purchases")),
    "kpi.lifetime": ("kpi.lifetime_models", "core.customers", "measures.orders", "measures.cohorts"),
}


def asset_key(table: str) -> dg.AssetKey:
    """Return the asset of a table, ``schema.table``."""
    return dg.AssetKey(table.split("."))


def published_key(audience: Audience) -> dg.AssetKey:
    """Return the asset of an audience's published file."""
    return dg.AssetKey(["published", audience])


def warehouse_assets(installation: Installation) -> dg.AssetsDefinition:
    """Return the assets from seeds to published files, all in one step."""
    configuration, project = installation.configuration, installation.connected
    deliverers = _sources_by_subject(configuration)
    specs = [
        *(_seed_spec(table, description) for table, description in SEED_TABLES.items()),
        *(_table_spec(file, _inputs(file, deliverers)) for file in project.files),
        *(_kpi_spec(table, description, project) for table, description in KPI_TABLES.items()),
        *(_published_spec(audience, project, configuration.company) for audience in AUDIENCES),
    ]
    data, kpis = owners_of_data(configuration), owners_of_kpis(configuration)
    specs = [spec.replace_attributes(owners=kpis if spec.group_name == "kpi" else data) for spec in specs]

    @dg.multi_asset(
        name="warehouse",
        specs=specs,
        check_specs=[
            *(check for file in project.files for check in _check_specs(file)),
            *reconciliation_specs(project),
        ],
        pool="warehouse",
        # Without this, the checks of a table would have to run even where the table was left alone.
        can_subset=True,
    )
    def warehouse_step(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Run]
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        as_of = day_of_run(context, warehouse.installation.today)
        selected, asked = context.selected_asset_keys, context.selected_asset_check_keys
        for table in warehouse.write_seeds(as_of):
            if asset_key(table) in selected:
                yield dg.MaterializeResult(asset_key=asset_key(table))
        report = warehouse.build_tables([file.table for file in project.files if asset_key(file.table) in selected])
        for result in report.results:
            if result.was_built:
                yield _materialized(result, project.file(result.table), warehouse.column_types(result.table))
            elif result.failed_check is not None and result.failed_check.check != QUERY_FAILED:
                yield dg.AssetCheckResult(
                    asset_key=asset_key(result.table),
                    check_name=result.failed_check.check,
                    passed=False,
                    description=result.failed_check.message,
                )
        report.raise_failures()
        yield from reconciliation_results(warehouse.reconcile([file.table for file in project.files]), asked)
        if selected.isdisjoint(published_key(audience) for audience in AUDIENCES):
            return
        publication = warehouse.publish(as_of)
        for kpi_id in overdue_reviews(warehouse.engine):
            context.log.warning(f'KPI "{kpi_id}": its review is overdue')
        for correction in due_corrections(warehouse.engine):
            context.log.warning(f"correction due: {correction}")
        if publication.is_new:
            shown = kpi_metadata(warehouse, as_of)
            yield from (result for result in _published(publication, shown) if result.asset_key in selected)
        yield from reconciliation_results(warehouse.reconcile([VALUES]), asked)

    return warehouse_step


def _published(publication: Publication, shown: Metadata) -> Iterator[dg.MaterializeResult[None]]:
    # A table may be yielded only after those that it is made from.
    last = ("kpi.reported", "kpi.lifetime")
    for table in sorted(KPI_TABLES, key=lambda name: (name in KPI_INPUTS, name in last)):
        metadata = shown if table == TABLE else {}
        yield dg.MaterializeResult(
            asset_key=asset_key(table), metadata={"snapshot": publication.snapshot_id, **metadata}
        )
    for audience, path in publication.snapshots.items():
        yield dg.MaterializeResult(
            asset_key=published_key(audience),
            metadata={
                "snapshot": publication.snapshot_id,
                "file": dg.MetadataValue.path(str(path)),
                "megabytes": round(path.stat().st_size / 1e6, 2),
            },
        )


def _materialized(result: TableResult, file: SqlFile, types: Mapping[str, str]) -> dg.MaterializeResult[None]:
    columns = [dg.TableColumn(name, kind, file.column_notes.get(name)) for name, kind in types.items()]
    warned = {warning.check: warning for warning in result.warnings}
    return dg.MaterializeResult(
        asset_key=asset_key(result.table),
        metadata={
            "dagster/row_count": result.rows,
            "dagster/column_schema": dg.TableSchema(columns=columns),
            "changed_days": "all" if result.changed_days is None else len(result.changed_days),
            "seconds": round(result.seconds, 3),
        },
        check_results=[
            dg.AssetCheckResult(
                asset_key=asset_key(result.table),
                check_name=name,
                passed=name not in warned,
                severity=dg.AssetCheckSeverity.WARN,
                description=str(warned[name]) if name in warned else None,
            )
            for name in (GRAIN_CHECK, *(check.name for check in file.checks))
        ],
    )


def _sources_by_subject(configuration: Configuration) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {subject: [] for subject in SUBJECTS}
    for name, source in configuration.sources.items():
        for subject in build_contract(name, source).subjects:
            found[subject].append(name)
    return found


def _inputs(file: SqlFile, deliverers: Mapping[str, list[str]]) -> list[dg.AssetKey]:
    """Return what the table reads, where a raw table stands for the sources that deliver its subject."""
    keys: list[dg.AssetKey] = []
    for table in file.inputs:
        schema, _, name = table.partition(".")
        if schema == "raw":
            # A table of all batches or covered days comes from every source.
            sources = (
                deliverers[name]
                if name in deliverers
                else sorted({each for names in deliverers.values() for each in names})
            )
            keys.extend(dg.AssetKey(["raw", source]) for source in sources)
        else:
            keys.append(asset_key(table))
    return sorted(set(keys))


def _seed_spec(table: str, description: str) -> dg.AssetSpec:
    return dg.AssetSpec(asset_key(table), group_name="core", kinds={"python"}, description=description, skippable=True)


def _table_spec(file: SqlFile, inputs: list[dg.AssetKey]) -> dg.AssetSpec:
    return dg.AssetSpec(
        asset_key(file.table),
        deps=inputs,
        group_name=file.schema,
        kinds={"duckdb", "sql"},
        description=f"{file.description}\n\n```sql\n{file.query}\n```",
        code_version=file.fingerprint[:12],
        skippable=True,
    )


def _check_specs(file: SqlFile) -> list[dg.AssetCheckSpec]:
    grain = dg.AssetCheckSpec(
        GRAIN_CHECK,
        asset=asset_key(file.table),
        description=f"One row per {', '.join(file.grain)}; none is NULL.",
        blocking=True,
    )
    return [
        grain,
        *(
            dg.AssetCheckSpec(
                check.name, asset=asset_key(file.table), description=check.predicate, blocking=check.is_blocking
            )
            for check in file.checks
        ),
    ]


def _kpi_spec(table: str, description: str, project: SqlProject) -> dg.AssetSpec:
    inputs: tuple[str, ...] = KPI_INPUTS.get(table, ("core.coverage",))
    if table == "kpi.values":
        inputs = (*inputs, *(file.table for file in project.files if file.schema == "measures"))
    # Tables that no connected source fills are not built.
    built = {*(file.table for file in project.files), *KPI_TABLES}
    return dg.AssetSpec(
        asset_key(table),
        deps=[asset_key(name) for name in inputs if name in built],
        group_name="kpi",
        kinds={"duckdb"},
        description=description,
        skippable=True,
    )


def _published_spec(audience: Audience, project: SqlProject, company: Company) -> dg.AssetSpec:
    tables = list(KPI_TABLES)
    if audience == "executive":
        tables = [table for table in tables if table not in TABLES_OF_THE_TEAM]
    else:
        tables += [file.table for file in project.files if file.schema in ("core", "measures", "views")]
    return dg.AssetSpec(
        published_key(audience),
        deps=[asset_key(table) for table in tables],
        group_name="published",
        kinds={"duckdb", "file"},
        description=f"The file that the {audience} audience may open: built from its own list of queries, never "
        "changed after it was written, found through the pointer of the same name.",
        skippable=True,
        freshness_policy=_published_daily(company),
    )


def _published_daily(company: Company) -> dg.FreshnessPolicy:
    """Published on every day by three hours after the daily run; a run at another hour of that day counts too."""
    at = timedelta(hours=int(company.daily_run_at[:2]), minutes=int(company.daily_run_at[3:])) + TIME_TO_PUBLISH
    minutes = int(at / timedelta(minutes=1)) % (24 * 60)
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"{minutes % 60} {minutes // 60} * * *",
        lower_bound_delta=min(at, timedelta(days=1)),
        timezone=company.time_zone,
    )
