"""Fewer days at a time, where the vendor says that it was asked for too much.

Here: the way to tell, and the division. How a vendor words it belongs to the systems.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from kpi_pipeline.sources.api.http_client import HttpClient
from kpi_pipeline.sources.api.pages import Page


class TooMuchAtOnce(Exception):  # noqa: N818 - it asks for smaller questions and is always caught here
    """Raised by a judge, or by code that reads an answer, when fewer days at a time may be answered.

    Attributes:
        found: what the vendor said, for the message if a single day is too much.
        advice: what a person can do about that.
    """

    def __init__(self, found: str, advice: str = "") -> None:
        super().__init__(found)
        self.found = found
        self.advice = advice


def in_halves(
    client: HttpClient, first: date, last: date, ask: Callable[[date, date], Sequence[Page]]
) -> Iterator[Page]:
    """Ask for some days; where that is too much, for each half of them, down to single days.

    Args:
        client: refuses the pull where a single day is too much.
        first: first day to ask for.
        last: last day to ask for, inclusive.
        ask: brings all pages of some days; what it brought before it raised is dropped.

    Raises:
        RefusedFile: a single day is too much.
    """
    try:
        pages = ask(first, last)
    except TooMuchAtOnce as much:
        if first == last:
            raise client.refuse(f"{much.found} for the single day {first}", much.advice) from None
        middle = first + (last - first) // 2
        yield from in_halves(client, first, middle, ask)
        yield from in_halves(client, middle + timedelta(days=1), last, ask)
    else:
        yield from pages
