from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi, survive_fault_schedules
from tests.unit.sources.read_files import contract, refusal

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 19)
KEY = "sk_live_51Hk2stripe"
Entry = dict[str, Any]


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def charge(number: int, created: str, amount: int, currency: str = "usd", **other: Any) -> Entry:
    entry = {"object": "charge", "id": f"ch_{number:03}", "created": seconds(created), "currency": currency}
    entry |= {"amount": amount, "amount_captured": amount, "amount_refunded": 0, "captured": True, "livemode": True}
    entry |= {"status": "succeeded", "customer": None, "receipt_email": None, "shipping": {}, "paid": True}
    entry |= {"billing_details": {"email": None, "address": {"country": None}}}
    return entry | {"payment_method_details": {"type": "card"}} | other


def refund(number: int, created: str, amount: int, of: str | None, **other: Any) -> Entry:
    entry = {"object": "refund", "id": f"re_{number:03}", "created": seconds(created), "currency": "usd"}
    return entry | {"amount": amount, "charge": of, "reason": "duplicate", "status": "succeeded"} | other


def balance(number: int, created: str, amount: int, fee: int, category: str = "charge", currency: str = "usd") -> Entry:
    entry = {"object": "balance_transaction", "id": f"txn_{number:03}", "created": seconds(created)}
    entry |= {"amount": amount, "fee": fee, "net": amount - fee, "currency": currency, "type": category}
    return entry | {"reporting_category": category, "source": "ch_001"}


ENTRIES = {
    "charges": [charge(number, f"2026-11-{1 + number % 19:02}T10:00:00", 1000 + number) for number in range(130)],
    "refunds": [
        refund(1, "2026-11-05T09:00:00", 250, "ch_001"),
        refund(2, "2026-11-06T09:00:00", 400, "ch_of_last_year", reason=None),
    ],
    "balance_transactions": [],
}


def vendor_of(entries: dict[str, list[Entry]]) -> Callable[[], Vendor]:
    def answer(question: Question) -> Reply:
        version, name = question.path.removeprefix("/").split("/")
        assert (question.method, version) == ("GET", "v1")
        assert question.headers["authorization"] == f"Bearer {KEY}"
        assert KEY not in str(question.query)
        first, end = int(question.query["created[gte]"]), int(question.query["created[lt]"])
        found = [entry for entry in entries[name] if first <= entry["created"] < end]
        found.sort(key=lambda entry: (-entry["created"], entry["id"]))
        if after := question.query.get("starting_after"):
            found = found[[entry["id"] for entry in found].index(after) + 1 :]
        size = int(question.query["limit"])
        page = {"object": "list", "url": f"/v1/{name}", "data": found[:size], "has_more": len(found) > size}
        return Reply(page)

    return lambda: answer


def api(entries: dict[str, list[Entry]] | None = None, **yaml: Any) -> PulledApi:
    vendor = vendor_of(ENTRIES | (entries or {}))
    return PulledApi("stripe_api", vendor, {"secret_key": KEY}, {"account_id": "acct_1", **yaml}, FIRST, LAST)


def test_charges_over_two_pages_become_orders(tmp_path: Path) -> None:
    found = api().rows(tmp_path)
    orders = found.rows["orders"]
    assert len(orders) == 130
    assert sum(order["total"] for order in orders) == Decimal("1383.85")  # 130 * 10.00 + 0.01 * (0 + 1 + ... + 129)
    first = next(order for order in orders if order["order_id"] == "ch_007")
    assert (first["day"], first["created_at"]) == (date(2026, 11, 8), datetime(2026, 11, 8, 10))
    assert (first["status"], first["currency"], first["customer_key"], first["is_test"], first["account_id"]) == (
        "paid", "USD", "guest:ch_007", False, "acct_1",
    )  # fmt: skip
    assert found.prepared.stated_range == (FIRST, LAST)


def test_refunds_stand_on_their_own_day_also_of_charges_from_long_ago(tmp_path: Path) -> None:
    first, second = sorted(api().rows(tmp_path).rows["refunds"], key=lambda row: row["refund_id"])
    assert (first["order_id"], first["day"], first["amount"], first["currency"], first["reason"]) == (
        "ch_001", date(2026, 11, 5), Decimal("2.50"), "USD", "duplicate",
    )  # fmt: skip
    assert (second["order_id"], second["refunded_at"]) == ("ch_of_last_year", datetime(2026, 11, 6, 9))
    assert not second["is_estimated_date"]


