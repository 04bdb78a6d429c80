"""A source that fails stops nothing: the run goes on, and what depends on the source says so. Real runs."""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import pytest

from kpi_pipeline.defs import sources as source_module
from kpi_pipeline.defs.daily_run import Orchestrator
from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot
from tests.integration.books_company import LEDGER, BooksCompany, new_books_company


@pytest.fixture
def company(tmp_path, checkout, monkeypatch) -> BooksCompany:
    monkeypatch.setattr(source_module, "RETRIES", dg.RetryPolicy(max_retries=2, delay=0))
    company = new_books_company(tmp_path, checkout)
    company.export(12, {day: 100 + day for day in range(2, 12)})
    return company


@pytest.fixture
def orchestrator(company: BooksCompany) -> Iterator[Orchestrator]:
    second = company.installation.paths.config / "sources" / "branch.yaml"
    second.write_text(LEDGER, encoding="utf-8")
    with Orchestrator.open(company.installation) as opened:
        yield opened


def break_branch(company: BooksCompany) -> None:
    inbox = company.installation.paths.inbox
    inbox.mkdir(exist_ok=True, parents=True)
    (inbox / "branch").write_text("a file where a folder belongs", encoding="utf-8")


def told(company: BooksCompany) -> list[tuple[str, str]]:
    with open_snapshot(current_snapshot(company.installation.paths.published, "internal")) as connection:
        return connection.execute(
            "select source, message from kpi.quality where kind = 'failed_source' and metric_id = 'running_costs'"
        ).fetchall()


def test_the_others_go_on_and_the_failure_is_tried_told_and_cleared(
    company: BooksCompany, orchestrator: Orchestrator
) -> None:
    break_branch(company)
    outcome = orchestrator.run_day(date(2026, 11, 12))
    assert outcome.failure is None
    assert outcome.failed_sources == {"branch": "NotADirectoryError; see the log of the run"}
    with dg.DagsterInstance.from_config(str(company.installation.paths.dagster_home)) as instance:
        tried = instance.get_records_for_run(outcome.run_id, of_type=dg.DagsterEventType.STEP_RESTARTED).records
        checks = instance.get_records_for_run(
            outcome.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ).records
    assert len(tried) == 2
    judged = [one.event_log_entry.dagster_event.asset_check_evaluation_data for one in checks]  # type: ignore[union-attr]
    failed = [(each.asset_key.path[-1], each.check_name, each.severity) for each in judged if not each.passed]
    assert ("branch", "could_be_taken", dg.AssetCheckSeverity.ERROR) in failed
    assert {"raw/books", "kpi/values", "published/internal"} <= set(outcome.materialized)
    ((source, message),) = told(company)
    assert source == "branch" and "on 2026-11-12 the source could not be taken" in message
    with open_snapshot(current_snapshot(company.installation.paths.published, "internal")) as connection:
        loaded = connection.execute("select sum(operating_costs) from measures.finance").fetchone()
    assert loaded is not None and float(loaded[0]) == sum(100 + day for day in range(2, 12)) + 10 * 0.25

    (company.installation.paths.inbox / "branch").unlink()
    assert orchestrator.run_day(date(2026, 11, 13)).failed_sources == {}
    assert told(company) == []
