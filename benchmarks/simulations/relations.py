"""How often the verdict on a KPI's relation to its objective is wrong, and how often it finds what is there.

Here: independent and related series of known kinds, put through the very functions that judge KPIs. The figures of the
methods' source are shown beside ours.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from benchmarks.tables import Table, verdict
from kpi_pipeline.analysis.lag_scan import SIGNIFICANCE, scan_lags
from kpi_pipeline.analysis.relation_changes import correlate, fisher_interval, pair_changes, pearson
from kpi_pipeline.analysis.relation_verdict import verdict_of

SEED = 20261121
PAIRS = 4_000
LIMIT = 0.06
# Of the power, in either direction.
TOLERANCE = 0.05
TRUE_LAG = 2
BURN_IN = 100

Series = list[float]
Generator = Callable[[np.random.Generator, int], Series]


@dataclass(frozen=True)
class Cell:
    """Pairs of independent series of one kind and length; ``stated`` is the share that the source of methods gives."""

    kind: str
    weeks: int
    stated: float | None


def random_walk(rng: np.random.Generator, weeks: int) -> Series:
    """Sums of independent steps."""
    return rng.normal(size=weeks).cumsum().tolist()


def trend_and_noise(rng: np.random.Generator, weeks: int) -> Series:
    """A straight line that rises a quarter of the noise in a week."""
    return (0.25 * np.arange(weeks) + rng.normal(size=weeks)).tolist()


def autoregressive(rng: np.random.Generator, weeks: int) -> Series:
    """Values that keep 60 % of the one before, from long before the first week on."""
    level, values = 0.0, []
    for shock in rng.normal(size=BURN_IN + weeks).tolist():
        level = 0.6 * level + shock
        values.append(level)
    return values[BURN_IN:]


def white_noise(rng: np.random.Generator, weeks: int) -> Series:
    """Independent values."""
    return rng.normal(size=weeks).tolist()


GENERATORS: dict[str, Generator] = {
    "random walks": random_walk,
    "trend and noise": trend_and_noise,
    "AR(1) with 0.6": autoregressive,
    "white noise": white_noise,
}
CELLS = (
    Cell("random walks", 26, 0.050),
    Cell("random walks", 52, 0.041),
    Cell("random walks", 104, 0.044),
    Cell("trend and noise", 26, 0.028),
    Cell("trend and noise", 52, 0.041),
    Cell("trend and noise", 104, None),
    Cell("AR(1) with 0.6", 26, 0.050),
    Cell("AR(1) with 0.6", 52, 0.054),
    Cell("white noise", 52, 0.030),
)
# True correlation of the changes, weeks → share found at the declared lag, share found by the scan.
STATED_POWER: dict[tuple[float, int], tuple[float | None, float | None]] = {
    (0.3, 26): (0.30, 0.09),
    (0.3, 52): (0.57, 0.25),
    (0.3, 104): (0.87, 0.61),
    (0.5, 26): (0.72, 0.38),
    (0.5, 52): (0.96, 0.83),
    (0.5, 104): (1.0, 1.0),
    (0.7, 26): (0.97, 0.87),
    (0.7, 52): (None, None),
    (0.7, 104): (None, None),
}


def false_verdicts(cell: Cell, *, seed: int = SEED, pairs: int = PAIRS) -> float:
    """Return the share of independent pairs that get a verdict at a declared lag of none."""
    return _share(_is_found(one, other, 0) for one, other in _independent(cell, seed, pairs))


def false_proposals(cell: Cell, *, seed: int = SEED, pairs: int = PAIRS) -> float:
    """Return the share of the same pairs of which any lag stands in the scan."""
    return _share(
        any(lag.adjusted_p_value < SIGNIFICANCE for lag in scan_lags(one, other))
        for one, other in _independent(cell, seed, pairs)
    )


def correlated_levels(cell: Cell, *, seed: int = SEED, pairs: int = PAIRS) -> float:
    """Return the share of the same pairs that would count if the series themselves were correlated, as nothing does."""
    intervals = (
        fisher_interval(pearson(one, other) or 0.0, cell.weeks) for one, other in _independent(cell, seed, pairs)
    )
    return _share(low > 0 or high < 0 for low, high in intervals)


def power(correlation: float, weeks: int, *, seed: int = SEED, pairs: int = PAIRS) -> tuple[float, float]:
    """Return how often a true correlation of the changes is found: at its declared lag, and by the scan."""
    rng = np.random.Generator(np.random.PCG64([seed, round(100 * correlation), weeks]))
    declared = scanned = 0
    for _ in range(pairs):
        one, other = _related(rng, correlation, weeks)
        declared += _is_found(one, other, TRUE_LAG)
        scanned += any(
            lag.lag_weeks == TRUE_LAG and lag.adjusted_p_value < SIGNIFICANCE for lag in scan_lags(one, other)
        )
    return declared / pairs, scanned / pairs


def tables() -> list[Table]:
    """Return both tables."""
    return [_false_positive_table(), _power_table()]


def _independent(cell: Cell, seed: int, pairs: int) -> Iterator[tuple[Series, Series]]:
    rng = np.random.Generator(np.random.PCG64([seed, CELLS.index(cell)]))
    draw = GENERATORS[cell.kind]
    for _ in range(pairs):
        yield draw(rng, cell.weeks), draw(rng, cell.weeks)


def _share(outcomes: Iterable[bool]) -> float:
    return fmean(map(float, outcomes))


def _is_found(one: Sequence[float], other: Sequence[float], lag_weeks: int) -> bool:
    pairs = pair_changes(one, other, lag_weeks)
    return verdict_of(len(pairs), correlate(pairs), 1) not in ("no_evidence", "insufficient_data")


def _related(rng: np.random.Generator, correlation: float, weeks: int) -> tuple[Series, Series]:
    """Two random walks whose steps correlate, the second one some weeks later."""
    steps = rng.normal(size=weeks + TRUE_LAG)
    others = rng.normal(size=weeks)
    followed = correlation * steps[:weeks] + math.sqrt(1 - correlation**2) * others
    return steps[TRUE_LAG:].cumsum().tolist(), followed.cumsum().tolist()


def _false_positive_table() -> Table:
    return Table(
        question="How often do series that have nothing to do with each other get a verdict?",
        lead=(
            f"Aim: at most {LIMIT:.0%} in each row. {PAIRS:,} pairs of independent series a row, seed {SEED}; a pair"
            " counts if its verdict is anything but `no_evidence`. The scan counts if any of its nine lags stands after"
            " Holm's adjustment. Correlating the series themselves is what nothing here does."
        ),
        columns=("series, weeks", "verdict", "stated", "aim", "lag scan", "aim", "series themselves"),
        rows=tuple(_false_positive_rows()),
    )


def _false_positive_rows() -> Iterator[tuple[str, ...]]:
    for cell in CELLS:
        found, proposed = false_verdicts(cell), false_proposals(cell)
        yield (
            f"{cell.kind}, {cell.weeks}",
            f"{found:.1%}",
            "–" if cell.stated is None else f"{cell.stated:.1%}",
            verdict(found, LIMIT),
            f"{proposed:.1%}",
            verdict(proposed, LIMIT),
            f"{correlated_levels(cell):.0%}",
        )


def _power_table() -> Table:
    return Table(
        question="How often is a relation found that is there?",
        lead=(
            f"Aim: within {100 * TOLERANCE:.0f} points of what is stated. {PAIRS:,} pairs of random walks a row, seed"
            f" {SEED}, whose weekly changes correlate {TRUE_LAG} weeks later as the row says."
        ),
        columns=("correlation, weeks", "declared lag", "stated", "aim", "lag scan", "stated", "aim"),
        rows=tuple(_power_rows()),
    )


def _power_rows() -> Iterator[tuple[str, ...]]:
    for (correlation, weeks), stated in STATED_POWER.items():
        cells = [f"{correlation:.1f}, {weeks}"]
        for found, expected in zip(power(correlation, weeks), stated, strict=True):
            cells.append(f"{found:.0%}")
            cells += ["–", "–"] if expected is None else [f"{expected:.0%}", verdict(abs(found - expected), TOLERANCE)]
        yield tuple(cells)
