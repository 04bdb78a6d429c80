"""When the reports of a week are made by themselves: real conditions, real runs, hand-written snapshots."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from kpi_pipeline.config.delivery import Deadline, Recipient
from kpi_pipeline.defs.delivery import delivery_assets
from kpi_pipeline.defs.reports import report_assets
from kpi_pipeline.defs.run_failure import failure_of
from kpi_pipeline.pipeline import Installation
from tests.unit.delivery.office import REPORTS, Office, small_delivery
from tests.unit.reports.conftest import WEEK

LATE = {"kind": "late_source", "first_day": date(2026, 11, 14), "last_day": date(2026, 11, 15)}
EVERYTHING = {"reports/scorecard", "reports/team", "delivery/scorecard", "delivery/team"}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def monday(hour: int, minute: int = 0) -> datetime:
    """The Monday after the week."""
    return datetime(2026, 11, 16, hour, minute, tzinfo=UTC)


def into(folder: str, report: str) -> Recipient:
    return Recipient(report=report, channel="folder", to=folder, language="en")


@dataclass
class Daemon:
    """What the orchestrator's daemon does, one look at a time."""

    office: Office
    instance: dg.DagsterInstance
    cursor: object = None
    assets: list[dg.AssetsDefinition] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Load everything again and forget what stood in memory and in the sensor's cursor."""
        installation = Installation(self.office.paths, self.office.clock, None)
        reports = {name: report.model_copy(update={"languages": ("en",)}) for name, report in REPORTS.items()}
        vars(installation)["configuration"] = replace(self.office.configuration, reports=reports)
        self.assets = [*report_assets(installation), *delivery_assets(installation)]
        self.cursor = None

    def look(self, at: datetime) -> set[str]:
        """Evaluate the conditions and return what is requested, for the week and no other."""
        self.office.clock.instant = at
        evaluated = dg.evaluate_automation_conditions(
            defs=dg.Definitions(assets=self.assets), instance=self.instance, evaluation_time=at, cursor=self.cursor
        )
        self.cursor = evaluated.cursor
        requested = set()
        for asset in self.assets:
            weeks = evaluated.get_requested_partitions(asset.key)
            assert weeks <= {WEEK.isoformat()}
            requested |= {asset.key.to_user_string()} if weeks else set()
        return requested

    def run(self, requested: set[str]) -> str:
        """Do what was requested; return why it failed, nothing if it did not."""
        selection = [dg.AssetKey(name.split("/")) for name in requested]
        result = dg.materialize(
            self.assets,
            selection=selection,
            partition_key=WEEK.isoformat(),
            instance=self.instance,
            raise_on_error=False,
            run_config=QUIET,
        )
        return "" if result.success else failure_of(result.all_events)[1]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    recipients = (into("board", "scorecard"), into("colleagues", "team"))
    office = Office(tmp_path / "data", small_delivery(recipients=recipients))
    for folder in ("dagster", "data/board", "data/colleagues"):
        (tmp_path / folder).mkdir(parents=True)
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path / "dagster")) as instance, warnings.catch_warnings():
        yield Daemon(office, instance)


def states(office: Office) -> list[tuple[str, int, str]]:
    return sorted((entry.place.report, entry.place.revision, entry.state) for entry in office.ledger())


def test_reports_are_made_once_as_soon_as_everything_is_there(daemon: Daemon) -> None:
    daemon.office.publish("20261115-open", audiences=("executive", "internal"), as_of=date(2026, 11, 15))
    assert daemon.look(monday(6)) == set()  # the week is not over in what is published
    daemon.office.publish("20261116-over", audiences=("executive", "internal"), as_of=date(2026, 11, 16))
    assert daemon.look(monday(6, 5)) == EVERYTHING
    assert daemon.run(EVERYTHING) == ""
    assert states(daemon.office) == [("scorecard", 0, "sent"), ("team", 0, "sent")]
    assert daemon.look(monday(6, 6)) == set()
    daemon.restart()
    assert daemon.look(monday(13)) == set()


def test_what_is_missing_is_awaited_until_the_deadline_and_what_was_held_goes_out_later(daemon: Daemon) -> None:
    office = daemon.office
    # 10:30 UTC is 11:30 in Berlin.
    office.change(deadline=Deadline(day="monday", time="11:30"))
    daemon.restart()
    both = ("executive", "internal")
    office.publish("20261116-late", audiences=both, as_of=date(2026, 11, 16), quality=LATE)
    assert daemon.look(monday(10, 29)) == set()
    assert daemon.look(monday(10, 30)) == EVERYTHING
    assert daemon.run(EVERYTHING) == ""
    assert [one for one in states(office) if one[0] == "scorecard" and one[2] == "sent"] == []
    daemon.restart()
    assert daemon.look(monday(11)) == set()
    office.publish("20261117-whole", audiences=both, as_of=date(2026, 11, 17), published_at=datetime(2026, 11, 17, 6))
    assert daemon.look(datetime(2026, 11, 17, 7, tzinfo=UTC)) == EVERYTHING
    assert daemon.run(EVERYTHING) == ""
    # The team had its marked edition already, and nothing in it was corrected.
    assert [one for one in states(office) if one[2] == "sent"] == [("scorecard", 0, "sent"), ("team", 0, "sent")]
    assert daemon.look(datetime(2026, 11, 17, 7, 1, tzinfo=UTC)) == set()


def test_nothing_is_made_before_anything_was_published(daemon: Daemon) -> None:
    assert daemon.look(monday(12, 1)) == set()  # the deadline has passed
    daemon.office.publish("20261116-first", audiences=("executive", "internal"), as_of=date(2026, 11, 16))
    assert daemon.look(monday(12, 2)) == EVERYTHING


@pytest.mark.slow
def test_a_run_that_failed_is_left_to_people(daemon: Daemon) -> None:
    daemon.office.publish("20261116-over", audiences=("executive", "internal"), as_of=date(2026, 11, 16))
    reports = daemon.office.paths.reports
    reports.write_text("a file where a folder should be", encoding="utf-8")
    assert daemon.look(monday(6)) == EVERYTHING
    assert str(reports) in daemon.run(EVERYTHING)
    assert daemon.look(monday(6, 1)) & {"reports/scorecard", "reports/team"} == set()
