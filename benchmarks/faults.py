"""Fault injection at full length: ``python -m benchmarks.faults`` runs it and writes ``benchmarks/faults.md``.

Here: which tests make it up, how far they go, and the page of what they counted. The tests themselves are part of the
suite, where they run shorter; a failure of any of them ends this program without a page.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("faults.md")
LENGTHS = {
    "KPI_MUTATIONS": "10000",
    "KPI_CUT_STEP": "1",
    "KPI_FAULT_SCHEDULES": "50",
    "KPI_TEST_SEQUENCES": "500",
    "KPI_KILLS": "50",
    "KPI_TRUNCATIONS": "100",
    "KPI_READER_SECONDS": "600",
}
TESTS = (
    "tests/unit/sources/test_mutations.py",
    "tests/unit/sources/test_truncation.py",
    "tests/unit/sources/test_ownership.py",
    "tests/unit/sources/test_ingest_model.py",
    "tests/unit/sources/api",
    "tests/unit/delivery/test_kills.py",
    "tests/integration/test_torn_log.py",
    "tests/unit/warehouse/test_readers.py",
)
PAGE = """\
# Faults

Run on {day} by `make faults`; every number on this page comes from that one run, in which no test failed.

| Fault | How often | What came of it |
|---|---:|---|
{rows}
"""


def main() -> None:
    """Run the tests and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.jsonl"
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-m", "slow or not slow"]
        environment = {**os.environ, **LENGTHS, "KPI_FAULT_FIGURES": str(figures)}
        subprocess.run([*command, *TESTS], cwd=CHECKOUT, env=environment, check=True)
        found = [json.loads(line) for line in figures.read_text(encoding="utf-8").splitlines()]
    rows = "\n".join(f"| {' | '.join(row)} |" for row in _rows(found))
    RESULTS.write_text(PAGE.format(day=date.today().isoformat(), rows=rows), encoding="utf-8")
    print(f"Written to {RESULTS}")


def _rows(found: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    (mutated,) = (entry for entry in found if entry["test"] == "mutations")
    (cut,) = (entry for entry in found if entry["test"] == "truncation")
    (killed,) = (entry for entry in found if entry["test"] == "kills")
    (torn,) = (entry for entry in found if entry["test"] == "torn_log")
    (read,) = (entry for entry in found if entry["test"] == "readers")
    sequences = [entry for entry in found if entry["test"] == "sequences"]
    pulls = sorted((entry for entry in found if entry["test"].endswith("_api")), key=lambda entry: entry["test"])
    refused = mutated["placed"] + mutated["placeless"]
    return [
        (
            "mutated exports of six systems",
            f"{mutated['accepted'] + refused:,}",
            f"{mutated['accepted']:,} read as an independent parser reads them, {refused:,} refused, of these"
            f" {mutated['placed'] / refused:.1%} with line and column",
        ),
        (
            "a Google Ads export cut at every byte",
            f"{cut['refused'] + cut['complete'] + cut['flagged']:,}",
            f"{cut['refused']:,} refused, {cut['complete']:,} lack a part of the totals alone, {cut['flagged']:,} end"
            " behind a whole row and are loaded with the note that their end cannot be verified",
        ),
        (
            "random sequences of exports, with crashes, corrections and late files",
            f"{sum(entry['sequences'] for entry in sequences):,}",
            "the rows of a small model in plain Python stand every time",
        ),
        (
            f"a process that sends a report killed, at {killed['points']} points of its way",
            f"{killed['kills']:,}",
            f"no copy was accepted twice and none is missing unseen: {killed['sent']:,} were sent by the next run, and"
            f" {killed['unknown_arrived'] + killed['unknown_lost']:,} are shown as unknown, of which"
            f" {killed['unknown_arrived']:,} had arrived",
        ),
        (
            f"the write-ahead log cut at a random place, after {torn['kills']:,} runs that were killed",
            f"{torn['cuts']:,}",
            f"{torn['with_lost_files']:,} lacked files, {torn['files_lost']:,} in all, and each was told and loaded"
            " again from custody; the others lacked built tables alone; every table and state is as without the fault",
        ),
        (
            f"8 processes that query while one publishes, for {read['seconds']:,} seconds",
            f"{read['queries']:,}",
            f"over {read['runs']:,} runs no lock error, none that saw two of them mixed or an older one after a newer;"
            f" the slowest took {read['slowest_ms']:,} ms",
        ),
        *(
            (
                f"`{entry['test']}` under random faults",
                f"{entry['schedules']:,}",
                f"{entry['complete']:,} brought all rows, {entry['schedules'] - entry['complete']:,} refused whole",
            )
            for entry in pulls
        ),
    ]


if __name__ == "__main__":
    main()
