import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import build_contract
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor, page_of
from tests.unit.sources.api.instants import NOW, FakeTime
from tests.unit.sources.api.pulled import PulledApi, survive_fault_schedules
from tests.unit.sources.read_files import contract, refusal

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 19)
TOKEN = "shpat_0123456789"
TOKEN_PATH = "/admin/oauth/access_token"
Entry = dict[str, Any]


def money(amount: str, currency: str = "EUR") -> Entry:
    return {"shopMoney": {"amount": amount, "currencyCode": currency}}


def line(number: int, quantity: int, price: str, total: str, **other: Any) -> Entry:
    entry = {"id": f"gid://shopify/LineItem/{number}", "sku": f"SKU{number}", "name": f"Lamp {number}", "vendor": "Lux"}
    entry |= {"quantity": quantity, "requiresShipping": True, "taxable": True}
    entry |= {"originalUnitPriceSet": money(price), "discountedTotalSet": money(total)}
    return entry | {"product": {"id": f"gid://shopify/Product/{70 + number}"}} | other


def refund(number: int, created: str, amount: str, quantities: list[int]) -> Entry:
    nodes = [{"quantity": quantity, "lineItem": {"id": "gid://shopify/LineItem/1"}} for quantity in quantities]
    entry = {"id": f"gid://shopify/Refund/{number}", "createdAt": created, "totalRefundedSet": money(amount)}
    return entry | {"refundLineItems": {"pageInfo": {"hasNextPage": len(nodes) > 50}, "nodes": nodes[:50]}}


def order(number: int, created: str, **other: Any) -> Entry:
    entry = {"id": f"gid://shopify/Order/{number}", "name": f"#{number}", "email": f"buyer{number}@example.com"}
    entry |= {"test": False, "createdAt": created, "updatedAt": created, "cancelledAt": None}
    entry |= {"displayFinancialStatus": "PAID", "paymentGatewayNames": ["shopify_payments"], "sourceName": "web"}
    entry |= {"totalPriceSet": money("28.00"), "totalDiscountsSet": money("3.00"), "totalTaxSet": money("4.47")}
    entry |= {"totalShippingPriceSet": money("1.00"), "totalRefundedSet": money("0.0"), "refunds": []}
    entry |= {"customer": {"id": f"gid://shopify/Customer/{500 + number}"}, "customerJourneySummary": None}
    return entry | {"lines": [line(1, 2, "10.00", "18.00"), line(2, 1, "10.00", "9.00")]} | other


def at(number: int) -> str:
    return f"2026-11-{1 + number % 19:02}T12:00:{number % 60:02}Z"


ORDERS = [order(1000 + number, at(number)) for number in range(230)]
RETURNED = [refund(31, "2026-11-18T23:30:00Z", "10.00", [1])]
ORDERS[7] |= {"displayFinancialStatus": "PARTIALLY_REFUNDED", "refunds": RETURNED, "totalRefundedSet": money("10.00")}


def connection(rows: list[Entry], after: str | None, size: int) -> Entry:
    first = int(after or 0)
    has_next = len(rows) > first + size
    return {
        "pageInfo": {"hasNextPage": has_next, "endCursor": str(first + size)},
        "nodes": page_of(rows[first:], 0, size),
    }


def vendor_of(orders: list[Entry], most: int = 1000) -> Callable[[], Vendor]:
    def shown(entry: Entry) -> Entry:
        return {key: value for key, value in entry.items() if key != "lines"} | {
            "lineItems": connection(entry["lines"], None, 50)
        }

    def answer(question: Question) -> Reply:
        assert (question.method, question.path) == ("POST", "/admin/api/2026-10/graphql.json")
        assert question.headers["x-shopify-access-token"] == TOKEN
        query, variables = question.body["query"], question.body["variables"]
        assert query.count("{") == query.count("}")
        if "order(id:$id)" in query:
            (entry,) = [entry for entry in orders if entry["id"] == variables["id"]]
            more = {"id": entry["id"], "updatedAt": entry["updatedAt"]}
            return Reply({"data": {"order": more | {"lineItems": connection(entry["lines"], variables["after"], 50)}}})
        assert "sortKey:UPDATED_AT" in query
        if variables["size"] > most:
            return Reply({"errors": [{"message": "too much", "extensions": {"code": "MAX_COST_EXCEEDED"}}]})
        since = re.fullmatch(r"updated_at:>='(.*)'", variables["changed"])
        assert since
        found = sorted((entry for entry in orders if entry["updatedAt"] >= since[1]), key=lambda one: one["updatedAt"])
        page = connection([shown(entry) for entry in found], variables["after"], variables["size"])
        bucket = {"maximumAvailable": 2000.0, "currentlyAvailable": 1866, "restoreRate": 100.0}
        cost = {"requestedQueryCost": 302, "actualQueryCost": 134, "throttleStatus": bucket}
        return Reply({"data": {"orders": page}, "extensions": {"cost": cost}})

    return lambda: answer


