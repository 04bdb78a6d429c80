"""Attested files of shops, payment providers and accounting, each through a configuration of a few lines.

Everything is read from ``staging`` of one warehouse. What is expected stands in the files themselves: few rows each.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_pipeline.pipeline import Installation
from kpi_pipeline.sources.loading.ingest_report import FileOutcome

AS_OF = date(2026, 11, 21)
COMPANY = """\
name: {en: Acceptance, fa: پذیرش}
time_zone: UTC
week_start: monday
reporting_currency: USD
started_on: 2009-01-01
"""
CUT = "final_line_break: false\n"
# The sample's own name and configuration.
SOURCES = {
    "shopify_78": ("formats/shopify/orders_export_78col_multiline_redacted.csv", "system: shopify_orders\n"),
    "shopify_79": ("formats/shopify/orders_export_79col_header.csv", "system: shopify_orders\n"),
    "stripe_short": ("formats/stripe/unified_payments_21col_redacted.csv", "system: stripe_payments\n" + CUT),
    "stripe_full": ("formats/stripe/unified_payments_79col_header.csv", "system: stripe_payments\n" + CUT),
    "stripe_balance": (
        "formats/stripe/fixture_balance_change_from_activity_itemized.csv",
        "system: stripe_balance\noptions: {deliver: [refunds, fees]}\n" + CUT,
    ),
    "paypal": (
        "formats/accounting/paypal_activity_download_header.csv",
        "system: paypal_activity\noptions: {deliver: [orders, fees]}\n" + CUT,
    ),
    "quickbooks": (
        "formats/accounting/quickbooks_pnl_export.csv",
        "system: quickbooks_profit_and_loss\ncurrency: USD\n",
    ),
    "xero": ("formats/accounting/xero_pnl_export.csv", "system: xero_profit_and_loss\ncurrency: AUD\n"),
    "persian": ("data/persian/derived_olist_4k_fa_orders_toman.csv", "system: persian_orders\n"),
}
REFUSED = {
    "quickbooks": "line 9, column 'Total': found 'Total for 40000 Revenue' of 2,000,000.00; expected 250,000.00",
}
Loaded = tuple[duckdb.DuckDBPyConnection, dict[str, FileOutcome]]


@pytest.fixture(scope="module")
def warehouse(
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    config_with: Callable[..., Path],
    make_installation: Callable[..., Installation],
) -> Iterator[Loaded]:
    folder = tmp_path_factory.mktemp("sales")
    (folder / "config").mkdir()
    mappings = {source: yaml for source, (_path, yaml) in SOURCES.items()}
    installation = make_installation(folder / "data", config_with(folder / "config", COMPANY, mappings))
    for source, (path, _yaml) in SOURCES.items():
        target = installation.paths.inbox / source / Path(path).name
        target.parent.mkdir(parents=True)
        shutil.copy(shared_data.parent / path, target)
    outcomes: dict[str, FileOutcome] = {}
    with installation.open_run() as run:
        for source in SOURCES:
            (outcomes[source],) = run.ingest(source, AS_OF).files
        run.write_seeds(AS_OF)
        tables = ("orders", "order_lines", "refunds", "ledger_entries")
        run.build_tables([f"staging.{table}" for table in tables]).raise_failures()
        yield run.engine.connection, outcomes


def all_rows(warehouse: Loaded, query: str) -> list[tuple[Any, ...]]:
    return warehouse[0].execute(query).fetchall()


@pytest.mark.parametrize("source", SOURCES)
def test_every_file_loads_or_is_refused_with_its_reason(warehouse: Loaded, source: str) -> None:
    outcome = warehouse[1][source]
    if source in REFUSED:
        assert outcome.state == "quarantined"
        assert REFUSED[source] in str(outcome.problem)
    else:
        assert (outcome.state, outcome.problem) == ("loaded", None)


def test_orders(warehouse: Loaded, shared_data: Path) -> None:
    rows = all_rows(
        warehouse, "select source, count(*), sum(total), any_value(currency) from staging.orders group by 1 order by 1"
    )
    figures = json.loads((shared_data / "expected.json").read_text(encoding="utf-8"))["fa_olist_4k"]["total"]
    assert rows == [
        ("persian", figures["orders"], Decimal(10 * figures["toman"]), "IRR"),
        ("shopify_78", 3, Decimal("289.79"), "USD"),  # 195.00 + 42.29 + 52.50
        ("stripe_short", 6, Decimal(240), "USD"),
    ]
    assert all_rows(warehouse, "select source, count(*) from staging.order_lines group by 1") == [("shopify_78", 7)]


def test_refunds_and_bookings(warehouse: Loaded) -> None:
    refunds = all_rows(warehouse, "select source, refund_id, day, amount, currency from staging.refunds")
    assert refunds == [("stripe_balance", "re_3Q3", date(2026, 9, 15), Decimal(20), "EUR")]
    bookings = all_rows(
        warehouse,
        "select source, section, account_name, account_code, sum(amount) from staging.ledger_entries"
        " group by all order by all",
    )
    assert bookings == [
        ("stripe_balance", "opex", "Stripe fees", "stripe_fees", Decimal("14.50")),
        ("xero", "opex", "Rent", "469", Decimal(60)),
        ("xero", "opex", "Rent (Sydney)", "name:Rent (Sydney)", Decimal(40)),
        ("xero", "revenue", "Sales", "200", Decimal(100)),
    ]


def report(october: str, november: str, until: str) -> str:
    total = f"{Decimal(october) + Decimal(november):.2f}"
    row = f"{october},{november},{total}\n"
    return (
        f'Profit and Loss,\nLamps,\n"October 1-November {until}, 2026"\n\n'
        "Distribution account,Oct 2026,Nov 2026,Total\n"
        f"Income,\nSales,{row}Total for Income,{row}Net Income,{row}"
    )


def test_a_newer_report_replaces_the_months_that_it_repeats(
    tmp_path: Path, config_with: Callable[..., Path], make_installation: Callable[..., Installation]
) -> None:
    yaml = "system: quickbooks_profit_and_loss\ncurrency: USD\nexported_at: '_(2026-[0-9]{2}-[0-9]{2})'\n"
    (tmp_path / "config").mkdir()
    installation = make_installation(tmp_path / "data", config_with(tmp_path / "config", COMPANY, {"books": yaml}))
    inbox = installation.paths.inbox / "books"
    inbox.mkdir(parents=True)
    (inbox / "report_2026-11-10.csv").write_text(report("100.00", "30.00", "10"), encoding="utf-8")
    (inbox / "report_2026-11-20.csv").write_text(report("101.00", "70.00", "20"), encoding="utf-8")
    with installation.open_run() as run:
        run.ingest("books", AS_OF)
        run.write_seeds(AS_OF)
        run.build_tables(["staging.ledger_entries"]).raise_failures()
        query = "select period_start, period_end, amount from staging.ledger_entries order by all"
        rows = run.engine.connection.execute(query).fetchall()
    assert rows == [
        (date(2026, 10, 1), date(2026, 10, 31), Decimal(101)),
        (date(2026, 11, 1), date(2026, 11, 20), Decimal(70)),
    ]


def test_a_month_that_is_still_growing_is_replaced_by_the_next_report(
    tmp_path: Path, config_with: Callable[..., Path], make_installation: Callable[..., Installation]
) -> None:
    yaml = "system: quickbooks_profit_and_loss\ncurrency: USD\nexported_at: '_(2026-[0-9]{2}-[0-9]{2})'\n"
    (tmp_path / "config").mkdir()
    installation = make_installation(tmp_path / "data", config_with(tmp_path / "config", COMPANY, {"books": yaml}))
    inbox = installation.paths.inbox / "books"
    inbox.mkdir(parents=True)
    for until, amount in (("10", "30.00"), ("20", "70.00")):
        text = (
            f'Profit and Loss,\nLamps,\n"November 1-{until}, 2026"\n\nDistribution account,Total\n'
            f"Income,\nSales,{amount}\nTotal for Income,{amount}\nNet Income,{amount}\n"
        )
        (inbox / f"report_2026-11-{until}.csv").write_text(text, encoding="utf-8")
    with installation.open_run() as run:
        assert [file.problem for file in run.ingest("books", AS_OF).files] == [None, None]
        rows = run.engine.connection.execute("select period_end, amount from raw.ledger_entries").fetchall()
    assert rows == [(date(2026, 11, 20), Decimal(70))]
