"""HubSpot and Salesforce."""

import hashlib
import hmac
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import KEY, ReadFile, contract, read, refusal, write

STAGES = {"won_stages": "Closed Won", "lost_stages": ["Closed Lost", "No answer"], "proposal_stages": "Proposal sent"}


def hubspot(options: dict[str, Any] | None = None, **yaml: Any) -> Contract:
    yaml = {"time_zone": "Europe/Berlin", "currency": "EUR", "account_id": "portal"} | yaml
    return contract("hubspot_deals", options=STAGES | (options or {}), **yaml)


def contacts(options: dict[str, Any] | None = None) -> Contract:
    stages = {"qualified_stages": ["Marketing Qualified Lead", "Customer"]}
    return contract("hubspot_contacts", time_zone="Europe/Berlin", options=stages | (options or {}))


def salesforce(options: dict[str, Any] | None = None, **yaml: Any) -> Contract:
    return contract("salesforce_opportunities", time_zone="Europe/Berlin", options=options or {}, **yaml)


def by(file: ReadFile, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in file.only}


def hashed(text: str) -> str:
    return hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()[:32]


DEALS = (
    "Record ID,Deal Name,Deal Stage,Pipeline,Amount,Close Date,Create Date,Deal owner,Associated Company IDs,"
    "Associated Contact IDs,Lead source,Date entered current stage,Deal Type,Customer tier\n"
    '7001,Pine,closed won,Sales,"15,000.50",2026-03-20 00:30,2026-02-01 00:00,Sam,9001,8001;8002,Fair,'
    "2026-03-20 00:30,Existing Business,Tier 1\n"
    "7002,Oak,Closed Lost,Sales,,,2026-02-02 10:00,Sam,,8003,,2026-02-20 12:00,New Business,\n"
    "7003,Elm,Proposal  Sent,Sales,900,2026-12-31 00:00,2026-02-03 10:00,Kim,9002,,,2026-02-10 09:00,,\n"
    "7004,Ash,Qualified,Sales,0,,,Kim,9002,,,,,\n"
)


def test_hubspot_deals_as_they_stand(tmp_path: Path) -> None:
    file = read(write(tmp_path, DEALS), hubspot())
    rows = by(file, "deal_id")
    won = rows["7001"]
    assert won == {
        "deal_id": "7001",
        "day": date(2026, 2, 1),  # midnight in Berlin, still January in UTC
        "deal_name": "Pine",
        "pipeline": "Sales",
        "stage": "closed won",
        "owner": "Sam",
        "product": None,
        "lead_source": "Fair",
        "lead_id": None,  # two contacts: nobody can say which one
        "customer_key": "9001",
        "created_at": datetime(2026, 1, 31, 23),
        "proposal_sent_at": None,
        "closed_at": datetime(2026, 3, 19, 23, 30),
        "closed_day": date(2026, 3, 20),
        "is_closed": True,
        "is_won": True,
        "amount": Decimal("15000.5000"),
        "currency": "EUR",
        "contract_start": None,
        "contract_end": None,
        "is_renewal": True,
        "renewed_from": None,
        "lost_reason": None,
        "updated_at": None,
        "account_id": "portal",
    }
    lost, offered, new = rows["7002"], rows["7003"], rows["7004"]
    assert (lost["is_closed"], lost["is_won"], lost["closed_at"], lost["amount"]) == (True, False, None, None)
    assert (lost["lead_id"], lost["customer_key"], lost["is_renewal"]) == ("8003", None, False)
    assert (offered["is_closed"], offered["closed_at"], offered["closed_day"]) == (False, None, None)  # a forecast
    assert offered["proposal_sent_at"] == datetime(2026, 2, 10, 8)
    assert (new["day"], new["created_at"], new["is_renewal"]) == (None, None, None)
    assert file.prepared.unknown_columns == ("Customer tier",)


def test_labels_in_any_case_and_stages_in_any_language(tmp_path: Path) -> None:
    content = "RECORD ID,deal stage,Deal Owner,Amount\n1,Gewonnen,Kim,5\n2,Verloren,Kim,5\n"
    options = {"won_stages": "gewonnen", "lost_stages": "verloren"}
    rows = by(read(write(tmp_path, content), hubspot(options)), "deal_id")
    assert [(rows[key]["is_closed"], rows[key]["is_won"]) for key in "12"] == [(True, True), (True, False)]


