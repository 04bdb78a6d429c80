"""Pulls on their way into a real warehouse, from an advertising API that answers what the test says."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.source import Source
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.api.pages import Page
from kpi_pipeline.sources.api.pull import (
    ApiAccess,
    ApiFacts,
    PastPulls,
    PulledSystem,
    PullRequest,
    pulled_system,
    request_for,
)
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.pull_intake import past_pulls
from kpi_pipeline.sources.custody.source_state import SourceState, source_states
from kpi_pipeline.sources.loading.ingest import IngestReport, ingest_source, replay_source
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from tests.unit.sources.api.api_server import ApiServer, Question, Reply
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import days_between

TODAY = date(2026, 11, 20)
NOON = time(12, tzinfo=UTC)
SYSTEM = "linkedin_ads_api"


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


class Entities:
    """A system that asks for what changed."""

    API = ApiFacts("v1", None, "https://api.example.org", ("access_token",), "changes")

    def pull(self, request: PullRequest) -> Iterator[Page]:
        raise AssertionError("nothing is asked for in these tests")


def source(starts_on: date = date(2026, 10, 1), **yaml: Any) -> Source:
    given = {"system": SYSTEM, "account_id": "512345678", "currency": "EUR", "restates_days": 3}
    pull = {"starts_on": starts_on, **yaml.pop("pull", {})}
    return Source.model_validate({**given, "pull": pull, **yaml}, strict=False)


def past(first: date, last: date, newest_for: date | None = None) -> PastPulls:
    asked_for = newest_for or last + timedelta(days=1)
    return PastPulls(first, last, datetime.combine(asked_for, time(6)), asked_for)


def window(
    asked: PastPulls | None, as_of: date = TODAY, system: PulledSystem | None = None, **yaml: Any
) -> PullRequest | None:
    system = system or pulled_system(SYSTEM)
    assert system is not None
    return request_for("shop", source(**yaml), system, asked, access=ApiAccess(), as_of=as_of, now=start_of(as_of))


def days(request: PullRequest | None) -> tuple[date, date]:
    assert request is not None
    assert request.changed_since is None or request.facts.asks_for == "changes"
    return request.first_day, request.last_day


def test_the_first_pull_asks_for_everything_up_to_yesterday() -> None:
    assert days(window(None)) == (date(2026, 10, 1), date(2026, 11, 19))


def test_every_day_asks_again_for_the_days_that_may_change() -> None:
    yesterday = past(date(2026, 10, 1), date(2026, 11, 18))
    assert days(window(yesterday)) == (date(2026, 11, 17), date(2026, 11, 19))
    assert days(window(yesterday, restates_days=30)) == (date(2026, 10, 21), date(2026, 11, 19))
    assert days(window(yesterday, restates_days=90)) == (date(2026, 10, 1), date(2026, 11, 19))
    assert days(window(yesterday, restates_days=0)) == (date(2026, 11, 19), date(2026, 11, 19))


def test_after_a_week_without_a_pull_no_day_is_left_out() -> None:
    assert days(window(past(date(2026, 10, 1), date(2026, 11, 12)))) == (date(2026, 11, 13), date(2026, 11, 19))


def test_a_start_that_was_set_back_asks_for_everything_again() -> None:
    asked = past(date(2026, 10, 1), date(2026, 11, 18))
    assert days(window(asked, starts_on=date(2026, 9, 1))) == (date(2026, 9, 1), date(2026, 11, 19))
    assert days(window(asked, starts_on=date(2026, 11, 10))) == (date(2026, 11, 17), date(2026, 11, 19))
    assert days(window(asked, starts_on=date(2026, 11, 18))) == (date(2026, 11, 18), date(2026, 11, 19))


def test_the_same_day_may_be_asked_for_twice() -> None:
    asked = past(date(2026, 10, 1), date(2026, 11, 19), newest_for=TODAY)
    assert days(window(asked)) == (date(2026, 11, 17), date(2026, 11, 19))


def test_a_run_for_a_past_day_asks_for_nothing_new() -> None:
    asked = past(date(2026, 10, 1), date(2026, 11, 19), newest_for=TODAY)
    assert window(asked, as_of=date(2026, 11, 15)) is None
    # Where nothing is known of those days, it asks for them, as they are seen from there.
    assert days(window(None, as_of=date(2026, 11, 15))) == (date(2026, 10, 1), date(2026, 11, 14))


@pytest.mark.parametrize("starts_on", [TODAY, date(2027, 1, 1)])
def test_nothing_is_asked_for_before_the_start(starts_on: date) -> None:
    assert window(None, starts_on=starts_on) is None


def test_changes_are_asked_for_since_the_last_pull_with_an_overlap() -> None:
    first = window(None, system=Entities())
    assert first is not None
    assert (first.changed_since, first.since) == (None, start_of(date(2026, 10, 1)))
    asked = past(date(2026, 10, 1), date(2026, 11, 12))
    later = window(asked, system=Entities())
    assert later is not None
    assert later.since == later.changed_since == datetime(2026, 11, 13, 5, 50, tzinfo=UTC)
    assert days(later) == (date(2026, 11, 13), date(2026, 11, 19))
    again = window(past(date(2026, 10, 1), date(2026, 11, 19), newest_for=TODAY), system=Entities())
    assert days(again) == (date(2026, 11, 19), date(2026, 11, 19))
    set_back = window(asked, system=Entities(), starts_on=date(2026, 1, 1))
    assert set_back is not None
    assert (set_back.changed_since, set_back.since) == (None, start_of(date(2026, 1, 1)))


def test_a_source_without_a_pull_cannot_be_asked() -> None:
    system = pulled_system(SYSTEM)
    assert system is not None
    with pytest.raises(ConfigurationError, match=r"config/sources/shop\.yaml: pull: is missing"):
        request_for("shop", Source(system=SYSTEM), system, None, access=ApiAccess(), as_of=TODAY, now=start_of(TODAY))


@dataclass
class Platform:
    """An advertising platform: the impressions of each day, by campaign; as a server, it may also be broken."""

    figures: dict[date, Mapping[int, int]] = field(default_factory=dict)
    broken: Reply | None = None
    asked: list[tuple[date, date]] = field(default_factory=list)

    def __call__(self, question: Question) -> Reply:
        assert question.headers["authorization"] == "Bearer linkedin-canary"
        numbers = list(map(int, re.findall(r":(\d+)", question.query["dateRange"])))
        first, last = date(*numbers[:3]), date(*numbers[3:])
        self.asked.append((first, last))
        if self.broken is not None:
            return self.broken
        return Reply({"elements": [row for day in days_between(first, last) for row in self._rows(day)]})

    def _rows(self, day: date) -> list[dict[str, Any]]:
        written = {"year": day.year, "month": day.month, "day": day.day}
        return [
            {
                "dateRange": {"start": written, "end": written},
                "pivotValues": [f"urn:li:sponsoredCampaign:{campaign}"],
                "impressions": impressions,
                "clicks": 1,
                "costInLocalCurrency": f"{impressions}.5",
            }
            for campaign, impressions in self.figures.get(day, {}).items()
        ]


@dataclass
class Installation:
    """A warehouse and a ledger that pull from a platform."""

    paths: Paths
    engine: DuckDbEngine
    ledger: CustodyLedger
    platform: Platform
    server: ApiServer
    environment: dict[str, str] = field(default_factory=lambda: {"KPI_SHOP_ACCESS_TOKEN": "linkedin-canary"})
    yaml: dict[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        return source(**{"starts_on": date(2026, 11, 10), **self.yaml, "pull": {"endpoint": self.server.url}})

    def ingest(self, as_of: date = TODAY, hours: int = 0) -> IngestReport:
        return ingest_source(
            "shop",
            self.source,
            engine=self.engine,
            ledger=self.ledger,
            paths=self.paths,
            as_of=as_of,
            now=datetime.combine(as_of, NOON) + timedelta(hours=hours),
            hash_key=None,
            access=ApiAccess(self.environment, FakeTime().pacing),
        )

    def standing(self) -> dict[tuple[int, str], int]:
        """Return impressions by day of November and campaign."""
        rows = self.engine.read("select day, campaign_id, impressions, cost from raw.ad_performance").to_pylist()
        assert all(row["cost"] == row["impressions"] + Decimal("0.5") for row in rows)
        found = {(row["day"].day, row["campaign_id"]): row["impressions"] for row in rows}
        assert len(found) == len(rows)
        return found

    def states(self) -> list[str | None]:
        return [arrival.state for arrival in self.ledger.arrivals("shop")]

    def state(self) -> SourceState:
        calendar = CompanyCalendar("UTC", "monday", "gregorian")
        (state,) = source_states(
            {"shop": self.source}, engine=self.engine, ledger=self.ledger, calendar=calendar, as_of=TODAY
        )
        return state


@pytest.fixture
def shop(tmp_path: Path, engine: DuckDbEngine, ledger: CustodyLedger) -> Any:
    platform = Platform({date(2026, 11, day): {1: 100 + day, 2: 200 + day} for day in range(1, 20)})
    with ApiServer(platform) as server:
        yield Installation(
            Paths(config=tmp_path, sql=tmp_path, data=tmp_path / "data"), engine, ledger, platform, server
        )


def test_a_pull_goes_through_custody_and_the_ledger_into_raw(shop: Installation) -> None:
    (outcome,) = shop.ingest().files
    assert (outcome.file_name, outcome.state, outcome.rows_loaded) == ("shop.pull", "loaded", 20)
    assert shop.standing() == {
        (day, campaign): {"1": 100, "2": 200}[campaign] + day for day in range(10, 20) for campaign in ("1", "2")
    }
    (arrival,) = shop.ledger.arrivals("shop")
    assert (arrival.exported_at, arrival.file.arrived_for) == (datetime(2026, 11, 20, 12), TODAY)
    assert arrival.contents is not None
    assert (arrival.contents.first_day, arrival.contents.last_day) == (date(2026, 11, 10), date(2026, 11, 19))
    assert past_pulls([arrival]) == PastPulls(date(2026, 11, 10), date(2026, 11, 19), datetime(2026, 11, 20, 12), TODAY)
    stored = next(path for path in shop.paths.custody.rglob("*") if path.is_file() and outcome.sha256 in path.name)
    head = json.loads(stored.read_text().splitlines()[0])
    assert (head["system"], head["first_day"]) == (SYSTEM, "2026-11-10")
    assert "canary" not in stored.read_text()


def test_restated_days_are_replaced_whole_and_older_ones_stay(shop: Installation) -> None:
    shop.ingest(as_of=date(2026, 11, 19))
    # Campaign 1 is corrected, 2 is gone, 3 is new; what is corrected before the window is not seen.
    shop.platform.figures |= {date(2026, 11, day): {1: 900, 3: 30} for day in (10, 17, 18)}
    (outcome,) = shop.ingest().files
    assert outcome.state == "loaded"
    assert shop.platform.asked[-1] == (date(2026, 11, 17), date(2026, 11, 19))
    standing = shop.standing()
    assert {key: value for key, value in standing.items() if key[0] >= 16} == {
        (16, "1"): 116, (16, "2"): 216, (17, "1"): 900, (17, "3"): 30, (18, "1"): 900, (18, "3"): 30, (19, "1"): 119,
        (19, "2"): 219,
    }  # fmt: skip
    assert (standing[10, "1"], len(standing)) == (110, 20)


def test_a_day_without_rows_among_others_becomes_empty(shop: Installation) -> None:
    shop.ingest(as_of=date(2026, 11, 19))
    shop.platform.figures[date(2026, 11, 18)] = {}
    shop.ingest()
    assert {day for day, _ in shop.standing()} == {*range(10, 18), 19}
    assert shop.state().coverage[0].missing_days == ()


def test_the_same_answers_again_change_nothing(shop: Installation) -> None:
    shop.ingest()
    before = shop.standing()
    shop.ingest(hours=1)
    shop.ingest(hours=2)
    assert shop.standing() == before
    assert shop.platform.asked[1:] == [(date(2026, 11, 17), date(2026, 11, 19))] * 2
    assert shop.states()[2] == "duplicate"


def test_a_run_for_a_past_day_leaves_everything_as_it_is(shop: Installation) -> None:
    shop.ingest()
    before = shop.standing()
    assert shop.ingest(as_of=date(2026, 11, 15)).files == ()
    assert (shop.standing(), len(shop.platform.asked)) == (before, 1)


def test_after_an_outage_the_gap_is_asked_for(shop: Installation) -> None:
    shop.ingest(as_of=date(2026, 11, 12))
    shop.platform.broken = Reply({"message": "down"}, 503)
    for day in (14, 16, 18):
        assert [file.state for file in shop.ingest(as_of=date(2026, 11, day)).files] == ["quarantined"]
    shop.platform.broken = None
    shop.ingest()
    assert shop.platform.asked[-1] == (date(2026, 11, 12), date(2026, 11, 19))
    assert {day for day, _ in shop.standing()} == set(range(10, 20))
    assert shop.state().coverage[0].missing_days == ()


def test_a_start_that_is_set_back_brings_the_days_before(shop: Installation) -> None:
    shop.ingest()
    shop.yaml["starts_on"] = date(2026, 11, 5)
    shop.ingest(hours=1)
    assert {day for day, _ in shop.standing()} == set(range(5, 20))
    shop.ingest(hours=2)
    assert shop.platform.asked == [
        (date(2026, 11, 10), date(2026, 11, 19)), (date(2026, 11, 5), date(2026, 11, 19)),
        (date(2026, 11, 17), date(2026, 11, 19)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        (Reply({"message": "down for linkedin-canary"}, 503), "HTTP 503: down for ***"),
        (Reply({"message": "no permission"}, 403), "HTTP 403: no permission"),
        (Reply(b"<html>"), "an answer with status 200 that is not JSON"),
        (Reply({"items": []}), "an answer without 'elements'"),
    ],
)
def test_a_pull_that_fails_is_in_quarantine_until_the_next_one_succeeds(
    shop: Installation, broken: Reply, found: str
) -> None:
    shop.ingest(as_of=date(2026, 11, 19))
    before = shop.standing()
    shop.platform.broken = broken
    (outcome,) = shop.ingest().files
    assert (outcome.file_name, outcome.state, outcome.rows_loaded) == ("shop.pull", "quarantined", 0)
    assert found in str(outcome.problem)
    assert shop.standing() == before
    (waiting,) = shop.state().quarantine
    assert waiting.refusal.found.startswith(found)
    assert "canary" not in waiting.refusal.message

    shop.platform.broken = None
    shop.ingest(hours=1)
    assert shop.state().quarantine == ()
    assert shop.states() == ["loaded", "quarantined", "loaded"]
    assert len(shop.standing()) == 20


def test_a_missing_secret_fails_this_source_alone(shop: Installation) -> None:
    shop.environment.clear()
    (outcome,) = shop.ingest().files
    assert outcome.state == "quarantined"
    assert "found no way to ask: KPI_SHOP_ACCESS_TOKEN: found neither" in str(outcome.problem)
    assert shop.platform.asked == []


def test_no_rows_are_never_a_success(shop: Installation) -> None:
    kept, shop.platform.figures = shop.platform.figures, {}
    (outcome,) = shop.ingest(as_of=date(2026, 11, 19)).files
    assert outcome.state == "quarantined"
    assert "found no rows at all; expected rows, as every file of this source has some" in str(outcome.problem)
    assert (shop.standing(), shop.state().coverage) == ({}, ())

    shop.platform.figures = kept
    shop.ingest(as_of=date(2026, 11, 19), hours=1)
    before = shop.standing()
    shop.platform.figures = {}
    (outcome,) = shop.ingest().files
    assert outcome.state == "quarantined"
    assert shop.standing() == before
    # The refused days count as missing, and are asked for again.
    assert shop.state().coverage[0].missing_days == (date(2026, 11, 19),)


def test_no_rows_can_be_confirmed_by_a_person(shop: Installation) -> None:
    shop.platform.figures = {}
    (outcome,) = shop.ingest().files
    assert shop.state().quarantine[0].is_confirmable
    confirmed_at = datetime.combine(TODAY, NOON)
    shop.ledger.confirm(
        "shop", outcome.sha256, confirmed_by="Ada", reason="the account is paused", confirmed_at=confirmed_at
    )
    replay_source("shop", shop.source, engine=shop.engine, ledger=shop.ledger, paths=shop.paths, hash_key=None)
    assert (shop.states(), shop.standing(), shop.state().quarantine) == (["loaded"], {}, ())
    assert shop.state().coverage[0].covered_days == 10


def test_a_tenth_of_the_rows_is_not_believed(shop: Installation) -> None:
    shop.platform.figures = {day: dict.fromkeys(range(1, 31), 10) for day in shop.platform.figures}
    shop.ingest(as_of=date(2026, 11, 19))
    before = shop.standing()
    for day in (17, 18, 19):
        shop.platform.figures[date(2026, 11, day)] = {1: 10, 2: 10}
    (outcome,) = shop.ingest().files
    assert outcome.state == "quarantined"
    # Two of the three days stood before; the guard compares like with like.
    assert "found 4 rows of ad_performance for 2026-11-17 to 2026-11-18; expected about 60" in str(outcome.problem)
    assert shop.standing() == before


def test_rows_outside_the_days_that_were_asked_for_are_refused(shop: Installation) -> None:
    written = {"year": 2026, "month": 11, "day": 1}
    shop.platform.broken = Reply({"elements": [
        {"dateRange": {"start": written, "end": written}, "pivotValues": ["urn:li:sponsoredCampaign:1"],
         "impressions": 1, "costInLocalCurrency": "1"},
    ]})  # fmt: skip
    (outcome,) = shop.ingest().files
    assert "found rows of 2026-11-01; expected only days of the range" in str(outcome.problem)


def test_everything_can_be_made_again_from_custody_without_asking(shop: Installation) -> None:
    shop.ingest(as_of=date(2026, 11, 19))
    shop.platform.figures[date(2026, 11, 18)] = {1: 900}
    shop.ingest()
    before, asked = shop.standing(), len(shop.platform.asked)
    replay_source("shop", shop.source, engine=shop.engine, ledger=shop.ledger, paths=shop.paths, hash_key=None)
    assert (shop.standing(), len(shop.platform.asked)) == (before, asked)


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ({"system": SYSTEM, "currency": "EUR"}, "pull: is missing"),
        ({"system": "fx_rates", "pull": {"starts_on": date(2026, 1, 1)}}, "pull: fx_rates reads files"),
        (
            {"system": SYSTEM, "currency": "EUR", "pull": {"starts_on": date(2026, 1, 1)}, "exported_at": "_(.*)"},
            "exported_at: a pull has no file name",
        ),
    ],
)
def test_yaml_that_mixes_files_and_pulls_is_refused(yaml: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        build_contract("shop", Source.model_validate(yaml))
