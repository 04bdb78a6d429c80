"""Every shared file loads with the figures of the index, or is refused for the reason that the index names.

Files go through the real ingest into one fresh warehouse; answers of APIs are stored as a pull is, and read by the
system that would have pulled them.
"""

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.pages import Page, write_pull
from kpi_pipeline.sources.api.pull import ApiFacts, pulled_system
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.loading.ingest import FileOutcome, ingest_source
from kpi_pipeline.sources.loading.raw_tables import prepare_raw_tables
from kpi_pipeline.sources.systems.ga4_api import DAILY_REPORTS, PERIOD_REPORTS
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from tests.integration.shared_index import INDEX, MAPPINGS, Entry, Figure, origin_of, page, read_index
from tests.unit.sources.api.api_server import Question, Reply
from tests.unit.sources.api.granted import SECRETS, GrantedApi, granting
from tests.unit.sources.api.instants import AS_OF, NOW
from tests.unit.sources.api.pulled import PulledApi
from tests.unit.sources.read_files import KEY, ReadFile, read

Figures = dict[Figure, object]
DOCS_PAGE = Path("docs") / "tested_files.md"
CASES = [
    pytest.param(entry, name, id=f"{entry.folder}/{name}")
    for entry in read_index()
    for name in entry.files
    if not entry.reference
]
FIGURES = [case for case in CASES if not case.values[0].refused]  # type: ignore[union-attr]


@dataclass(frozen=True)
class Warehouse:
    """One warehouse for all files, each a source of its own."""

    engine: DuckDbEngine
    ledger: CustodyLedger
    paths: Paths

    def ingest(self, entry: Entry, path: Path) -> tuple[str, FileOutcome]:
        """Put a file into the inbox of a source with its own name, and ingest that source."""
        name = source_name(entry, path)
        inbox = self.paths.inbox / name
        inbox.mkdir(parents=True)
        shutil.copy2(path, inbox / path.name)
        report = ingest_source(
            name,
            Source.model_validate(entry.settings, strict=False),
            engine=self.engine,
            ledger=self.ledger,
            paths=self.paths,
            as_of=AS_OF,
            now=NOW,
            hash_key=KEY,
            settle_seconds=0,
        )
        (outcome,) = report.files
        return name, outcome


def source_name(entry: Entry, path: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "_", f"{entry.folder}/{path.name}".lower())


@pytest.fixture(scope="module")
def shared(shared_data: Path) -> Path:
    return shared_data.parent


