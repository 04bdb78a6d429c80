"""Web events as arrays, one element an event.

Here: the columns of an event and what is done with many of them at once. Add a column when an export needs it. Where
events come from belongs to ``visits``; the exported file belongs to ``exports``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from kpi_pipeline.demo.exchange import IntArray

BoolArray = npt.NDArray[np.bool_]

EVENT_NAMES = ("session_start", "view_item", "add_to_cart", "begin_checkout", "purchase")
SESSION_START, VIEW_ITEM, ADD_TO_CART, BEGIN_CHECKOUT, PURCHASE = range(len(EVENT_NAMES))
UNSEEN_PURCHASE = len(EVENT_NAMES)  # an order that no browser reported: refused consent, telephone, test

NEW_CUSTOMER, TEST_CUSTOMER = -1, -2
NO_SESSION = 0


@dataclass(frozen=True)
class Events:
    """Events of web sessions, and purchases that no browser reported.

    Attributes:
        at: microseconds since the epoch.
        kind: position in ``EVENT_NAMES``, or ``UNSEEN_PURCHASE``.
        session: when the session began, in seconds since the epoch; ``NO_SESSION`` for an order without one.
        campaign: position of the campaign, or -1.
        customer: of purchases: who buys, ``NEW_CUSTOMER`` or ``TEST_CUSTOMER``.
        is_late: the device delivers the event only days later.
    """

    at: IntArray
    kind: IntArray
    visitor: IntArray
    session: IntArray
    channel: IntArray
    campaign: IntArray
    device: IntArray
    country: IntArray
    customer: IntArray
    is_engaged: BoolArray
    is_late: BoolArray

    def __len__(self) -> int:
        return len(self.at)

    def take(self, selection: IntArray | BoolArray) -> "Events":
        """Return the selected events."""
        return Events(**{field.name: getattr(self, field.name)[selection] for field in fields(self)})

    def in_order(self) -> "Events":
        """Return the events by time; those of the same microsecond stay as they are."""
        return self.take(np.argsort(self.at, kind="stable"))

    @property
    def is_purchase(self) -> BoolArray:
        """Which events are orders, reported by a browser or not."""
        return self.kind >= PURCHASE


def joined(parts: Sequence[Events]) -> Events:
    """Return the events of all parts, one part after the other."""
    return Events(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Events)}
    )
