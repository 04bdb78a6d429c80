"""What the data team is told of runs: real runs that fail, real messages in the outbox."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from kpi_pipeline.defs.alerts import alert_sensors
from kpi_pipeline.pipeline import Installation
from tests.integration.books_company import BooksCompany, new_books_company

DELIVERY = (
    "enabled: false\nsmtp: {host: localhost, sender: a@shop.test}\nowner: {address: data@shop.test, language: en}\n"
)
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dg.asset(name="shop", key_prefix="raw", check_specs=[dg.AssetCheckSpec("could_be_taken", asset=["raw", "shop"])])
def shop(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
    mood = context.run.tags["mood"]
    if mood == "bad":
        raise ValueError("the disk is full")
    check = dg.AssetCheckResult(passed=mood == "good", check_name="could_be_taken", description="no answer")
    return dg.MaterializeResult(check_results=[check])


class Team:
    """The sensors, and what they told."""

    def __init__(self, installation: Installation, instance: dg.DagsterInstance) -> None:
        self._installation, self._instance = installation, instance
        self._definitions = dg.Definitions(assets=[shop], jobs=[dg.define_asset_job("daily")])

    def after(self, mood: str) -> list[str]:
        """Run the daily job and return the subjects of what the team is told then."""
        job = self._definitions.resolve_job_def("daily")
        result = job.execute_in_process(
            instance=self._instance, tags={"mood": mood}, raise_on_error=False, run_config=QUIET
        )
        kind = dg.DagsterEventType.RUN_SUCCESS if result.success else dg.DagsterEventType.RUN_FAILURE
        (event,) = [event for event in result.all_events if event.event_type == kind]
        failed, went_through, _ = alert_sensors(self._installation, dg.DefaultSensorStatus.RUNNING)
        context = dg.build_run_status_sensor_context(
            sensor_name="sensor", dagster_instance=self._instance, dagster_run=result.dagster_run, dagster_event=event
        )
        before = self._messages()
        (went_through if result.success else failed)(context)
        return [text for path, text in self._messages().items() if path not in before]

    def _messages(self) -> dict[str, str]:
        folder = self._installation.paths.outbox / "alerts"
        return {str(path): path.read_text(encoding="utf-8") for path in folder.rglob("*.eml")}


@pytest.fixture
def company(tmp_path: Path, checkout: Path) -> BooksCompany:
    company = new_books_company(tmp_path, checkout)
    (company.installation.paths.config / "delivery.yaml").write_text(DELIVERY, encoding="utf-8")
    company.installation.paths.data.mkdir()
    return company


@pytest.fixture
def team(company: BooksCompany, tmp_path: Path) -> Iterator[Team]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path / "dagster")) as instance:
        yield Team(company.installation, instance)


def test_a_failed_run_is_told_once_and_its_recovery_too(team: Team) -> None:
    (told,) = team.after("bad")
    assert "the disk is full" in told and "To: data@shop.test" in told
    assert team.after("bad") == []
    (recovered,) = team.after("good")
    assert "the disk is full" in recovered
    assert team.after("good") == []


def test_a_source_that_a_run_went_on_without_is_told_and_its_recovery_too(team: Team) -> None:
    (told,) = team.after("without")
    assert "raw/shop: could_be_taken" in told and "no answer" in told
    assert team.after("without") == []
    # A run that failed says nothing about the source.
    (failed,) = team.after("bad")
    assert "could_be_taken" not in failed
    (recovered,) = team.after("good")
    assert "raw/shop: could_be_taken" in recovered
