import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write

# 2026-01-04 23:58:20 UTC: already the 5th in Berlin, and the session's events go on after midnight UTC.
SESSION = 1_767_571_100
VALUE = pa.struct({"string_value": pa.string(), "int_value": pa.int64(), "float_value": pa.float64()})
SOURCE = pa.struct({"campaign_name": pa.string(), "source": pa.string(), "medium": pa.string()})
SCHEMA = pa.schema(
    {
        "event_date": pa.string(),
        "event_timestamp": pa.int64(),
        "event_name": pa.string(),
        "event_params": pa.list_(pa.struct({"key": pa.string(), "value": VALUE})),
        "user_pseudo_id": pa.string(),
        "device": pa.struct({"category": pa.string(), "language": pa.string()}),
        "geo": pa.struct({"country": pa.string()}),
        "traffic_source": SOURCE,
        "collected_traffic_source": pa.struct(
            {"manual_source": pa.string(), "manual_medium": pa.string(), "gclid": pa.string()}
        ),
        "session_traffic_source_last_click": pa.struct({"manual_campaign": SOURCE}),
        "ecommerce": pa.struct({"transaction_id": pa.string(), "purchase_revenue": pa.float64()}),
    }
)


def event(name: str = "page_view", *, seconds: int = 60, session: int | None = SESSION, **more: Any) -> dict[str, Any]:
    params: list[dict[str, Any]] = [{"key": "session_engaged", "value": {"string_value": "1"}}]
    if session is not None:
        params.append({"key": "ga_session_id", "value": {"int_value": session}})
    return {
        "event_date": "20260105",
        "event_timestamp": (SESSION + seconds) * 1_000_000,
        "event_name": name,
        "event_params": params,
        "user_pseudo_id": "3868899112.4128253985",
        "device": {"category": "mobile"},
        "geo": {"country": "Germany"},
        # The first visit's source, which must not be taken for the session's.
        "traffic_source": {"source": "bing", "medium": "organic"},
        **more,
    }


def export(folder: Path, *events: dict[str, Any], as_json: bool = False) -> Path:
    if as_json:
        return write(folder, "".join(json.dumps(record) + "\n" for record in events), "events.json")
    pq.write_table(pa.Table.from_pylist(list(events), SCHEMA), folder / "events.parquet")
    return folder / "events.parquet"


def events(**yaml: Any) -> Contract:
    return contract("ga4_events", **{"time_zone": "Europe/Berlin", "account_id": "properties/1", **yaml})


@pytest.mark.parametrize("as_json", [False, True])
def test_an_event_has_the_day_of_its_session_and_its_own(tmp_path: Path, as_json: bool) -> None:
    late = event(seconds=86_400, event_date="20260106")
    file = read(export(tmp_path, event(), late, as_json=as_json), events())
    first, second = sorted(file.only, key=lambda row: row["event_at"])
    assert first == {
        "event_day": date(2026, 1, 5),
        "day": date(2026, 1, 5),
        "event_at": datetime(2026, 1, 4, 23, 59, 20),
        "event_name": "page_view",
        "visitor_id": "3868899112.4128253985",
        "session_id": f"3868899112.4128253985.{SESSION}",
        "is_engaged": True,
        "channel": None,
        "source_name": None,
        "medium": None,
        "campaign_name": None,
        "device": "mobile",
        "country": "Germany",
        "transaction_id": None,
        "value": None,
        "currency": None,
        "account_id": "properties/1",
    }
    assert (second["event_day"], second["day"]) == (date(2026, 1, 6), date(2026, 1, 5))
    assert file.prepared.is_end_verifiable is not as_json
    assert file.prepared.unknown_columns == ()


def test_numbers_in_json_may_be_texts_as_bigquery_writes_them(tmp_path: Path) -> None:
    record = event()
    record["event_timestamp"] = str(record["event_timestamp"])
    record["event_params"][1]["value"] = {"int_value": str(SESSION)}
    assert read(export(tmp_path, record, as_json=True), events()).column("day") == [date(2026, 1, 5)]


def test_events_without_a_session_are_left_out(tmp_path: Path) -> None:
    path = export(tmp_path, event(), event(session=None), event(user_pseudo_id=None), event(user_pseudo_id=""))
    assert len(read(path, events()).only) == 1


def test_a_purchase_has_its_transaction_and_value(tmp_path: Path) -> None:
    purchase = event("purchase", ecommerce={"transaction_id": "#1002", "purchase_revenue": 122.10})
    nothing = event("view_item", ecommerce={"transaction_id": "(not set)", "purchase_revenue": 5.0})
    rows = {row["event_name"]: row for row in read(export(tmp_path, purchase, nothing), events(currency="EUR")).only}
    assert (rows["purchase"]["transaction_id"], rows["purchase"]["value"]) == ("#1002", Decimal("122.10"))
    assert rows["purchase"]["currency"] == "EUR"
    assert (rows["view_item"]["transaction_id"], rows["view_item"]["value"]) == (None, None)


