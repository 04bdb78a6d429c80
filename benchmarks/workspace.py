"""Where a benchmark works: a temporary folder with the demo company's exports and copies of its warehouses.

Here: bringing folders into the state in which a scenario must find them, once for all repetitions. What is measured on
them belongs to the scenarios.
"""

import json
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import KPI_COMMAND, Program, run_once

HASH_KEY = "the benchmark's own"


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    Attributes:
        export_megabytes: about the size of the large export.
        long_weeks: the long history before a new day.
        simulations: weeks and scale of companies that are only simulated.
        lifetime_customers: how many simulated customers the model of repeat purchases is fitted to.
    """

    export_megabytes: int
    repetitions: int
    demo_repetitions: int
    long_weeks: int
    simulations: tuple[tuple[int, int], ...]
    lifetime_customers: tuple[int, ...]


FULL = Extent(
    export_megabytes=1000,
    repetitions=5,
    demo_repetitions=3,
    long_weeks=156,
    simulations=((30, 1), (30, 10), (4, 100)),
    lifetime_customers=(23_570, 1_000_000),
)
QUICK = Extent(
    export_megabytes=100,
    repetitions=2,
    demo_repetitions=1,
    long_weeks=52,
    simulations=((30, 1), (4, 10)),
    lifetime_customers=(23_570,),
)


@dataclass(frozen=True)
class Company:
    """The demo company simulated over some weeks.

    Attributes:
        arrival_days: days on which its exports arrive: the whole history on the first, one new day on each other.
    """

    folder: Path
    weeks: int
    arrival_days: tuple[str, ...]

    @property
    def last_day(self) -> str:
        """The day of the last arrival."""
        return self.arrival_days[-1]


@dataclass
class Workspace:
    """The folder, what was prepared in it, and how much is to be measured."""

    folder: Path
    extent: Extent
    _started: float = field(default_factory=time.monotonic)

    def say(self, message: str) -> None:
        """Print a line of progress."""
        print(f"[{time.monotonic() - self._started:5.0f} s] {message}", flush=True)

    def fresh_folder(self, name: str) -> Path:
        """Return an empty folder; whatever was there is deleted."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def environment(self, data: Path) -> dict[str, str]:
        """Return the environment variables of an installation whose data are in this folder."""
        return {"KPI_DATA_DIR": str(data), "KPI_HASH_KEY": HASH_KEY, "DAGSTER_HOME": str(data / "dagster")}

    def company(self, weeks: int) -> Company:
        """Return the demo company at scale 1, simulated at the first call."""
        folder = self.folder / f"company-{weeks}"
        found = folder / "benchmark.json"
        if not found.exists():
            self.say(f"preparing: {weeks} weeks of the demo company")
            arguments = ("-m", "benchmarks.demo_days", "simulate", str(folder), str(weeks), "1")
            report = run_once(Program("simulation", arguments, self.environment(folder))).report
            found.write_text(json.dumps(report["arrival_days"]), encoding="utf-8")
        return Company(folder, weeks, tuple(json.loads(found.read_text(encoding="utf-8"))))

    def before_last_day(self, weeks: int) -> Path:
        """Return the data folder of a company whose exports were run, except those of the last day.

        The orchestrator's storage is there too, so that a measured run does not have to create it.
        """
        data = self.folder / f"before-{weeks}"
        if not data.exists():
            company, day = self.company(weeks), self.company(weeks).arrival_days[-2]
            self.say(f"preparing: {weeks} weeks of history up to {day}")
            environment = self.environment(data)
            self._scenario(environment, "deliver", str(company.folder), day)
            # Before the command, which would end with exit code 1 as long as the demo's broken file is new.
            self._scenario(environment, "run", day)
            run_once(Program("kpi run", kpi_run(day), environment))
        return data

    def last_day_folder(self, weeks: int) -> Path:
        """Return the data folder that ``prepare_last_day`` fills."""
        return self.folder / f"last-{weeks}"

    def prepare_last_day(self, weeks: int) -> None:
        """Make a fresh copy of ``before_last_day`` with the last day's exports in the inbox."""
        former, company, data = self.before_last_day(weeks), self.company(weeks), self.last_day_folder(weeks)
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(former, data, symlinks=True)
        self._scenario(self.environment(data), "deliver", str(company.folder), company.last_day)

    def after_last_day(self, weeks: int) -> Path:
        """Return the data folder of a company whose exports were all run."""
        data = self.folder / f"after-{weeks}"
        if not data.exists():
            self.prepare_last_day(weeks)
            self.last_day_folder(weeks).rename(data)
            run_once(Program("kpi run", kpi_run(self.company(weeks).last_day), self.environment(data)))
        return data

    def _scenario(self, environment: dict[str, str], *arguments: str) -> None:
        run_once(Program(arguments[0], ("-m", "benchmarks.demo_days", *arguments), environment))


def kpi_run(day: str) -> tuple[str, ...]:
    """Return the arguments of the whole ``kpi run`` command."""
    return (str(KPI_COMMAND), "run", "--on", day)
