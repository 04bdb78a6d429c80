"""A company whose ads come from an API and whose rates come as files, through whole daily runs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.calendar.clock import FixedClock
from kpi_pipeline.pipeline import Installation, Publication
from kpi_pipeline.sources.api.pull import ApiAccess
from kpi_pipeline.sources.custody.source_state import SourceState, source_states
from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot
from tests.unit.sources.api.api_server import ApiServer, Question, Reply
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import days_between

COMPANY = """\
name: {en: Pulled, fa: کشیده}
time_zone: UTC
week_start: monday
reporting_currency: EUR
started_on: 2026-10-01
"""
RATES = "system: fx_rates\n"
ADS = """\
system: tiktok_ads_api
account_id: "42"
restates_days: 3
pull: {{starts_on: 2026-10-05, endpoint: "{url}", budget_minutes: 1}}
"""
SECRET = "the-token-of-the-advertiser"


class Advertiser:
    """Spends 10 euros a day, and what was corrected since."""

    def __init__(self) -> None:
        self.spent: dict[date, str] = {}
        self.is_down = False

    def __call__(self, question: Question) -> Reply:
        if self.is_down:
            return Reply({"code": 40002, "message": "maintenance"})
        first, last = (date.fromisoformat(question.query[key]) for key in ("start_date", "end_date"))
        rows = [self._row(day) for day in days_between(first, last)]
        info = {"page": 1, "page_size": 1000, "total_number": len(rows), "total_page": 1}
        return Reply({"code": 0, "message": "OK", "data": {"list": rows, "page_info": info}})

    def _row(self, day: date) -> dict[str, Any]:
        metrics = {"campaign_id": "1", "campaign_name": "Spring", "currency": "EUR", "impressions": "1000"}
        metrics |= {"spend": self.spent.get(day, "10.00"), "clicks": "40", "conversion": "2"}
        return {"dimensions": {"ad_id": "7", "stat_time_day": f"{day} 00:00:00"}, "metrics": metrics}


@pytest.fixture
def run(
    tmp_path: Path,
    config_with: Callable[..., Path],
    make_installation: Callable[..., Installation],
    run_day: Callable[..., Publication],
) -> Callable[[ApiServer, date], Installation]:
    """Return a function that makes the run of one day and returns the installation."""

    def run_on(server: ApiServer, as_of: date) -> Installation:
        folder = tmp_path / "config"
        if not folder.exists():
            folder.mkdir()
            config_with(folder, COMPANY, {"ads": ADS.format(url=server.url), "rates": RATES})
        access = ApiAccess({"KPI_ADS_ACCESS_TOKEN": SECRET}, FakeTime().pacing)
        installation = replace(
            make_installation(tmp_path / "data", folder),
            api_access=access,
            clock=FixedClock(datetime(as_of.year, as_of.month, as_of.day, 6, tzinfo=UTC)),
        )
        inbox = installation.paths.inbox / "rates"
        inbox.mkdir(parents=True, exist_ok=True)
        (inbox / f"{as_of}.csv").write_text(f"date,base,quote,rate\n{as_of - timedelta(days=1)},USD,EUR,0.9\n")
        run_day(installation, as_of)
        return installation

    return run_on


def spend(installation: Installation) -> dict[date, float]:
    with open_snapshot(current_snapshot(installation.paths.published, "internal")) as connection:
        rows = connection.execute("select day, sum(ad_cost) from measures.ads group by day").fetchall()
    return {day: float(cost) for day, cost in rows}


def states(installation: Installation, as_of: date) -> dict[str, SourceState]:
    configuration = installation.configuration
    with installation.open_run() as opened:
        found = source_states(
            configuration.sources,
            engine=opened.engine,
            ledger=opened.ledger,
            calendar=configuration.calendar,
            as_of=as_of,
        )
    return {state.source: state for state in found}


def test_days_arrive_are_asked_for_again_and_a_failing_api_stops_nothing_else(
    run: Callable[[ApiServer, date], Installation],
) -> None:
    advertiser = Advertiser()
    with ApiServer(advertiser) as server:
        installation = run(server, date(2026, 10, 12))
        assert spend(installation) == dict.fromkeys(days_between(date(2026, 10, 5), date(2026, 10, 11)), 10.0)

        # The platform corrects a day that it still may change, and one that is long settled.
        advertiser.spent |= {date(2026, 10, 10): "12.50", date(2026, 10, 6): "99.00"}
        installation = run(server, date(2026, 10, 13))
        after = dict.fromkeys(days_between(date(2026, 10, 5), date(2026, 10, 12)), 10.0)
        assert spend(installation) == after | {date(2026, 10, 10): 12.5}
        assert {question.query["start_date"] for question in server.questions} == {"2026-10-05", "2026-10-10"}

        advertiser.is_down = True
        installation = run(server, date(2026, 10, 14))
        assert spend(installation) == after | {date(2026, 10, 10): 12.5}
        found = states(installation, date(2026, 10, 14))
        assert [file.refusal.found for file in found["ads"].quarantine] == [
            "code 40002: maintenance (GET 127.0.0.1/open_api/v1.3/report/integrated/get/)"
        ]
        assert found["rates"].coverage[0].last_day == date(2026, 10, 13)
        assert found["ads"].coverage[0].last_day == date(2026, 10, 12)

        # Two days later everything that was missed is asked for, and the entry in quarantine is closed.
        advertiser.is_down = False
        installation = run(server, date(2026, 10, 16))
        assert set(spend(installation)) == set(days_between(date(2026, 10, 5), date(2026, 10, 15)))
        assert states(installation, date(2026, 10, 16))["ads"].quarantine == ()

    stored = b"".join(path.read_bytes() for path in installation.paths.data.rglob("*") if path.is_file())
    assert SECRET.encode() not in stored


def test_a_missing_secret_is_said_and_stops_nothing_else(
    tmp_path: Path,
    config_with: Callable[..., Path],
    make_installation: Callable[..., Installation],
    run_day: Callable[..., Publication],
) -> None:
    (tmp_path / "config").mkdir()
    ads = ADS.format(url="https://example.org")
    installation = make_installation(tmp_path / "data", config_with(tmp_path / "config", COMPANY, {"ads": ads}))
    run_day(installation, date(2026, 10, 12))
    (refused,) = states(installation, date(2026, 10, 12))["ads"].quarantine
    assert "KPI_ADS_ACCESS_TOKEN" in refused.refusal.message
