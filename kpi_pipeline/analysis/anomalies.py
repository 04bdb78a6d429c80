"""Which weeks of an amount or a count are unusual: robust z of its surprises one week ahead.

Here: what is known of a judged week, whatever the method, and the method for amounts. Proportions are judged in
``proportion_chart``; how many alarms are to be expected although nothing happened is known to ``false_alarms``. Which
series are judged, and how, is decided in ``catalogue``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median, quantiles
from typing import Literal

from kpi_pipeline.analysis.forecast import Scale, from_scale, to_scale
from kpi_pipeline.analysis.theta import ThetaFitter

Method = Literal["robust_z", "laney_p"]
Rule = Literal["beyond_limits", "one_sided_run"]

DEFAULT_LIMIT: dict[Method, float] = {"robust_z": 3.5, "laney_p": 3.0}
BASELINE_WEEKS = 26
FEWEST_SURPRISES = 8
# Chosen on fewer weeks or by a hair, the forecast that was luckier is not the one that is better.
CLEARLY_LESS = 0.8
SAME_WEEK_LAST_YEAR = timedelta(weeks=52)
# These turn the median of distances and the distance of the quartiles of normal values into a standard deviation.
MEDIAN_DISTANCE, QUARTILE_DISTANCE = 1.4826, 1.349
# Smaller surprises are rounding.
SMALLEST_SPREAD = 1e-9


@dataclass(frozen=True)
class Observation:
    """A final week of a series; a special one is judged, but nothing is learnt from it."""

    week: date
    value: float
    is_special: bool = False


@dataclass(frozen=True)
class JudgedWeek:
    """What a method says about one week, in the unit of the series.

    Attributes:
        low: lower end of what is usual.
        score: distance of the value from the expected one in standard deviations, on the scale of the method.
        rule: what makes the week unusual; None for a usual one.
        baseline: how many weeks the band was estimated from.
    """

    week: date
    value: float
    expected: float
    low: float
    high: float
    score: float
    rule: Rule | None
    baseline: int


def centre_and_spread(surprises: Sequence[float]) -> tuple[float, float | None]:
    """Return the median and a standard deviation that single wild values do not move; None where all are alike.

    The spread is that of the median distance from the median; where half of the values are equal, of the quartiles.
    """
    middle = median(surprises)
    spread = MEDIAN_DISTANCE * median(abs(each - middle) for each in surprises)
    if spread <= SMALLEST_SPREAD:
        first, _, third = quantiles(surprises, n=4, method="inclusive")
        spread = (third - first) / QUARTILE_DISTANCE
    return middle, spread if spread > SMALLEST_SPREAD else None


def judge_amounts(weeks: Sequence[Observation], limit: float, scale: Scale) -> list[JudgedWeek]:
    """Judge each week by what was known before it; weeks with too little before them are left out.

    A week's surprise is its distance, on ``scale``, from the Theta forecast one week ahead, or from the same week last
    year where that was clearly less wrong for half a year. For the level of later weeks an unusual one counts as what
    was expected of it; if the next one is unusual in the same direction, the level has moved, and both count as they
    are.

    Args:
        weeks: final weeks in order that mean the same; all inside the range of ``scale``.
        limit: how many standard deviations are still usual.
        scale: where surprises are even.
    """
    return list(_Watch(limit, scale).judged(weeks))


@dataclass
class Surprises:
    """How far each value of a growing series lies from the Theta forecast one week ahead; the first three have none."""

    values: list[float] = field(default_factory=list)
    _fitter: ThetaFitter = field(default_factory=lambda: ThetaFitter([]))

    def add(self, value: float) -> None:
        """Take in the value of the next week."""
        if (forecast := next_by_theta(self._fitter)) is not None:
            self.values.append(value - forecast)
        self._fitter.add(value)


def next_by_theta(fitter: ThetaFitter) -> float | None:
    """Return the forecast one week ahead; None for fewer than three values or a series that never surprised."""
    fit = fitter.fit() if len(fitter.values) > 2 else None
    return fit.mean(1) if fit else None


@dataclass
class _Watch:
    """A series under watch, on its scale.

    Attributes:
        values: week → its value.
        known: week → what it counts as for the level of later weeks.
        theta_surprises: of all weeks but special ones, newest last.
        errors: how wrong both forecasts were in each week that has both, unusual ones included.
    """

    limit: float
    scale: Scale
    values: dict[date, float] = field(default_factory=dict)
    known: dict[date, float] = field(default_factory=dict)
    theta_surprises: list[float] = field(default_factory=list)
    yearly_surprises: list[float] = field(default_factory=list)
    errors: list[tuple[float, float]] = field(default_factory=list)

    def judged(self, weeks: Sequence[Observation]) -> Iterator[JudgedWeek]:
        fitter = ThetaFitter([])
        unusual: tuple[date, float, bool] | None = None  # the last week, if it was
        for one in weeks:
            value = to_scale(one.value, self.scale)
            by_theta, by_year = next_by_theta(fitter), self.values.get(one.week - SAME_WEEK_LAST_YEAR)
            found = self._judge(one, value, by_theta, by_year)
            if found is not None:
                yield found
            if one.is_special:
                continue
            self.values[one.week] = value
            if by_theta is not None and by_year is not None:
                self.errors.append((abs(value - by_theta), abs(value - by_year)))
            is_above = found is not None and found.score > 0
            # Unusual surprises too: the spread withstands single ones, and a series whose weeks vary more than they
            # used to would otherwise stay unusual for good.
            self._learn(value, by_theta, by_year)
            if found is None or found.rule is None:
                counts_as, unusual = value, None
            elif unusual is not None and unusual[2] == is_above:
                self.known[unusual[0]] = unusual[1]
                fitter = ThetaFitter(list(self.known.values()))
                counts_as, unusual = value, (one.week, value, is_above)
            else:
                counts_as, unusual = to_scale(found.expected, self.scale), (one.week, value, is_above)
            self.known[one.week] = counts_as
            fitter.add(counts_as)

    def _learn(self, value: float, by_theta: float | None, by_year: float | None) -> None:
        if by_theta is not None:
            self.theta_surprises.append(value - by_theta)
        if by_year is not None:
            self.yearly_surprises.append(value - by_year)

    def _judge(
        self, one: Observation, value: float, by_theta: float | None, by_year: float | None
    ) -> JudgedWeek | None:
        forecast, past = by_theta, self.theta_surprises
        if by_year is not None and self._is_last_year_better():
            forecast, past = by_year, self.yearly_surprises
        recent = past[-BASELINE_WEEKS:]
        if forecast is None or len(recent) < FEWEST_SURPRISES:
            return None
        middle, spread = centre_and_spread(recent)
        if spread is None:
            return None
        expected = forecast + middle
        score = (value - expected) / spread
        return JudgedWeek(
            week=one.week,
            value=one.value,
            expected=from_scale(expected, self.scale),
            low=from_scale(expected - self.limit * spread, self.scale),
            high=from_scale(expected + self.limit * spread, self.scale),
            score=score,
            rule="beyond_limits" if abs(score) > self.limit else None,
            baseline=len(recent),
        )

    def _is_last_year_better(self) -> bool:
        compared = self.errors[-BASELINE_WEEKS:]
        if len(compared) < BASELINE_WEEKS:
            return False
        return sum(year for _, year in compared) < CLEARLY_LESS * sum(theta for theta, _ in compared)
