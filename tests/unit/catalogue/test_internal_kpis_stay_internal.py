"""Whatever a catalogue looks like, no id, name or number of an internal KPI stands in the executives' tables."""

import os
from collections.abc import Iterator
from decimal import Decimal

import pytest

from kpi_pipeline.catalogue.exposure.withheld_texts import WORDS
from kpi_pipeline.catalogue.formulas.algebra import Product
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric
from tests.unit.catalogue.leak_search import Publisher, attack, cells, open_publisher

CATALOGUES, MANY = 15, int(os.environ.get("KPI_RANDOM_CATALOGUES", "1000"))
KINDS = ("refused", "shown", "internal", "without sides", "derivable", "withheld")
SPLITS = ("split", "split withheld", "factors", "driver", "member withheld")


@pytest.fixture(scope="module")
def shared_publisher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    with open_publisher(tmp_path_factory.mktemp("leaks")) as publisher:
        yield publisher


@pytest.fixture
def publisher(shared_publisher: Publisher) -> Publisher:
    shared_publisher.forget()
    return shared_publisher


def test_nothing_of_internal_kpis_is_shown(publisher: Publisher) -> None:
    publisher.came_up.clear()
    leaks = [leak for seed in range(CATALOGUES) for leak in attack(publisher, seed)]
    assert leaks == []
    assert min(publisher.came_up[kind] for kind in (*KINDS, *SPLITS)) >= 1, publisher.came_up


@pytest.mark.slow
def test_nothing_is_shown_by_any_of_a_thousand_catalogues(publisher: Publisher) -> None:
    leaks = [leak for seed in range(CATALOGUES, CATALOGUES + MANY) for leak in attack(publisher, seed)]
    assert leaks == []


@pytest.mark.parametrize(
    ("place", "broken", "seed"),
    [
        ("exposure.audience.Audiences.metrics_without_sides", frozenset(), 4),
        ("exposure.audience.Audiences.problems", lambda _: iter(()), 1),
        ("snapshots.snapshot_plan.without_internal_names", lambda tables, _: tables, 0),
        ("snapshots.snapshot_plan.SEEN_LEVELS", "true", 0),
        ("snapshots.snapshot_plan._among", lambda *_: "(true)", 0),
        ("formulas.algebra.Product.is_multiple_of", Product.__eq__, 4),
        ("exposure.withheld_texts.WORDS", WORDS - {"member"}, 4),
        ("findings.driver_exposure.DriverExposure._wanted", lambda *_: ["device", "factors", "region"], 5),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_every_defence_is_needed(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch, place: str, broken: object, seed: int
) -> None:
    """Without any one of them, a catalogue leaks that does not leak otherwise."""
    assert attack(publisher, seed) == []
    monkeypatch.setattr(f"kpi_pipeline.catalogue.{place}", broken)
    assert attack(publisher, seed)


@pytest.mark.parametrize("objective", ["grow", "convert", "tune_ads"])
def test_level_of_the_objective_alone_decides(publisher: Publisher, objective: str) -> None:
    config = configuration({"metric_a": metric("calls")}, goals=goals(), kpis={"kpi_a": kpi("metric_a", objective)})
    name = publisher.refresh(config, f"level_{objective}")

    assert ("kpi_a" in cells(publisher.published(config, name))) == (objective != "tune_ads")


def test_a_file_holds_what_the_queries_give(publisher: Publisher) -> None:
    """The sides of an executive ratio are there, unless an internal KPI shows one of them."""
    metrics = {"calls": metric("calls", unit="count"), "call_cost": metric("cost / calls", unit="currency")}
    for inner, is_shown in (("tune_ads", False), ("convert", True)):
        kpis = {"kpi_a": kpi("calls", inner), "kpi_b": kpi("call_cost", "grow")}
        config = configuration(metrics, goals=goals(), kpis=kpis, fingerprint=inner)
        name = publisher.refresh(config, inner)
        calls = publisher.warehouse.rows(
            "select numerator from kpi.values where metric_id = 'calls' and member = 'total'"
        )
        sums = [cell for cell in cells(publisher.published(config, name)) if isinstance(cell, Decimal)]
        assert (calls[0]["numerator"] in sums) == is_shown
