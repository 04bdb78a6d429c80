"""The forecast of one series from any of its weeks, by what was known in that week.

Here: which method is used for how much history, and keeping every fit, because each week's forecast is judged by those
of the weeks before. The methods themselves belong to ``theta``, ``seasonality`` and ``forecast``.

==================  ====================================================================================================
final weeks         method
==================  ====================================================================================================
fewer than 8        none
8 to 103            Theta; drift where the series is a line, so that nothing can be estimated
104 and more        Theta on the series without its season, if that was at least 5 % less wrong from the origins of the
                    past; otherwise Theta. The season is estimated and chosen anew every 13 weeks
==================  ====================================================================================================
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from kpi_pipeline.analysis.calibration import enough_to_calibrate, is_less_wrong, width_factor
from kpi_pipeline.analysis.forecast import Forecast, Scale, drift_forecast, scale_for, to_scale
from kpi_pipeline.analysis.seasonality import Season, fit_season
from kpi_pipeline.analysis.theta import ThetaFit, ThetaFitter
from kpi_pipeline.config.model import Unit

MINIMUM_HISTORY_WEEKS = 8
SEASONAL_WEEKS = 104
# The first season that is tried, on a year and a half, so that the choice at 104 weeks has origins to go by.
FIRST_SEASONAL_ORIGIN = 78
WEEKS_OF_A_CHOICE = 13
# As many horizons as it takes to compare two methods; those between them say nothing new.
COMPARED_HORIZONS = (1, 5, 9, 13)
NO_SEASON = Season(())


@dataclass(frozen=True)
class _Origin:
    """A fit with its season, both known after ``fit.weeks`` weeks."""

    fit: ThetaFit
    season: Season = NO_SEASON

    def mean(self, weeks_ahead: int) -> float:
        return self.fit.mean(weeks_ahead) + self.season.at(self.fit.weeks - 1 + weeks_ahead)

    def standard_error(self, weeks_ahead: int) -> float:
        """Theta's own, and that nobody knows whether the trend goes on or ends.

        Theta takes half of the trend, the middle of both. Its own error knows only the surprises of the past: the less
        a series strays from a straight line, the surer it would be that from now on it rises half as fast.
        """
        return math.hypot(self.fit.standard_error(weeks_ahead), self.fit.drift(weeks_ahead))


# One per length of the run, counted from 0; None while there are too few weeks, or where nothing surprised.
_Origins = list[_Origin | None]


@dataclass
class _Run:
    """Consecutive values on one scale, with what could be forecast after each of them.

    Attributes:
        used: the origins of the method that is used after so many weeks.
    """

    values: list[float] = field(default_factory=list)
    plain: _Origins = field(default_factory=lambda: [None])
    seasonal: _Origins = field(default_factory=lambda: [None])
    used: list[_Origins] = field(default_factory=lambda: [[]])

    def __post_init__(self) -> None:
        self._fitter, self._seasonal_fitter = ThetaFitter(), ThetaFitter()
        self._season, self._is_season_used = NO_SEASON, False

    def add(self, value: float) -> None:
        self.values.append(value)
        weeks = len(self.values)
        self._fitter.add(value)
        fit = self._fitter.fit() if weeks >= MINIMUM_HISTORY_WEEKS else None
        self.plain.append(_Origin(fit) if fit else None)
        if weeks >= FIRST_SEASONAL_ORIGIN:
            self._add_seasonal(value, weeks)
        else:
            self.seasonal.append(None)
        self.used.append(self.seasonal if self._is_season_used and self.seasonal[weeks] else self.plain)

    def standardised_errors(self, weeks: int, weeks_ahead: int) -> list[float]:
        """The errors of all forecasts for as many weeks ahead whose week was known after ``weeks`` weeks."""
        return [
            (self.values[origin.fit.weeks + weeks_ahead - 1] - origin.mean(weeks_ahead))
            / origin.standard_error(weeks_ahead)
            for origin in self.used[weeks][: weeks - weeks_ahead + 1]
            if origin is not None
        ]

    def _add_seasonal(self, value: float, weeks: int) -> None:
        if weeks % WEEKS_OF_A_CHOICE == 0:
            self._season = fit_season(self.values)
            adjusted = [each - self._season.at(number) for number, each in enumerate(self.values)]
            self._seasonal_fitter = ThetaFitter(adjusted)
            self._is_season_used = weeks >= SEASONAL_WEEKS and self._is_season_less_wrong(weeks)
        else:
            self._seasonal_fitter.add(value - self._season.at(weeks - 1))
        fit = self._seasonal_fitter.fit()
        self.seasonal.append(_Origin(fit, self._season) if fit else None)

    def _is_season_less_wrong(self, weeks: int) -> bool:
        with_season = without = 0.0
        for number in range(FIRST_SEASONAL_ORIGIN, weeks):
            seasonal, plain = self.seasonal[number], self.plain[number]
            if seasonal is not None and plain is not None:
                for ahead in (each for each in COMPARED_HORIZONS if each <= weeks - number):
                    value = self.values[number + ahead - 1]
                    with_season += abs(value - seasonal.mean(ahead))
                    without += abs(value - plain.mean(ahead))
        return is_less_wrong(with_season, than=without)


class Forecaster:
    """Forecasts of one series, whose history grows from question to question; what was fitted is kept."""

    def __init__(self, unit: Unit) -> None:
        self._unit: Unit = unit
        self._runs: dict[Scale, _Run] = {}

    def forecast(self, history: Sequence[float], weeks_ahead: int, *, is_calibrated: bool = True) -> Forecast | None:
        """Forecast a week from what was known before.

        The interval is the method's own, multiplied by ``calibration.width_factor`` where the history is long enough
        for it.

        Args:
            history: consecutive weekly values, oldest first.
            weeks_ahead: counted from the last value.
            is_calibrated: whether the interval may be multiplied; otherwise it is the method's own.

        Returns:
            None if the history is too short or the week not ahead of it.
        """
        weeks = len(history)
        if weeks < MINIMUM_HISTORY_WEEKS or weeks_ahead < 1:
            return None
        scale = scale_for(self._unit, history)
        run = self._run(history, scale)
        origin = run.used[weeks][weeks]
        if origin is None:
            return drift_forecast(history, weeks_ahead, scale)
        standard_error = origin.standard_error(weeks_ahead)
        if is_calibrated and enough_to_calibrate(weeks, weeks_ahead, MINIMUM_HISTORY_WEEKS):
            standard_error *= width_factor(run.standardised_errors(weeks, weeks_ahead), weeks_ahead)
        return Forecast(origin.mean(weeks_ahead), standard_error, scale)

    def _run(self, history: Sequence[float], scale: Scale) -> _Run:
        values = [to_scale(value, scale) for value in history]
        run = self._runs.get(scale)
        if run is None or run.values[: len(values)] != values[: len(run.values)]:
            run = self._runs[scale] = _Run()
        for value in values[len(run.values) :]:
            run.add(value)
        return run