def api(orders: list[Entry] = ORDERS, most: int = 1000, **yaml: Any) -> PulledApi:
    declared = {"account_id": "lamps", "time_zone": "Europe/Berlin", **yaml}
    return PulledApi("shopify_api", vendor_of(orders, most), {"access_token": TOKEN}, declared, FIRST, LAST)


def throttled(asked: int, available: int, most: int = 1000) -> Entry:
    bucket = {"maximumAvailable": float(most), "currentlyAvailable": available, "restoreRate": 50.0}
    cost = {"requestedQueryCost": asked, "actualQueryCost": None, "throttleStatus": bucket}
    errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    return {"errors": errors, "extensions": {"cost": cost}}


def test_orders_over_three_pages_with_lines_and_refunds(tmp_path: Path) -> None:
    found = api().rows(tmp_path)
    orders, lines, refunds = (found.rows[name] for name in ("orders", "order_lines", "refunds"))
    assert (len(orders), len(lines), len(refunds)) == (230, 460, 1)
    assert sum(row["total"] for row in orders) == 230 * 28
    assert sum(row["gross_items"] for row in orders) == 230 * 30  # 2 * 10.00 + 1 * 10.00
    row = next(row for row in orders if row["order_id"] == "1003")
    assert (row["order_number"], row["day"], row["created_at"], row["customer_key"]) == (
        "#1003", date(2026, 11, 4), datetime(2026, 11, 4, 12, 0, 3), "1503",
    )  # fmt: skip
    assert (row["status"], row["currency"], row["discounts"], row["shipping"], row["taxes"], row["is_test"]) == (
        "paid", "EUR", 3, 1, Decimal("4.47"), False,
    )  # fmt: skip
    assert (row["payment_method"], row["sales_channel"], row["account_id"]) == ("shopify_payments", "web", "lamps")
    assert found.prepared.notes == ()


def test_lines_carry_their_discount(tmp_path: Path) -> None:
    first, second = sorted(
        (row for row in api().rows(tmp_path).rows["order_lines"] if row["order_id"] == "1003"),
        key=lambda row: row["line_number"],
    )
    assert (first["line_id"], first["product_id"], first["product_name"], first["vendor"], first["day"]) == (
        "1", "SKU1", "Lamp 1", "Lux", date(2026, 11, 4),
    )  # fmt: skip
    assert (first["quantity"], first["unit_price"], first["line_discount"], first["line_total"]) == (2, 10, 2, 18)
    assert (second["line_discount"], second["is_product"]) == (1, True)


def test_a_refund_stands_on_its_own_day(tmp_path: Path) -> None:
    found = api().rows(tmp_path)
    (row,) = found.rows["refunds"]
    assert (row["refund_id"], row["order_id"], row["amount"], row["currency"], row["quantity"]) == (
        "31", "1007", 10, "EUR", 1,
    )  # fmt: skip
    assert (row["day"], row["refunded_at"]) == (date(2026, 11, 19), datetime(2026, 11, 18, 23, 30))
    (refunded,) = [row for row in found.rows["orders"] if row["refunded_total"]]
    assert (refunded["status"], refunded["refunded_total"]) == ("partially_refunded", 10)


def test_states_and_tests(tmp_path: Path) -> None:
    states = ["PENDING", "AUTHORIZED", "PARTIALLY_PAID", "PAID", "REFUNDED", "VOIDED", "EXPIRED"]
    shop = [order(number, at(1), displayFinancialStatus=state) for number, state in enumerate(states)]
    shop += [order(7, at(1), cancelledAt=at(2)), order(8, at(1), test=True)]
    shop += [order(9, at(1), paymentGatewayNames=["bogus"])]
    rows = {row["order_id"]: row for row in api(shop).rows(tmp_path).rows["orders"]}
    assert [rows[str(number)]["status"] for number in range(8)] == [
        "pending", "pending", "pending", "paid", "refunded", "failed", "failed", "cancelled",
    ]  # fmt: skip
    assert sorted(number for number, row in rows.items() if row["is_test"]) == ["8", "9"]


