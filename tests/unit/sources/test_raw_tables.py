from datetime import date, datetime

import pytest

from kpi_pipeline.errors import EngineError
from kpi_pipeline.sources.loading.raw_tables import (
    LoadedBatch,
    enter_batch,
    loaded_batches,
    prepare_raw_tables,
)
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine


def test_every_subject_has_its_table_with_lineage_and_the_bookkeeping_beside_it(engine: DuckDbEngine) -> None:
    for subject in SUBJECTS.values():
        columns = engine.read(f"select * from {subject.table}").column_names
        assert columns == [*subject.columns, "source", "account_id", "batch_id", "exported_at"]
    assert engine.read("select * from raw.covered_days").column_names == [
        "source", "account_id", "subject", "day", "batch_id", "exported_at",
    ]  # fmt: skip


def test_preparing_again_keeps_what_is_there(engine: DuckDbEngine) -> None:
    engine.run("insert into raw.fx_rates values ('2026-11-01', 'EUR', 'USD', 1.1, 'fx', '', 'b1', '2026-11-02')")
    prepare_raw_tables(engine)
    assert engine.read("select count(*) as n from raw.fx_rates").to_pylist() == [{"n": 1}]


@pytest.mark.parametrize("column", ["day", "rate", "source", "exported_at"])
def test_a_required_column_cannot_be_null(engine: DuckDbEngine, column: str) -> None:
    engine.run("insert into raw.fx_rates values ('2026-11-01', 'EUR', 'USD', 1.1, 'fx', '', 'b1', '2026-11-02')")
    with pytest.raises(EngineError, match=rf'NOT NULL constraint failed: fx_rates\."?{column}'):
        engine.run(f"insert into raw.fx_rates by name select * replace (null as {column}) from raw.fx_rates")


def test_tables_of_another_version_of_the_program_are_refused(engine: DuckDbEngine) -> None:
    engine.run("alter table raw.fx_rates rename column rate to value")
    with pytest.raises(EngineError, match=r"raw\.fx_rates: found the columns .*value.*; expected .*rate.*custody"):
        prepare_raw_tables(engine)


def test_batches_come_back_as_they_were_entered(engine: DuckDbEngine) -> None:
    batch = LoadedBatch(
        "b1", "ads", "ads.csv", "ab", datetime(2026, 11, 20, 6, 0, 0, 5), 3, None, None, date(2026, 11, 20)
    )
    enter_batch(engine, batch)

    assert loaded_batches(engine) == {"b1": batch}
    assert loaded_batches(engine, "ads") == {"b1": batch}
    assert loaded_batches(engine, "shop") == {}
