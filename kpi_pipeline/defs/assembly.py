"""All assets, jobs, schedules and sensors of one installation, put together.

Here: the assembly alone. What is put together belongs to the modules beside this one.
"""

import warnings

import dagster as dg

from kpi_pipeline.defs.alerts import alert_sensors
from kpi_pipeline.defs.automation import report_automation
from kpi_pipeline.defs.delivery import delivery_assets
from kpi_pipeline.defs.dropped_files import dropped_files_sensor
from kpi_pipeline.defs.jobs import daily_job, weekly_job
from kpi_pipeline.defs.reports import report_assets
from kpi_pipeline.defs.resources import warehouse_resource
from kpi_pipeline.defs.schedules import daily_schedule
from kpi_pipeline.defs.sources import source_assets
from kpi_pipeline.defs.tables import warehouse_assets
from kpi_pipeline.pipeline import Installation


def assemble(installation: Installation) -> dg.Definitions:
    """Return what the orchestrator shows and runs for an installation; its clock is the clock of everything here."""
    with warnings.catch_warnings():
        # Ranges in one run and conditions in Python may still change in the orchestrator, whose version is pinned.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return _assembled(installation)


def _assembled(installation: Installation) -> dg.Definitions:
    configuration = installation.configuration
    tables = warehouse_assets(installation)
    # A made-up company has nobody to work for: its runs are started by hand, or in the UI.
    is_example = configuration.company.is_example
    sensors = dg.DefaultSensorStatus.STOPPED if is_example else dg.DefaultSensorStatus.RUNNING
    schedules = dg.DefaultScheduleStatus.STOPPED if is_example else dg.DefaultScheduleStatus.RUNNING
    return dg.Definitions(
        assets=[
            *source_assets(configuration),
            tables,
            *report_assets(installation),
            *delivery_assets(installation),
        ],
        jobs=[daily_job(), weekly_job()],
        schedules=[daily_schedule(configuration.company, schedules)],
        sensors=[
            report_automation(sensors),
            dropped_files_sensor(installation, sorted(tables.keys), sensors),
            *alert_sensors(installation, sensors),
        ],
        resources={"warehouse": warehouse_resource(installation)},
        # One process: there is one writer, and starting a process costs more than any step.
        executor=dg.in_process_executor,
    )
