"""What is attested of the platforms' files must be in the demo's."""

from decimal import Decimal

import pyarrow.parquet as pq

from tests.unit.demo.exported_files import cells, number


def test_google_ads_has_title_range_header_and_total_rows_with_their_own_fillers(exported):
    lines = exported.files("google_ads")[0].read_text(encoding="utf-8").split("\n")
    assert lines[0] == "Campaign report"
    assert lines[1] == '"September 21, 2026 - October 29, 2026"'
    assert lines[2].startswith("Day,Campaign status,Campaign,Campaign ID,")
    totals = [line for line in lines if line.startswith("Total: ")]
    assert [line.split(",")[0] for line in totals] == [
        "Total: Campaigns",
        "Total: Account",
        "Total: Search",
        "Total: Performance Max",
        "Total: Display",
    ]
    assert totals[0].startswith("Total: Campaigns, --, --,")
    assert totals[1].startswith("Total: Account,,,")
    assert ",0,0, --, --,0.00," in totals[4]
    assert lines[-1] == ""
    assert not any("\r" in line for line in lines)


def test_google_ads_quotes_thousands_in_counts_but_not_in_cost(exported):
    rows = exported.google_rows(exported.files("google_ads")[0])
    total = next(row for row in rows if row["Day"] == "Total: Account")
    assert "," in total["Impr."]
    assert "," not in total["Cost"]
    assert Decimal(total["Cost"]) > 1000


def test_google_ads_totals_are_the_sums_of_their_rows(exported):
    for path in exported.files("google_ads"):
        rows = exported.google_rows(path)
        detail = [row for row in rows if not row["Day"].startswith("Total")]
        total = next(row for row in rows if row["Day"] == "Total: Campaigns")
        for column in ("Impr.", "Clicks", "Cost", "Conversions", "Conv. value"):
            assert number(total[column]) == sum(number(row[column]) for row in detail)


def test_google_ads_names_devices_as_the_interface_does(exported):
    rows = exported.google_rows(exported.files("google_ads")[0])
    assert {row["Device"] for row in rows} >= {"Computers", "Mobile phones", "Tablets"}


def test_meta_ads_quotes_headers_with_a_space_and_has_the_currency_in_one(exported):
    path = exported.files("meta_ads")[0]
    header = path.read_text(encoding="utf-8-sig").split("\n")[0]
    assert '"Reporting starts","Reporting ends",Day,' in header
    assert ',Reach,Impressions,"Clicks (all)",' in header
    assert '"Amount spent (GBP)"' in header


def test_meta_ads_comes_with_and_without_byte_order_mark(exported):
    starts = {path.read_bytes()[:3] == b"\xef\xbb\xbf" for path in exported.files("meta_ads")}
    assert starts == {True, False}


def test_meta_ads_ends_with_a_summary_row_without_names(exported):
    *rows, summary = exported.meta_rows(exported.files("meta_ads")[0])
    assert (summary["Day"], summary["Campaign name"], summary["Campaign ID"]) == ("", "", "")
    assert number(summary["Impressions"]) == sum(number(row["Impressions"]) for row in rows)


def test_meta_ads_results_mean_what_the_indicator_says(exported):
    *rows, _ = exported.meta_rows(exported.files("meta_ads")[0])
    assert {row["Result indicator"] for row in rows} == {
        "actions:link_click",
        "offsite_conversion.fb_pixel_purchase",
    }
    assert all(row["Results"] == row["Link clicks"] for row in rows if row["Result indicator"] == "actions:link_click")


def test_the_attribution_setting_changes_on_its_day_and_the_campaign_starts_on_its_own(exported):
    planted = exported.truth["planted"]
    change, launch = planted["definition_change"], planted["campaign_launch"]
    *rows, _ = exported.meta_rows(exported.files("meta_ads")[0])
    for row in rows:
        expected = change["to"] if row["Day"] >= change["first_day"] else change["from"]
        assert row["Attribution setting"] == expected
    days = [row["Day"] for row in rows if row["Campaign name"] == launch["campaign"]]
    assert min(days) == launch["first_day"]


