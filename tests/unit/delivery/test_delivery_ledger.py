"""The ledger of deliveries: who may send what, when, and what becomes of those who vanish."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kpi_pipeline.delivery.delivery_ledger import LEASE, Contents, DeliveryLedger, Place

NOW = datetime(2026, 11, 18, 8, tzinfo=UTC)
PLACE = Place(date(2026, 11, 9), "scorecard", 0, "mail", "ceo@shop.test")
CONTENTS = Contents("executive", "en", "20261118-first", datetime(2026, 11, 18, 6), "<1@shop.test>")
AFTER_LEASE = NOW + LEASE + timedelta(seconds=1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[DeliveryLedger]:
    with DeliveryLedger(tmp_path / "delivery.sqlite") as opened:
        yield opened


def claimed(ledger: DeliveryLedger, now: datetime = NOW) -> str:
    claim = ledger.claim(PLACE, CONTENTS, now)
    assert claim is not None
    return claim


def state(ledger: DeliveryLedger) -> str:
    entry = ledger.entry(PLACE)
    assert entry is not None
    return entry.state


def test_the_file_is_its_owner_s_alone(ledger: DeliveryLedger, tmp_path: Path) -> None:
    assert (tmp_path / "delivery.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_claim_excludes_everybody_else(ledger: DeliveryLedger) -> None:
    claimed(ledger)
    assert ledger.claim(PLACE, CONTENTS, NOW + LEASE) is None
    assert state(ledger) == "claimed"


@pytest.mark.parametrize(("settled", "may_go_out_again"), [("sent", False), ("unknown", False), ("failed", True)])
def test_only_what_certainly_failed_may_be_claimed_again(
    ledger: DeliveryLedger, settled: str, may_go_out_again: bool
) -> None:
    ledger.settle(PLACE, claimed(ledger), settled, "because", NOW)  # type: ignore[arg-type]
    assert (ledger.claim(PLACE, CONTENTS, NOW + timedelta(days=9)) is not None) == may_go_out_again


def test_a_claim_whose_holder_vanished_becomes_unknown_and_stays_it(ledger: DeliveryLedger) -> None:
    claimed(ledger)
    assert ledger.claim(PLACE, CONTENTS, AFTER_LEASE) is None
    assert state(ledger) == "unknown"
    assert ledger.claim(PLACE, CONTENTS, AFTER_LEASE + timedelta(days=99)) is None


def test_looking_is_enough_to_make_a_dead_claim_unknown(ledger: DeliveryLedger) -> None:
    claimed(ledger)
    ledger.expire(NOW + LEASE)
    assert state(ledger) == "claimed"
    ledger.expire(AFTER_LEASE)
    assert state(ledger) == "unknown"


def test_each_try_holds_the_claim_for_another_lease_and_is_counted(ledger: DeliveryLedger) -> None:
    claim = claimed(ledger)
    assert ledger.renew(PLACE, claim, NOW + LEASE)
    assert ledger.renew(PLACE, claim, NOW + 2 * LEASE)
    ledger.expire(NOW + 3 * LEASE)
    entry = ledger.entry(PLACE)
    assert entry is not None
    assert (entry.state, entry.attempts) == ("claimed", 2)


def test_a_holder_that_slept_too_long_may_not_send_any_more(ledger: DeliveryLedger) -> None:
    claim = claimed(ledger)
    assert not ledger.renew(PLACE, claim, AFTER_LEASE)
    assert state(ledger) == "unknown"


def test_a_holder_that_comes_back_enters_what_it_knows(ledger: DeliveryLedger) -> None:
    claim = claimed(ledger)
    ledger.expire(AFTER_LEASE)
    ledger.settle(PLACE, claim, "sent", "", AFTER_LEASE)
    assert state(ledger) == "sent"


def test_an_old_claim_changes_nothing_about_a_new_one(ledger: DeliveryLedger) -> None:
    old = claimed(ledger)
    ledger.settle(PLACE, old, "failed", "because", NOW)
    claimed(ledger)
    ledger.settle(PLACE, old, "sent", "", NOW)
    assert state(ledger) == "claimed"


@pytest.mark.parametrize(("is_sent", "resolved", "may_go_out_again"), [(True, "sent", False), (False, "failed", True)])
def test_a_person_resolves_what_is_unknown(
    ledger: DeliveryLedger, is_sent: bool, resolved: str, may_go_out_again: bool
) -> None:
    claimed(ledger)
    ledger.expire(AFTER_LEASE)
    assert ledger.resolve(PLACE, is_sent=is_sent, by="ada", now=AFTER_LEASE)
    entry = ledger.entry(PLACE)
    assert entry is not None
    assert (entry.state, entry.resolved_by) == (resolved, "ada")
    assert (ledger.claim(PLACE, CONTENTS, AFTER_LEASE) is not None) == may_go_out_again


@pytest.mark.parametrize("settled", ["sent", "failed", "skipped"])
def test_nobody_resolves_what_is_known(ledger: DeliveryLedger, settled: str) -> None:
    ledger.settle(PLACE, claimed(ledger), settled, "", NOW)  # type: ignore[arg-type]
    assert not ledger.resolve(PLACE, is_sent=False, by="ada", now=NOW)
    assert state(ledger) == settled


def test_trying_out_hides_nothing_that_was_done_in_earnest(ledger: DeliveryLedger) -> None:
    ledger.skip(PLACE, CONTENTS, "outbox", NOW)
    assert state(ledger) == "skipped"
    ledger.settle(PLACE, claimed(ledger), "sent", "", NOW)
    ledger.skip(PLACE, CONTENTS, "outbox", NOW)
    ledger.refuse(PLACE, CONTENTS, "no", NOW)
    assert state(ledger) == "sent"


def test_what_is_about_another_revision_week_report_channel_or_reader_is_another_delivery(
    ledger: DeliveryLedger,
) -> None:
    claimed(ledger)
    others = [
        Place(date(2026, 11, 16), "scorecard", 0, "mail", "ceo@shop.test"),
        Place(date(2026, 11, 9), "team", 0, "mail", "ceo@shop.test"),
        Place(date(2026, 11, 9), "scorecard", 1, "mail", "ceo@shop.test"),
        Place(date(2026, 11, 9), "scorecard", 0, "chat", "ceo@shop.test"),
        Place(date(2026, 11, 9), "scorecard", 0, "mail", "cfo@shop.test"),
    ]
    assert all(ledger.claim(place, CONTENTS, NOW) for place in others)
    assert len(ledger.entries()) == 6
    assert len(ledger.entries(date(2026, 11, 16))) == 1
