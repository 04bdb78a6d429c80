"""Tables that people keep by hand become figures of markets and of investments."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.unit.sources.read_files import contract, read, write


def test_a_table_of_market_figures(tmp_path: Path) -> None:
    # A figure is known when its period is over: its last day is the day that the file speaks for.
    columns = {
        "from": {"header": "From", "type": "date"},
        "until": {"header": "Until", "type": "date"},
        "market": {"header": "Market"},
        "amount": {"header": "Thousand", "type": "decimal", "scale": "1000"},
    }
    table = {"day": "until", "period_start": "from", "period_end": "until", "market": "market", "amount": "amount"}
    mapped = contract("csv", currency="EUR", columns=columns, tables={"market_sales": {"columns": table}})
    (row,) = read(write(tmp_path, "From,Until,Market,Thousand\n2026-07-01,2026-09-30,DACH,18.5\n"), mapped).only
    assert (row["day"], row["period_start"], row["period_end"]) == (
        date(2026, 9, 30),
        date(2026, 7, 1),
        date(2026, 9, 30),
    )
    assert (row["market"], row["amount"], row["currency"]) == ("DACH", Decimal(18_500), "EUR")


def test_a_table_of_experiments(tmp_path: Path) -> None:
    columns = {name: {"header": name} for name in ("investment_id", "day", "incremental_revenue", "cost")}
    columns["contribution_margin"] = {"header": "margin"}
    mapped = contract("csv", currency="EUR", subject="investments", columns=columns, constants={"kind": "experiment"})
    content = "investment_id,day,incremental_revenue,margin,cost\ntv-spring,2026-03-02,50000,0.4,16000\n"
    (row,) = read(write(tmp_path, content), mapped).only
    assert (row["investment_id"], row["day"], row["kind"]) == ("tv-spring", date(2026, 3, 2), "experiment")
    found = (row["incremental_revenue"], row["contribution_margin"], row["cost"])
    assert found == (Decimal(50_000), Decimal("0.4"), Decimal(16_000))
    assert row["gain"] is None
