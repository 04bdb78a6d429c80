"""A real warehouse on which the files of ``sql/`` are built as in production."""

import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.company import Company, WebGoal
from kpi_pipeline.config.model import Text
from kpi_pipeline.sources.loading.raw_tables import BATCHES, COVERED_DAYS, prepare_raw_tables
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.seeds import SEED_TABLES, write_seeds
from kpi_pipeline.warehouse.sql_project import SqlProject, load_sql_project
from tests.unit.sql.raw_rows import AS_OF, Warehouse


@pytest.fixture(scope="session")
def sql_project(checkout: Path) -> SqlProject:
    raw_tables = (*(subject.table for subject in SUBJECTS.values()), BATCHES, COVERED_DAYS)
    return load_sql_project(checkout / "sql", (*SEED_TABLES, *raw_tables))


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse file without data: filling the calendar once is much faster than for each test."""
    path = tmp_path_factory.mktemp("empty") / "warehouse.duckdb"
    company = Company(
        name=Text(en="Test", fa="آزمون"),
        time_zone="Europe/Berlin",
        week_start="monday",
        reporting_currency="EUR",
        fx_max_age_days=7,
        started_on=date(2026, 1, 1),
        web_goals={"newsletter": WebGoal(event="sign_up", value=Decimal("2.5")), "contact": WebGoal(event="contact")},
    )
    calendar = CompanyCalendar(company.time_zone, company.week_start, company.month_calendar)
    engine = DuckDbEngine(path)
    prepare_meta(engine)
    prepare_raw_tables(engine)
    write_seeds(engine, company, {}, calendar, AS_OF)
    engine.close()
    return path


@pytest.fixture
def warehouse(tmp_path: Path, sql_project: SqlProject, empty_warehouse: Path) -> Iterator[Warehouse]:
    path = tmp_path / "warehouse.duckdb"
    shutil.copyfile(empty_warehouse, path)
    engine = DuckDbEngine(path, threads=1)
    yield Warehouse(engine, sql_project)
    engine.close()
