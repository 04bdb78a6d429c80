"""The simulations: ``python -m benchmarks.simulations.run`` runs all and writes ``benchmarks/simulations.md``.

Here: which simulations there are, the command line, and the head of the page. Add one to ``SIMULATIONS``: a module
whose ``tables`` returns what it found, from seeds of its own.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.simulations import anomalies, forecasts, planted, relations
from benchmarks.tables import Table

RESULTS = Path(__file__).parents[1] / "simulations.md"
SIMULATIONS: dict[str, Callable[[], list[Table]]] = {
    "relations": relations.tables,
    "planted": planted.tables,
    "forecasts": forecasts.tables,
    "anomalies": anomalies.tables,
}
INTRODUCTION = """\
# Simulations

Run on {day} by `make simulations`; every number on this page comes from that one run. What is drawn at random comes
from seeds that stand in `benchmarks/simulations/`, so that the same versions give the same numbers again.

- Python {python}, {versions}.

The series are put through the very functions that judge KPIs in every run of the pipeline.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate, print, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulations.run", description="Simulate known truths.")
    parser.add_argument("--only", choices=SIMULATIONS, help="run this alone and print it; write nothing")
    only = parser.parse_args(arguments).only
    found = _run([only] if only else list(SIMULATIONS))
    page = "\n".join([_introduction(date.today()), *(table.markdown() for tables in found for table in tables)])
    print(f"\n{page}")
    if not only:
        RESULTS.write_text(page, encoding="utf-8")
        print(f"Written to {RESULTS}")


def _run(names: Sequence[str]) -> list[list[Table]]:
    """Run simulations side by side and say which one is done; return their tables in the given order."""
    started = time.monotonic()
    found: dict[str, list[Table]] = {}
    with ProcessPoolExecutor(min(os.cpu_count() or 1, len(names))) as processes:
        running = {processes.submit(SIMULATIONS[name]): name for name in names}
        print(f"simulating {', '.join(names)}; this takes minutes", flush=True)
        for future in as_completed(running):
            found[running[future]] = future.result()
            print(f"[{time.monotonic() - started:5.0f} s] {running[future]}: done", flush=True)
    return [found[name] for name in names]


def _introduction(day: date) -> str:
    return INTRODUCTION.format(
        day=day.isoformat(),
        python=platform.python_version(),
        versions=", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "statsmodels")),
    )


if __name__ == "__main__":
    main()
