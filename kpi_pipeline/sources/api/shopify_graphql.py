"""Shopify's GraphQL Admin API: the questions about orders, and what the vendor says inside its answers.

Here: queries, throttling by cost, errors with HTTP 200, and connections inside an order that are longer than asked for.
What an order becomes belongs to ``systems.shopify_api``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from kpi_pipeline.sources.api.http_client import HttpClient
from kpi_pipeline.sources.api.paging import Paging
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, TryAgain, Verdict, vendor_message

_PAGE_SIZE = 100
_LEAST_WAIT = 1.0
_MONEY = "{shopMoney{amount currencyCode}}"
_LINES = f"""pageInfo{{hasNextPage endCursor}} nodes{{
    id sku name quantity requiresShipping taxable vendor product{{id}}
    originalUnitPriceSet{_MONEY} discountedTotalSet{_MONEY}
}}"""
_ORDERS = f"""query($size:Int,$after:String,$changed:String){{
  orders(first:$size, after:$after, query:$changed, sortKey:UPDATED_AT){{ pageInfo{{hasNextPage endCursor}} nodes{{
    id name email test createdAt updatedAt cancelledAt displayFinancialStatus paymentGatewayNames sourceName
    totalPriceSet{_MONEY} totalDiscountsSet{_MONEY} totalShippingPriceSet{_MONEY} totalTaxSet{_MONEY}
    totalRefundedSet{_MONEY} customer{{id}}
    customerJourneySummary{{lastVisit{{source utmParameters{{source medium campaign}}}}}}
    lineItems(first:50){{ {_LINES} }}
    refunds{{id createdAt totalRefundedSet{_MONEY}
      refundLineItems(first:50){{pageInfo{{hasNextPage}} nodes{{quantity lineItem{{id}}}}}}}}
  }} }} }}"""
_MORE_LINES = f"""query($id:ID!,$after:String){{
  order(id:$id){{ id updatedAt lineItems(first:50, after:$after){{ {_LINES} }} }} }}"""
_ADVICE = {
    401: "Install the app in the shop once more and set its token, or its client_id and client_secret.",
    402: "The shop is frozen: its owner has to pay Shopify first.",
    403: "The app needs the scopes read_orders, read_all_orders and read_customers.",
    404: "pull.endpoint is the shop's own address, such as https://example.myshopify.com.",
    423: "Shopify has locked the shop; its owner has to talk to Shopify.",
}


@dataclass(frozen=True)
class OrderQuestions:
    """What is asked about the orders of one shop.

    Attributes:
        path: of the GraphQL endpoint.
        page_limit: more pages than this are taken for an endless answer.
    """

    client: HttpClient
    path: str
    page_limit: int

    def changed_orders(self, since: datetime) -> Iterator[Answer]:
        """Ask for the orders that changed, the one that changed first at first, so that none slips between two pages.

        Raises:
            RefusedFile: there is no complete answer.
        """
        changed = f"updated_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
        paging = Paging(self.client, self.page_limit)
        after: str | None = None
        size = _PAGE_SIZE
        while True:
            paging.follow(after)
            answer, size = self._affordable_page(changed, after, size)
            yield answer
            page = answer.body["data"]["orders"]["pageInfo"]
            if not page["hasNextPage"]:
                return
            paging.take(answer)
            after = page["endCursor"]

    def further_lines(self, order: Mapping[str, Any]) -> Iterator[tuple[int, Answer]]:
        """Ask for the lines of an order that its page left out; each answer with the number of lines before it.

        Raises:
            RefusedFile: the order changed meanwhile, or there is no complete answer.
        """
        lines, before = order["lineItems"], 0
        paging = Paging(self.client, self.page_limit)
        while lines["pageInfo"]["hasNextPage"]:
            before += len(lines["nodes"])
            after = lines["pageInfo"]["endCursor"]
            paging.follow(after)
            answer = self.client.post(
                self.path, {"query": _MORE_LINES, "variables": {"id": order["id"], "after": after}}
            )
            more = answer.body["data"]["order"]
            if more["updatedAt"] != order["updatedAt"]:
                raise self.client.refuse(f"{order['id']} changed between two questions", "The next run tries again.")
            yield before, answer
            lines = more["lineItems"]

    def _affordable_page(self, changed: str, after: str | None, size: int) -> tuple[Answer, int]:
        while size:
            variables = {"size": size, "after": after, "changed": changed}
            answer = self.client.post(self.path, {"query": _ORDERS, "variables": variables})
            if not _is_too_costly(answer.body):
                return answer, size
            size //= 2
        raise self.client.refuse("that the question about a single order costs more points than the shop has")


def judge(answer: Answer) -> Verdict:
    """Judge what the vendor says inside HTTP 200, and what a person can do about other statuses."""
    if answer.status in _ADVICE:
        return GiveUp(f"HTTP {answer.status}{vendor_message(answer)}", _ADVICE[answer.status])
    codes = _codes(answer.body)
    if not codes or _is_too_costly(answer.body):
        return None
    if codes == {"THROTTLED"}:
        asked, bucket = _cost(answer.body)
        wait = (asked - Decimal(bucket["currentlyAvailable"])) / Decimal(bucket["restoreRate"])
        return TryAgain("throttling, time and again", max(float(wait), _LEAST_WAIT))
    if codes == {"INTERNAL_SERVER_ERROR"}:
        return TryAgain(f"an error inside the answer{vendor_message(answer)}")
    advice = _ADVICE[403] if "ACCESS_DENIED" in codes else ""
    return GiveUp(f"an error inside the answer{vendor_message(answer)}", advice)


def _is_too_costly(body: Any) -> bool:
    """Tell whether fewer orders at a time are the only way: waiting never brings more points than the bucket holds."""
    codes = _codes(body)
    if codes == {"THROTTLED"}:
        asked, bucket = _cost(body)
        return asked > Decimal(bucket["maximumAvailable"])
    return codes == {"MAX_COST_EXCEEDED"}


def _cost(body: Any) -> tuple[Decimal, Mapping[str, str]]:
    cost = body["extensions"]["cost"]
    return Decimal(cost["requestedQueryCost"]), cost["throttleStatus"]


def _codes(body: Any) -> set[str]:
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list):  # a mere text where the question did not reach GraphQL
        return set()
    # Without a code the message is all there is: "Throttled".
    return {(error.get("extensions") or {}).get("code") or error["message"].upper() for error in errors}
