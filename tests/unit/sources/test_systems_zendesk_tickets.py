import hashlib
import hmac
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import KEY, contract, read, refusal, write

COLUMNS = [
    *("Summation column", "Id", "Requester", "Requester id", "Requester external id", "Requester email"),
    *("Requester domain", "Submitter", "Assignee", "Group", "Subject", "Tags", "Status", "Priority", "Via"),
    *("Ticket type", "Created at", "Updated at", "Assigned at", "Organization", "Due date", "Initially assigned at"),
    *("Solved at", "Resolution time", "Satisfaction Score", "Group stations", "Assignee stations", "Reopens"),
    *("Replies", "First reply time in minutes", "First reply time in minutes within business hours"),
    *("First resolution time in minutes", "First resolution time in minutes within business hours"),
    *("Full resolution time in minutes", "Full resolution time in minutes within business hours"),
    *("Agent wait time in minutes", "Agent wait time in minutes within business hours"),
    *("Requester wait time in minutes", "Requester wait time in minutes within business hours"),
    *("On hold time in minutes", "On hold time in minutes within business hours"),
]
OPEN = {"Id": "77", "Requester id": "396", "Status": "Open", "Created at": "2026-03-02 00:30", "Reopens": "0"}
OPEN |= {"Summation column": "1", "Requester": "Ada Lovelace", "Subject": "Call ada@example.com", "Replies": "0"}
SOLVED = OPEN | {"Id": "78", "Requester email": "Ada@Example.com", "Status": "Solved", "Priority": "High"}
SOLVED |= {"Via": "Mail", "Group": "Support", "Assignee": "Kim", "Solved at": "2026-03-03 10:00"}
SOLVED |= {"Updated at": "2026-03-04 09:00", "Satisfaction Score": "Good", "Reopens": "2", "Replies": "3"}
SOLVED |= {"First reply time in minutes": "12", "First reply time in minutes within business hours": "0"}
SOLVED |= {"First resolution time in minutes": "600", "Full resolution time in minutes": "2,010"}


def export(folder: Path, *tickets: Mapping[str, str], columns: list[str] = COLUMNS) -> Path:
    rows = [dict(zip(columns, columns, strict=True)), *tickets]
    lines = (",".join(f'"{row.get(column, "")}"' for column in columns) for row in rows)
    return write(folder, "".join(f"{line}\n" for line in lines), "export-2026-03-05-view.csv")


def zendesk(**yaml: Any) -> Contract:
    return contract("zendesk_tickets", **({"time_zone": "Europe/Berlin"} | yaml))


def test_a_reopened_ticket_and_one_without_a_reply(tmp_path: Path) -> None:
    assert len(COLUMNS) == 41
    file = read(export(tmp_path, OPEN, SOLVED), zendesk(account_id="help"))
    rows = {row["ticket_id"]: row for row in file.only}
    assert rows["78"] == {
        "ticket_id": "78",
        "day": date(2026, 3, 2),
        "created_at": datetime(2026, 3, 1, 23, 30),
        "solved_at": datetime(2026, 3, 3, 9),
        "solved_day": date(2026, 3, 3),
        "status": "solved",
        "priority": "high",
        "channel": "Mail",
        "group_name": "Support",
        "assignee": "Kim",
        "customer_key": hmac.new(KEY, b"ada@example.com", hashlib.sha256).hexdigest()[:32],
        "first_reply_minutes": 12.0,
        "first_reply_business_minutes": 0.0,
        "first_resolution_minutes": 600.0,
        "full_resolution_minutes": 2010.0,
        "reopens": 2,
        "replies": 3,
        "satisfaction": "good",
        "updated_at": datetime(2026, 3, 4, 8),
        "account_id": "help",
    }
    waiting = rows["77"]
    assert (waiting["customer_key"], waiting["reopens"], waiting["satisfaction"]) == ("requester:396", 0, None)
    # Not answered yet is not answered at once.
    assert [
        waiting[name] for name in ("first_reply_minutes", "full_resolution_minutes", "solved_at", "solved_day")
    ] == [None] * 4
    assert file.prepared.unknown_columns == ()
    assert not any(secret in str(file.only) for secret in ("ada@", "Ada", "Lovelace"))


def test_custom_fields_and_a_column_before_all_others_are_reported(tmp_path: Path) -> None:
    columns = ["#", *COLUMNS, "Product [list]", "VIP [flag]"]
    file = read(export(tmp_path, OPEN, columns=columns), zendesk())
    assert file.column("ticket_id") == ["77"]
    assert file.prepared.unknown_columns == ("#", "Product [list]", "VIP [flag]")


@pytest.mark.parametrize(
    ("ticket", "line", "column"),
    [
        (OPEN | {"Id": "78"}, 2, "Id"),
        (OPEN | {"Id": ""}, 3, "Id"),
        (OPEN | {"Created at": "03/02/2026"}, 3, "Created at"),
        (OPEN | {"Created at": ""}, 3, "Created at"),
        (OPEN | {"First reply time in minutes": "soon"}, 3, "First reply time in minutes"),
        (OPEN | {"Status": ""}, 3, "Status"),
    ],
)
def test_tickets_that_cannot_be_read(tmp_path: Path, ticket: dict[str, str], line: int, column: str) -> None:
    refused = refusal(export(tmp_path, SOLVED, ticket), zendesk())
    assert (refused.line, refused.column) == (line, column)


def test_without_a_zone_the_day_of_a_ticket_is_unknown() -> None:
    with pytest.raises(ConfigurationError, match="time_zone: needed"):
        zendesk(time_zone=None)
