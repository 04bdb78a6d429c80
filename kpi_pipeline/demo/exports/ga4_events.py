"""The GA4 event export in the shape of its BigQuery tables, as Parquet.

Here: the nested columns and what each event carries. Add a field when a reader needs it and the real export has it.
Which events happen belongs to ``visits``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kpi_pipeline.demo.company import CHANNEL_SOURCE_MEDIUM, CHANNELS, COUNTRIES, DEVICES, campaigns
from kpi_pipeline.demo.events import EVENT_NAMES, PURCHASE, SESSION_START, Events
from kpi_pipeline.demo.exchange import IntArray
from kpi_pipeline.demo.visits import CUSTOMER_VISITORS

STREAM_ID = "4711001122"
HOST = "nordlicht-home.example"
PATHS = ("/", "/products/pendant-lamp-polar", "/cart", "/checkout", "/checkout/thank-you")
OPERATING_SYSTEMS = ("Windows", "Android", "iPadOS")
CITIES = ("Hamburg", "Vienna", "Leeds")
PARAMETERS = (
    "ga_session_id",
    "ga_session_number",
    "session_engaged",
    "page_location",
    "transaction_id",
    "value",
    "currency",
)
PARAMETERS_OF_EVERY_EVENT = 4
DUPLICATE_EVERY = 300  # GA4 is known to export a few events twice

TEXT, INTEGER, FLOAT = pa.string(), pa.int64(), pa.float64()
PARAMETER_TYPE = pa.struct(
    {
        "key": TEXT,
        "value": pa.struct({"string_value": TEXT, "int_value": INTEGER, "float_value": FLOAT, "double_value": FLOAT}),
    }
)


@dataclass(frozen=True)
class EventOrders:
    """Order number and value, in cents of the order's currency, of the purchases among events; 0 for other events."""

    number: IntArray
    value_cents: IntArray


def event_table(events: Events, orders: EventOrders, event_date: str) -> pa.Table:
    """Return the events of one day, given by time, as rows of ``events_YYYYMMDD``."""
    rows = np.repeat(np.arange(len(events)), 1 + (np.arange(len(events)) % DUPLICATE_EVERY == DUPLICATE_EVERY - 1))
    events = events.take(rows)
    number, value_cents = orders.number[rows], orders.value_cents[rows]
    is_purchase = events.kind == PURCHASE
    count = len(events)
    transaction = _if(is_purchase, pc.binary_join_element_wise("#", pa.array(number).cast(TEXT), ""))
    return pa.table(
        {
            "event_date": _constant(event_date, count),
            "event_timestamp": pa.array(events.at),
            "event_name": _choice(EVENT_NAMES, events.kind),
            "event_params": _parameters(events, transaction, value_cents),
            "event_value_in_usd": pa.nulls(count, FLOAT),
            "user_id": pa.nulls(count, TEXT),
            "user_pseudo_id": _pseudo_ids(events.visitor),
            "device": _struct(
                category=_choice(DEVICES, events.device),
                operating_system=_choice(OPERATING_SYSTEMS, events.device),
                web_info=_struct(browser=_constant("Chrome", count), hostname=_constant(HOST, count)),
            ),
            "geo": _struct(
                continent=_constant("Europe", count),
                country=_choice([country.name for country in COUNTRIES], events.country),
                city=_choice(CITIES, events.country),
            ),
            # The first visit's source, not the session's: whoever reads channels here reads them wrong.
            "traffic_source": _struct(
                name=_constant("(direct)", count),
                medium=_constant("(none)", count),
                source=_constant("(direct)", count),
            ),
            "stream_id": _constant(STREAM_ID, count),
            "platform": _constant("WEB", count),
            "ecommerce": _struct(
                transaction_id=transaction,
                purchase_revenue=_if(is_purchase, pa.array(value_cents / 100)),
                total_item_quantity=_if(is_purchase, pa.array(np.ones(count, dtype=np.int64))),
            ),
            "collected_traffic_source": _collected(events),
            "session_traffic_source_last_click": _last_click(events),
        }
    )


