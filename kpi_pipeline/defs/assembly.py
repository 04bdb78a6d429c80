"""All assets, jobs and schedules of one installation, put together.

Here: the assembly alone. Assets, jobs and schedules belong to the modules beside this one.
"""

import dagster as dg

from kpi_pipeline.defs.delivery import delivery_asset
from kpi_pipeline.defs.jobs import daily_job, daily_schedule, weekly_job, weekly_schedule
from kpi_pipeline.defs.reports import report_assets
from kpi_pipeline.defs.resources import Warehouse
from kpi_pipeline.defs.sources import source_assets
from kpi_pipeline.defs.tables import warehouse_assets
from kpi_pipeline.pipeline import Installation


def assemble(installation: Installation) -> dg.Definitions:
    """Return what the orchestrator shows and runs for an installation."""
    configuration = installation.configuration
    return dg.Definitions(
        assets=[
            *source_assets(configuration),
            warehouse_assets(configuration, installation.connected),
            *report_assets(configuration),
            delivery_asset(configuration),
        ],
        jobs=[daily_job(), weekly_job()],
        schedules=[daily_schedule(configuration.company), weekly_schedule(configuration.company)],
        resources={"warehouse": Warehouse()},
        # One process: there is one writer, and starting a process costs more than any step.
        executor=dg.in_process_executor,
    )