def test_tips_are_no_products(tmp_path: Path) -> None:
    tip = line(3, 1, "5.00", "5.00", sku=None, product=None, vendor=None, requiresShipping=False, taxable=False)
    custom = line(4, 1, "7.00", "7.00", sku=None, product=None, vendor=None)
    gone = line(5, 1, "1.00", "1.00", sku="")
    found = api([order(1, at(1), lines=[tip, custom, gone])]).rows(tmp_path)
    lines = sorted(found.rows["order_lines"], key=lambda row: row["line_number"])
    assert [(row["is_product"], row["product_id"]) for row in lines] == [(False, None), (True, None), (True, "75")]
    assert found.rows["orders"][0]["gross_items"] == 8


def test_campaigns_of_the_last_visit(tmp_path: Path) -> None:
    utm = {"source": "google", "medium": "cpc", "campaign": "spring"}
    shop = [
        order(1, at(1), customerJourneySummary={"lastVisit": {"source": "Google", "utmParameters": utm}}),
        order(2, at(1), customerJourneySummary={"lastVisit": {"source": "direct", "utmParameters": None}}),
        order(3, at(1), customerJourneySummary={"lastVisit": None}),
    ]
    rows = sorted(api(shop).rows(tmp_path).rows["orders"], key=lambda row: row["order_id"])
    assert [row["utm_source"] for row in rows] == ["google", None, None]
    assert (rows[0]["utm_medium"], rows[0]["utm_campaign"]) == ("cpc", "spring")


def test_customers_can_be_those_of_the_export(tmp_path: Path) -> None:
    shop = [order(1, at(1), email="Mina@Example.com"), order(2, at(1), email="mina@example.com")]
    shop += [order(3, at(1), email=None, customer=None)]
    by_number = sorted(api(shop).rows(tmp_path).rows["orders"], key=lambda row: row["order_id"])
    assert [row["customer_key"] for row in by_number] == ["501", "502", "guest:3"]
    found = api(shop, options={"customers": "email"}).rows(tmp_path)
    first, second, guest = (row["customer_key"] for row in sorted(found.only, key=lambda row: row["order_id"]))
    assert first == second not in ("501", "502")
    assert guest == "guest:3"
    assert "mina" not in str(found.rows).lower()


def test_further_lines_of_an_order_are_asked_for(tmp_path: Path) -> None:
    many = [line(number, 1, "1.00", "1.00") for number in range(1, 131)]
    found = api([order(1, at(1), lines=many), order(2, at(2))]).rows(tmp_path)
    numbers = sorted(row["line_number"] for row in found.rows["order_lines"] if row["order_id"] == "1")
    assert numbers == list(range(1, 131))
    assert next(row for row in found.rows["orders"] if row["order_id"] == "1")["gross_items"] == 130


def test_an_order_that_changes_between_its_lines_is_refused(tmp_path: Path) -> None:
    many = order(1, at(1), lines=[line(number, 1, "1.00", "1.00") for number in range(60)])

    def changing(question: Question) -> Reply:
        if "order(id:$id)" in question.body["query"]:
            many["updatedAt"] = at(5)
        return vendor_of([many])()(question)

    assert api().refusal(tmp_path, changing).found == "gid://shopify/Order/1 changed between two questions"


def test_the_pieces_of_a_long_refund_are_unknown_but_not_its_amount(tmp_path: Path) -> None:
    long = refund(1, at(3), "60.00", [1] * 60)
    (row,) = api([order(1, at(1), refunds=[long, refund(2, at(3), "0.0", [1])])]).rows(tmp_path).rows["refunds"]
    assert (row["amount"], row["quantity"]) == (60, None)


def test_an_order_that_changes_while_pages_are_asked_for_counts_once_and_newest(tmp_path: Path) -> None:
    shop = [order(number, at(number % 19)) for number in range(150)]

    def changing(question: Question) -> Reply:
        reply = vendor_of(shop)()(question)
        if question.body["variables"]["after"] is None:
            early = min(shop, key=lambda entry: entry["updatedAt"])
            early |= {"updatedAt": "2026-11-19T23:59:59Z", "totalPriceSet": money("5.00")}
            early |= {"lines": [line(1, 1, "5.00", "5.00")]}
            # what is read already stays in front of the cursor
            shop.append(order(999, "2026-11-01T00:00:00Z"))
        return reply

    found = api().rows(tmp_path, vendor=changing)
    assert len(found.rows["orders"]) == 150
    changed = next(row for row in found.rows["orders"] if row["order_id"] == "0")
    assert (changed["total"], changed["gross_items"]) == (5, 5)
    assert [row["line_total"] for row in found.rows["order_lines"] if row["order_id"] == "0"] == [5]


