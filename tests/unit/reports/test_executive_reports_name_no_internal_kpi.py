"""No form of the executives' report holds anything of an internal KPI, whatever the catalogue was like."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.reports.forms import FORMS
from kpi_pipeline.reports.issue import write_weekly_report
from kpi_pipeline.wording.language import load_language
from kpi_pipeline.wording.numbers import NumberStyle, format_value
from tests.unit.catalogue.leak_search import (
    Publisher,
    digits,
    names_any,
    open_publisher,
    secret_names,
    secret_numbers,
)
from tests.unit.catalogue.random_catalogues import WEEKS, RandomCatalogue, random_catalogue, week

CATALOGUES = range(4)
# A catalogue whose executive texts name an internal KPI in words that nothing else consists of.
SEED = 4
# What only the page's layout reads.
LAYOUT = {"class", "style", "id", "d", "points", "viewbox", "width", "height", "x", "y", "cx", "cy", "r", "rx", "lang"}


class Texts(HTMLParser):
    """All that a reader of a page may come upon: texts, titles, labels of pictures."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._is_style = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_style = tag == "style"
        self.found += [value for name, value in attrs if value and name not in LAYOUT]

    def handle_data(self, data: str) -> None:
        if not self._is_style:
            self.found.append(data)


def leaves(part: Any) -> Iterator[Any]:
    if isinstance(part, dict | list):
        for each in part.values() if isinstance(part, dict) else part:
            yield from leaves(each)
    else:
        yield part


def workbook_texts(path: Path) -> Iterator[str]:
    """Every text of a workbook, hidden or not, with its names and properties."""
    book = load_workbook(path)
    properties = book.properties
    yield from (str(value) for value in vars(properties).values() if value)
    for sheet in book.worksheets:
        yield sheet.title
        for row in sheet.iter_rows():
            yield from (str(cell.value) for cell in row if cell.value is not None)


def unmarked(text: str) -> str:
    return re.sub("[\u2066-\u2069\u200e\u200f]", "", text)


@dataclass(frozen=True)
class Search:
    """Looks for anything of one catalogue's internal KPIs; the warehouse must hold that catalogue."""

    publisher: Publisher
    catalogue: RandomCatalogue

    def report(self, folder: Path, language: str) -> list[str]:
        """Write the executives' report and return what is found in its files and their names."""
        page = write_weekly_report(
            self.publisher.folder / "out", folder, audience="executive", week_start=week(WEEKS - 1), language=language
        )
        parts = list(leaves(json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))))
        texts = Texts(page.read_text(encoding="utf-8")).found
        texts += page.with_suffix(".md").read_text(encoding="utf-8").splitlines()
        texts += list(workbook_texts(page.with_suffix(".xlsx")))
        texts += [path.relative_to(folder).as_posix().replace("/", " ") for path in folder.rglob("*")]
        return [f"{language}: {each}" for each in self.found_in([*parts, *texts], language)]

    def found_in(self, parts: Sequence[Any], language: str) -> Iterator[str]:
        config = self.catalogue.before
        texts = [unmarked(part) for part in parts if isinstance(part, str)]
        secret, known = secret_names(config)
        # A name of one word may be a word of the report itself.
        secret = {name for name in secret if len(name) > 1 or "_" in name[0]}
        yield from (f"named in {text}" for text in texts if names_any(text, secret, known))
        numbers = {digits(each) for each in secret_numbers(config, self.catalogue, self.publisher.warehouse)} - {None}
        yield from (f"number {part}" for part in parts if isinstance(part, int | float) and digits(part) in numbers)
        audiences, everything = Audiences(config), "\n".join(texts)
        shown = self.written(audiences.executive_kpis, language)
        for text in self.written(audiences.internal_kpis, language) - shown:
            if re.search(rf"(?<!\d){re.escape(text)}(?!\d)", everything):
                yield f"written {text}"

    def written(self, kpis: tuple[str, ...], language: str) -> set[str]:
        """How a report writes the values and targets of KPIs; short numbers are left out, being equal by chance."""
        found = set()
        config = self.catalogue.before
        rows = self.publisher.warehouse.rows("select * from kpi.values where dimension = 'total' and value is not null")
        for kpi in (config.kpis[kpi_id] for kpi_id in kpis):
            metric = config.metrics[kpi.metric]
            style = NumberStyle(load_language(language), metric.unit, metric.decimals, "EUR")
            numbers = [row["value"] for row in rows if row["metric_id"] == kpi.metric]
            numbers += [kpi.target.value, kpi.target.baseline.value] if kpi.target else []
            found |= {unmarked(format_value(number, style)) for number in numbers}
        return {text for text in found if len(re.findall(r"\d", text)) >= 5}


@pytest.fixture(autouse=True)
def without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are laid out from the same frozen report, and take longest."""
    monkeypatch.delitem(FORMS, "pdf")


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    with open_publisher(tmp_path_factory.mktemp("leaks")) as publisher:
        yield publisher


def search(publisher: Publisher, seed: int) -> Search | None:
    """Publish a catalogue; None where it is refused or has no KPI for executives."""
    catalogue = random_catalogue(seed)
    publisher.forget()
    try:
        name = publisher.refresh(catalogue.before, f"publications_{seed}")
    except ConfigurationError:
        return None
    if not Audiences(catalogue.before).executive_kpis:
        return None
    publisher.published(catalogue.before, name)
    return Search(publisher, catalogue)


def test_reports_of_random_catalogues_hold_nothing_internal(publisher: Publisher, tmp_path: Path) -> None:
    found, reports = [], 0
    for seed in CATALOGUES:
        if (one := search(publisher, seed)) is not None:
            for language in ("en", "fa"):
                found += [f"catalogue {seed}, {each}" for each in one.report(tmp_path / str(seed), language)]
                reports += 1
    assert found == []
    assert reports >= 4


def test_the_search_would_find_names_and_numbers(publisher: Publisher) -> None:
    one = search(publisher, SEED)
    assert one is not None
    name = min(name for name in secret_names(one.catalogue.before)[0] if len(name) > 1)
    number = next(
        each for each in secret_numbers(one.catalogue.before, one.catalogue, publisher.warehouse) if digits(each)
    )
    for language in ("en", "fa"):
        internal = one.written(Audiences(one.catalogue.before).internal_kpis, language)
        assert len(internal) > 10
        text = sorted(internal, key=len)[-1]
        assert list(one.found_in([f"Why: {' '.join(name).upper()}!"], language))
        assert list(one.found_in([float(number)], language))
        assert list(one.found_in([f"({text})"], language)) == [f"written {text}"]


def test_a_text_that_names_an_internal_kpi_is_missing_and_not_shown(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = search(publisher, SEED)
    assert whole is not None
    assert whole.report(tmp_path / "as it is", "en") == []
    monkeypatch.setattr(
        "kpi_pipeline.catalogue.snapshots.snapshot_plan.without_internal_names", lambda tables, _: tables
    )
    open_one = search(publisher, SEED)
    assert open_one is not None
    assert open_one.report(tmp_path / "without the rule", "en") != []