def test_columns_that_an_account_names_itself(tmp_path: Path) -> None:
    content = (
        "Record ID,Deal Stage,Offer sent on,Product line,Currency,Amount\n"
        "1,Closed Won,2026-07-01 12:00,Horses,USD,1\n2,Proposal sent,,Dogs,EUR,2\n"
    )
    options = {"proposal_date_column": "Offer sent on", "product_column": "Product line"}
    rows = by(read(write(tmp_path, content), hubspot(options)), "deal_id")
    assert rows["1"]["proposal_sent_at"] == datetime(2026, 7, 1, 10)
    assert (rows["1"]["product"], rows["1"]["currency"], rows["2"]["proposal_sent_at"]) == ("Horses", "USD", None)
    for key in options:
        assert refusal(write(tmp_path, content), hubspot(options | {key: "Renamed"})).column == "Renamed"


@pytest.mark.parametrize(
    ("yaml", "key"),
    [
        ({"time_zone": None}, "time_zone"),
        ({"options": {"lost_stages": "Lost"}}, "options.won_stages"),
        ({"options": {"won_stages": "Won"}}, "options.lost_stages"),
        ({"options": STAGES | {"won_stages": " "}}, "options.won_stages"),
        ({"options": STAGES | {"stages": "Won"}}, "options.stages"),
        ({"options": STAGES | {"date_style": "%Y/%m"}}, "options.date_style"),
    ],
)
def test_what_hubspot_deals_cannot_do_without(yaml: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{key}: "):
        contract("hubspot_deals", **({"time_zone": "UTC", "options": STAGES} | yaml))


@pytest.mark.parametrize(
    ("old", "new", "line", "column"),
    [
        ("7002,Oak", "7001,Oak", 2, "Record ID"),
        ("7002,Oak", "7.002E+10,Oak", 3, "Record ID"),
        ("7002,Oak", ",Oak", 3, "Record ID"),
        ("900,2026-12-31 00:00", "900,2026-12-32 00:00", 4, "Close Date"),
        ('"15,000.50"', "15.000.50", 2, "Amount"),
    ],
)
def test_deals_that_cannot_be_read(tmp_path: Path, old: str, new: str, line: int, column: str) -> None:
    refused = refusal(write(tmp_path, DEALS.replace(old, new)), hubspot())
    assert (refused.line, refused.column) == (line, column)


def test_an_amount_without_a_currency_is_refused(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, DEALS), hubspot(currency=None))
    assert (refused.line, refused.column) == (2, "Amount")
    assert "declare `currency`" in refused.advice


CONTACTS = (
    "Record ID,First Name,Last Name,Email,Phone Number,Lifecycle Stage,Lead Status,Original Source,Create Date,"
    "Became an MQL,Became a customer\n"
    "8001,Ada,L,Ada@Example.com,+49 30 1234567,Customer,,Organic Search,2026-03-01 23:30,2026-03-02 10:00,"
    "2026-03-09 10:00\n"
    "8002,Bob,M,,,Lead,New,Paid Search,2026-03-02 00:30,2026-03-03 10:00,\n"
    "8003,Cem,N,cem@example.com,,Subscriber,,,2026-03-03 08:00,,\n"
)


def test_hubspot_contacts_are_leads(tmp_path: Path) -> None:
    dates = {"qualified_date_column": "Became an MQL", "customer_date_column": "Became a customer"}
    file = read(write(tmp_path, CONTACTS), contacts(dates))
    rows = by(file, "lead_id")
    assert rows["8001"] == {
        "lead_id": "8001",
        "day": date(2026, 3, 1),
        "created_at": datetime(2026, 3, 1, 22, 30),
        "lead_source": "Organic Search",
        "campaign_name": None,
        "channel": None,
        "lifecycle_stage": "Customer",
        "is_qualified": True,
        "qualified_at": datetime(2026, 3, 2, 9),
        "converted_at": datetime(2026, 3, 9, 9),
        "customer_key": hashed("ada@example.com"),
        "updated_at": None,
        "account_id": "",
    }
    assert (rows["8002"]["is_qualified"], rows["8002"]["customer_key"]) == (True, "contact:8002")  # fell back since
    assert (rows["8003"]["is_qualified"], rows["8003"]["converted_at"]) == (False, None)
    assert file.prepared.unknown_columns == ()
    assert not any(secret in str(file.only) for secret in ("ada", "Ada", "+49", "cem@"))