def test_orders_from_before_the_first_day_are_left_to_others_but_not_their_refunds(tmp_path: Path) -> None:
    early = order(1, "2026-10-20T10:00:00Z", updatedAt=at(9), refunds=[refund(5, at(9), "2.00", [1])])
    night = order(2, "2026-10-31T23:30:00Z")  # half past midnight of 1 November in the shop
    found = api([early, night]).rows(tmp_path)
    assert [(row["order_id"], row["day"]) for row in found.rows["orders"]] == [("2", FIRST)]
    assert {row["order_id"] for row in found.rows["order_lines"]} == {"2"}
    assert [(row["order_id"], row["amount"]) for row in found.rows["refunds"]] == [("1", 2)]


def test_later_pulls_ask_only_for_changes_and_bring_the_corrected_order(tmp_path: Path) -> None:
    changed = order(1007, at(7), updatedAt="2026-11-19T22:00:00Z", totalPriceSet=money("5.00"))
    later = replace(api([ORDERS[0], changed]), changed_since=NOW - timedelta(hours=12))
    assert [(row["order_id"], row["total"]) for row in later.rows(tmp_path).rows["orders"]] == [("1007", 5)]


def test_a_history_that_ends_after_sixty_days_is_told(tmp_path: Path) -> None:
    shop = [order(1, "2026-09-21T10:00:00Z"), order(2, at(1))]
    found = replace(api(shop), first_day=date(2026, 1, 1)).rows(tmp_path)
    assert [(note.kind, note.found) for note in found.prepared.notes] == [
        ("history_limit", "no order from before 2026-09-21, though all since 2026-01-01 were asked for")
    ]
    older = replace(api([*shop, order(3, "2026-09-19T10:00:00Z")]), first_day=date(2026, 1, 1))
    assert older.rows(tmp_path).prepared.notes == ()


@pytest.mark.parametrize("status", [200, 429])
def test_throttling_waits_until_the_points_are_back(tmp_path: Path, status: int) -> None:
    waiting, asked = FakeTime(), []

    def busy(question: Question) -> Reply:
        asked.append(question)
        return Reply(throttled(202, 118), status) if len(asked) == 1 else vendor_of(ORDERS)()(question)

    with ApiServer(busy) as server:
        api().pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [pytest.approx(1.68)]  # (202 - 118) / 50


@pytest.mark.parametrize("most", [30, 1])
def test_a_question_that_costs_too_much_is_asked_about_fewer_orders(tmp_path: Path, most: int) -> None:
    found = api(ORDERS[:60], most).rows(tmp_path)
    assert len(found.rows["orders"]) == 60


def test_waiting_for_more_points_than_there_ever_are_is_in_vain(tmp_path: Path) -> None:
    waiting = FakeTime()
    with ApiServer(lambda _question: Reply(throttled(1200, 1000))) as server:
        with pytest.raises(Exception, match="a single order costs more points than the shop has"):
            api().pull(server.url, tmp_path / "stored.pull", waiting)
        assert [question.body["variables"]["size"] for question in server.questions] == [100, 50, 25, 12, 6, 3, 1]
    assert waiting.waits == []


@pytest.mark.parametrize(
    ("errors", "found", "advice"),
    [
        (
            [{"message": "Access denied for orders field.", "extensions": {"code": "ACCESS_DENIED"}}],
            "an error inside the answer: Access denied for orders field.",
            "read_all_orders",
        ),
        (
            [{"message": f"Field 'x' does not exist {TOKEN}"}],
            "an error inside the answer: Field 'x' does not exist ***",
            "",
        ),
    ],
)
def test_errors_inside_200_are_refused(tmp_path: Path, errors: list[Entry], found: str, advice: str) -> None:
    reply = Reply({"data": {"orders": None}, "errors": errors})
    refused = api().refusal(tmp_path, lambda _question: reply)
    assert refused.found == f"{found} (POST 127.0.0.1/admin/api/2026-10/graphql.json)"
    assert advice in refused.advice


def test_an_internal_error_inside_200_is_tried_again(tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []

    def failing(question: Question) -> Reply:
        asked.append(question)
        broken = {"errors": [{"message": "Internal error", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}
        return Reply(broken) if len(asked) == 1 else vendor_of(ORDERS)()(question)

    with ApiServer(failing) as server:
        api().pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [1.0]


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "Install the app"), (402, "frozen"), (403, "read_all_orders"), (423, "locked")]
)
def test_other_refusals_say_what_to_do(tmp_path: Path, status: int, advice: str) -> None:
    refused = api().refusal(tmp_path, lambda _question: Reply({"errors": f"no way with {TOKEN}"}, status))
    assert refused.found.startswith(f"HTTP {status}: no way with *** (")
    assert advice in refused.advice


