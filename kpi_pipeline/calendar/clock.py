"""What time it is, passed in by whoever starts the work.

Here: the interface of a clock, the real one and one that stands still. Only the edge (``cli``, ``defs``) makes a
``SystemClock``; everything below receives a clock or a day. Weeks and days belong to ``company_calendar``.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the current instant."""

    def now(self) -> datetime:
        """Return the current instant, in UTC and with its time zone."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the current instant, in UTC and with its time zone."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class FixedClock:
    """A clock that always shows the same instant.

    Raises:
        ValueError: if the instant has no time zone.
    """

    instant: datetime

    def __post_init__(self) -> None:
        if self.instant.tzinfo is None:
            raise ValueError(f"a clock needs an instant with a time zone, found {self.instant!r}")

    def now(self) -> datetime:
        """Return the fixed instant, in UTC."""
        return self.instant.astimezone(UTC)