def test_contacts_without_dates_of_their_stages(tmp_path: Path) -> None:
    rows = by(read(write(tmp_path, CONTACTS), contacts()), "lead_id")
    assert [rows[key]["is_qualified"] for key in ("8001", "8002", "8003")] == [True, False, False]
    assert (rows["8001"]["qualified_at"], rows["8001"]["converted_at"]) == (None, None)


def test_contacts_need_their_stages_and_their_date_columns(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"options\.qualified_stages: needed"):
        contract("hubspot_contacts", time_zone="UTC")
    refused = refusal(write(tmp_path, CONTACTS), contacts({"customer_date_column": "Won on"}))
    assert refused.column == "Won on"


REPORT = (
    '"Opportunity Owner","Account Name","Opportunity Name","Stage","Amount Currency","Amount","Close Date",'
    '"Created Date","Lead Source","Type"\n'
    '"Kim","Pine Ltd","Pine 2026","Closed Won","EUR","12,000.00","9/30/2026","8/13/2026","Fair","Renewal - Yearly"\n'
    '"Kim","Oak","Oak, trial","Closed Lost","USD","500.00","9/1/2026","8/2/2026","","New Business"\n'
    '"Sam","Oak","Oak 2027","Prospecting","USD","","1/5/2027","9/9/2026","Web",""\n'
)
FOOTER = (
    '\n\n"Grand Totals (3 records)"\n\n"Confidential Information - Do Not Distribute"\n'
    '"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."\n'
)


def test_a_salesforce_report_with_its_last_lines(tmp_path: Path) -> None:
    file = read(write(tmp_path, REPORT + FOOTER), salesforce())
    rows = by(file, "deal_name")
    assert len(rows) == 3
    won, lost, new = rows["Pine 2026"], rows["Oak, trial"], rows["Oak 2027"]
    assert won | {"deal_id": ""} == {
        "deal_id": "",
        "day": date(2026, 8, 13),
        "deal_name": "Pine 2026",
        "pipeline": None,
        "stage": "Closed Won",
        "owner": "Kim",
        "product": None,
        "lead_source": "Fair",
        "lead_id": None,
        "customer_key": hashed("pine ltd"),
        "created_at": datetime(2026, 8, 12, 22),
        "proposal_sent_at": None,
        "closed_at": datetime(2026, 9, 29, 22),
        "closed_day": date(2026, 9, 30),
        "is_closed": True,
        "is_won": True,
        "amount": Decimal(12000),
        "currency": "EUR",
        "contract_start": None,
        "contract_end": None,
        "is_renewal": True,
        "renewed_from": None,
        "lost_reason": None,
        "updated_at": None,
        "account_id": "",
    }
    assert (lost["is_closed"], lost["is_won"], lost["currency"], lost["is_renewal"]) == (True, False, "USD", False)
    assert (new["is_closed"], new["closed_at"], new["closed_day"], new["is_renewal"]) == (False, None, None, None)
    assert file.prepared.is_end_verifiable
    assert [note.kind for note in file.prepared.notes] == ["name_as_id"]
    assert file.prepared.unknown_columns == ()


def test_a_report_without_last_lines_cannot_prove_its_end(tmp_path: Path) -> None:
    file = read(write(tmp_path, REPORT), salesforce())
    assert (len(file.only), file.prepared.is_end_verifiable) == (3, False)
    assert refusal(write(tmp_path, REPORT[:-1]), salesforce()).found == "no line break after the last row"


@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        (REPORT + FOOTER.replace("(3 records)", "(4 records)"), 7, "3 rows"),
        (REPORT + FOOTER.replace("(3 records)", "(1,003 records)"), 7, "3 rows"),
        (REPORT + FOOTER + REPORT.splitlines()[1] + "\n", 11, "a row below the end of the report"),
        (REPORT + '"Kim","Elm"\n' + FOOTER, 5, "2 cells"),
        (REPORT + '"Kim,"Elm"\n' + FOOTER, 5, "quotation marks that do not fit together (',' expected after '\"')"),
    ],
)
def test_a_report_that_contradicts_itself_is_refused(tmp_path: Path, content: str, line: int, found: str) -> None:
    refused = refusal(write(tmp_path, content), salesforce())
    assert (refused.line, refused.found) == (line, found)


