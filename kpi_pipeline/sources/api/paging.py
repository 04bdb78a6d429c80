"""Guards around pages that follow each other: no page twice, no end without an end.

Here: what every loop over pages must ask. How the next page is named belongs to the systems.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from hashlib import sha256

from kpi_pipeline.sources.api.http_client import HttpClient
from kpi_pipeline.sources.api.verdict import Answer


@dataclass
class Paging:
    """The pages of one question.

    Attributes:
        client: refuses the pull where the pages do not end.
        page_limit: more pages than this are taken for an endless answer.
    """

    client: HttpClient
    page_limit: int
    _cursors: set[Hashable] = field(default_factory=set)
    _contents: set[bytes] = field(default_factory=set)
    _pages: int = 0

    def follow(self, cursor: Hashable) -> None:
        """Note that the page with this cursor is asked for next.

        Raises:
            RefusedFile: it was asked for before, or there are too many pages.
        """
        if cursor in self._cursors:
            raise self.client.refuse(
                "the same page cursor a second time", "The vendor's paging runs in a circle; the next run tries again."
            )
        self._cursors.add(cursor)
        self._pages += 1
        if self._pages > self.page_limit:
            raise self.client.refuse(
                f"more than {self.page_limit} pages", "Raise pull.page_limit, or pull fewer days at a time."
            )

    def take(self, answer: Answer) -> None:
        """Note a page that has rows and is followed by another one.

        Raises:
            RefusedFile: the very same page came before, under another cursor.
        """
        digest = sha256(answer.content).digest()
        if digest in self._contents:
            raise self.client.refuse("the same page a second time", "The vendor's paging stands still.")
        self._contents.add(digest)
