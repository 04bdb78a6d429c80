from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from kpi_pipeline.errors import QuarantineError
from kpi_pipeline.sources.custody.arrival import Decision, NewArrival, Refusal
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.quarantine import confirm, release, waiting_files
from kpi_pipeline.sources.loading.loading import CONFIRM_ADVICE

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
FEW = Refusal("few rows", None, None, "2 rows", "about 50", CONFIRM_ADVICE)
BROKEN = Refusal("broken", 7, "Cost", "'x'", "a number", "")


def refused(ledger: CustodyLedger, name: str, sha256: str, refusal: Refusal = BROKEN, source: str = "ads") -> int:
    file = NewArrival(source, name, 10, sha256, 0, NOW, date(2026, 11, 20))
    (arrival_id,) = ledger.register([file])
    ledger.decide([Decision(arrival_id, "quarantined", None, None, "contract", refusal=refusal)])
    return arrival_id


def states(ledger: CustodyLedger) -> dict[str, str | None]:
    return {arrival.file.file_name: arrival.state for arrival in ledger.arrivals()}


@pytest.mark.parametrize("named", ["a.csv", "abcd", "ABCD12", "abcd1234"])
def test_a_released_file_waits_for_the_next_run(ledger: CustodyLedger, named: str) -> None:
    refused(ledger, "a.csv", "abcd1234")
    refused(ledger, "b.csv", "beef1234")
    assert release(ledger, named, ["ads"]).file.file_name == "a.csv"
    assert states(ledger) == {"a.csv": None, "b.csv": "quarantined"}


def test_what_is_not_in_quarantine_cannot_be_released(ledger: CustodyLedger) -> None:
    refused(ledger, "a.csv", "abcd1234")
    for named in ("b.csv", "abc", "beef", "A.CSV"):
        with pytest.raises(QuarantineError, match=r"no such file in quarantine; there are: a\.csv"):
            release(ledger, named, ["ads"])
    with pytest.raises(QuarantineError, match="there are: none"):
        release(ledger, "a.csv", ["shop"])


def test_several_files_are_never_taken_for_one(ledger: CustodyLedger) -> None:
    refused(ledger, "a.csv", "abcd1111")
    refused(ledger, "b.csv", "abcd2222")
    refused(ledger, "a.csv", "ffff1111", source="shop")
    with pytest.raises(QuarantineError, match=r"2 files are meant: ads: a\.csv \(abcd1111\); ads: b\.csv"):
        release(ledger, "abcd", ["ads", "shop"])
    with pytest.raises(QuarantineError, match="Name the source too"):
        release(ledger, "a.csv", ["ads", "shop"])
    assert release(ledger, "a.csv", ["shop"]).file.source == "shop"


def test_only_the_newest_attempt_of_a_name_is_meant(ledger: CustodyLedger) -> None:
    refused(ledger, "a.csv", "abcd1111")
    newest = refused(ledger, "a.csv", "abcd2222")
    assert release(ledger, "a.csv", ["ads"]).arrival_id == newest
    assert [arrival.state for arrival in ledger.arrivals()] == ["quarantined", None]


def test_a_file_without_bytes_cannot_be_released(ledger: CustodyLedger) -> None:
    refused(ledger, "locked.csv", "")
    with pytest.raises(QuarantineError, match="could not be read"):
        release(ledger, "locked.csv", ["ads"])
    refused(ledger, "old.csv", "abcd1234")
    ledger.expire("ads", {"abcd1234"}, NOW)
    with pytest.raises(QuarantineError, match="deleted on 2026-11-20"):
        release(ledger, "old.csv", ["ads"])


def test_few_rows_can_be_confirmed_with_name_and_reason(ledger: CustodyLedger) -> None:
    refused(ledger, "a.csv", "abcd1234", FEW)
    confirm(ledger, "abcd", ["ads"], confirmed_by=" Ada ", reason=" closed for a week ", confirmed_at=NOW)
    assert states(ledger) == {"a.csv": None}
    assert ledger.confirmed("ads") == {"abcd1234"}
    kept = ledger._connection.execute("select confirmed_by, reason, confirmed_at from confirmations").fetchone()
    assert tuple(kept) == ("Ada", "closed for a week", NOW.isoformat())


def test_nothing_else_can_be_confirmed(ledger: CustodyLedger) -> None:
    refused(ledger, "a.csv", "abcd1234")
    with pytest.raises(QuarantineError, match="refused for something else: broken"):
        confirm(ledger, "a.csv", ["ads"], confirmed_by="Ada", reason="because", confirmed_at=NOW)
    refused(ledger, "b.csv", "beef1234", FEW)
    for by_name, reason in (("Ada", " "), ("", "because")):
        with pytest.raises(QuarantineError, match="needs a reason and the name"):
            confirm(ledger, "b.csv", ["ads"], confirmed_by=by_name, reason=reason, confirmed_at=NOW)
    assert states(ledger) == {"a.csv": "quarantined", "b.csv": "quarantined"}


def test_a_file_that_was_replaced_does_not_wait(ledger: CustodyLedger) -> None:
    refused(ledger, "a.csv", "abcd1234")
    (waiting,) = waiting_files(ledger.arrivals())
    accepted = replace(waiting, arrival_id=9, state="loaded", refusal=None)
    assert waiting_files([waiting, accepted]) == []
    assert waiting_files([accepted, waiting]) == [waiting]
