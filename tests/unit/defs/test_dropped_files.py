"""Files that arrive at odd hours: a real inbox, a real ledger, and one tick of the sensor after the other."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from kpi_pipeline.defs.assembly import assemble
from tests.integration.books_company import BooksCompany, new_books_company


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path / "dagster")) as opened:
        yield opened


@pytest.fixture
def company(tmp_path: Path, checkout: Path) -> BooksCompany:
    return new_books_company(tmp_path, checkout)


def tick(
    company: BooksCompany, instance: dg.DagsterInstance, cursor: str | None
) -> tuple[list[dg.RunRequest], str | None]:
    """Look once, as a sensor that was loaded anew does: only the cursor is remembered."""
    definitions = assemble(company.installation)
    context = dg.build_sensor_context(instance=instance, cursor=cursor, definitions=definitions)
    told = definitions.resolve_sensor_def("dropped_files").evaluate_tick(context)
    return list(told.run_requests or ()), told.cursor


def test_a_file_is_run_once_after_it_has_come_to_rest(company: BooksCompany, instance: dg.DagsterInstance) -> None:
    assert tick(company, instance, None)[0] == []
    company.export(12, {2: 100})
    requests, cursor = tick(company, instance, None)
    assert requests == []  # it may still be written
    company.export(12, {2: 100, 3: 100})
    requests, cursor = tick(company, instance, cursor)
    assert requests == []  # and it was
    (request,), cursor = tick(company, instance, cursor)
    assert request.partition_key == "2026-11-21"
    selected = {key.to_user_string() for key in request.asset_selection or ()}
    assert {"raw/books", "measures/finance", "kpi/values", "published/internal"} <= selected
    assert {name for name in selected if name.startswith("raw/")} == {"raw/books"}
    # Until a run has taken it, the same file has the same key, by which the orchestrator knows that it asked already.
    (again,), cursor = tick(company, instance, cursor)
    assert again.run_key == request.run_key
    company.load()
    assert tick(company, instance, cursor)[0] == []
    company.export(13, {4: 100})
    _, cursor = tick(company, instance, cursor)
    (other,), _ = tick(company, instance, cursor)
    assert other.run_key != request.run_key


def test_nothing_is_asked_for_while_a_daily_run_waits(company: BooksCompany, instance: dg.DagsterInstance) -> None:
    company.export(12, {2: 100})
    _, cursor = tick(company, instance, None)
    run = instance.create_run_for_job(assemble(company.installation).resolve_job_def("daily"))
    assert tick(company, instance, cursor)[0] == []
    instance.report_run_canceled(run)
    assert len(tick(company, instance, cursor)[0]) == 1
