from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from kpi_pipeline.errors import CustodyError
from kpi_pipeline.sources.custody.arrival import Arrival, NewArrival
from kpi_pipeline.sources.custody.arrival_rules import ArrivalRules
from kpi_pipeline.sources.loading.loading import batch_id
from kpi_pipeline.sources.loading.raw_tables import LoadedBatch

RULES = ArrivalRules("ads", "f1", r"_(\d{8})")
DAY = date(2026, 11, 20)


def arrival(file_name: str, sha256: str = "aa", **changes: object) -> Arrival:
    file = NewArrival("ads", file_name, 1, sha256, 0, datetime(2026, 11, 20, tzinfo=UTC), DAY)
    return replace(Arrival(1, file, 0, None, None, None, "f1", None, None), **changes)  # type: ignore[arg-type]


def loaded(sha256: str, exported_on: int, fingerprint: str = "f1") -> LoadedBatch:
    exported_at = datetime(2026, 11, exported_on)
    return LoadedBatch(batch_id("ads", sha256, fingerprint), "ads", "a.csv", sha256, exported_at, 1, DAY, DAY, DAY)


def test_a_batch_id_follows_from_source_bytes_and_contract() -> None:
    ids = {
        batch_id(*parts) for parts in [("ads", "aa", "f1"), ("ads", "aa", "f2"), ("ads", "ab", "f1"), ("a", "aa", "f1")]
    }
    assert len(ids) == 4
    # printf 'ads\naa\nf1' | sha256sum
    assert RULES.batch_id("aa") == "1864d41262037063"


@pytest.mark.parametrize(
    ("state", "fingerprint", "is_open"),
    [
        (None, "f1", True),
        ("loaded", "f0", False),
        ("duplicate", "f0", False),
        ("quarantined", "f1", False),
        ("quarantined", "f0", True),
    ],
)
def test_files_without_a_state_are_open_and_those_that_another_contract_refused(
    state: str | None, fingerprint: str, is_open: bool
) -> None:
    assert RULES.is_open(arrival("a_20261101.csv", state=state, contract_fingerprint=fingerprint)) is is_open


def test_the_newest_export_of_the_same_bytes_counts_unless_it_is_in_quarantine() -> None:
    arrivals = [
        arrival("a_20261101.csv", state="loaded"),
        arrival("b_20261103.csv"),
        arrival("c_20261105.csv", state="quarantined"),
        arrival("d_20261102.csv", "bb"),
        arrival("without time.csv", "cc"),
    ]
    assert RULES.newest_exports(arrivals) == {
        "aa": (datetime(2026, 11, 3), "b_20261103.csv"),
        "bb": (datetime(2026, 11, 2), "d_20261102.csv"),
    }


@pytest.mark.parametrize(
    ("batch", "is_outdated"),
    [(loaded("aa", 1), False), (loaded("aa", 3), False), (loaded("aa", 2), True), (loaded("aa", 1, "f0"), True)],
)
def test_a_batch_is_outdated_when_contract_or_export_time_would_be_another_today(
    batch: LoadedBatch, is_outdated: bool
) -> None:
    arrivals = [arrival("a_20261101.csv", state="loaded"), arrival("b_20261103.csv", state="duplicate")]
    assert RULES.is_outdated([batch], arrivals) is is_outdated


def test_a_batch_whose_file_nobody_knows_is_an_error() -> None:
    with pytest.raises(CustodyError, match="no entry in the custody ledger"):
        RULES.is_outdated([loaded("bb", 1)], [arrival("a_20261101.csv")])
