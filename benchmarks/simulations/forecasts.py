"""How often the interval of a forecast holds what then came, on series of which the truth is known.

Here: four kinds of weekly series, and the tables. The forecast is the product's own, as it stands in the weekly tables;
nothing is tuned here. The method belongs to ``kpi_pipeline.analysis``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import Table, share
from kpi_pipeline.analysis.forecast import drift_forecast
from kpi_pipeline.analysis.forecaster import Forecaster
from kpi_pipeline.analysis.seasonality import WEEKS_OF_A_YEAR

Series = NDArray[np.float64]
Generator = Callable[[np.random.Generator, int], Series]

SEED = 20_261_201
RUNS = 1000
WEEKS_AHEAD = 13
LENGTHS = (26, 52, 104)
LEVEL = 100.0


def level_and_noise(random: np.random.Generator, weeks: int) -> Series:
    """Nothing but chance around one level."""
    return LEVEL + 5 * random.normal(size=weeks)


def local_level(random: np.random.Generator, weeks: int) -> Series:
    """A level that wanders, seen through noise."""
    return LEVEL + np.cumsum(2 * random.normal(size=weeks)) + 4 * random.normal(size=weeks)


def linear_trend(random: np.random.Generator, weeks: int) -> Series:
    """A straight line, seen through noise."""
    return LEVEL + 0.8 * np.arange(weeks) + 5 * random.normal(size=weeks)


def random_walk(random: np.random.Generator, weeks: int) -> Series:
    """A level that wanders and drifts, seen through noise: the hardest of the four."""
    return LEVEL + np.cumsum(0.5 + 2 * random.normal(size=weeks)) + 3 * random.normal(size=weeks)


def steep_trend(random: np.random.Generator, weeks: int) -> Series:
    """A straight line with hardly any noise: what misleads a method that takes half of the trend."""
    return LEVEL + 2 * np.arange(weeks) + random.normal(size=weeks)


def yearly_season(random: np.random.Generator, weeks: int) -> Series:
    """A level that wanders a little, with a season of a year."""
    wave = 20 * np.sin(2 * np.pi * np.arange(weeks) / WEEKS_OF_A_YEAR)
    return LEVEL + wave + np.cumsum(0.5 * random.normal(size=weeks)) + 5 * random.normal(size=weeks)


GENERATORS: dict[str, Generator] = {
    "level and noise": level_and_noise,
    "local level": local_level,
    "linear trend": linear_trend,
    "random walk, drift and noise": random_walk,
}
MISLEADING: dict[str, Generator] = {"steep trend": steep_trend, "season of a year": yearly_season}


@dataclass(frozen=True)
class Cell:
    """What came of one kind of series and one length of history.

    Attributes:
        coverage: share of the runs in which the 80 % interval held the value.
        own_coverage: the same before the interval was calibrated; equal where the history is too short for that.
        width: mean width of the interval.
        error: mean absolute error of the point.
        drift_error: the same of the drift method.
    """

    coverage: float
    own_coverage: float
    width: float
    error: float
    drift_error: float


def simulate(generator: Generator, weeks: int, runs: int = RUNS, seed: int = SEED) -> Cell:
    """Forecast the end of ``runs`` series from their first weeks."""
    outcomes = []
    for run in range(runs):
        random = np.random.Generator(np.random.PCG64([seed, weeks, run]))
        series = generator(random, weeks + WEEKS_AHEAD)
        history, truth = [float(value) for value in series[:weeks]], float(series[-1])
        forecaster = Forecaster("points")
        forecast = forecaster.forecast(history, WEEKS_AHEAD)
        own = forecaster.forecast(history, WEEKS_AHEAD, is_calibrated=False)
        assert forecast is not None and own is not None
        low, high = forecast.interval()
        own_low, own_high = own.interval()
        drift = drift_forecast(history, WEEKS_AHEAD, "level")
        outcomes.append(
            (
                low <= truth <= high,
                own_low <= truth <= own_high,
                high - low,
                abs(forecast.point - truth),
                abs(drift.point - truth),
            )
        )
    return Cell(*(fmean(column) for column in zip(*outcomes, strict=True)))


def tables() -> list[Table]:
    """Return the committed tables; takes a few minutes."""
    return [_coverage(), _misleading()]


def _coverage() -> Table:
    return Table(
        question="How often does the 80 % interval of a forecast hold what then came?",
        lead=(
            f"{RUNS:,} series per row, forecast {WEEKS_AHEAD} weeks ahead; seed {SEED}. Aim: at least 80 % for 26"
            " weeks of history in every row. The interval is calibrated by its own past errors from 34 weeks on; before"
            " that, it is wider than needed, so that a target it calls unlikely really is far away. Drift continues"
            " the line from the first to the last value."
        ),
        columns=("series, weeks of history", "coverage", "uncalibrated", "width", "mean error", "of drift"),
        rows=tuple(_rows(GENERATORS)),
    )


def _misleading() -> Table:
    return Table(
        question="And on series that mislead?",
        lead=(
            "The same, without an aim. A steep trend misleads Theta, which takes half of it; a season is looked for"
            " from 104 weeks on, and before that the interval knows nothing of it."
        ),
        columns=("series, weeks of history", "coverage", "uncalibrated", "width", "mean error", "of drift"),
        rows=tuple(_rows(MISLEADING)),
    )


def _rows(generators: dict[str, Generator]) -> Iterator[tuple[str, ...]]:
    for name, generator in generators.items():
        for weeks in LENGTHS:
            cell = simulate(generator, weeks)
            numbers = (cell.width, cell.error, cell.drift_error)
            yield (
                f"{name}, {weeks}",
                share(cell.coverage),
                share(cell.own_coverage),
                *(f"{number:.1f}" for number in numbers),
            )
