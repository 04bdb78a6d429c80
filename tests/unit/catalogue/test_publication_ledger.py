from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger, ReportedValue
from tests.unit.catalogue.hand_made import week

MADE_AT = datetime(2026, 3, 1, 6, 30)
VALUE = ReportedValue(
    kpi_id="ctr",
    week_start=week(0),
    audience="internal",
    value=2.5,
    null_reason=None,
    status="provisional",
    snapshot_id="s1",
    published_at=MADE_AT,
    definition_hash="abc",
    data_age_days=3,
)


def value(**changes: Any) -> ReportedValue:
    return replace(VALUE, **changes)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[PublicationLedger]:
    with PublicationLedger(tmp_path / "data" / "publication.sqlite") as opened:
        yield opened


def enter(ledger: PublicationLedger, snapshot_id: str, *values: ReportedValue) -> None:
    ledger.enter(snapshot_id, date(2026, 3, 1), MADE_AT, [replace(one, snapshot_id=snapshot_id) for one in values])


def test_entered_values_come_back_as_they_were(ledger: PublicationLedger, tmp_path: Path) -> None:
    missing = value(week_start=week(1), value=None, null_reason="source_missing")
    enter(ledger, "s1", VALUE, missing)

    assert ledger.values() == [VALUE, missing]
    assert ledger.last_publication() == ("s1", MADE_AT)
    with PublicationLedger(tmp_path / "data" / "publication.sqlite") as again:
        assert again.values() == [VALUE, missing]


@pytest.mark.parametrize(
    "changes", [{"value": 2.6}, {"status": "final"}, {"definition_hash": "new"}, {"value": None, "null_reason": "x"}]
)
def test_news_is_what_says_something_else_than_before(ledger: PublicationLedger, changes: dict[str, Any]) -> None:
    enter(ledger, "s1", VALUE)
    other = value(snapshot_id="s2", data_age_days=10)

    assert ledger.news([other]) == []
    assert ledger.news([replace(other, **changes)]) == [replace(other, **changes)]


def test_value_that_stays_the_same_is_news_once_its_week_is_over(ledger: PublicationLedger) -> None:
    enter(ledger, "s1", value(status="partial", data_age_days=0))
    after = value(status="partial", data_age_days=1)

    assert ledger.news([after]) == [after]
    assert ledger.news([value(status="partial", data_age_days=-1)]) == []


def test_value_that_returns_to_an_earlier_one_is_news(ledger: PublicationLedger) -> None:
    enter(ledger, "s1", VALUE)
    enter(ledger, "s2", value(value=9.0))

    assert ledger.news([VALUE]) == [VALUE]


def test_other_week_kpi_or_audience_is_news(ledger: PublicationLedger) -> None:
    enter(ledger, "s1", VALUE)
    others = [value(week_start=week(1)), value(kpi_id="cpc"), value(audience="executive")]

    assert ledger.news([VALUE, *others]) == others


def test_last_snapshot_is_not_entered_again(ledger: PublicationLedger) -> None:
    enter(ledger, "s1", VALUE)
    enter(ledger, "s1", value(value=9.0))

    assert ledger.values() == [VALUE]


def test_earlier_snapshot_that_is_published_again_is_entered_again(ledger: PublicationLedger) -> None:
    enter(ledger, "s1", VALUE)
    enter(ledger, "s2", value(value=9.0))
    enter(ledger, "s1", VALUE)

    assert [(one.snapshot_id, one.value) for one in ledger.values()] == [("s1", 2.5), ("s2", 9.0), ("s1", 2.5)]


def test_snapshots_that_never_became_public_are_forgotten(ledger: PublicationLedger) -> None:
    enter(ledger, "s1", VALUE)
    ledger.settle("s1")
    enter(ledger, "s2", value(value=3.0))
    ledger.settle("s1")

    assert [one.snapshot_id for one in ledger.values()] == ["s1"]
    assert ledger.last_publication() == ("s1", MADE_AT)


def test_snapshots_that_were_public_once_are_kept(ledger: PublicationLedger) -> None:
    enter(ledger, "s1", VALUE)
    ledger.settle("s1")
    enter(ledger, "s2", value(value=3.0))
    ledger.settle("s2")

    assert [one.snapshot_id for one in ledger.values()] == ["s1", "s2"]


def test_nothing_is_public_yet(ledger: PublicationLedger) -> None:
    enter(ledger, "s1", VALUE)
    ledger.settle(None)

    assert ledger.values() == []


def test_ledger_is_readable_only_by_its_owner(ledger: PublicationLedger, tmp_path: Path) -> None:
    assert (tmp_path / "data" / "publication.sqlite").stat().st_mode & 0o077 == 0
