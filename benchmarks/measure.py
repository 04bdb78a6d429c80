"""Measuring processes as a whole: wall seconds, CPU seconds and peak memory, each repetition in a fresh process.

Here: the measurement alone. Add a figure here when the operating system can tell it about any process. What is measured
belongs to the scenario modules.

The measuring process must stay small: Linux counts what it holds itself towards the peak of every process it starts.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
KPI_COMMAND = Path(sys.executable).with_name("kpi")


@dataclass(frozen=True)
class Sample:
    """One process that ran to its end.

    Attributes:
        cpu_seconds: of all its threads; they tell more than wall seconds when other programs use the machine.
        peak_mb: its largest resident set.
        report: what a scenario program printed about itself, see ``reported``; empty for other programs.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    report: Mapping[str, Any]


@dataclass(frozen=True)
class Series:
    """All repetitions of one program."""

    name: str
    samples: tuple[Sample, ...]

    @property
    def best(self) -> Sample:
        """The fastest repetition: what the machine can do when nothing else runs."""
        return min(self.samples, key=lambda sample: sample.seconds)

    @property
    def middle_seconds(self) -> float:
        """The median of the repetitions."""
        return median(sample.seconds for sample in self.samples)

    @property
    def cpu_seconds(self) -> float:
        """The least CPU time that a repetition needed."""
        return min(sample.cpu_seconds for sample in self.samples)

    @property
    def peak_mb(self) -> float:
        """The largest peak of all repetitions."""
        return max(sample.peak_mb for sample in self.samples)

    def inside(self, name: str) -> "Series":
        """Return the same repetitions by the programs' own clocks, which start after their imports."""
        own = (
            replace(sample, seconds=sample.report["seconds"], cpu_seconds=sample.report["cpu_seconds"])
            for sample in self.samples
        )
        return Series(name, tuple(own))


@dataclass(frozen=True)
class Program:
    """A process to measure.

    Attributes:
        arguments: what follows the Python interpreter on its command line.
        prepare: puts everything into the state in which the program must find it; it is not measured.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    prepare: Callable[[], object] = lambda: None


def run_once(program: Program) -> Sample:
    """Prepare and run a program once.

    Raises:
        RuntimeError: if the process fails; its output is in the message.
    """
    program.prepare()
    os.sync()  # what was prepared must not be written to the disk at the program's expense
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *program.arguments],
        cwd=CHECKOUT,
        env={**os.environ, **program.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{program.name} ended with exit code {process.returncode}:\n{output}")
    last_line = output.rstrip().rpartition("\n")[2]
    report = json.loads(last_line) if last_line.startswith("{") else {}
    return Sample(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, report)


def run_interleaved(programs: Sequence[Program], repetitions: int, say: Callable[[str], None]) -> list[Series]:
    """Run programs in turn, so that a slow hour of the machine strikes all of them alike; one series each."""
    samples: dict[str, list[Sample]] = {program.name: [] for program in programs}
    for repetition in range(1, repetitions + 1):
        for program in programs:
            sample = run_once(program)
            samples[program.name].append(sample)
            say(
                f"{program.name}: {sample.seconds:.1f} s, {sample.cpu_seconds:.1f} s CPU, {sample.peak_mb:.0f} MB"
                f" ({repetition} of {repetitions})"
            )
    return [Series(name, tuple(found)) for name, found in samples.items()]


def reported(report: Mapping[str, Any]) -> None:
    """Print what a scenario program tells about itself, as its last line."""
    print(json.dumps(report))
