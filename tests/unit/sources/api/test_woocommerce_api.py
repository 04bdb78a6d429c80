from base64 import b64encode
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor, page_of
from tests.unit.sources.api.instants import NOW, FakeTime
from tests.unit.sources.api.pulled import PulledApi, survive_fault_schedules
from tests.unit.sources.read_files import contract, refusal

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 19)
KEYS = {"consumer_key": "ck_woo", "consumer_secret": "cs_secret"}
LOCAL = timedelta(hours=3, minutes=30)  # the shop is in Tehran
Entry = dict[str, Any]


def times(name: str, at: datetime | None) -> Entry:
    return {name: at and (at + LOCAL).isoformat(), f"{name}_gmt": at and at.isoformat()}


def line(number: int, quantity: int, subtotal: str, total: str, **other: Any) -> Entry:
    entry = {"id": number, "name": f"Lamp &ndash; {number}", "product_id": 900 + number, "variation_id": 0}
    entry |= {"quantity": quantity, "subtotal": subtotal, "total": total, "sku": "", "price": 3}
    return entry | other


def order(number: int, at: datetime, **other: Any) -> Entry:
    entry = {"id": number, "number": f"W{number}", "status": "completed", "currency": "EUR", "customer_id": 0}
    entry |= times("date_created", at) | times("date_paid", at) | times("date_modified", at)
    entry |= {"discount_total": "2.00", "shipping_total": "4.50", "total_tax": "1.35", "total": "23.85"}
    entry |= {"payment_method": "bacs", "payment_method_title": "Transfer", "created_via": "checkout"}
    entry |= {"billing": {"email": f"guest{number}@example.com", "country": "IR"}, "shipping": {"country": ""}}
    entry |= {"meta_data": [{"id": 1, "key": "_x", "value": ["a"]}], "refunds": []}
    return entry | {"line_items": [line(1, 2, "8.00", "8.00"), line(2, 1, "12.00", "10.00", sku="L2")]} | other


def refund(number: int, at: datetime, amount: str) -> Entry:
    return times("date_created", at) | {"id": number, "amount": amount, "reason": "ask ali@example.com"}


def in_november(number: int) -> datetime:
    return datetime(2026, 11, 2 + number % 17, 8)


ORDERS = [order(100 + number, in_november(number)) for number in range(230)]
ORDERS[7]["refunds"] = [{"id": 9001, "reason": "", "total": "-10.00"}]
REFUNDS = {"107": [refund(9001, datetime(2026, 11, 18, 22), "10.00")]}


