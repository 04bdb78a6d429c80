"""One asset per connected source: what it delivered on a day.

Here: the assets' factory, and that a source which fails stops no other. What its checks say belongs to
``source_checks``; reading and loading belong to ``sources``.
"""

import traceback
from collections.abc import Sequence
from datetime import date, timedelta

import dagster as dg

from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.source import Source
from kpi_pipeline.defs.metadata import Metadata, table
from kpi_pipeline.defs.ownership import owners_of_data
from kpi_pipeline.defs.partitions import days_of, run_days
from kpi_pipeline.defs.source_checks import Taken, check_results, check_specs
from kpi_pipeline.errors import ConfigurationError, EngineLostError
from kpi_pipeline.pipeline import Run
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.sources.custody.source_state import SourceState

# On top of the tries of each question to an API: an outage of a minute is over by then.
RETRIES = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)


def source_assets(configuration: Configuration) -> list[dg.AssetsDefinition]:
    """Return one daily asset per source."""
    return [_source_asset(name, source, configuration) for name, source in sorted(configuration.sources.items())]


def _source_asset(name: str, source: Source, configuration: Configuration) -> dg.AssetsDefinition:
    key = dg.AssetKey(["raw", name])
    subjects = build_contract(name, source).subjects

    @dg.asset(
        key=key,
        partitions_def=run_days(configuration.company),
        # A range that is made up for is one run, because all of it goes through one warehouse.
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool="warehouse",
        group_name="raw",
        kinds={"api" if source.pull else "file", source.system if len(source.system) < 12 else "export"},
        owners=owners_of_data(configuration),
        tags={"system": source.system},
        description=f"What {name} ({source.system}) delivered: {', '.join(subjects)}. Each run "
        f"{'asks the API and keeps its answers' if source.pull else 'takes the files that arrived and keeps them'} "
        "unchanged in custody; it replaces the whole days or entities that they speak for.",
        check_specs=check_specs(key, source),
        # Whether the source was looked at; whether it delivered is what the check on_time says.
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=timedelta(days=2), warn_window=timedelta(days=1, hours=6)
        ),
        retry_policy=RETRIES,
    )
    # The decorator recognises the bare class alone.
    def ingest(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Run]) -> dg.MaterializeResult:  # type: ignore[type-arg]
        days = days_of(context)
        taken = _take(context, warehouse, name, days)
        state = warehouse.source_state(name, days[-1])
        return dg.MaterializeResult(
            metadata=_metadata(taken, state),
            check_results=list(check_results(taken, state, warehouse.volumes(name, days[-1]))),
        )

    return ingest


def _take(context: dg.AssetExecutionContext, run: Run, source: str, days: Sequence[date]) -> Taken:
    """Take the days in their order. What goes wrong is tried again, and in the end stamped on what depends on it."""
    reports = []
    try:
        for day in days:
            reports.append(run.ingest(source, day))
    except EngineLostError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    except Exception as error:
        if not isinstance(error, ConfigurationError) and context.retry_number < RETRIES.max_retries:
            raise
        context.log.error("".join(traceback.format_exception(error)))
        return Taken(tuple(reports), run.stamp_failure(source, day, error))
    return Taken(tuple(reports), None)


def _metadata(taken: Taken, state: SourceState) -> Metadata:
    covered = state.coverage
    files = [(file.file_name, file.state, f"{file.rows_loaded:,}") for file in taken.files]
    days = [
        (each.subject, each.first_day, each.last_day, each.covered_days, len(each.missing_days)) for each in covered
    ]
    notes = [note for report in taken.reports for note in report.notes]
    metadata: Metadata = {
        "files": len(taken.files),
        "dagster/row_count": sum(file.rows_loaded for file in taken.files),
        "arrivals": table(("file", "became", "rows"), files, "nothing new"),
        "covered_days": sum(each.covered_days for each in covered),
        "missing_days": sum(len(each.missing_days) for each in covered),
        "coverage": table(("subject", "from", "to", "days", "missing"), days, "no day yet"),
    }
    if notes:
        metadata["notes"] = dg.MetadataValue.md("\n\n".join(notes))
    return metadata
