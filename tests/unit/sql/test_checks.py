from datetime import date, datetime

import pytest

from kpi_pipeline.errors import CheckFailedError
from tests.unit.sql.raw_rows import Row, Warehouse, ad, event, order, rate

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12)
PERIOD = {"day": DAY, "period_start": DAY, "period_end": DAY, "account_code": "6000"}
POSTING = PERIOD | {"section": "opex", "amount": 1, "currency": "EUR"}
REFUND = {"refund_id": "r1", "order_id": "1", "day": DAY, "amount": 5, "currency": "EUR"}
PRODUCT = {"product_id": "chair", "day": DAY, "unit_cost": 5, "currency": "EUR"}
LINE = {"order_id": "1", "line_number": 1, "day": DAY, "quantity": 1, "line_total": 5}
TRAFFIC = {"day": DAY, "sessions": 10}


@pytest.mark.parametrize(
    ("subject", "rows", "check"),
    [
        ("ad_performance", [ad(DAY, impressions=-1, clicks=-1)], "impressions_not_negative"),
        ("ad_performance", [ad(DAY, clicks=-1)], "clicks_not_negative"),
        ("ad_performance", [ad(DAY), ad(DAY, currency="USD")], "grain"),
        ("web_sessions_daily", [TRAFFIC | {"sessions": -1}], "sessions_not_negative"),
        ("web_events", [event("purchase", NOON, session=" ")], "session_known"),
        ("orders", [order("1", DAY, status="on its way")], "status_known"),
        ("orders", [order("1", DAY), order("1 ", DAY)], "grain"),
        ("order_lines", [LINE, LINE], "grain"),
        ("refunds", [REFUND, REFUND | {"order_id": "2"}], "grain"),
        ("products", [PRODUCT | {"unit_cost": -5}], "unit_cost_not_negative"),
        ("products", [PRODUCT, PRODUCT | {"unit_cost": 6}], "grain"),
        ("ledger_entries", [POSTING | {"period_start": date(2026, 3, 3)}], "period_in_order"),
        ("ledger_entries", [POSTING | {"section": "misc"}], "section_known"),
        ("fx_rates", [rate(DAY, "GBP", "EUR", "0")], "rate_positive"),
        ("fx_rates", [rate(DAY, "GBP", "EUR", "1"), rate(DAY, "GBP", "EUR", "2")], "grain"),
    ],
)
def test_rows_that_cannot_be_right_stop_their_table(
    warehouse: Warehouse, subject: str, rows: list[Row], check: str
) -> None:
    warehouse.load(subject, rows)
    with pytest.raises(CheckFailedError, match=f"check {check} fails"):
        warehouse.build(f"staging.{subject}")


def test_doubtful_rows_are_kept_with_a_warning(warehouse: Warehouse) -> None:
    doubtful = [
        ("ad_performance", ad(DAY, campaign_id="1", clicks=101), "clicks_within_impressions"),
        ("ad_performance", ad(DAY, campaign_id="2", cost=-1), "cost_not_negative"),
        ("ad_performance", ad(DAY, campaign_id="3", currency=""), "currency_has_three_letters"),
        ("web_sessions_daily", TRAFFIC | {"engaged_sessions": 11}, "engaged_within_sessions"),
        ("web_events", event("purchase", NOON, day=date(2026, 3, 3)), "session_begins_first"),
        ("orders", order("1", DAY, gross_items=-1), "gross_items_not_negative"),
        ("orders", order("2", DAY, discounts=-1), "discounts_not_negative"),
        ("orders", order("3", DAY, refunded_total=-1), "refunded_total_not_negative"),
        ("orders", order("4", DAY, currency="EURO"), "currency_has_three_letters"),
        ("refunds", REFUND | {"amount": -5}, "amount_not_negative"),
        ("refunds", REFUND | {"refund_id": "r2", "currency": "E"}, "currency_has_three_letters"),
        ("products", PRODUCT | {"currency": "E"}, "currency_has_three_letters"),
        ("ledger_entries", POSTING | {"purpose": "fun"}, "purpose_known"),
        ("ledger_entries", POSTING | {"currency": ""}, "currency_has_three_letters"),
    ]
    for subject, row, _ in doubtful:
        warehouse.load(subject, [row])
    report = warehouse.build(*(f"staging.{subject}" for subject, _, _ in doubtful))

    warned = {
        (result.table, warning.check, warning.failing_rows) for result in report.results for warning in result.warnings
    }
    assert warned == {(f"staging.{subject}", check, 1) for subject, _, check in doubtful}


def test_lines_and_refunds_without_an_order_and_without_a_rate_are_warned_about(warehouse: Warehouse) -> None:
    warehouse.load("order_lines", [LINE | {"is_product": False}])
    warehouse.load("refunds", [REFUND | {"currency": "USD"}])
    report = warehouse.build("core.order_lines", "core.refunds")

    warned = {(result.table, warning.check) for result in report.results for warning in result.warnings}
    assert warned == {
        ("core.order_lines", "order_known"),
        ("core.refunds", "order_known"),
        ("core.refunds", "amount_converted"),
    }


def test_a_source_whose_days_contradict_its_instants_stops_the_cohorts(warehouse: Warehouse) -> None:
    first = order("1", date(2026, 3, 5), created_at=NOON, customer_key="anna")
    second = order("2", DAY, created_at=datetime(2026, 3, 2, 13), customer_key="anna")
    warehouse.load("orders", [first, second])
    with pytest.raises(CheckFailedError, match="check bought_after_joining fails"):
        warehouse.build("measures.cohorts")
