"""Two hundred internal values, names and ids: in everything that the team gets, and in nothing that executives get.

A real run over a company of which every internal word and number can be recognised, all forms of both reports in both
languages, and a mutation of the kind that such a border is lost by: a column more in the table of the team.
"""

import shutil
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kpi_pipeline.calendar.clock import FixedClock
from kpi_pipeline.catalogue.snapshots.descriptions import COLUMNS
from kpi_pipeline.catalogue.snapshots.snapshot_plan import snapshot_tables
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.report import Audience
from kpi_pipeline.pipeline import Installation
from kpi_pipeline.warehouse.publish import publish_snapshot
from kpi_pipeline.warehouse.snapshot import current_snapshot
from tests.integration.canary_company import AS_OF, NOW, WEEK, Canaries, write_canary_company
from tests.report_forms import FORMS, LANGUAGES, Artefact, all_forms, delivered_everywhere, numbers_in, plain
from tests.unit.catalogue.leak_search import cells

# The column that somebody adds to the table of the team one day.
WORD, NUMBER = "zhaprokunt", 7_700_013
# Who reads only a headline and the names of weeks is told nothing of single KPIs, internal or not.
BRIEF = {"chat", "archive"}


@dataclass(frozen=True)
class World:
    """The company after its run."""

    installation: Installation
    canaries: Canaries

    @property
    def configuration(self) -> Configuration:
        """Its configuration, with every report going everywhere."""
        made = self.installation.configuration
        return replace(made, delivery=delivered_everywhere(list(made.reports)))

    def forms(self, audience: Audience, pages: Collection[str] | None = None) -> list[Artefact]:
        installation = self.installation
        return all_forms(self.configuration, installation.paths, installation.clock, audience, WEEK, pages)

    def file(self, audience: Audience) -> str:
        """Every cell and comment of a published file, as ``plain`` writes it."""
        return plain("\n".join(map(str, cells(current_snapshot(self.installation.paths.published, audience)))))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> World:
    folder = tmp_path_factory.mktemp("company")
    canaries = write_canary_company(folder)
    paths = Paths(config=folder / "config", sql=checkout / "sql", data=folder / "data")
    installation = Installation(paths, FixedClock(NOW), b"a key for tests alone")
    with installation.open_run() as run:
        for source in installation.configuration.sources:
            assert [file.state for file in run.ingest(source, AS_OF).files] == ["loaded"]
        run.write_seeds(AS_OF)
        run.build_tables().raise_failures()
        run.publish(AS_OF)
    return World(installation, canaries)


def leaks(artefacts: Collection[Artefact], canaries: Canaries) -> Iterator[tuple[str, set[str]]]:
    for one in artefacts:
        if found := canaries.found_in(one.text):
            yield one.place, found


def test_there_are_two_hundred_of_them_and_the_team_s_file_holds_each(world: World) -> None:
    canaries = world.canaries
    assert len(canaries.all) == len(set(canaries.all)) >= 200
    assert all(int(number) % 2 for number in canaries.numbers)
    assert set(canaries.all) - canaries.found_in(world.file("internal")) == set()


def test_no_form_for_executives_holds_any_of_them(world: World) -> None:
    artefacts = world.forms("executive")
    assert list(leaks(artefacts, world.canaries)) == []
    assert world.canaries.found_in(world.file("executive")) == set()
    # What they may see is there: seven days of salaries at 250.25 euros.
    for one in artefacts:
        if one.form not in {*BRIEF, "page"}:
            assert {"1751", "75"} <= numbers_in(one.text), one.place


def test_every_search_finds_them_in_the_forms_of_the_team(world: World) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    pages = [f"/{code}/{place}" for code in LANGUAGES for place in ("metrics", f"weeks/{WEEK}", "kpis/kpi_quazbd")]
    for one in world.forms("internal", pages):
        found[one.form] |= world.canaries.found_in(one.text)
    names = {word for word in world.canaries.words if word.startswith(("vyrn", "گژپ"))}
    assert len(names) == 36
    for form in set(FORMS) - BRIEF:
        assert names <= found[form], form
        assert len(found[form] & set(world.canaries.numbers)) >= 18, form
    in_all_forms = set().union(*found.values())
    assert len(in_all_forms) >= 180


def test_a_column_more_in_the_table_of_the_team_reaches_no_executive(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(world.installation.paths.data, tmp_path / "data", symlinks=True)
    paths = replace(world.installation.paths, data=tmp_path / "data")
    mutated = World(replace(world.installation, paths=paths), Canaries([WORD], [str(NUMBER)]))
    described = {**COLUMNS["kpi.weekly_internal"], "margin_note": "a secret", "margin": "another"}
    monkeypatch.setitem(COLUMNS, "kpi.weekly_internal", described)
    with mutated.installation.open_run() as run:
        for table in ("weekly_internal", "weekly_executive"):
            run.engine.run(f"alter table kpi.{table} add column margin_note varchar default '{WORD}'")
            run.engine.run(f"alter table kpi.{table} add column margin integer default {NUMBER}")
        tables = snapshot_tables(mutated.configuration, mutated.installation.connected)
        publish_snapshot(run.engine, paths.published, "20261118-mutated", tables, keep=3)

    assert mutated.canaries.found_in(mutated.file("internal")) == {WORD, str(NUMBER)}
    assert mutated.canaries.found_in(mutated.file("executive")) == set()
    assert list(leaks(mutated.forms("executive"), mutated.canaries)) == []
