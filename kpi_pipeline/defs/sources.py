"""One asset per connected source: what it delivered on a day.

Here: the assets' factory and what the UI shows of an ingest. Reading and loading belong to ``sources``.
"""

from datetime import date

import dagster as dg

from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.source import Source
from kpi_pipeline.defs.partitions import run_days
from kpi_pipeline.errors import ConfigurationError, EngineLostError
from kpi_pipeline.pipeline import Run
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.sources.loading.ingest import IngestReport


def source_assets(configuration: Configuration) -> list[dg.AssetsDefinition]:
    """Return one daily asset per source."""
    return [_source_asset(name, source, configuration) for name, source in sorted(configuration.sources.items())]


def _source_asset(name: str, source: Source, configuration: Configuration) -> dg.AssetsDefinition:
    key = dg.AssetKey(["raw", name])
    subjects = build_contract(name, source).subjects

    @dg.asset(
        key=key,
        partitions_def=run_days(configuration.company),
        group_name="raw",
        kinds={"api" if source.pull else "file", source.system if len(source.system) < 12 else "export"},
        description=f"What {name} ({source.system}) delivered: {', '.join(subjects)}. Each run "
        f"{'asks the API and keeps its answers' if source.pull else 'takes the files that arrived and keeps them'} "
        "unchanged in custody; it replaces the whole days or entities that they speak for.",
        check_specs=[
            dg.AssetCheckSpec(
                "no_quarantine", asset=key, description="No file of this run broke the source's contract."
            )
        ],
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL),
    )
    # The decorator recognises the bare class alone.
    def ingest(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Run]) -> dg.MaterializeResult:  # type: ignore[type-arg]
        try:
            report = warehouse.ingest(name, date.fromisoformat(context.partition_key))
        except (ConfigurationError, EngineLostError) as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        problems = [file.problem for file in report.files if file.problem is not None]
        return dg.MaterializeResult(
            metadata={
                "files": len(report.files),
                "dagster/row_count": sum(file.rows_loaded for file in report.files),
                "arrivals": dg.MetadataValue.md(_arrivals_table(report)),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name="no_quarantine",
                    passed=not problems,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"problems": dg.MetadataValue.md("\n\n".join(problems))} if problems else {},
                )
            ],
        )

    return ingest


def _arrivals_table(report: IngestReport) -> str:
    rows = [f"| {file.file_name} | {file.state} | {file.rows_loaded:,} |" for file in report.files]
    table = "\n".join(["| file | became | rows |", "|---|---|---:|", *rows]) if rows else "nothing new"
    return "\n\n".join([table, *report.notes])
