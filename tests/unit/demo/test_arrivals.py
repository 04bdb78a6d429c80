from datetime import date, timedelta

import pyarrow.parquet as pq

from tests.unit.demo.exported_files import EXPORTED_AT, cells, number

SOURCES = {
    "google_ads",
    "meta_ads",
    "ga4_exploration",
    "ga4_events",
    "shopify_orders",
    "shop_refunds",
    "ledger",
    "fx_rates",
}


def test_exports_arrive_on_four_days_each_source_in_its_folder(demo, exports):
    assert sorted(path.name for path in exports.iterdir()) == [day.isoformat() for day in demo.arrival_days]
    assert demo.arrival_days == tuple(demo.last_day + timedelta(days=offset) for offset in (-2, -1, 0, 1))
    first, *later = sorted(exports.iterdir())
    assert {path.name for path in first.iterdir()} == SOURCES | {"product_costs"}
    for folder in later:
        assert {path.name for path in folder.iterdir()} == SOURCES


def test_every_file_name_carries_the_time_of_its_export(exports, exported):
    faults = exported.truth["faults"]
    for path in exports.glob("*/*/*"):
        written = EXPORTED_AT.search(path.name)[1][:10]
        assert written == path.parts[-3] or path.name == faults["duplicate"]["file_name"]


def test_no_export_speaks_for_the_day_of_its_arrival(exports, exported):
    for path in exports.glob("*/google_ads/*.csv"):
        if path.name != exported.broken:
            days = [row["Day"] for row in exported.google_rows(path) if not row["Day"].startswith("Total")]
            assert max(days) < path.parts[-3]
    for path in exports.glob("*/shopify_orders/*.csv"):
        assert max(row["Created at"][:10] for row in exported.shopify_rows(path)) < path.parts[-3]


def test_later_exports_restate_conversions_and_a_little_cost(exported):
    def sums(path, days):
        rows = [row for row in exported.google_rows(path) if row["Day"] in days]
        return sum(number(row["Conversions"]) for row in rows), sum(number(row["Cost"]) for row in rows)

    first, *_, last = exported.files("google_ads")
    days = sorted({row["Day"] for row in exported.google_rows(first) if not row["Day"].startswith("Total")})[-7:]
    conversions, cost = sums(first, days)
    later_conversions, later_cost = sums(last, days)
    assert later_conversions > conversions
    assert 0 < abs(later_cost - cost) < cost / 50


def test_one_file_is_delivered_twice_under_another_name(exports, exported):
    fault = exported.truth["faults"]["duplicate"]
    again = exports / fault["arrival_day"] / fault["source"] / fault["file_name"]
    first = next(exports.glob(f"*/{fault['source']}/{fault['same_as']}"))
    assert again.read_bytes() == first.read_bytes()


def test_the_broken_file_has_its_fault_where_the_truth_says_and_an_intact_one_has_the_same_days(exports, exported):
    fault = exported.truth["faults"]["quarantined"]
    broken = exports / fault["arrival_day"] / fault["source"] / fault["file_name"]
    header = broken.read_text(encoding="utf-8").split("\n")[2].split(",")
    row = next(iter([cells(broken)[fault["line"] - 1]]))
    assert row[header.index(fault["column"])] == fault["found"]
    intact = [path for path in broken.parent.glob("*T06-00-00.csv") if path.name.startswith("campaign_report")]
    intact_days, broken_days = ({row["Day"] for row in exported.google_rows(path)} for path in (intact[0], broken))
    assert intact_days == broken_days


def test_two_meta_exports_overlap(exports):
    second = sorted(exports.iterdir())[1]
    assert len(list((second / "meta_ads").iterdir())) == 2


def test_one_day_of_events_is_delivered_again_with_those_of_late_devices(demo, exports):
    late_day = demo.last_day - timedelta(days=2)
    first, again = sorted(exports.glob(f"*/ga4_events/events_{late_day:%Y%m%d}_*.parquet"))
    earlier, later = (
        {
            (event["user_pseudo_id"], event["event_timestamp"], event["event_name"])
            for event in pq.read_table(path).to_pylist()
        }
        for path in (first, again)
    )
    assert earlier < later
    assert again.parts[-3] == demo.arrival_days[-1].isoformat()


def test_orders_change_between_exports(exported):
    changes = set()
    status = {}
    for path in exported.files("shopify_orders"):
        for row in exported.shopify_rows(path):
            if row["Id"]:
                before = status.setdefault(row["Id"], row["Financial Status"])
                changes.add((before, row["Financial Status"]))
                status[row["Id"]] = row["Financial Status"]
    assert ("pending", "paid") in changes
    assert ("paid", "partially_refunded") in changes or ("paid", "refunded") in changes


def test_the_ledger_is_corrected_once(demo, exported):
    amounts = [
        (date.fromisoformat(path.parts[-3]), row[6])
        for path in exported.files("ledger")
        for row in cells(path)
        if row[1] == "6602"
    ]
    assert {amount for day, amount in amounts if day < demo.last_day} == {"96.00"}
    assert {amount for day, amount in amounts if day >= demo.last_day} == {"102.50"}
