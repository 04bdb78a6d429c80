from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.subjects import SUBJECTS
from tests.unit.sources.read_files import contract, read, refusal, write

SHORT: dict[str, Any] = {
    "subject": "refunds",
    "currency": "EUR",
    "columns": {
        "refund_id": {"header": "Id"},
        "order_id": {"header": "Order"},
        "day": {"header": "Day"},
        "amount": {"header": "Amount"},
    },
}
LONG: dict[str, Any] = {
    "currency": "GBP",
    "time_zone": "Europe/London",
    "columns": {
        "invoice": {"header": "Invoice"},
        "written": {"header": "Date", "type": "timestamp", "style": "%d/%m/%Y %H:%M"},
        "quantity": {"header": "Quantity", "type": "integer"},
        "price": {"header": "Price", "type": "decimal"},
        "customer": {"header": "Customer", "required": False},
    },
    "tables": {
        "orders": {
            "where": "not starts_with(invoice, 'C')",
            "group_by": ["invoice"],
            "columns": {
                "order_id": "invoice",
                "day": "min(written)",
                "created_at": "min(written_utc)",
                "customer_key": "coalesce(max(customer), 'guest:' || invoice)",
                "status": "'paid'",
                "gross_items": "sum(quantity * price)",
            },
        },
        "refunds": {
            "where": "starts_with(invoice, 'C')",
            "columns": {
                "refund_id": "invoice || '.' || file_row",
                "order_id": "invoice",
                "day": "written",
                "amount": "-quantity * price",
            },
        },
    },
}


def test_the_short_form_takes_types_from_the_canonical_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "Id,Order,Day,Amount\n1,007,2026-11-01,12.50\n")
    (row,) = read(path, contract("csv", **SHORT)).only
    assert (row["refund_id"], row["order_id"], row["amount"]) == ("1", "007", Decimal("12.50"))
    assert (row["day"], row["currency"], row["reason"]) == (date(2026, 11, 1), "EUR", None)


def test_several_subjects_come_from_one_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "Invoice,Date,Quantity,Price,Customer\n"
        "1,01/07/2009 07:45,12,6.95,13085\n"
        "1,01/07/2009 07:46,2,0.05,13085\n"
        "C2,02/07/2009 10:00,-3,1.25,13085\n"
        "3,02/07/2009 10:00,1,1.00,\n",
    )
    file = read(path, contract("csv", **LONG))
    first, second = sorted(file.rows["orders"], key=lambda row: row["order_id"])
    assert (first["gross_items"], first["customer_key"], first["day"]) == (Decimal("83.50"), "13085", date(2009, 7, 1))
    assert first["created_at"] == datetime(2009, 7, 1, 6, 45)  # London in summer
    assert second["customer_key"] == "guest:3"
    (refund,) = file.rows["refunds"]
    assert (refund["refund_id"], refund["amount"]) == ("C2.3", Decimal("3.75"))


def test_a_direct_time_stamp_is_taken_in_utc(tmp_path: Path) -> None:
    yaml = {**SHORT, "subject": "orders", "constants": {"status": "paid"}, "time_zone": "Asia/Tehran"}
    yaml["columns"] = {
        name: {"header": name} for name in ("order_id", "day", "created_at", "customer_key", "gross_items")
    }
    path = write(tmp_path, "order_id,day,created_at,customer_key,gross_items\n1,2026-11-01,2026-11-01 01:00:00,c,5\n")
    (row,) = read(path, contract("csv", **yaml)).only
    assert (row["day"], row["created_at"]) == (date(2026, 11, 1), datetime(2026, 10, 31, 21, 30))


def test_names_may_be_words_of_sql(tmp_path: Path) -> None:
    yaml = {**LONG, "columns": {"order": {"header": "Id"}, "group": {"header": "Day"}, "end": {"header": "Amount"}}}
    yaml["tables"] = {
        "refunds": {"columns": {"refund_id": "order", "order_id": "order", "day": "group", "amount": "end"}}
    }
    (row,) = read(write(tmp_path, "Id,Day,Amount\n1,2026-11-01,5\n"), contract("csv", **yaml)).only
    assert (row["order_id"], row["amount"]) == ("1", 5)


def test_exact_numbers_survive_a_double_column(tmp_path: Path) -> None:
    yaml = {
        "subject": "ad_performance",
        "currency": "USD",
        "constants": {"platform": "meta_ads", "campaign_id": "1"},
        "columns": {
            "day": {"header": "Day"},
            "impressions": {"header": "Impressions"},
            "cost": {"header": "Spent", "rounding": True},
            "conversions": {"header": "Conversions", "type": "decimal"},
        },
    }
    path = write(tmp_path, "Day,Impressions,Spent,Conversions\n2026-11-01,7,1.429999948,0.3333333333\n")
    (row,) = read(path, contract("csv", **yaml)).only
    assert (row["cost"], row["conversions"]) == (Decimal("1.43"), 0.3333333333)
    assert (row["device"], row["clicks"]) == ("", None)


