import io
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from kpi_pipeline.console.sources import print_replay, print_state, print_states
from kpi_pipeline.sources.custody.arrival import Refusal
from kpi_pipeline.sources.custody.source_state import Coverage, QuarantinedFile, SourceState
from kpi_pipeline.sources.loading.ingest_report import FileOutcome, IngestReport

INBOX = Path("/srv/kpi/data/inbox")
NOW = datetime(2026, 11, 20, 6)
REFUSAL = Refusal("…", 45, "Cost", "'#REF!'", "a number with at most 4 decimals and no exponent", "Export it again.")
FEW = Refusal("…", None, None, "2 rows of orders", "about 50, as many as it would replace", "Export again or confirm.")


def days(*numbers: int) -> tuple[date, ...]:
    return tuple(date(2026, 11, number) for number in numbers)


def state(name: str = "google_ads", **changes: object) -> SourceState:
    given: dict[str, object] = {
        "source": name,
        "system": "google_ads",
        "last_file": "campaign_report_with_a_very_long_name_2026-11-19T06-00-00.csv",
        "exported_at": NOW - timedelta(days=1),
        "is_late": False,
        "files": {"loaded": 3, "quarantined": 1, None: 1},
        "coverage": (Coverage("ad_performance", *days(1, 19), 17, days(4, 5, 9), days(18, 19)),),
        "quarantine": (),
        "arrived_at": NOW,
        "inbox": name,
        "promised_every_days": 2,
        "late_by_days": 0,
    }
    return SourceState(**(given | changes))  # type: ignore[arg-type]


def quarantined(refusal: Refusal = REFUSAL, **changes: bool) -> QuarantinedFile:
    return QuarantinedFile("report (2).csv", "abcdef0123456789" * 4, NOW, refusal, **changes)


@pytest.fixture
def screen() -> Console:
    return Console(width=100, file=io.StringIO(), highlight=False)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert all(len(line) <= console.width for line in shown.splitlines())
    return " ".join(shown.split())


def test_all_sources_fit_into_a_hundred_columns_each_in_one_line(screen: Console) -> None:
    states = [state(), state("shopify_orders", last_file=None, exported_at=None, coverage=(), late_by_days=None)]
    print_states(screen, states, INBOX)
    assert isinstance(screen.file, io.StringIO)
    lines = screen.file.getvalue().splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [["●", "google_ads"], ["●", "shopify_orders"]]
    assert "2026-11-19 17 to 2026-11-19 3 2" in " ".join(lines[1].split())
    assert "…" in lines[1]
    assert "nothing arrived" in lines[2]
    assert "nothing yet" in lines[2]
    text(screen)


def test_nothing_is_cut_in_a_file() -> None:
    file = Console(width=1000, file=io.StringIO(), highlight=False)
    print_states(file, [state()], INBOX)
    assert "campaign_report_with_a_very_long_name_2026-11-19T06-00-00.csv" in text(file)


def test_all_is_well_only_without_late_sources_and_without_quarantine(screen: Console) -> None:
    assert print_states(screen, [state()], INBOX)
    assert not print_states(screen, [state(is_late=True, late_by_days=3)], INBOX)
    assert not print_state(screen, state(quarantine=(quarantined(),)), INBOX)


def test_a_late_source_says_by_how_much_and_where_to_put_a_file(screen: Console) -> None:
    print_states(screen, [state(is_late=True, late_by_days=3, inbox="ads")], INBOX)
    assert "3 days late" in text(screen)
    assert "google_ads is late; put an export into /srv/kpi/data/inbox/ads, then: kpi run" in text(screen)


def test_a_file_in_quarantine_shows_where_what_and_how_to_go_on(screen: Console) -> None:
    print_states(screen, [state(quarantine=(quarantined(),))], INBOX)
    shown = text(screen)
    assert "google_ads: report (2).csv is in quarantine since 2026-11-20 06:00" in shown
    assert "where line 45, column 'Cost' found '#REF!' expected a number with at most 4 decimals" in shown
    assert "to do Export it again." in shown
    assert "kpi sources --release abcdef012345" in shown
    assert "--confirm" not in shown


def test_few_rows_can_be_confirmed_and_lost_files_not_released(screen: Console) -> None:
    print_states(screen, [state(quarantine=(quarantined(FEW, is_confirmable=True),))], INBOX)
    assert 'kpi sources --confirm abcdef012345 --reason "..."' in text(screen)
    other = Console(width=100, file=io.StringIO(), highlight=False)
    print_states(other, [state(quarantine=(quarantined(is_kept=False),))], INBOX)
    assert "--release" not in text(other)
    assert "--confirm" not in text(other)


def test_one_source_in_detail(screen: Console) -> None:
    print_state(screen, state(waiting=("late.csv",), expired_files=4, frozen_files=2), INBOX)
    shown = text(screen)
    assert "missing: 2026-11-04 … 2026-11-05, 2026-11-09" in shown
    assert "provisional: 2026-11-18 … 2026-11-19" in shown
    assert "every 2 days: kept" in shown
    assert "the next run decides on late.csv" in shown
    assert "the bytes of 4 file(s) were deleted" in shown
    assert "2 of them stay as a former configuration made them" in shown
    assert "inbox /srv/kpi/data/inbox/google_ads" in shown


def test_a_source_that_is_pulled_has_no_inbox(screen: Console) -> None:
    print_state(screen, state(is_pulled=True, is_late=True, late_by_days=1, quarantine=(quarantined(),)), INBOX)
    shown = text(screen)
    assert "last pull" in shown
    assert "1 day late" in shown
    assert "inbox" not in shown


def test_names_with_marks_are_shown_as_they_are(screen: Console) -> None:
    print_states(screen, [state(quarantine=(quarantined(Refusal("", None, None, "[red]x[/red]", "[b]", "")),))], INBOX)
    assert "[red]x[/red]" in text(screen)


def test_a_replay_says_how_much_came_back_and_what_did_not(screen: Console) -> None:
    files = (FileOutcome("a.csv", "1", "loaded", 1200, None), FileOutcome("b.csv", "2", "loaded", 34, None))
    assert print_replay(screen, IngestReport("ads", files, (), ("1 file(s) were not loaded anew",)))
    assert "ads: 2 file(s) loaded anew from custody, 1,234 rows" in text(screen)
    assert "1 file(s) were not loaded anew" in text(screen)
    broken = FileOutcome("c.csv", "3", "quarantined", 0, "c.csv: broken")
    assert not print_replay(screen, IngestReport("ads", (broken,), ()))
