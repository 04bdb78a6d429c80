"""Personal columns and free texts, from the YAML to the rows and to the refusals."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_pipeline.errors import ConfigurationError, EngineError
from kpi_pipeline.sources.contracts.contract import Contract, RowRule
from kpi_pipeline.sources.files.diagnosis import diagnose
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.values.personal_data import announced, masked, without_addresses
from tests.unit.sources.read_files import contract, read, refusal, write

HEADER = "id,order,day,amount,currency,who,note\n"
REQUIRED = {"refund_id": "id", "order_id": "order", "day": "day", "amount": "amount", "currency": "currency"}


def refunds(**reason: Any) -> Contract:
    columns: dict[str, Any] = {name: {"header": header} for name, header in REQUIRED.items()}
    return contract("csv", subject="refunds", columns=columns | {"reason": reason})


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Email", "an e-mail address"),
        ("E-Mail", "an e-mail address"),
        ("contactEmail", "an e-mail address"),
        ("customer_email", "an e-mail address"),
        ("ایمیل مشتری", "an e-mail address"),
        ("Phone Number", "a phone number"),
        ("Billing Phone", "a phone number"),
        ("موبايل", "a phone number"),
        ("شماره تماس", "a phone number"),
        ("First name", "a person's name"),
        ("Customer Name", "a person's name"),
        ("نام و نام خانوادگی", "a person's name"),
        ("Shipping Address1", "a postal address"),
        ("کد ملی", "a number of a person"),
        ("Name", None),
        ("Campaign name", None),
        ("Email campaign", None),
        ("Email subject", None),
        ("Mobile device", None),
        ("Customer ID", None),
        ("نام محصول", None),
        ("Hotel", None),
        ("Ibance", None),
    ],
)
def test_a_header_announces_personal_data_or_not(header: str, kind: str | None) -> None:
    assert announced([header]) == kind


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("write to ada@example.com.", "write to [e-mail]."),
        ("(ada.lovelace+shop@mail.example.co.uk)", "([e-mail])"),
        ("me@مثال.ایران", "[e-mail]"),
        ("https://shop.example/?mail=ada%40example.com&x=1", "https:[e-mail]&x=1"),
        ("call +49 170 1234567 today", "call [phone] today"),
        ("call (555) 123-4567", "call [phone]"),
        ("شماره ۰۹۱۲ ۳۴۵ ۶۷۸۹ است", "شماره [phone] است"),
        ("0049-30-1234567", "[phone]"),
        ("order 1234567, 3 of 4 pieces at 12.50", "order 1234567, 3 of 4 pieces at 12.50"),
        ("half past 4 @ home", "half past 4 @ home"),
        ("", ""),
        (None, None),
    ],
)
def test_addresses_and_numbers_are_taken_out_of_what_people_write(text: str | None, kept: str | None) -> None:
    assert duckdb.execute(f"select {masked('$text')}", {"text": text}).fetchall() == [(kept,)]


def test_messages_keep_plain_numbers_and_no_address() -> None:
    assert without_addresses("'ada@example.com' and '+49 170 1234567'") == "'[e-mail]' and '[phone]'"
    assert without_addresses("12345678901.5 and 2026-11-20 10:00") == "12345678901.5 and 2026-11-20 10:00"


def test_free_text_is_kept_without_what_identifies_people(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "1,2,2026-09-01,5,EUR,x,call 0170 123 4567 or ada@example.com\n")
    assert read(path, refunds(header="note", free_text=True)).column("reason") == ["call [phone] or [e-mail]"]


@pytest.mark.parametrize("choice", [{"personal": True}, {"personal": False}, {"free_text": True}])
def test_a_column_that_sounds_personal_must_say_whether_it_is(choice: dict[str, bool]) -> None:
    with pytest.raises(
        ConfigurationError, match=r"columns\.reason: 'E-Mail' sounds like an e-mail address; say personal: true"
    ):
        refunds(header="E-Mail")
    assert refunds(header="E-Mail", **choice).fields[-1].name == "reason"


def test_numbers_and_days_are_no_personal_texts() -> None:
    columns: dict[str, Any] = {name: {"header": header} for name, header in REQUIRED.items()}
    columns["quantity"] = {"header": "Emails"}
    columns["refunded_at"] = {"header": "Phone"}
    assert contract("csv", subject="refunds", columns=columns)


def test_free_text_must_be_a_text_that_is_kept() -> None:
    for wrong in ({"personal": True}, {"type": "decimal"}):
        with pytest.raises(ConfigurationError, match=r"columns\.reason\.free_text"):
            refunds(header="note", free_text=True, **wrong)


@pytest.mark.parametrize(
    ("column", "shown"), [({"personal": True}, "a personal value"), ({"free_text": True}, "a text of 12 characters")]
)
def test_a_broken_rule_does_not_show_a_personal_value(tmp_path: Path, column: dict[str, bool], shown: str) -> None:
    rule = RowRule("not coalesce(length(reason) > 3, false)", "reason", "a short text")
    path = write(tmp_path, HEADER + "1,2,2026-09-01,5,EUR,x,Ada Lovelace\n")
    refused = refusal(path, replace(refunds(header="note", **column), row_rules=(rule,)))
    assert (refused.line, refused.column, refused.found) == (2, "note", shown)


@pytest.mark.parametrize("cell", ["ada@example.com", "+49 170 1234567"])
def test_a_personal_value_in_the_wrong_column_is_not_shown(tmp_path: Path, cell: str) -> None:
    path = write(tmp_path, HEADER + f"1,2,2026-09-01,{cell},EUR,x,y\n")
    refused = refusal(path, refunds(header="note"))
    assert (refused.line, refused.column) == (2, "amount")
    assert cell not in str(refused)


@pytest.mark.parametrize("message", ["Could not convert string 'Ada' to INT32", 'value "Ada" is wrong', "found Ada"])
def test_what_the_engine_quotes_is_not_shown_where_it_may_be_personal(tmp_path: Path, message: str) -> None:
    path = write(tmp_path, HEADER + "1,2,2026-09-01,5,EUR,x,y\n")
    personal, plain = refunds(header="note", personal=True), refunds(header="note")
    assert "Ada" not in str(diagnose(path, path.name, personal, EngineError(message)))
    assert "Ada" in str(diagnose(path, path.name, plain, EngineError(message)))


def test_no_refusal_shows_an_address() -> None:
    refused = RefusedFile("a.csv", column="ada@example.com", found="the columns 'ada@example.com'", expected="others")
    assert "ada" not in f"{refused} {refused.found} {refused.column}"