def test_the_exploration_has_comments_and_a_grand_total_with_one_cell_more(exported):
    rows = cells(exported.files("ga4_exploration")[0])
    assert [row[0][:2] for row in rows[:5]] == ["# "] * 5
    assert rows[3] == ["# 20260921-20261029"]
    assert rows[5] == []
    header, total, *detail = rows[6:]
    assert len(total) == len(header) + 1
    assert total[:4] == [""] * 4
    assert total[-1] == "Grand total"
    for column in (4, 5, 6):
        assert int(total[column]) == sum(int(row[column]) for row in detail)


def test_the_exploration_agrees_with_the_events(exported):
    daily = {}
    for path in exported.files("ga4_exploration"):
        of_file = {}
        for day, _, _, _, sessions, engaged, _ in cells(path)[8:]:
            counts = of_file.setdefault(day, [0, 0])
            counts[0] += int(sessions)
            counts[1] += int(engaged)
        daily.update(of_file)
    from_events = {}
    for session in exported.sessions.values():
        counts = from_events.setdefault(f"{session['day']:%Y%m%d}", [0, 0])
        counts[0] += 1
        counts[1] += session["engaged"]
    assert daily == from_events


def test_events_have_the_nested_shape_of_the_warehouse_export(exported):
    schema = pq.read_schema(exported.files("ga4_events")[0])
    assert str(schema.field("event_params").type.value_type.field("value").type.names) == (
        "['string_value', 'int_value', 'float_value', 'double_value']"
    )
    assert schema.field("session_traffic_source_last_click").type.field("cross_channel_campaign")
    assert schema.field("ecommerce").type.field("transaction_id")
    names = {event["event_name"] for event in exported.events}
    assert names == {"session_start", "view_item", "add_to_cart", "begin_checkout", "purchase"}


def test_a_purchase_names_its_order_and_its_value(exported):
    orders = {head["Name"]: head for head, _ in exported.orders()}
    purchases = [event for event in exported.events if event["event_name"] == "purchase"]
    assert purchases
    for event in purchases:
        order = orders[event["ecommerce"]["transaction_id"]]
        assert event["parameters"]["transaction_id"] == order["Name"]
        assert event["parameters"]["currency"] == order["Currency"]
        assert f"{event['parameters']['value']:.2f}" == order["Subtotal"]


def test_some_sessions_cross_midnight_and_some_orders_have_no_session(exported):
    sessions = exported.sessions
    crossing = [event for event in exported.events if event["event_date"] > f"{_session_day(sessions, event):%Y%m%d}"]
    assert crossing
    seen = {name for session in sessions.values() for name in session["transactions"]}
    assert {head["Name"] for head, _ in exported.orders()} > seen


def _session_day(sessions, event):
    return sessions[event["user_pseudo_id"], event["parameters"]["ga_session_id"]]["day"]


def test_some_events_are_exported_twice(exported):
    seen, repeated = set(), 0
    for event in exported.events:
        key = (event["user_pseudo_id"], event["event_timestamp"], event["event_name"])
        repeated += key in seen
        seen.add(key)
    assert repeated


def test_shopify_has_79_columns_and_order_columns_on_first_rows_only(exported):
    rows = exported.shopify_rows(exported.files("shopify_orders")[0])
    assert len(rows[0]) == 79
    seen = set()
    for row in rows:
        is_first = row["Name"] not in seen
        seen.add(row["Name"])
        order_columns = ("Financial Status", "Currency", "Subtotal", "Total", "Refunded Amount", "Id")
        assert all(bool(row[column]) == is_first for column in order_columns)
        assert row["Created at"]
        assert bool(row["Vendor"]) == (row["Lineitem name"] != "Tip")
        assert row["Lineitem price"]
    assert any(row["Email"] == "" for row in rows), "some continuation rows have no address"