def test_every_subject_can_be_mapped() -> None:
    for subject in SUBJECTS.values():
        columns = {name: {"header": name} for name in subject.columns}
        made = contract("csv", subject=subject.name, columns=columns)
        assert made.subjects == (subject.name,)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"system": "csvv"}, r"system: there is no system 'csvv'; there are csv, "),
        ({"system": "google_ads"}, r"system: the system google_ads brings its own columns"),
        ({"time_zone": "Europe/Berln"}, r"time_zone: there is no zone 'Europe/Berln'"),
        ({"subject": "refund"}, r"subject: unknown 'refund'; did you mean 'refunds'\?"),
        ({"subject": None}, r"subject: give either one subject, or tables"),
        ({"columns": {}}, r"columns: there are none"),
        ({"constants": {"curency": "EUR"}}, r"constants: unknown 'curency'; did you mean 'currency'\?"),
        ({"currency": None}, r"tables\.refunds: nothing is mapped to currency"),
        ({"thousands_separator": "."}, r"thousands_separator: is the same as the decimal separator"),
        ({"constants": {"amount": "a lot"}}, r"columns\.amount: .* cannot run|columns\.amount: gives varchar"),
    ],
)
def test_mistakes_in_the_short_form_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=r"config/sources/shop\.yaml: " + message):
        contract(**{"system": "csv", **SHORT, **changes})


@pytest.mark.parametrize(
    ("column", "changes", "message"),
    [
        ("amunt", {"header": "x"}, r"columns: unknown 'amunt'; did you mean 'amount'\?"),
        ("day", {"header": "Day", "style": "DD.MM.YYYY"}, r"columns\.day\.style: 'DD\.MM\.YYYY' is neither"),
        ("day", {"header": "Day", "style": "%Q"}, r"columns\.day\.style"),
        ("day", {"header": "Day", "type": "text"}, r"columns\.day: gives varchar, but the column holds date"),
        ("amount", {"header": "Amount", "scale": "ten"}, r"columns\.amount\.scale: 'ten' is not a factor"),
        ("amount", {"header": "Amount", "type": "decimal", "personal": True}, r"columns\.amount\.personal"),
        ("amount", {"header": "Amount", "type": "date"}, r"columns\.amount: gives date, but the column holds decimal"),
    ],
)
def test_mistakes_in_a_column_are_named(column: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        contract("csv", **{**SHORT, "columns": {**SHORT["columns"], column: changes}})


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("sum(quantty * price)", r"unknown name 'quantty'; there are customer"),
        ("sum(quantity * price", r"is not an expression"),
        ("sum(quantity), 1", r"is not a single expression"),
        ("sum(quantity); drop table x", r"is not a single expression"),
        ("(select 1)", r"is not a single expression"),
        ("1 from read_csv('/etc/passwd')", r"reads a table"),
        ("summ(quantity * price)", r"cannot run: Catalog Error"),
        ("quantity * price", r"cannot run: Binder Error"),
        ("max(invoice)", r"gives varchar, but the column holds decimal"),
    ],
)
def test_expressions_that_cannot_run_are_named(expression: str, message: str) -> None:
    orders = {**LONG["tables"]["orders"]["columns"], "gross_items": expression}
    tables = {"orders": {**LONG["tables"]["orders"], "columns": orders}}
    with pytest.raises(ConfigurationError, match=r"tables\.orders\.columns\.gross_items: .*" + message):
        contract("csv", **{**LONG, "tables": tables})


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"where": "invoise = 'C'"}, r"tables\.orders\.where: unknown name 'invoise'"),
        ({"group_by": ["invoise"]}, r"tables\.orders\.columns|tables\.orders\.group_by: unknown 'invoise'"),
        (
            {"columns": {"order_idd": "invoice"}},
            r"tables\.orders\.columns: unknown 'order_idd'; did you mean 'order_id'",
        ),
    ],
)
def test_mistakes_in_a_table_are_named(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        contract("csv", **{**LONG, "tables": {"orders": {**LONG["tables"]["orders"], **table}}})


def test_a_group_without_a_required_value_is_refused(tmp_path: Path) -> None:
    yaml = {**LONG, "tables": {"orders": {**LONG["tables"]["orders"]}}}
    yaml["tables"]["orders"]["columns"] = {**LONG["tables"]["orders"]["columns"], "customer_key": "max(customer)"}
    path = write(tmp_path, "Invoice,Date,Quantity,Price,Customer\n1,01/07/2009 07:45,12,6.95,\n")
    assert "customer_key is empty" in refusal(path, contract("csv", **yaml)).found


def test_the_fingerprint_changes_with_anything_that_changes_rows() -> None:
    base = contract("csv", **SHORT)
    others = [
        contract("csv", **{**SHORT, "currency": "USD"}),
        contract("csv", **SHORT, account_id="2"),
        contract("csv", **SHORT, thousands_separator=","),
        contract("csv", **{**SHORT, "columns": {**SHORT["columns"], "reason": {"header": "Why"}}}),
        contract("google_ads"),
        contract("google_ads", undated_rows="period_end"),
    ]
    assert base.fingerprint == contract("csv", **SHORT, promised_every_days=9).fingerprint
    assert len({base.fingerprint, *(other.fingerprint for other in others)}) == 1 + len(others)
