"""How often weeks are called unusual although nothing happened, and how often a real drop is.

Here: series of known shape, judged as the product judges them. The rate that the product states for its baselines is
that of ``false_alarms``; the shapes show how far it holds. Everything is drawn from one seed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from benchmarks.tables import Table
from kpi_pipeline.analysis.anomalies import JudgedWeek, Method, Observation, judge_amounts
from kpi_pipeline.analysis.false_alarms import false_alarm_rate
from kpi_pipeline.analysis.proportion_chart import ShareObservation, judge_proportions
from kpi_pipeline.analysis.proportions import Share

SEED = 20_260_430
SERIES = 300
JUDGED_WEEKS = 13
FIRST_WEEK = date(2024, 1, 1)
LIMITS: dict[Method, float] = {"robust_z": 3.5, "laney_p": 3.0}
NOISE = 0.1
CASES, PROPORTION = 12_000, 0.02
DROPS = (0.2, 0.3)
HISTORIES: dict[Method, tuple[int, ...]] = {"robust_z": (26, 52, 104), "laney_p": (26, 39, 52)}

Series = np.ndarray
Generator = np.random.Generator


def noise(random: Generator, weeks: int) -> Series:
    """Log-normal around a level."""
    return np.exp(10 + NOISE * random.standard_normal(weeks))


def random_walk(random: Generator, weeks: int) -> Series:
    """A level that moves by 5 % a week, with noise of half as much."""
    return np.exp(10 + np.cumsum(0.05 * random.standard_normal(weeks)) + 0.025 * random.standard_normal(weeks))


def trend(random: Generator, weeks: int) -> Series:
    """1 % growth a week."""
    return np.exp(10 + 0.01 * np.arange(weeks) + NOISE * random.standard_normal(weeks))


def season(random: Generator, weeks: int) -> Series:
    """A year's wave of 30 % up and down."""
    wave = 0.3 * np.sin(2 * np.pi * (np.arange(weeks) + random.integers(52)) / 52)
    return np.exp(10 + wave + NOISE * random.standard_normal(weeks))


AMOUNTS: dict[str, Callable[[Generator, int], Series]] = {
    "level with noise of 10 %": noise,
    "random walk of 5 % with noise": random_walk,
    "growth of 1 % a week": trend,
    "season of ±30 %": season,
}
# How many times wider than chance the weeks wobble.
WOBBLES = {"chance alone": 1.0, "twice as wide as chance": 2.0, "four times as wide": 4.0}


@dataclass(frozen=True)
class Count:
    """What came of many series of one shape.

    Attributes:
        stated: the mean of the rates that the product states for the judged weeks.
    """

    judged: int
    alarms: int
    stated: float

    @property
    def rate(self) -> float:
        """The share of judged weeks that were called unusual."""
        return self.alarms / self.judged


def false_alarms_of_amounts(shape: str, weeks: int, series: int = SERIES) -> Count:
    """Judge the last 13 weeks of series of a shape in which nothing happens."""
    random = np.random.Generator(np.random.PCG64(SEED))
    return _counted("robust_z", [_judged_amounts(AMOUNTS[shape](random, weeks)) for _ in range(series)])


def false_alarms_of_proportions(wobble: float, weeks: int, series: int = SERIES) -> Count:
    """Judge the last 13 weeks of proportions in which nothing happens."""
    random = np.random.Generator(np.random.PCG64(SEED))
    return _counted("laney_p", [_judged_shares(*_shares(random, weeks, wobble)) for _ in range(series)])


def power_of_amounts(shape: str, weeks: int, drop: float, series: int = SERIES) -> float:
    """Return how often the last week is called unusual if it is lower by ``drop``."""
    random = np.random.Generator(np.random.PCG64(SEED))
    found = 0
    for _ in range(series):
        values = AMOUNTS[shape](random, weeks)
        values[-1] *= 1 - drop
        found += _is_unusual(_judged_amounts(values))
    return found / series


def power_of_proportions(wobble: float, weeks: int, drop: float, series: int = SERIES) -> float:
    """Return how often the last week is called unusual if its proportion is lower by ``drop``."""
    random = np.random.Generator(np.random.PCG64(SEED))
    found = 0
    for _ in range(series):
        counts, totals = _shares(random, weeks, wobble)
        counts[-1] = random.binomial(counts[-1], 1 - drop)
        found += _is_unusual(_judged_shares(counts, totals))
    return found / series


