from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from kpi_pipeline.sources.loading.volume import Volume, volumes
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine

AS_OF = date(2026, 11, 21)
YESTERDAY = AS_OF - timedelta(days=1)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDbEngine]:
    engine = DuckDbEngine(tmp_path / "w.duckdb")
    engine.connection.execute("create schema raw")
    engine.connection.execute("create table raw.covered_days (source text, subject text, day date)")
    engine.connection.execute("create table raw.ad_performance (source text, day date)")
    yield engine
    engine.close()


def judged(engine: DuckDbEngine, rows_before: list[int], rows_of_yesterday: int) -> Volume | None:
    """Fill the days up to yesterday, the last one before it last."""
    for back, rows in enumerate([rows_of_yesterday, *reversed(rows_before)]):
        day = YESTERDAY - timedelta(days=back)
        engine.connection.execute("insert into raw.covered_days values ('ads', 'ad_performance', ?)", [day])
        engine.connection.execute("insert into raw.ad_performance select 'ads', ? from range(?)", [day, rows])
    found = volumes(engine, "ads", {"ad_performance", "orders"}, AS_OF)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("before", "newest", "is_unusual"),
    [
        ([100, 98, 102, 101, 99, 100, 103, 97], 96, False),
        ([100, 98, 102, 101, 99, 100, 103, 97], 40, False),  # less than half, but not less than a third
        ([100, 98, 102, 101, 99, 100, 103, 97], 33, True),
        ([100, 98, 102, 101, 99, 100, 103, 97], 0, True),
        ([100, 98, 102, 101, 99, 100, 103, 97], 301, True),
        # A shop that is closed at weekends: the median is 90, and days differ from it by 90 anyway.
        ([100, 90, 0, 0, 80, 190, 180, 170, 90, 0, 0, 190], 0, False),
    ],
)
def test_a_day_with_far_too_few_or_too_many_rows_is_unusual(
    engine: DuckDbEngine, before: list[int], newest: int, is_unusual: bool
) -> None:
    volume = judged(engine, before, newest)
    assert volume is not None
    assert (volume.day, volume.rows, volume.is_unusual) == (YESTERDAY, newest, is_unusual)


@pytest.mark.parametrize("before", [[100] * 6, [9] * 20])
def test_too_few_days_or_rows_tell_nothing(engine: DuckDbEngine, before: list[int]) -> None:
    assert judged(engine, before, 0) is None
