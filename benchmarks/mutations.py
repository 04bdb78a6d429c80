"""Behaviours broken on purpose: ``python -m benchmarks.mutations`` breaks one after the other and runs its tests.

Here: running the mutations of ``mutations.yaml`` on a copy of the checkout and writing ``benchmarks/mutations.md``. Add
a mutation to the YAML file. Which tests prove which behaviour stands in ``docs/behaviours.md``.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).resolve().parents[1]
MUTATIONS = Path(__file__).with_name("mutations.yaml")
BEHAVIOURS = CHECKOUT / "docs" / "behaviours.md"
RESULTS = Path(__file__).with_name("mutations.md")
COPIED = ("benchmarks", "config", "docs", "kpi_pipeline", "schemas", "sql", "templates", "tests")
BEHAVIOUR_ROW = re.compile(r"\| (S\d\d) \|.*\|([^|]*)\|$", re.MULTILINE)
PAGE = """\
# Behaviours broken on purpose

Run on {day} by `make mutations`. Each line is one change to a copy of the code, configuration or SQL that breaks one
behaviour of [the table](../docs/behaviours.md). All tests named there for it passed without the change; the last column
says how many of them failed with it.

| Behaviour | Broken by | Tests that failed |
|---|---|---:|
{rows}
"""


@dataclass(frozen=True)
class Mutation:
    """One change of one file that breaks a behaviour.

    Attributes:
        behaviour: its number in the table, such as S42.
        what: what the change does, in words.
        file: path from the checkout.
        old: a text that stands in the file once.
        new: what takes its place.
    """

    behaviour: str
    what: str
    file: str
    old: str
    new: str


def read_mutations() -> list[Mutation]:
    """Return the mutations in their order."""
    return [Mutation(**entry) for entry in yaml.safe_load(MUTATIONS.read_text(encoding="utf-8"))]


def tests_of_behaviours() -> dict[str, tuple[str, ...]]:
    """Return behaviour → the tests that prove it, as pytest names them."""
    text = BEHAVIOURS.read_text(encoding="utf-8")
    return {found[1]: tuple(re.findall(r"`([^`]+::[^`]+)`", found[2])) for found in BEHAVIOUR_ROW.finditer(text)}


def main() -> None:
    """Break each behaviour in a copy of the checkout, see its tests fail, and write the page."""
    mutations, tests = read_mutations(), tests_of_behaviours()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        _copy_checkout(copy)
        names = sorted({test for mutation in mutations for test in tests[mutation.behaviour]})
        if failed := _tests_that(copy, names, "FAILED|ERROR"):
            sys.exit(f"These tests fail without any mutation: {', '.join(failed)}")
        rows = [_row(copy, mutation, tests[mutation.behaviour]) for mutation in mutations]
    RESULTS.write_text(PAGE.format(day=date.today().isoformat(), rows="\n".join(rows)), encoding="utf-8")
    print(f"Written to {RESULTS}")


def _row(copy: Path, mutation: Mutation, names: tuple[str, ...]) -> str:
    file = copy / mutation.file
    original = file.read_text(encoding="utf-8")
    file.write_text(original.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        # A test that cannot even begin says nothing about the behaviour.
        failed = _tests_that(copy, names, "FAILED")
    finally:
        file.write_text(original, encoding="utf-8")
    if not failed:
        sys.exit(f"{mutation.behaviour}: no test failed although {mutation.what}")
    print(f"{mutation.behaviour}: {len(failed)} of {len(names)} tests failed")
    return f"| {mutation.behaviour} | {mutation.what} | {len(failed)} of {len(names)} |"


def _copy_checkout(copy: Path) -> None:
    copy.mkdir()
    for name in COPIED:
        shutil.copytree(CHECKOUT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "pyproject.toml", copy)


def _tests_that(copy: Path, names: Sequence[str], outcome: str) -> list[str]:
    """Run tests in the copy, whose own package comes before the installed one; return those with an outcome."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rfE", "--tb=no", *names]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(command, cwd=copy, env=environment, check=False, capture_output=True, text=True)
    if result.returncode not in (0, 1):
        sys.exit(result.stdout + result.stderr)
    found = re.findall(rf"^(?:{outcome}) (\S+)", result.stdout, re.MULTILINE)
    return sorted({re.sub(r"\[.*", "", name) for name in found})


if __name__ == "__main__":
    main()
