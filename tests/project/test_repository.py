"""The rules that this repository keeps about itself."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kpi_pipeline.config.configuration import load_configuration
from kpi_pipeline.sources.subjects import SUBJECTS

VAGUE = {"utils", "util", "helpers", "helper", "common", "misc"}


def python_files(checkout: Path) -> list[Path]:
    return [path for path in (checkout / "kpi_pipeline").rglob("*.py") if path.name != "__init__.py"]


def test_imports_point_downwards_only(checkout: Path) -> None:
    program = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([program, "--no-cache"], cwd=checkout, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_every_module_says_what_is_here_and_what_is_not(checkout: Path) -> None:
    for path in python_files(checkout):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        assert "Here:" in docstring, path


def test_modules_stay_small(checkout: Path) -> None:
    long = {path: lines for path in python_files(checkout) if (lines := len(path.read_text().splitlines())) > 300}
    assert long == {}


def test_names_are_never_vague(checkout: Path) -> None:
    assert [path for path in python_files(checkout) if VAGUE & {path.stem, *path.parts}] == []


def test_no_module_reads_the_clock_below_the_edge(checkout: Path) -> None:
    reading = re.compile(r"date\.today\(|datetime\.now\(|utcnow\(|time\.time\(")
    edge = {"clock.py"}
    offenders = [
        path for path in python_files(checkout) if path.name not in edge and reading.search(path.read_text("utf-8"))
    ]
    assert offenders == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_of_a_page_lead_somewhere(checkout: Path, page: str) -> None:
    text = (checkout / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (checkout / link).exists()] == []


def test_make_targets_named_in_the_readme_exist(checkout: Path) -> None:
    makefile = (checkout / "Makefile").read_text(encoding="utf-8")
    named = set(
        re.findall(r"(?:`|^)make ([a-z-]+)", (checkout / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert named
    assert {name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)} == set()


def test_documentation_lists_every_subject_with_all_its_columns(checkout: Path) -> None:
    page = (checkout / "docs" / "sources.md").read_text(encoding="utf-8").splitlines()
    for subject in SUBJECTS.values():
        columns = ", ".join(f"**`{name}`**" if name in subject.required else f"`{name}`" for name in subject.columns)
        assert f"| `{subject.name}` | `{subject.unit}` | {columns} |" in page


def test_documentation_lists_every_metric(checkout: Path) -> None:
    page = (checkout / "docs" / "catalogue" / "README.md").read_text(encoding="utf-8")
    metrics = load_configuration(checkout / "config").metrics
    assert {metric_id for metric_id in metrics if f"[{metric_id}](" not in page} == set()
