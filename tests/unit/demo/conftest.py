from datetime import date
from pathlib import Path

import pytest

from kpi_pipeline.demo.simulation import DemoSummary, simulate
from tests.unit.demo.exported_files import ExportedFiles

SIX_WEEKS_END = date(2026, 11, 1)  # a Sunday; the clocks are set back within the last weeks


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoSummary:
    return simulate(tmp_path_factory.mktemp("demo"), weeks=6, scale=0.2, seed=7, last_day=SIX_WEEKS_END)


@pytest.fixture(scope="session")
def exported(demo: DemoSummary) -> ExportedFiles:
    return ExportedFiles(demo.directory)


@pytest.fixture(scope="session")
def long_demo(tmp_path_factory: pytest.TempPathFactory) -> DemoSummary:
    """Long enough for values of 90 days that need 17 weeks."""
    return simulate(tmp_path_factory.mktemp("long_demo"), weeks=20, scale=0.1, seed=3, last_day=SIX_WEEKS_END)


@pytest.fixture(scope="session")
def exports(demo: DemoSummary) -> Path:
    return demo.directory / "exports"
