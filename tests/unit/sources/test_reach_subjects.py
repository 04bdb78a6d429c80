"""Single messages and backlinks come from any file that a mapping describes."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from tests.unit.sources.read_files import contract, read, write

MESSAGES: dict[str, dict[str, Any]] = {
    "message_id": {"header": "Message"},
    "day": {"header": "Sent", "type": "timestamp"},
    "sent_at": {"header": "Sent at", "type": "timestamp"},
    "contact_key": {"header": "Email", "personal": True},
    "first_open_at": {"header": "Opened at", "required": False},
    "open_is_machine": {"header": "Prefetched", "required": False},
}
ROW = {
    "Message": "m1",
    "Sent": "2026-03-02 00:00:00",
    "Sent at": "2026-03-02 09:00:00",
    "Email": "Anna@example.com",
    "Opened at": "2026-03-02 11:30:00",
    "Prefetched": "false",
}


def messages(system: str = "csv", **columns: Any) -> Any:
    kind = {"kind": "outreach"}
    zone = {"time_zone": "Europe/Berlin"}
    return contract(system, subject="email_messages", columns=MESSAGES | columns, constants=kind, **zone)


@pytest.mark.parametrize("system", ["csv", "jsonl"])
def test_messages_arrive_with_nobodys_address(system: str, tmp_path: Path) -> None:
    if system == "csv":
        path = write(tmp_path, f"{','.join(ROW)}\n{','.join(ROW.values())}\n")
    else:
        path = write(tmp_path, json.dumps(ROW) + "\n", "export.jsonl")
    (row,) = read(path, messages(system)).rows["email_messages"]
    assert (row["message_id"], row["kind"], row["day"]) == ("m1", "outreach", date(2026, 3, 2))
    # The file says when in Berlin; kept is the instant.
    assert (row["sent_at"], row["first_open_at"]) == (datetime(2026, 3, 2, 8), datetime(2026, 3, 2, 10, 30))
    assert row["open_is_machine"] is False
    assert len(row["contact_key"]) == 32
    assert "anna" not in str(row).lower()


def test_an_address_that_is_not_declared_personal_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="personal"):
        messages(contact_key={"header": "Email"})


def test_backlinks_need_a_website_and_its_first_day(tmp_path: Path) -> None:
    columns = {"domain": {"header": "Referring domain"}, "day": {"header": "First seen"}, "authority": {"header": "DR"}}
    path = write(tmp_path, "Referring domain,First seen,DR\nnews.example,2026-03-02,55.5\n")
    assert read(path, contract("csv", subject="backlinks", columns=columns)).only == [
        {"domain": "news.example", "day": date(2026, 3, 2), "authority": 55.5, "account_id": ""}
    ]
    del columns["day"]
    with pytest.raises(ConfigurationError, match="day"):
        contract("csv", subject="backlinks", columns=columns)
