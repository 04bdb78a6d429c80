"""Months of books and refunds of orders, pulled on several days into one warehouse."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.sources.api.pull import ApiAccess
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.loading.ingest import ingest_source
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from tests.unit.sources.api import test_quickbooks_api, test_shopify_api, test_stripe_api
from tests.unit.sources.api.api_server import ApiServer, Vendor
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi
from tests.unit.sources.read_files import KEY

Run = Callable[[PulledApi, Vendor, date], str]


@pytest.fixture
def run(tmp_path: Path, engine: DuckDbEngine, ledger: CustodyLedger) -> Run:
    """Return a function that pulls on the morning of a day and returns what became of it."""
    paths = Paths(config=tmp_path, sql=tmp_path, data=tmp_path / "data")

    def run_on(api: PulledApi, vendor: Vendor, as_of: date) -> str:
        environment = {f"KPI_SHOP_{name.upper()}": value for name, value in api.secrets.items()}
        with ApiServer(vendor) as server:
            report = ingest_source(
                "shop",
                # The address is part of the source, but not of what its rows mean.
                api.source(server.url),
                engine=engine,
                ledger=ledger,
                paths=paths,
                as_of=as_of,
                now=datetime(as_of.year, as_of.month, as_of.day, 6, tzinfo=UTC),
                hash_key=KEY,
                access=ApiAccess(environment, FakeTime().pacing),
            )
        (outcome,) = report.files
        return outcome.problem or outcome.state

    return run_on


def test_a_month_that_grows_is_replaced_and_the_month_after_it_added(run: Run, engine: DuckDbEngine) -> None:
    def stands() -> list[tuple[date, date, Decimal]]:
        query = "select * from raw.ledger_entries where account_name = 'Advertising' order by period_start"
        rows = engine.read(query).to_pylist()
        return [(row["period_start"], row["period_end"], row["amount"]) for row in rows]

    api = replace(test_quickbooks_api.API, yaml=test_quickbooks_api.YAML | {"restates_days": 3})
    api = replace(api, first_day=date(2026, 10, 20))
    for day, ends in ((date(2026, 11, 20), date(2026, 11, 19)), (date(2026, 11, 21), date(2026, 11, 20))):
        assert run(api, test_quickbooks_api.vendor_of(), day) == "loaded"
        assert stands() == [(date(2026, 10, 1), date(2026, 10, 31), 20), (date(2026, 11, 1), ends, 20)]
    assert run(api, test_quickbooks_api.vendor_of(), date(2026, 12, 5)) == "loaded"
    assert stands() == [
        (date(2026, 10, 1), date(2026, 10, 31), 20),
        (date(2026, 11, 1), date(2026, 11, 30), 20),
        (date(2026, 12, 1), date(2026, 12, 4), 20),
    ]


def test_an_order_is_replaced_with_its_lines_when_it_is_refunded(run: Run, engine: DuckDbEngine) -> None:
    api, first = test_shopify_api.api(), test_shopify_api.order(1, "2026-11-05T10:00:00Z")
    assert run(api, test_shopify_api.vendor_of([first])(), date(2026, 11, 20)) == "loaded"
    returned = test_shopify_api.refund(9, "2026-11-20T10:00:00Z", "9.00", [1])
    second = first | {"updatedAt": "2026-11-20T10:00:00Z", "displayFinancialStatus": "PARTIALLY_REFUNDED"}
    second |= {"refunds": [returned], "totalRefundedSet": test_shopify_api.money("9.00"), "lines": first["lines"][:1]}
    assert run(api, test_shopify_api.vendor_of([second])(), date(2026, 11, 21)) == "loaded"
    assert engine.read("select status, refunded_total from raw.orders").to_pylist() == [
        {"status": "partially_refunded", "refunded_total": Decimal("9.0000")}
    ]
    assert engine.read("select line_number from raw.order_lines").to_pylist() == [{"line_number": 1}]
    assert engine.read("select refund_id, amount from raw.refunds").to_pylist() == [
        {"refund_id": "9", "amount": Decimal("9.0000")}
    ]


def test_a_refund_that_failed_within_the_window_is_taken_back(run: Run, engine: DuckDbEngine) -> None:
    api = test_stripe_api.api(restates_days=10)
    for status, amount in (("succeeded", Decimal("2.50")), ("failed", Decimal(0))):
        refunds = [test_stripe_api.refund(1, "2026-11-15T09:00:00", 250, "ch_001", status=status)]
        vendor = test_stripe_api.vendor_of(test_stripe_api.ENTRIES | {"refunds": refunds})()
        day = date(2026, 11, 20) if status == "succeeded" else date(2026, 11, 21)
        assert run(api, vendor, day) == "loaded"
        assert [row["amount"] for row in engine.read("select amount from raw.refunds").to_pylist()] == [amount]
    assert engine.read("select count(*) as orders from raw.orders").to_pylist() == [{"orders": 130}]
