"""What all ways of sending have in common: a parcel is made, checked, and then one attempt after the other is judged.

Here: these shapes alone. Each channel has a module of its own; trying again and keeping the ledger belong to
``dispatch``.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from kpi_pipeline.delivery.delivery_ledger import Place
from kpi_pipeline.delivery.edition import Attachment, Edition


@dataclass(frozen=True)
class Parcel:
    """The bytes that go out, exactly as they are handed over."""

    files: tuple[Attachment, ...]


@dataclass(frozen=True)
class Outcome:
    """What an attempt has settled.

    Attributes:
        state: sent if the other side took it, failed if it certainly did not, unknown if nobody can tell.
        reason: words of ours, never of the other side, which may repeat addresses and secrets.
        is_channel_wide: whether it would be the same for every recipient of the channel.
    """

    state: Literal["sent", "failed", "unknown"]
    reason: str = ""
    is_channel_wide: bool = False


@dataclass(frozen=True)
class TryAgain:
    """An attempt that failed and may be repeated without danger of a second copy.

    Attributes:
        may_have_arrived: whether the other side may have taken it, and would know a second copy by its key.
    """

    reason: str
    may_have_arrived: bool = False


class ChannelSender(Protocol):
    """One way of sending."""

    def parcel(self, edition: Edition, place: Place) -> Parcel:
        """Make the bytes for one recipient; the same edition and place give the same, but for the time of sending."""

    def attempt(self, parcel: Parcel, place: Place) -> Outcome | TryAgain:
        """Hand a parcel over once."""