def vendor_of(orders: list[Entry], refunds: dict[str, list[Entry]] | None = None) -> Callable[[], Vendor]:
    def answer(question: Question) -> Reply:
        assert question.method == "GET"
        assert question.headers["authorization"] == f"Basic {b64encode(b'ck_woo:cs_secret').decode()}"
        assert question.path.startswith("/wp-json/wc/v3/orders")
        size, page = int(question.query["per_page"]), int(question.query["page"])
        assert size <= 100
        if question.path.endswith("/refunds"):
            found = (refunds or {})[question.path.split("/")[-2]]
        else:
            assert (question.query["dates_are_gmt"], question.query["orderby"]) == ("true", "date")
            since, status = question.query["modified_after"], question.query["status"]
            assert status in ("any", "trash")
            found = [
                entry
                for entry in sorted(orders, key=lambda entry: (entry["date_created_gmt"], entry["id"]))
                if entry["date_modified_gmt"] > since and (entry["status"] == "trash") == (status == "trash")
            ]
        totals = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(-(-len(found) // size))}
        return Reply(page_of(found, page - 1, size), headers=totals)

    return lambda: answer


def api(orders: list[Entry] = ORDERS, refunds: dict[str, list[Entry]] | None = None, **yaml: Any) -> PulledApi:
    vendor = vendor_of(orders, REFUNDS if refunds is None else refunds)
    return PulledApi("woocommerce_api", vendor, KEYS, {"account_id": "tehran", **yaml}, FIRST, LAST)


def test_orders_over_three_pages_with_lines_and_refunds(tmp_path: Path) -> None:
    found = api().rows(tmp_path)
    orders, lines, refunds = (found.rows[name] for name in ("orders", "order_lines", "refunds"))
    assert (len(orders), len(lines), len(refunds)) == (230, 460, 1)
    assert sum(row["total"] for row in orders) == 230 * Decimal("23.85")
    assert sum(row["gross_items"] for row in orders) == 230 * Decimal(20)
    row = next(row for row in orders if row["order_id"] == "100")
    assert (row["order_number"], row["day"], row["created_at"], row["updated_at"]) == (
        "W100", date(2026, 11, 2), datetime(2026, 11, 2, 8), datetime(2026, 11, 2, 8),
    )  # fmt: skip
    assert (row["status"], row["currency"], row["discounts"], row["shipping"], row["taxes"]) == (
        "paid", "EUR", Decimal("2.00"), Decimal("4.50"), Decimal("1.35"),
    )  # fmt: skip
    assert (row["country"], row["sales_channel"], row["payment_method"], row["account_id"]) == (
        "IR", "checkout", "Transfer", "tehran",
    )  # fmt: skip


def test_a_refund_has_the_day_that_only_its_own_address_tells(tmp_path: Path) -> None:
    found = api().rows(tmp_path)
    (row,) = found.rows["refunds"]
    assert (row["refund_id"], row["order_id"], row["amount"], row["currency"]) == ("9001", "107", 10, "EUR")
    assert (row["day"], row["refunded_at"]) == (date(2026, 11, 19), datetime(2026, 11, 18, 22))  # 01:30 in the shop
    assert "ali@" not in row["reason"]
    refunded = next(row for row in found.rows["orders"] if row["order_id"] == "107")
    assert (refunded["status"], refunded["refunded_total"]) == ("partially_refunded", 10)


def test_lines_carry_their_discount_and_a_readable_name(tmp_path: Path) -> None:
    first, second = sorted(
        (row for row in api().rows(tmp_path).rows["order_lines"] if row["order_id"] == "100"),
        key=lambda row: row["line_number"],
    )
    assert (first["product_id"], first["product_name"], first["quantity"], first["unit_price"]) == (
        "901", "Lamp \N{EN DASH} 1", 2, 4,
    )  # fmt: skip
    assert (second["product_id"], second["line_discount"], second["line_total"], second["day"]) == (
        "L2", 2, 10, date(2026, 11, 2),
    )  # fmt: skip


def test_toman_becomes_rial_everywhere(tmp_path: Path) -> None:
    shop = [order(1, in_november(1), currency="IRT", refunds=[{"id": 2, "total": "-3.00"}])]
    found = api(shop, {"1": [refund(2, in_november(2), "3.00")]}).rows(tmp_path)
    row = found.rows["orders"][0]
    assert (row["currency"], row["total"], row["gross_items"], row["refunded_total"]) == (
        "IRR",
        Decimal("238.5"),
        200,
        30,
    )
    assert (found.rows["refunds"][0]["currency"], found.rows["refunds"][0]["amount"]) == ("IRR", 30)
    assert sum(row["line_total"] for row in found.rows["order_lines"]) == 180


def test_customers_are_accounts_or_hashed_addresses(tmp_path: Path) -> None:
    shop = [
        order(1, in_november(1), customer_id=41),
        order(2, in_november(1), billing={"email": "Zari@example.com", "country": ""}),
        order(3, in_november(1), billing={"email": "zari@example.com", "country": ""}),
        order(4, in_november(1), billing={"email": "", "country": ""}),
    ]
    found = api(shop).rows(tmp_path)
    keys = {row["order_id"]: row["customer_key"] for row in found.rows["orders"]}
    assert (keys["1"], keys["4"]) == ("41", "guest:4")
    assert keys["2"] == keys["3"] != keys["4"]
    assert "zari" not in str(found.rows).lower()


def test_states_and_campaigns(tmp_path: Path) -> None:
    marks = [{"id": 1, "key": f"_wc_order_attribution_utm_{name}", "value": name} for name in ("source", "campaign")]
    states = ["processing", "pending", "cancelled", "refunded", "trash", "packed"]
    shop = [order(number, in_november(1), status=state, meta_data=marks) for number, state in enumerate(states)]
    found = api(shop, options={"statuses": "packed = paid"}).rows(tmp_path)
    rows = sorted(found.rows["orders"], key=lambda row: row["order_id"])
    assert [row["status"] for row in rows] == ["paid", "failed", "cancelled", "refunded", "cancelled", "paid"]
    assert {(row["utm_source"], row["utm_medium"], row["utm_campaign"]) for row in rows} == {
        ("source", None, "campaign")
    }


def test_orders_from_before_the_first_day_are_left_to_others_but_not_their_refunds(tmp_path: Path) -> None:
    early = order(1, datetime(2026, 10, 30, 8), refunds=[{"id": 2, "total": "-1.00"}])
    early |= times("date_modified", datetime(2026, 11, 5, 8))
    night = order(3, datetime(2026, 10, 31, 21))  # half past midnight of 1 November in the shop
    found = api([early, night], {"1": [refund(2, datetime(2026, 11, 5, 8), "1.00")]}).rows(tmp_path)
    assert [(row["order_id"], row["day"]) for row in found.rows["orders"]] == [("3", FIRST)]
    assert {row["order_id"] for row in found.rows["order_lines"]} == {"3"}
    assert [(row["order_id"], row["amount"]) for row in found.rows["refunds"]] == [("1", 1)]


def test_later_pulls_ask_only_for_changes_and_bring_the_corrected_order(tmp_path: Path) -> None:
    changed = order(107, in_november(7), total="5.00") | times("date_modified", datetime(2026, 11, 19, 23))
    later = api([ORDERS[0], changed])
    later = PulledApi(later.system, later.vendor, KEYS, later.yaml, FIRST, LAST, NOW - timedelta(hours=12))
    found = later.rows(tmp_path)
    assert [(row["order_id"], row["total"]) for row in found.rows["orders"]] == [("107", 5)]


def test_no_order_is_no_row(tmp_path: Path) -> None:
    assert api([]).rows(tmp_path).rows == {"orders": [], "order_lines": [], "refunds": []}


def test_a_list_that_changes_while_it_is_asked_for_is_refused(tmp_path: Path) -> None:
    shop = list(ORDERS)

    def growing(question: Question) -> Reply:
        reply = vendor_of(shop, REFUNDS)()(question)
        if question.query["page"] == "2" and question.query.get("status") == "any":
            shop.append(order(900, datetime(2026, 11, 1, 1)))
        return reply

    refused = api().refusal(tmp_path, growing)
    assert refused.found == "230 entries on one page and 231 on the next one"


def test_pages_that_lack_entries_are_refused(tmp_path: Path) -> None:
    def short(question: Question) -> Reply:
        reply = vendor_of(ORDERS, REFUNDS)()(question)
        return Reply(reply.body[:-1], headers=reply.headers) if question.query["page"] == "3" else reply

    assert api().refusal(tmp_path, short).found == "229 entries of 230"


def test_an_order_without_a_refund_that_it_names_is_refused(tmp_path: Path) -> None:
    refused = api(refunds={"107": []}).refusal(tmp_path, vendor_of(ORDERS, {"107": []})())
    assert refused.found == "order 107 without some of the refunds that it names"


def test_a_page_that_comes_twice_is_refused(tmp_path: Path) -> None:
    standing = Reply([ORDERS[0]], headers={"X-WP-Total": "2", "X-WP-TotalPages": "3"})
    assert api().refusal(tmp_path, lambda _question: standing).found == "the same page a second time"


def test_endless_pages_are_refused(tmp_path: Path) -> None:
    def endless(question: Question) -> Reply:
        page = question.query["page"]
        return Reply([order(int(page), in_november(1))], headers={"X-WP-Total": "9", "X-WP-TotalPages": page + "0"})

    assert api().refusal(tmp_path, endless).found == "more than 200 pages"


def test_an_answer_without_its_count_is_refused(tmp_path: Path) -> None:
    refused = api().refusal(tmp_path, lambda _question: Reply([]))
    assert refused.found == "an answer without 'x-wp-totalpages'"


@pytest.mark.parametrize(
    ("status", "body", "found", "advice"),
    [
        (
            401,
            {"code": "woocommerce_rest_cannot_view", "message": "Key cs_secret cannot list", "data": {"status": 401}},
            "HTTP 401: woocommerce_rest_cannot_view Key *** cannot list",
            "permission to read",
        ),
        (403, b"<html>Wordfence</html>", "HTTP 403 with a page that is not JSON", "a firewall stands before the shop"),
        (404, {"code": "rest_no_route", "message": "No route"}, "HTTP 404: rest_no_route No route", "permalinks"),
        (501, b"<html>Not Implemented</html>", "HTTP 501 with a page that is not JSON", "ModSecurity"),
    ],
)
def test_a_refusal_of_the_shop_says_what_to_do(tmp_path: Path, status: int, body: Any, found: str, advice: str) -> None:
    asked = []

    def refusing(question: Question) -> Reply:
        asked.append(question)
        return Reply(body, status)

    refused = api().refusal(tmp_path, refusing)
    assert refused.found == f"{found} (GET 127.0.0.1/wp-json/wc/v3/orders)"
    assert advice in refused.advice
    assert len(asked) == 1


def test_a_firewall_that_is_only_busy_is_asked_again(tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []

    def busy(question: Question) -> Reply:
        asked.append(question)
        if len(asked) == 1:
            return Reply(b"<html>try later</html>", 503, {"Retry-After": "20"})
        return vendor_of(ORDERS, REFUNDS)()(question)

    with ApiServer(busy) as server:
        api().pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [20.0]


@pytest.mark.parametrize(("other", "column"), [({"status": "packed"}, "status"), ({"currency": "IRHT"}, "currency")])
def test_a_state_or_a_currency_that_nobody_knows_is_refused(tmp_path: Path, other: Entry, column: str) -> None:
    pulled, stored = api([order(1, in_november(1), **other)]), tmp_path / "shop.pull"
    with ApiServer(pulled.vendor()) as server:
        pulled.pull(server.url, stored)
    assert refusal(stored, contract("woocommerce_api")).column == column


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(api(ORDERS[:110]), tmp_path)