def test_a_client_gets_its_token_and_once_more_when_it_expires(tmp_path: Path) -> None:
    given: list[str] = []

    def vendor(question: Question) -> Reply:
        if question.path == TOKEN_PATH:
            form = {"grant_type": "client_credentials", "client_id": "app", "client_secret": "shpss_secret"}
            assert (question.method, question.body) == ("POST", form)
            given.append(f"shpat_given_{len(given)}")
            return Reply({"access_token": given[-1], "scope": "read_orders", "expires_in": 86399})
        if question.headers["x-shopify-access-token"] != "shpat_given_1":
            return Reply({"errors": "[API] Invalid API key or access token"}, 401)
        question = replace(question, headers={**question.headers, "x-shopify-access-token": TOKEN})
        return vendor_of(ORDERS)()(question)

    pulled = replace(api(), secrets={"client_id": "app", "client_secret": "shpss_secret"})
    assert len(pulled.rows(tmp_path, vendor=vendor).rows["orders"]) == 230
    assert given == ["shpat_given_0", "shpat_given_1"]


def test_a_token_that_stays_expired_is_refused(tmp_path: Path) -> None:
    def vendor(question: Question) -> Reply:
        if question.path == TOKEN_PATH:
            return Reply({"access_token": "shpat_learned"})
        return Reply({"errors": "invalid shpat_learned"}, 401)

    pulled = replace(api(), secrets={"client_id": "app", "client_secret": "shpss_secret"})
    refused = pulled.refusal(tmp_path, vendor)
    assert refused.found.startswith("HTTP 401: invalid *** (")


def test_a_client_that_gets_no_token_is_refused(tmp_path: Path) -> None:
    pulled = replace(api(), secrets={"client_id": "app", "client_secret": "shpss_secret"})
    refused = pulled.refusal(tmp_path, lambda _question: Reply({"error": "invalid_client shpss_secret"}, 400))
    assert refused.found == "HTTP 400: invalid_client *** (POST 127.0.0.1/admin/oauth/access_token)"
    assert "authorise this client once more" in refused.advice


def test_without_any_secret_the_way_out_is_told(tmp_path: Path) -> None:
    with (
        ApiServer(vendor_of(ORDERS)()) as server,
        pytest.raises(ConfigurationError, match="found neither KPI_SHOP_CLIENT_ID nor KPI_SHOP_CLIENT_ID_FILE"),
    ):
        replace(api(), secrets={}).pull(server.url, tmp_path / "stored.pull")


def test_no_order_is_no_row(tmp_path: Path) -> None:
    assert api([]).rows(tmp_path).rows == {"orders": [], "order_lines": [], "refunds": []}


def test_a_cursor_that_comes_twice_is_refused(tmp_path: Path) -> None:
    page = {"pageInfo": {"hasNextPage": True, "endCursor": "same"}, "nodes": []}
    numbers = iter(range(100))
    refused = api().refusal(tmp_path, lambda _question: Reply({"data": {"orders": page}, "n": next(numbers)}))
    assert refused.found == "the same page cursor a second time"


def test_endless_pages_are_refused(tmp_path: Path) -> None:
    def endless(question: Question) -> Reply:
        after = int(question.body["variables"]["after"] or 0) + 1
        return Reply({"data": {"orders": {"pageInfo": {"hasNextPage": True, "endCursor": str(after)}, "nodes": []}}})

    assert api().refusal(tmp_path, endless).found == "more than 200 pages"


def test_an_answer_of_another_shape_is_refused(tmp_path: Path) -> None:
    assert api().refusal(tmp_path, lambda _question: Reply({"data": {}})).found == "an answer without 'orders'"


def test_a_state_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    pulled, stored = api([order(1, at(1), displayFinancialStatus="LOST")]), tmp_path / "shop.pull"
    with ApiServer(pulled.vendor()) as server:
        pulled.pull(server.url, stored)
        refused = refusal(stored, build_contract("shop", pulled.source(server.url)))
    assert (refused.column, refused.found) == ("financial_status", "'LOST'")


def test_a_shop_without_a_zone_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="time_zone: is missing"):
        contract("shopify_api")


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(api(ORDERS[:110]), tmp_path)
