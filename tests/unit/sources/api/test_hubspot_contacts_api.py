from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.sources.api.api_server import Question, Reply, Vendor
from tests.unit.sources.api.hubspot_vendor import hubspot_object, search
from tests.unit.sources.api.pulled import PulledApi, survive_fault_schedules

CHANGED = "lastmodifieddate"


def contact(identifier: int, changed: str, **properties: Any) -> dict[str, Any]:
    known = {"email": f"person{identifier}@example.com", "lifecyclestage": "lead", "hs_analytics_source": "PAID_SEARCH"}
    known |= {"createdate": "2026-10-01T22:30:00.147Z"}
    return hubspot_object(identifier, CHANGED, changed, **known | properties)


CONTACTS = [
    *(contact(number, f"2026-10-02T10:00:{number:02}.000Z") for number in range(1, 12)),
    contact(
        12,
        "2026-10-05T08:00:00.000Z",
        lifecyclestage="customer",
        hs_lifecyclestage_marketingqualifiedlead_date="2026-10-03T09:00:00.000Z",
        hs_lifecyclestage_customer_date="2026-10-05T07:30:00.000Z",
        email=None,
    ),
    contact(13, "2026-10-06T08:00:00.000Z", lifecyclestage="salesqualifiedlead"),
]


def vendor(contacts: list[dict[str, Any]] = CONTACTS) -> Vendor:
    def answer(question: Question) -> Reply:
        assert question.path == "/crm/v3/objects/contacts/search"
        asked = set(question.body["properties"])
        assert {"lifecyclestage", "createdate"} <= asked
        assert not asked & {"firstname", "lastname", "phone"}
        return search(question, contacts, CHANGED, 5)

    return answer


YAML = {"time_zone": "Europe/Berlin", "options": {"qualified_stages": ["marketingqualifiedlead", "salesqualifiedlead"]}}
API = PulledApi(
    "hubspot_contacts_api",
    vendor,
    {"access_token": "hubspot-secret"},
    YAML,
    date(2026, 10, 1),
    date(2026, 11, 19),
)


def test_every_contact_becomes_a_lead(tmp_path: Path) -> None:
    rows = {row["lead_id"]: row for row in API.rows(tmp_path).only}
    assert sorted(rows, key=int) == [str(number) for number in range(1, 14)]
    first, customer, qualified = rows["1"], rows["12"], rows["13"]
    assert (first["day"], first["created_at"]) == (date(2026, 10, 2), datetime(2026, 10, 1, 22, 30, 0, 147_000))
    assert (first["lead_source"], first["lifecycle_stage"], first["is_qualified"]) == ("PAID_SEARCH", "lead", False)
    assert (customer["is_qualified"], customer["qualified_at"]) == (True, datetime(2026, 10, 3, 9))
    assert customer["converted_at"] == datetime(2026, 10, 5, 7, 30)
    assert (qualified["is_qualified"], qualified["qualified_at"]) == (True, None)


def test_the_address_is_kept_as_a_hash_alone(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    assert "example.com" not in repr(found.rows)
    rows = {row["lead_id"]: row for row in found.only}
    assert len(rows["1"]["customer_key"]) == 32
    assert rows["12"]["customer_key"] == "contact:12"


def test_the_newest_state_of_a_contact_stands(tmp_path: Path) -> None:
    contacts = [contact(number, f"2026-10-02T10:00:{number:02}.000Z") for number in range(1, 9)]
    asked = []

    def moving(question: Question) -> Reply:
        asked.append(question)
        if len(asked) == 2:
            contacts[0] = contact(1, "2026-10-02T11:00:00.000Z", lifecyclestage="customer")
        return vendor(contacts)(question)

    rows = {row["lead_id"]: row for row in API.rows(tmp_path, moving).only}
    assert len(rows) == 8
    assert rows["1"]["lifecycle_stage"] == "customer"


def test_a_contact_without_a_date_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="expected a value"):
        API.rows(tmp_path, vendor([contact(1, "2026-10-02T10:00:00Z", createdate=None)]))


def test_a_property_that_is_not_told_is_refused(tmp_path: Path) -> None:
    def forgetful(question: Question) -> Reply:
        return Reply({"total": 1, "results": [hubspot_object(1, CHANGED, "2026-10-02T10:00:00Z")]})

    assert API.refusal(tmp_path, forgetful).found == "an answer without 'email'"


def test_no_change_brings_no_rows(tmp_path: Path) -> None:
    assert API.rows(tmp_path, vendor([])).only == []


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
