"""The code server and the daemon of one installation as real processes under a clock that leaps.

Here: starting and killing them as an operator or a power cut would, and waiting until they have nothing left to do. It
looks at them from outside, through the orchestrator's own instance.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import dagster as dg
import yaml
from dagster._core.scheduler.instigation import InstigatorTick, TickStatus

from benchmarks.weeks.clock import LeapingClock
from benchmarks.weeks.company import Company
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.defs.dropped_files import UNFINISHED
from kpi_pipeline.defs.jobs import DAILY
from kpi_pipeline.defs.run_settings import prepare_dagster_home

BIN = Path(sys.executable).parent
# A sensor looks once a minute; the one for what is late, every ten.
MINUTE = timedelta(seconds=61)
SCHEDULE = "every_day"
EVERY_MINUTE = {"weekly_reports_due", "dropped_files", "tell_failures", "tell_recoveries"}
PATIENCE_SECONDS = 300
POLL_SECONDS = 0.5
BY_SCHEDULE, BY_SENSOR = "dagster/schedule_name", "dagster/sensor_name"
Found = TypeVar("Found")


class Orchestrator:
    """The two processes; use it as a context manager."""

    def __init__(self, company: Company, clock: LeapingClock) -> None:
        self._company, self._clock = company, clock
        self._environment = company.environment() | clock.environment
        self._workspace = company.folder / "workspace.yaml"
        self._log = (company.folder / "orchestrator.log").open("ab")
        prepare_dagster_home(Paths.from_environment(company.environment()))
        self.instance = dg.DagsterInstance.from_config(str(company.data / "dagster"))
        self._daemon: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Orchestrator":
        # As deploy/ starts it. A server that the daemon starts itself is started anew at every leap.
        socket = self._company.folder / "code.sock"
        location = {"socket": str(socket), "location_name": "kpi_pipeline"}
        self._workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": location}]}), encoding="utf-8")
        self._code_server = self._start(
            "dagster", "api", "grpc", "--socket", str(socket), "--module-name", "kpi_pipeline.definitions"
        )
        self._wait("the code server", socket.exists)
        self.start_daemon()
        self._wait("the first look of everything", lambda: {name for name, _ in self.ticks()} >= EVERY_MINUTE)
        self._wait("the schedule", lambda: SCHEDULE in {one.name for one in self.instance.all_instigator_state()})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (self._daemon, self._code_server):
            if process is not None:
                process.kill()
                process.wait()
        self.instance.dispose()
        self._log.close()

    def start_daemon(self) -> None:
        """Start it."""
        self._daemon = self._start("dagster-daemon", "run", "--workspace", str(self._workspace))

    def kill_daemon(self) -> None:
        """End it by SIGKILL, whatever it is doing."""
        assert self._daemon is not None
        self._daemon.kill()
        self._daemon.wait()

    def kpi(self, *arguments: str) -> str:
        """Run a command of ours under the clock, as a person would; return what it prints."""
        command = [BIN / "kpi", *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def runs(self, **tags: str) -> list[dg.RunRecord]:
        """Return the runs of the instance, oldest first."""
        return list(self.instance.get_run_records(dg.RunsFilter(tags=tags), ascending=True))

    def await_daily_run(self, day: str) -> dg.RunRecord:
        """Wait until the schedule has asked for the run of a day."""

        def found() -> list[dg.RunRecord]:
            runs = self.runs(**{"dagster/partition": day, BY_SCHEDULE: SCHEDULE})
            return [run for run in runs if run.dagster_run.job_name == DAILY]

        return self._wait(f"the daily run of {day}", found)[0]

    def await_active(self, run: dg.RunRecord) -> None:
        """Wait until a run works on its steps."""
        self._wait("a step", lambda: self.instance.get_run_step_stats(run.dagster_run.run_id))

    def settle(self, quiet_rounds: int = 1) -> None:
        """Let all sensors look, a minute apart, until so many rounds of looks have started nothing."""
        quiet = 0
        while quiet < quiet_rounds:
            self._await_end_of_runs()
            before = self.instance.get_runs_count()
            self._clock.leap(MINUTE)
            since = self._clock.now()
            self._wait("all sensors to look", lambda since=since: self._have_looked(since))
            self._await_end_of_runs()
            quiet = quiet + 1 if self.instance.get_runs_count() == before else 0

    def ticks(self, since: datetime | None = None) -> Iterator[tuple[str, InstigatorTick]]:
        """Yield the names of the schedule and the sensors with their looks."""
        after = since.timestamp() if since else None
        for state in self.instance.all_instigator_state():
            for tick in self.instance.get_ticks(state.instigator_origin_id, state.selector_id, after=after):
                yield state.name, tick

    def _await_end_of_runs(self) -> None:
        self._wait("the end of all runs", lambda: not self.instance.get_runs_count(UNFINISHED_RUNS))

    def _have_looked(self, since: datetime) -> bool:
        done = {name for name, tick in self.ticks(since) if tick.status != TickStatus.STARTED}
        return done >= EVERY_MINUTE

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        program, *arguments = command
        return subprocess.Popen(
            [BIN / program, *arguments], env=self._environment, stdout=self._log, stderr=subprocess.STDOUT
        )

    def _wait(self, what: str, found: Callable[[], Found]) -> Found:
        end = time.monotonic() + PATIENCE_SECONDS
        while not (result := found()):
            if time.monotonic() > end:
                raise TimeoutError(f"waited {PATIENCE_SECONDS} seconds for {what}; see {self._log.name}")
            time.sleep(POLL_SECONDS)
        return result


UNFINISHED_RUNS = dg.RunsFilter(statuses=list(UNFINISHED))
