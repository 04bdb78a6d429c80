"""The table of behaviours is complete, names tests that exist, and the mutations break what stands in it."""

import ast
import re
from pathlib import Path

import pytest

from benchmarks import mutations

BEHAVIOURS = [f"S{number:02d}" for number in range(1, 62)]
FEWEST_MUTATIONS = 12


@pytest.fixture(scope="module")
def table() -> dict[str, tuple[str, ...]]:
    return mutations.tests_of_behaviours()


def functions_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_behaviour_has_one_row_with_a_proof(checkout: Path, table: dict[str, tuple[str, ...]]) -> None:
    page = (checkout / "docs" / "behaviours.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (S\d+) ", page, re.MULTILINE) == BEHAVIOURS
    assert list(table) == BEHAVIOURS
    assert [number for number, tests in table.items() if not tests] == []


def test_every_proof_is_a_test(checkout: Path, table: dict[str, tuple[str, ...]]) -> None:
    named = {tuple(test.split("::")) for tests in table.values() for test in tests}
    defined = {file: functions_of(checkout / file) for file, _ in named if (checkout / file).is_file()}
    assert [f"{file}::{name}" for file, name in sorted(named) if name not in defined.get(file, set())] == []
    assert all(Path(file).name.startswith("test_") and name.startswith("test_") for file, name in named)


def test_mutations_break_behaviours_of_the_table(table: dict[str, tuple[str, ...]]) -> None:
    behaviours = [mutation.behaviour for mutation in mutations.read_mutations()]
    assert set(behaviours) <= set(table)
    assert len(set(behaviours)) >= FEWEST_MUTATIONS


@pytest.mark.parametrize(
    "mutation", mutations.read_mutations(), ids=lambda one: f"{one.behaviour}-{Path(one.file).stem}"
)
def test_a_mutation_changes_one_place(checkout: Path, mutation: mutations.Mutation) -> None:
    text = (checkout / mutation.file).read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1
    assert mutation.old != mutation.new
