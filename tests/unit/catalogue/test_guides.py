"""The guides for analysts: their notebook and their statements run on a published file as they stand there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import matplotlib
import pytest

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.snapshots.analyst_tables import analyst_tables, wide_table
from kpi_pipeline.catalogue.tables.row_tables import REPORTED, WEEKLY, write_rows
from kpi_pipeline.config.paths import CHECKOUT
from kpi_pipeline.warehouse.publish import publish_snapshot
from tests.unit.catalogue.hand_made import Warehouse, week
from tests.unit.catalogue.test_analyst_tables import CONFIG, reported, weekly

GUIDES = CHECKOUT / "docs" / "guides"
TOOLS = (GUIDES / "tools.md").read_text(encoding="utf-8")
WEEKS = 8


@pytest.fixture
def data(warehouse: Warehouse, tmp_path: Path) -> Path:
    """A data folder with a published file of two KPIs."""
    warehouse.engine.run("create schema kpi")
    names = {"unit": "percent", "name_en": "Click rate"}
    rows = [weekly("rate", number, 2.0 + number / 10, **names) for number in range(WEEKS)]
    rows += [weekly("taps", number, 500.0, target=None, **names) for number in range(WEEKS)]
    write_rows(warehouse.engine, "kpi.weekly_internal", WEEKLY, rows)
    said = [reported("rate", 2.0, 1 + number, week_start=week(number)) for number in range(WEEKS)]
    write_rows(warehouse.engine, "kpi.reported", REPORTED, said)
    tables = [*analyst_tables("internal"), wide_table("internal", Audiences(CONFIG))]
    publish_snapshot(warehouse.engine, tmp_path / "data" / "published", "s1", {"internal": tables}, keep=1)
    return tmp_path / "data"


@pytest.fixture
def pyplot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    matplotlib.use("agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def test_the_notebook_draws_three_pictures(data: Path, pyplot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPI_DATA_DIR", str(data))
    notebook = json.loads((GUIDES / "first_look.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    figures = [pyplot.figure(number) for number in pyplot.get_fignums()]
    assert len(figures) == 3
    lines = [[len(axis.lines) for axis in figure.axes] for figure in figures]
    # Two KPIs; value, path and target; what was said first and what is known now.
    assert lines == [[1, 1], [3], [2]]
    assert list(figures[1].axes[0].lines[0].get_ydata()) == pytest.approx(
        [2.0 + number / 10 for number in range(WEEKS)]
    )
    assert list(figures[2].axes[0].lines[0].get_ydata()) == [2.0] * WEEKS


@pytest.mark.parametrize("number", range(2))
def test_python_of_the_guide_runs(
    data: Path, number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = re.findall(r"```python\n(.*?)```", TOOLS, re.DOTALL)[number]
    if "polars" in code:
        pytest.importorskip("polars")
    monkeypatch.chdir(data.parent)
    exec(code, {})
    assert "rate" in capsys.readouterr().out


def test_statements_of_the_guide_answer(data: Path) -> None:
    statements = re.findall(r"```sql\n(.*?)```", TOOLS, re.DOTALL)
    assert len(statements) == 2
    with duckdb.connect(str(data / "published" / "internal.duckdb"), read_only=True) as connection:
        found = [connection.execute(statement).fetchall() for statement in statements]
    assert ("gap_to_path", "value less path value, in the KPI's unit") in found[0]
    assert found[1][0][:3] == (week(WEEKS - 1), "rate", 2.7)
