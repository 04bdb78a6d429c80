"""The refusal of one file: where it breaks the contract of its source, and how.

Here: the one error that everything reading files raises. What is done with a refused file belongs to ``custody``.
"""

from kpi_pipeline.errors import SourceContractError
from kpi_pipeline.sources.values.personal_data import without_addresses


class RefusedFile(SourceContractError):  # noqa: N818 - the thing itself is a file that is not let in
    """Raised when a file breaks its contract; its parts may end up in a report that many people read.

    Attributes:
        file: name of the file as it arrived.
        line: physical line, counted from 1; None where the whole file is meant.
        column: the column's name in the file's own header.
        found: what stands there.
        expected: what the contract asks for.
        advice: what the person who exports the file can do.
    """

    def __init__(
        self,
        file: str,
        *,
        found: str,
        expected: str,
        line: int | None = None,
        column: str | None = None,
        advice: str = "",
    ) -> None:
        self.file = file
        self.line = line
        self.column = column = without_addresses(column) if column else column
        # Whatever stands in the wrong place of a file, an address of a customer among it, would be in many hands.
        self.found = found = without_addresses(found)
        self.expected = expected
        self.advice = advice
        place = "".join((file, f", line {line}" if line else "", f", column {column!r}" if column else ""))
        super().__init__(f"{place}: found {found}; expected {expected}." + (f" {advice}" if advice else ""))
