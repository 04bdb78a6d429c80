from datetime import date
from decimal import Decimal
from pathlib import Path

import yaml

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.contract import build_contract
from tests.unit.sources.read_files import read, write

# An example to adapt: no export of the panel is attested, so the names of the columns are those of nobody.
EXAMPLE = """
system: csv
account_id: my-terminal
currency: IRR
time_zone: Asia/Tehran
columns:
  reference: {header: [ref_id, کد پیگیری]}
  paid: {header: [تاریخ, created_at], type: timestamp, style: jalali}
  amount: {header: [مبلغ (تومان)], type: decimal, scale: "10"}     # rial: leave out scale
  fee: {header: [کارمزد (تومان)], type: decimal, scale: "10", required: false}
  state: {header: [وضعیت], values: {موفق: paid, ناموفق: failed}}
  phone: {header: [موبایل], required: false, personal: true}
tables:
  orders:
    columns:
      order_id: reference
      day: paid
      created_at: paid_utc
      customer_key: coalesce(phone, 'guest:' || reference)
      status: state
      gross_items: amount
      total: amount
  ledger_entries:
    where: state = 'paid' and fee > 0
    columns:
      day: paid
      period_start: paid
      period_end: paid
      account_code: "'zarinpal_fees'"
      account_name: "'ZarinPal fees'"
      section: "'opex'"
      cost_kind: "'fees'"
      amount: fee
"""


def test_payments_of_a_gateway_by_mapping_alone(tmp_path: Path) -> None:
    content = (
        "کد پیگیری,تاریخ,مبلغ (تومان),کارمزد (تومان),وضعیت,موبایل\n"
        "201,۱۴۰۵/۰۸/۳۰ ۱۰:۰۰,۱۲۵٬۰۰۰,۱٬۲۵۰,موفق,09120000000\n"
        "202,۱۴۰۵/۰۸/۳۰ ۱۱:۰۰,۵۰٬۰۰۰,۰,ناموفق,\n"
    )
    source = Source.model_validate(yaml.safe_load(EXAMPLE), strict=False)
    file = read(write(tmp_path, content), build_contract("zarinpal", source))
    orders = {row["order_id"]: row for row in file.rows["orders"]}
    assert {key: (row["day"], row["status"], row["total"]) for key, row in orders.items()} == {
        "201": (date(2026, 11, 21), "paid", Decimal(1_250_000)),
        "202": (date(2026, 11, 21), "failed", Decimal(500_000)),
    }
    assert orders["202"]["customer_key"] == "guest:202"
    assert [row["amount"] for row in file.rows["ledger_entries"]] == [Decimal(12_500)]
    assert "0912" not in str(file.rows)