def test_a_report_that_a_spreadsheet_padded(tmp_path: Path) -> None:
    padded = "".join(f"{line}{',' * 9}\n" for line in FOOTER.splitlines())
    assert read(write(tmp_path, REPORT + padded), salesforce()).prepared.is_end_verifiable


@pytest.mark.parametrize("written", ["30.09.2026", "2026-09-30", "30/09/2026"])
def test_dates_as_the_user_writes_them(tmp_path: Path, written: str) -> None:
    content = f'"Opportunity Name","Stage","Close Date"\n"Pine","Closed Won","{written}"\n'
    assert read(write(tmp_path, content), salesforce()).column("closed_day") == [date(2026, 9, 30)]


def test_a_date_that_can_be_read_in_two_ways(tmp_path: Path) -> None:
    path = write(tmp_path, '"Opportunity Name","Stage","Close Date"\n"Pine","Closed Won","03/04/2026"\n')
    refused = refusal(path, salesforce())
    assert (refused.line, refused.column) == (2, "Close Date")
    assert "date_style" in refused.advice
    for style, day in (("%d/%m/%Y", date(2026, 4, 3)), ("%m/%d/%Y", date(2026, 3, 4))):
        assert read(path, salesforce({"date_style": style})).column("closed_day") == [day]


def test_identifiers_of_15_and_18_characters_are_the_same(tmp_path: Path) -> None:
    header = '"Opportunity ID","Opportunity Name","Stage"\n'
    short = read(write(tmp_path, header + '"0065e00000Ab3dE","Pine","Prospecting"\n'), salesforce())
    long = read(write(tmp_path, header + '"0065e00000Ab3dEAAR","Pine","Prospecting"\n'), salesforce())
    # 0065e: no capitals, A; 00000: A; Ab3dE: the 1st and the 5th, 1 + 16 = 17, R.
    assert short.column("deal_id") == long.column("deal_id") == ["0065e00000Ab3dEAAR"]
    assert short.prepared.notes == ()
    refused = refusal(write(tmp_path, header + '"6.5E+15","Pine","Prospecting"\n'), salesforce())
    assert (refused.line, refused.column) == (2, "Opportunity ID")


def test_the_line_of_a_row_is_that_of_the_report(tmp_path: Path) -> None:
    two_lines = '"Kim","Fir","Fir,\n trial","Closed Lost","USD","500.00","9/1/2026","8/2/2026","",""\n'
    bad = '"Kim","Elm","Elm","Closed Lost","USD","5 Mio.","9/1/2026","8/2/2026","",""\n'
    refused = refusal(write(tmp_path, REPORT + two_lines + bad), salesforce())
    assert (refused.line, refused.column, refused.found) == (7, "Amount", "'5 Mio.'")


def test_names_keep_neither_addresses_nor_their_meaning_as_keys(tmp_path: Path) -> None:
    content = (
        REPORT.replace('"Kim"', '"kim@example.com"')
        .replace("Oak 2027", "Oak 2027-01-05")
        .replace("Oak, trial", "Oak 2027-01-06")
    )
    file = read(write(tmp_path, content), salesforce())
    assert len({row["deal_id"] for row in file.only}) == 3
    assert {row["owner"] for row in file.only} == {"[e-mail]", "Sam"}
    assert not any(text in str(file.only) for text in ("kim@", "Pine Ltd"))
    assert not any("Oak" in row["deal_id"] for row in file.only)


def test_two_opportunities_of_one_name_need_identifiers(tmp_path: Path) -> None:
    content = REPORT + REPORT.splitlines(keepends=True)[1]
    refused = refusal(write(tmp_path, content), salesforce())
    assert refused.found.startswith("'name:")
    assert refused.advice.startswith("Add the column Opportunity ID")


def test_a_report_in_another_encoding(tmp_path: Path) -> None:
    content = '"Opportunity Name","Stage","Lead Source"\n"Käse","Gewonnen","Café"\n'.encode("cp1252")
    options = {"won_stages": "Gewonnen", "lost_stages": "Verloren"}
    (row,) = read(write(tmp_path, content), salesforce(options, encoding="cp1252")).only
    assert (row["deal_name"], row["lead_source"], row["is_won"]) == ("Käse", "Café", True)
    assert "UTF-8" in refusal(write(tmp_path, content), salesforce(options)).expected