def _pseudo_ids(visitor: IntArray) -> pa.Array:
    # Scrambled one to one, as a browser's random number would be; the second half is the first visit's time.
    scrambled = pa.array(visitor * 48_271 % 2_147_483_647)
    since = pa.array(1_690_000_000 + visitor % 60_000_000)
    return pc.binary_join_element_wise(scrambled.cast(TEXT), since.cast(TEXT), ".")


def _parameters(events: Events, transaction: pa.Array, value_cents: IntArray) -> pa.Array:
    is_purchase = events.kind == PURCHASE
    sizes = PARAMETERS_OF_EVERY_EVENT + np.where(is_purchase, len(PARAMETERS) - PARAMETERS_OF_EVERY_EVENT, 0)
    ends = np.cumsum(sizes)
    starts, total = ends - sizes, int(ends[-1]) if len(ends) else 0
    key = np.arange(total) - np.repeat(starts, sizes)

    integers = np.zeros(total, dtype=np.int64)
    integers[starts] = events.session
    integers[starts + 1] = np.where(events.visitor >= CUSTOMER_VISITORS, 2, 1)
    doubles = np.zeros(total)
    doubles[starts[is_purchase] + 5] = value_cents[is_purchase] / 100

    currencies = list(dict.fromkeys(country.currency for country in COUNTRIES))
    texts = pa.array(["0", "1", *(f"https://{HOST}{path}" for path in PATHS), *currencies])
    words = pa.concat_arrays([texts, transaction.filter(pa.array(is_purchase))])
    word = np.zeros(total, dtype=np.int64)
    word[starts + 2] = events.is_engaged
    word[starts + 3] = 2 + events.kind
    word[starts[is_purchase] + 4] = len(texts) + np.arange(np.count_nonzero(is_purchase))
    currency = np.array([currencies.index(country.currency) for country in COUNTRIES])[events.country]
    word[starts[is_purchase] + 6] = 2 + len(PATHS) + currency[is_purchase]

    is_integer, is_double = key < 2, key == 5
    value = _struct(
        string_value=words.take(pa.array(word, mask=is_integer | is_double)),
        int_value=pa.array(integers, mask=~is_integer),
        float_value=pa.nulls(total, FLOAT),
        double_value=pa.array(doubles, mask=~is_double),
    )
    offsets = pa.array(np.concatenate([[0], ends]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, _struct(key=_choice(PARAMETERS, key), value=value))


def _collected(events: Events) -> pa.Array:
    # Only the event that began the session carries the address's campaign parameters.
    source, medium, campaign = _origin(events)
    is_start = events.kind == SESSION_START
    return _struct(
        manual_campaign_name=_if(is_start, campaign),
        manual_source=_if(is_start, source),
        manual_medium=_if(is_start, medium),
    )


def _last_click(events: Events) -> pa.Array:
    source, medium, campaign = _origin(events)
    return _struct(
        manual_campaign=_struct(campaign_name=campaign, source=source, medium=medium),
        cross_channel_campaign=_struct(
            campaign_name=campaign,
            source=source,
            medium=medium,
            default_channel_group=_choice(CHANNELS, events.channel),
            primary_channel_group=_choice(CHANNELS, events.channel),
        ),
    )


def _origin(events: Events) -> tuple[pa.Array, pa.Array, pa.Array]:
    sources, media = zip(*CHANNEL_SOURCE_MEDIUM, strict=True)
    names = [*(campaign.name for campaign in campaigns()), "(not set)"]
    return (
        _choice(sources, events.channel),
        _choice(media, events.channel),
        _choice(names, events.campaign % len(names)),
    )


def _choice(texts: "list[str] | tuple[str, ...]", position: IntArray) -> pa.Array:
    return pa.array(texts).take(pa.array(position))


def _constant(text: str, count: int) -> pa.Array:
    return pa.repeat(text, count)


def _if(condition: npt.NDArray[np.bool_], values: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(condition), values, pa.scalar(None, values.type))


def _struct(**columns: pa.Array) -> pa.Array:
    return pa.StructArray.from_arrays(list(columns.values()), list(columns))
