"""The results as Markdown.

Here: what a table of results looks like, and how its numbers are written. Which tables there are is known to the
scenarios.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measure import Sample, Series


@dataclass(frozen=True)
class Table:
    """The answer to one question.

    Attributes:
        lead: what was measured and what is aimed at, in a sentence or two.
        columns: the first one names the row; all others are numbers.
    """

    question: str
    lead: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self, level: int = 2) -> str:
        """Return the table below its question."""
        lines = [
            f"{'#' * level} {self.question}",
            "",
            self.lead,
            "",
            f"| {' | '.join(self.columns)} |",
            f"|---{'|---:' * (len(self.columns) - 1)}|",
            *(f"| {' | '.join(row)} |" for row in self.rows),
        ]
        return "\n".join(lines) + "\n"


RATIO_COLUMNS = ("ratio, best", "median", "CPU")
SERIES_COLUMNS = ("seconds, best", "median", "CPU seconds", "peak MB", "repetitions")


def series_cells(series: Series) -> tuple[str, ...]:
    """Return the cells of ``SERIES_COLUMNS``."""
    return (
        seconds(series.best.seconds),
        seconds(series.middle_seconds),
        seconds(series.cpu_seconds),
        f"{series.peak_mb:,.0f}",
        str(len(series.samples)),
    )


def ratio_cells(numerator: Series, denominator: Series) -> tuple[str, str, str]:
    """Return how many times as long one series takes as another: by best and median repetition, and by CPU time."""
    return (
        ratio(numerator.best.seconds / denominator.best.seconds),
        ratio(numerator.middle_seconds / denominator.middle_seconds),
        ratio(numerator.cpu_seconds / denominator.cpu_seconds),
    )


def verdict(value: float, limit: float, *, at_least: bool = False) -> str:
    """Say whether a figure meets its target."""
    is_met = value >= limit if at_least else value <= limit
    return "met" if is_met else "missed"


def split_rows(parts: Sequence[tuple[str, float]], whole: Sample) -> tuple[tuple[str, ...], ...]:
    """Return one row per part with its share of the whole, and one for what no part accounts for."""
    rest = whole.seconds - sum(part for _, part in parts)
    return tuple(
        (name, share(part / whole.seconds), seconds(part)) for name, part in (*parts, ("everything else", rest))
    )


def seconds(value: float) -> str:
    """Write seconds with as many decimals as they are worth."""
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(value: float) -> str:
    """Write a ratio."""
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def share(value: float) -> str:
    """Write a share in percent."""
    return f"{100 * value:.0f} %"


def megabytes(size: float) -> str:
    """Write bytes in MB."""
    return f"{size / 1e6:,.0f}"