@pytest.mark.parametrize(
    ("currency", "amount"), [("usd", "12.34"), ("jpy", "1234"), ("kwd", "1.234"), ("isk", "12.34"), ("ugx", "12.34")]
)
def test_amounts_are_in_the_smallest_unit_of_their_currency(tmp_path: Path, currency: str, amount: str) -> None:
    charges = [charge(1, "2026-11-05T10:00:00", 1234, currency)]
    (order,) = api({"charges": charges}).rows(tmp_path).rows["orders"]
    assert (order["gross_items"], order["currency"]) == (Decimal(amount), currency.upper())


def test_states_of_charges(tmp_path: Path) -> None:
    at = "2026-11-05T10:00:00"
    charges = [
        charge(1, at, 1000, amount_refunded=300),
        charge(2, at, 1000, amount_refunded=1000),
        charge(3, at, 1000, captured=False, amount_captured=0),
        charge(4, at, 1000, status="failed", captured=False, amount_captured=0),
        charge(5, at, 1000, status="pending"),
        charge(6, at, 1000, amount_captured=700),
        charge(7, at, 1000, amount_captured=700, amount_refunded=300, livemode=False),
    ]
    orders = {row["order_id"]: row for row in api({"charges": charges}).rows(tmp_path).rows["orders"]}
    assert [(row["status"], row["total"], row["refunded_total"]) for _, row in sorted(orders.items())] == [
        ("partially_refunded", 10, 3),
        ("refunded", 10, 10),
        ("failed", 10, 0),
        ("failed", 10, 0),
        ("pending", 10, 0),
        ("paid", 7, 0),
        ("partially_refunded", 10, 3),
    ]
    assert [key for key, row in orders.items() if row["is_test"]] == ["ch_007"]


def test_a_customer_is_an_identifier_or_the_hash_of_an_address(tmp_path: Path) -> None:
    at = "2026-11-05T10:00:00"
    billing = {"email": "Mina@Example.com", "address": {"country": "DE"}}
    charges = [
        charge(1, at, 1, customer="cus_1", billing_details=billing),
        charge(2, at, 1, billing_details=billing, shipping={"address": {"country": "AT"}}),
        charge(3, at, 1, receipt_email="mina@example.com"),
    ]
    rows = api({"charges": charges}).rows(tmp_path).rows["orders"]
    known, billed, receipted = sorted(rows, key=lambda row: row["order_id"])
    assert known["customer_key"] == "cus_1"
    assert billed["customer_key"] == receipted["customer_key"]
    assert "mina" not in str(rows).lower()
    assert [known["country"], billed["country"], receipted["country"]] == ["DE", "AT", None]


def test_a_refund_that_failed_later_gives_nothing_back(tmp_path: Path) -> None:
    refunds = [refund(1, "2026-11-05T09:00:00", 250, None, status="failed")]
    (row,) = api({"refunds": refunds}).rows(tmp_path).rows["refunds"]
    assert (row["order_id"], row["amount"]) == ("unknown:re_001", 0)


def test_fees_are_costs_of_their_day(tmp_path: Path) -> None:
    entries = [
        balance(1, "2026-11-05T10:00:00", 1000, 59),
        balance(2, "2026-11-05T11:00:00", -200, 0, "fee"),
        balance(3, "2026-11-06T11:00:00", -900, 0, "payout"),
        balance(4, "2026-11-07T11:00:00", 5000, 145, currency="jpy"),
    ]
    found = api({"balance_transactions": entries}, options={"deliver": "fees"}).rows(tmp_path)
    assert list(found.rows) == ["ledger_entries"]
    assert sorted((row["day"].day, row["amount"], row["currency"]) for row in found.only) == [
        (5, Decimal("0.59"), "USD"), (5, Decimal("2.00"), "USD"), (7, Decimal("145"), "JPY"),
    ]  # fmt: skip
    assert {(row["section"], row["cost_kind"], row["account_code"]) for row in found.only} == {
        ("opex", "fees", "stripe_fees")
    }


def test_days_are_those_of_the_declared_zone(tmp_path: Path) -> None:
    charges = [charge(1, "2026-10-31T23:30:00", 100), charge(2, "2026-11-19T23:30:00", 100)]
    found = api({"charges": charges}, time_zone="Europe/Berlin").rows(tmp_path)
    assert [(row["order_id"], row["day"]) for row in found.rows["orders"]] == [("ch_001", FIRST)]


def test_an_entry_that_moved_to_the_next_page_counts_once(tmp_path: Path) -> None:
    twice = charge(1, "2026-11-05T10:00:00", 100)
    pages = [{"data": [charge(2, "2026-11-06T10:00:00", 100), twice], "has_more": True}]
    pages += [{"data": [twice, charge(3, "2026-11-04T10:00:00", 100)], "has_more": False}]
    pages += [{"data": [], "has_more": False}]
    found = api().rows(tmp_path, vendor=lambda _question: Reply(pages.pop(0)))
    assert sorted(row["order_id"] for row in found.rows["orders"]) == ["ch_001", "ch_002", "ch_003"]