def tables(series: int = SERIES) -> list[Table]:
    """Return the tables of false alarms and of power."""
    return [
        Table(
            "How often is a usual week called unusual?",
            f"{series} series of each shape and length, the last {JUDGED_WEEKS} weeks of each judged with the limits"
            " of the product; *stated* is the rate that the product adds up to its expected false alarms, *textbook*"
            " that of normal weeks whose spread is known.",
            ("series", "weeks", "judged", "alarms", "measured %", "stated %", "textbook %"),
            tuple(_false_alarms(series)),
        ),
        Table(
            "How often is a week called unusual that is lower than usual?",
            f"{series} series of each shape and length; only the last week is lower.",
            ("series", "weeks", *(f"lower by {100 * drop:.0f} %" for drop in DROPS)),
            tuple(_power(series)),
        ),
    ]


def _false_alarms(series: int) -> list[tuple[str, ...]]:
    amounts = [
        (f"amount: {shape}", str(weeks), *_cells(false_alarms_of_amounts(shape, weeks, series)), "0.05")
        for shape in AMOUNTS
        for weeks in HISTORIES["robust_z"]
    ]
    proportions = [
        (f"proportion: {name}", str(weeks), *_cells(false_alarms_of_proportions(wobble, weeks, series)), "0.27")
        for name, wobble in WOBBLES.items()
        for weeks in HISTORIES["laney_p"]
    ]
    return amounts + proportions


def _cells(count: Count) -> tuple[str, ...]:
    return f"{count.judged:,}", str(count.alarms), _percent(count.rate), _percent(count.stated)


def _power(series: int) -> list[tuple[str, ...]]:
    amounts = [
        (f"amount: {shape}", str(weeks), *(_percent(power_of_amounts(shape, weeks, drop, series)) for drop in DROPS))
        for shape in AMOUNTS
        for weeks in HISTORIES["robust_z"]
    ]
    proportions = [
        (
            f"proportion: {name}",
            str(weeks),
            *(_percent(power_of_proportions(wobble, weeks, drop, series)) for drop in DROPS),
        )
        for name, wobble in WOBBLES.items()
        for weeks in HISTORIES["laney_p"]
    ]
    return amounts + proportions


def _cases(random: Generator, weeks: int) -> Series:
    return random.integers(round(0.85 * CASES), round(1.15 * CASES), weeks)


def _shares(random: Generator, weeks: int, wobble: float) -> tuple[Series, Series]:
    """Binomial counts whose proportion wobbles so that the variance is ``wobble`` squared times that of chance."""
    totals = _cases(random, weeks)
    if wobble == 1:
        return random.binomial(totals, PROPORTION), totals
    # A beta distribution whose variance is (wobble² - 1) times that of chance has this many pseudo-cases.
    pseudo = CASES / (wobble**2 - 1) - 1
    proportions = random.beta(PROPORTION * pseudo, (1 - PROPORTION) * pseudo, weeks)
    return random.binomial(totals, proportions), totals


def _judged_amounts(values: Series) -> list[JudgedWeek]:
    weeks = [Observation(day, float(value)) for day, value in zip(_days(len(values)), values, strict=True)]
    return _recent(judge_amounts(weeks, LIMITS["robust_z"], "log"), weeks[-1].week)


def _judged_shares(counts: Series, totals: Series) -> list[JudgedWeek]:
    weeks = [
        ShareObservation(day, Share(float(count), float(total)))
        for day, count, total in zip(_days(len(counts)), counts, totals, strict=True)
    ]
    return _recent(judge_proportions(weeks, LIMITS["laney_p"]), weeks[-1].week)


def _days(weeks: int) -> list[date]:
    return [FIRST_WEEK + timedelta(weeks=number) for number in range(weeks)]


def _recent(judged: Sequence[JudgedWeek], last: date) -> list[JudgedWeek]:
    return [one for one in judged if one.week > last - timedelta(weeks=JUDGED_WEEKS)]


def _counted(method: Method, judged: Sequence[Sequence[JudgedWeek]]) -> Count:
    found = [one for series in judged for one in series]
    stated = [false_alarm_rate(method, LIMITS[method], one.baseline) for one in found]
    return Count(len(found), sum(one.rule is not None for one in found), sum(stated) / len(stated))


def _is_unusual(judged: Sequence[JudgedWeek]) -> bool:
    return bool(judged) and judged[-1].rule == "beyond_limits"


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"