@pytest.fixture(scope="module")
def warehouse(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("shared")
    paths = Paths(config=checkout / "config", sql=checkout / "sql", data=folder)
    engine = DuckDbEngine(paths.warehouse)
    prepare_meta(engine)
    prepare_raw_tables(engine)
    with CustodyLedger(paths.custody_ledger) as ledger:
        yield Warehouse(engine, ledger, paths)
    engine.close()


def test_every_file_is_listed_once(shared: Path) -> None:
    listed = Counter(f"{entry.folder}/{name}" for entry in read_index() for name in entry.files)
    found = {
        str(path.relative_to(shared))
        for top in ("data", "formats")
        for path in (shared / top).rglob("*")
        if path.is_file()
    }
    assert sorted(found - listed.keys()) == [], f"say in {INDEX.name} what these files give, or why they are refused"
    assert sorted(listed.keys() - found) == [], f"these files of {INDEX.name} are not there any more"
    assert [name for name, count in listed.items() if count > 1] == []


def test_every_mapping_is_used() -> None:
    used = {entry.mapping for entry in read_index()}
    assert sorted(path.stem for path in MAPPINGS.glob("*.yaml") if path.stem not in used) == []


@pytest.mark.parametrize(("entry", "name"), CASES)
def test_a_shared_file(entry: Entry, name: str, shared: Path, warehouse: Warehouse, tmp_path: Path) -> None:
    path = shared / entry.folder / name
    if entry.status:
        assert entry.refused in refusal_of_answer(entry, path, tmp_path)
        return
    if entry.answer:
        if entry.refused:
            with pytest.raises(RefusedFile, match=re.escape(entry.refused)):
                read_answer(entry, path, tmp_path)
            return
        found = figures_of_answer(entry, read_answer(entry, path, tmp_path))
    else:
        source, outcome = warehouse.ingest(entry, path)
        if entry.refused:
            assert (outcome.state, outcome.rows_loaded) == ("quarantined", 0)
            assert entry.refused in str(outcome.problem)
            return
        assert (outcome.problem, outcome.state) == (None, "loaded")
        found = figures_of_warehouse(entry, source, warehouse)
    assert {figure: value for figure, value in found.items() if not figure.is_met_by(value)} == {}


@pytest.mark.parametrize(("entry", "name"), FIGURES)
def test_the_figures_of_the_index_come_from_elsewhere(entry: Entry, name: str, shared: Path) -> None:
    assert entry.figures, "a file that loads has at least a number of rows"
    for figure in entry.figures:
        value = origin_of(figure, shared / entry.folder / name, shared / "data" / "expected.json")
        assert figure.is_met_by(value), f"{figure.name} is {value} by {figure.kind} {figure.what}"


def figures_of_warehouse(entry: Entry, source: str, warehouse: Warehouse) -> Figures:
    found: Figures = {}
    for figure in entry.figures:
        query = f"select {figure.expression} from raw.{figure.subject} where source = ?"
        ((value,),) = warehouse.engine.connection.execute(query, [source]).fetchall()
        found[figure] = 0 if value is None else value
    return found


def read_answer(entry: Entry, path: Path, folder: Path) -> ReadFile:
    """Store a sample as the answer of a pull, and read it as any stored pull is read."""
    pages = [Page(dict(item["about"]), content_of(item, path)) for item in entry.answer["pages"]]
    target = folder / "stored.pull"
    write_pull(target, entry.source["system"], *entry.answer["days"], pages)
    return read(target, build_contract("shop", Source.model_validate(entry.settings, strict=False)))


def content_of(item: Mapping[str, Any], path: Path) -> str:
    """Return an answer: a sample as it is, one of its entries alone, or what the vendor sends around it."""
    sample = path.with_name(item.get("file", path.name)).read_text(encoding="utf-8")
    if "entry" in item:
        whole = json.loads(sample)
        part = whole["data"][item["entry"]] if isinstance(whole, dict) else whole[item["entry"]]
        return json.dumps({"data": [part]} if isinstance(whole, dict) else [part])
    return str(item.get("content", "%s")).replace("%s", sample)


def figures_of_answer(entry: Entry, file: ReadFile) -> Figures:
    found: Figures = {}
    for figure in entry.figures:
        rows = file.rows[figure.subject]
        value: object = 0
        if rows:
            with duckdb.connect() as connection:
                connection.register("answered", pa.Table.from_pylist(rows))
                ((value,),) = connection.execute(f"select {figure.expression} from answered").fetchall()
        found[figure] = value
    return found


def refusal_of_answer(entry: Entry, path: Path, folder: Path) -> str:
    """Pull from a server that answers every question with a sample."""
    settings = {key: value for key, value in entry.source.items() if key not in ("system", "pull")}
    day = date(2026, 11, 1)

    def vendor(_question: Question) -> Reply:
        return Reply(path.read_bytes(), entry.status)

    if "refresh_token" in api_facts(entry).secrets:
        granted = GrantedApi(entry.source["system"], None, SECRETS, settings, day, day)
        return str(granted.refusal(folder, granting(vendor)))
    secrets = {"access_token": "a token"}
    return str(PulledApi(entry.source["system"], None, secrets, settings, day, day).refusal(folder, vendor))


def api_facts(entry: Entry) -> ApiFacts:
    system = pulled_system(entry.source["system"])
    assert system is not None
    return system.API


def test_the_questions_of_ga4_never_ask_for_what_google_refuses_together(shared: Path) -> None:
    refused = json.loads((shared / "formats" / "ga4" / "incompatible_dimension_metric_subset.json").read_text())
    for report in (*DAILY_REPORTS, *PERIOD_REPORTS):
        for dimension in report.dimensions:
            assert set(report.metrics).isdisjoint(refused.get(dimension, ())), f"{report.name}: {dimension}"


def test_the_page_says_what_the_index_says(checkout: Path) -> None:
    if os.environ.get("KPI_ACCEPT") == "1":
        (checkout / DOCS_PAGE).write_text(page(), encoding="utf-8")
    assert (checkout / DOCS_PAGE).read_text(encoding="utf-8") == page(), (
        "run it with KPI_ACCEPT=1 if the change is meant"
    )