def test_a_corrected_charge_is_read_as_it_stands_now(tmp_path: Path) -> None:
    assert api({"charges": [charge(1, "2026-11-05T10:00:00", 100)]}).rows(tmp_path).rows["orders"][0]["total"] == 1
    corrected = [charge(1, "2026-11-05T10:00:00", 100, amount_refunded=100)]
    assert api({"charges": corrected}).rows(tmp_path).rows["orders"][0]["status"] == "refunded"


def test_the_vendor_says_itself_what_to_try_again(tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []

    def locked(question: Question) -> Reply:
        asked.append(question)
        if len(asked) == 1:
            error = {"error": {"code": "lock_timeout", "type": "invalid_request_error", "message": "in use"}}
            return Reply(error, 429, {"Retry-After": "3"})
        if len(asked) == 2:
            return Reply({"error": {"message": "conflict"}}, 409, {"Stripe-Should-Retry": "true"})
        return vendor_of(ENTRIES)()(question)

    with ApiServer(locked) as server:
        api().pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [3.0, 2.0]  # what was asked for; half of 4 seconds


def test_the_vendor_says_itself_what_is_in_vain(tmp_path: Path) -> None:
    error = {"error": {"message": f"Invalid request with {KEY}"}}
    refused = api().refusal(tmp_path, lambda _question: Reply(error, 500, {"Stripe-Should-Retry": "false"}))
    assert refused.found == "HTTP 500: Invalid request with *** (GET 127.0.0.1/v1/charges)"


def test_a_wrong_key_is_refused_at_once_and_not_shown(tmp_path: Path) -> None:
    asked = []

    def denied(question: Question) -> Reply:
        asked.append(question)
        return Reply({"error": {"type": "invalid_request_error", "message": f"Invalid API Key: {KEY}"}}, 401)

    refused = api().refusal(tmp_path, denied)
    assert refused.found == "HTTP 401: invalid_request_error Invalid API Key: *** (GET 127.0.0.1/v1/charges)"
    assert "restricted key" in refused.advice
    assert len(asked) == 1


def test_another_version_is_sent_as_a_header(tmp_path: Path) -> None:
    pull = {"starts_on": FIRST, "version": "2024-06-20"}
    with ApiServer(vendor_of(ENTRIES)()) as server:
        source_api = api(pull={**pull, "endpoint": server.url})
        source_api.pull(server.url, tmp_path / "stored.pull")
        assert {question.headers["stripe-version"] for question in server.questions} == {"2024-06-20"}


def test_no_charges_are_no_orders(tmp_path: Path) -> None:
    assert api({"charges": [], "refunds": []}).rows(tmp_path).rows == {"orders": [], "refunds": []}


def test_a_cursor_that_comes_twice_is_refused(tmp_path: Path) -> None:
    numbers = iter(range(100))

    def circling(_question: Question) -> Reply:
        entry = charge(1, "2026-11-05T10:00:00", next(numbers))
        return Reply({"data": [entry], "has_more": True})

    assert api().refusal(tmp_path, circling).found == "the same page cursor a second time"


def test_endless_pages_are_refused(tmp_path: Path) -> None:
    numbers = iter(range(1000))

    def endless(_question: Question) -> Reply:
        return Reply({"data": [charge(next(numbers), "2026-11-05T10:00:00", 1)], "has_more": True})

    assert api().refusal(tmp_path, endless).found == "more than 200 pages"


@pytest.mark.parametrize(
    ("other", "column"),
    [({"status": "reviewing"}, "status"), ({"amount_refunded": 2}, "amount_refunded"), ({"currency": ""}, "currency")],
)
def test_a_charge_that_makes_no_sense_is_refused(tmp_path: Path, other: Entry, column: str) -> None:
    pulled, stored = api({"charges": [charge(1, "2026-11-05T10:00:00", 1, **other)]}), tmp_path / "shop.pull"
    with ApiServer(pulled.vendor()) as server:
        pulled.pull(server.url, stored)
    assert refusal(stored, contract("stripe_api")).column == column


def test_an_answer_of_another_shape_is_refused(tmp_path: Path) -> None:
    refused = api().refusal(tmp_path, lambda _question: Reply({"data": [], "object": "list"}))
    assert refused.found == "an answer without 'has_more'"


def test_an_unknown_delivery_is_a_mistake_in_the_configuration() -> None:
    with pytest.raises(ConfigurationError, match="unknown 'disputes'; there are orders, refunds, fees"):
        contract("stripe_api", options={"deliver": "disputes"})


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(api(), tmp_path)