def test_shopify_writes_the_shop_clock_with_its_offset_before_and_after_the_clocks_change(exported):
    rows = exported.shopify_rows(exported.files("shopify_orders")[0])
    for row in rows:
        day, _, offset = row["Created at"].split(" ")
        if day != "2026-10-25":
            assert offset == ("+0200" if day < "2026-10-25" else "+0100")


def test_shopify_amounts_fit_together(exported):
    for head, rows in exported.orders():
        prices = [
            (row["Lineitem name"], Decimal(row["Lineitem price"]) * int(row["Lineitem quantity"])) for row in rows
        ]
        goods, tips = (sum(price for name, price in prices if (name == "Tip") == is_tip) for is_tip in (False, True))
        assert Decimal(head["Subtotal"]) == goods - Decimal(head["Discount Amount"])
        assert Decimal(head["Total"]) == Decimal(head["Subtotal"]) + Decimal(head["Shipping"]) + tips
        assert Decimal(head["Refunded Amount"]) <= Decimal(head["Subtotal"])


def test_shopify_has_notes_over_two_lines_test_orders_and_every_status(exported):
    heads = [head for head, _ in exported.orders()]
    assert any("\n" in head["Notes"] for head in heads)
    assert any("Bogus" in head["Payment Method"] for head in heads)
    states = {
        row["Financial Status"] for path in exported.files("shopify_orders") for row in exported.shopify_rows(path)
    }
    assert states >= {"paid", "pending", "voided", "partially_refunded", "refunded"}
    assert any(head["Cancelled at"] for head in heads)
    assert {head["Currency"] for head in heads} == {"EUR", "GBP"}
    assert all(head["Billing Zip"].startswith("'") for head in heads)


def test_one_customer_writes_the_same_address_in_two_ways(long_demo):
    from tests.unit.demo.exported_files import ExportedFiles

    written = {}
    for head, _ in ExportedFiles(long_demo.directory).orders():
        written.setdefault(head["Email"].lower(), set()).add(head["Email"])
    assert any(len(ways) > 1 for ways in written.values())


def test_refunds_are_written_in_german(exported):
    refunds = exported.refunds()
    assert refunds
    orders = {head["Id"]: head for head, _ in exported.orders()}
    total = {}
    for refund in refunds:
        assert "," in refund["Betrag brutto"]
        assert refund["Erstattet am"][2] == refund["Erstattet am"][5] == "."
        amount = Decimal(refund["Betrag brutto"].replace(".", "").replace(",", "."))
        total[refund["Shop-ID"]] = total.get(refund["Shop-ID"], 0) + amount
        assert orders[refund["Shop-ID"]]["Name"] == refund["Bestellung"]
        assert orders[refund["Shop-ID"]]["Currency"] == refund["Währung"]
    assert total == {key: Decimal(head["Refunded Amount"]) for key, head in orders.items() if key in total}


def test_the_ledger_has_debits_credits_and_costs_of_whole_months(exported):
    rows = exported.ledger()
    assert any(Decimal(row["credit"]) > 0 for row in rows)
    assert all(Decimal(row["debit"]) == 0 or Decimal(row["credit"]) == 0 for row in rows)
    october = [row for row in rows if (row["period_start"], row["period_end"]) == ("2026-10-01", "2026-10-31")]
    assert {row["purpose"] for row in october} == {"acquisition", "retention", ""}
    assert {row["date"] for row in rows} >= {f"2026-10-{day:02d}" for day in range(1, 32)}, "every day has a posting"


def test_exchange_rates_are_those_of_business_days(exported):
    from datetime import date

    days = {date.fromisoformat(row[0]) for path in exported.files("fx_rates") for row in cells(path)[1:]}
    assert all(day.isoweekday() <= 5 for day in days)
    assert min(days) < date.fromisoformat(exported.truth["first_day"])