def test_the_sessions_last_click_goes_before_what_the_event_collected(tmp_path: Path) -> None:
    last_click = {"manual_campaign": {"source": "newsletter", "medium": "email", "campaign_name": "November"}}
    collected = {"manual_source": "google", "manual_medium": "cpc"}
    path = export(
        tmp_path,
        event(session_traffic_source_last_click=last_click, collected_traffic_source=collected),
        event("second", collected_traffic_source=collected),
        event("third", collected_traffic_source={"gclid": "abc"}),
    )
    rows = {row["event_name"]: row for row in read(path, events()).only}
    assert (rows["page_view"]["channel"], rows["page_view"]["campaign_name"]) == ("Email", "November")
    assert rows["second"]["channel"] == "Paid Search"
    assert (rows["third"]["channel"], rows["third"]["source_name"]) == ("Paid Search", "google")


def test_googles_own_channel_group_is_taken_where_it_is_exported(tmp_path: Path) -> None:
    cross_channel = {"source": "shop.example", "medium": "referral", "default_channel_group": "Affiliates"}
    record = event(session_traffic_source_last_click={"cross_channel_campaign": cross_channel})
    assert read(export(tmp_path, record, as_json=True), events()).column("channel") == ["Affiliates"]


def test_a_session_is_engaged_by_either_kind_of_parameter(tmp_path: Path) -> None:
    def with_engagement(name: str, value: dict[str, Any] | None) -> dict[str, Any]:
        params = [{"key": "ga_session_id", "value": {"int_value": SESSION}}]
        return event(name, event_params=params + ([{"key": "session_engaged", "value": value}] if value else []))

    path = export(
        tmp_path,
        with_engagement("text", {"string_value": "1"}),
        with_engagement("number", {"int_value": 1}),
        with_engagement("no", {"string_value": "0"}),
        with_engagement("none", None),
    )
    found = {row["event_name"]: row["is_engaged"] for row in read(path, events()).only}
    assert found == {"text": True, "number": True, "no": False, "none": False}


def test_a_flat_copy_of_the_export_is_read_by_a_mapping(shared_data: Path) -> None:
    path = shared_data / "analytics" / "fivetran_ga4_export" / "event_data.csv"
    refused = refusal(path, events())
    assert (refused.line, refused.expected) == (1, "one JSON object per line")
    columns = {
        "day": {"header": "date"},
        "written": {"header": "timestamp", "type": "timestamp"},
        "name": {"header": "name"},
        "visitor": {"header": "user_pseudo_id"},
        "session": {"header": "param_ga_session_id"},
        "value": {"header": "value_in_usd", "type": "decimal"},
    }
    table = {
        "event_day": "day",
        "day": "day",
        "event_at": "written_utc",
        "event_name": "name",
        "visitor_id": "visitor",
        "session_id": "visitor || '.' || session",
        "value": "value",
    }
    mapped = contract("csv", columns=columns, tables={"web_events": {"columns": table}}, final_line_break=False)
    rows = read(path, mapped).only
    assert len(rows) == 6
    assert rows[0]["session_id"] == "pseudo_123.session_123"


def test_files_that_are_no_event_export_are_refused(tmp_path: Path) -> None:
    refused = refusal(export(tmp_path, event(), event(event_date="2026-01-05"), as_json=True), events())
    assert (refused.line, refused.column, refused.found) == (2, "event_date", "'2026-01-05'")
    other = write(tmp_path, '{"date": "20260105"}\n')
    assert refusal(other, events()).expected.startswith("a column 'event_date' and a column 'event_timestamp'")


def test_the_propertys_zone_is_needed() -> None:
    with pytest.raises(ConfigurationError, match=r"shop\.yaml: time_zone: needed"):
        contract("ga4_events")


def test_a_session_after_midnight_in_tehran_belongs_to_the_week_that_begins_then(tmp_path: Path) -> None:
    begun = datetime(2026, 11, 20, 21, tzinfo=UTC)  # 00:30 on Saturday the 21st in Tehran
    (row,) = read(
        export(tmp_path, event(session=int(begun.timestamp()), event_date="20261121")), events(time_zone="Asia/Tehran")
    ).only
    assert row["day"] == date(2026, 11, 21)
    week = CompanyCalendar("Asia/Tehran", "saturday", "jalali").period_of("week", row["day"])
    assert week.start == date(2026, 11, 21)
