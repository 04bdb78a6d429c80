"""Whether members changed by more than chance, or by more than they usually do, from their figures of many weeks.

Here: laying the figures of all KPIs out as arrays, one row for each member, and choosing the test that fits: the counts
of proportions, the usual steps of everything else. The tests themselves are in ``analysis.own_change``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from kpi_pipeline.analysis.own_change import beyond_chance, beyond_usual
from kpi_pipeline.catalogue.metrics.measure_sql import TOTAL

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]

Series = tuple[str, str, str]


class OwnChange(NamedTuple):
    """Whether a member's value, and its weight, changed detectably; None where that cannot be told."""

    value: bool | None
    weight: bool | None


UNTOLD = OwnChange(None, None)


@dataclass(frozen=True)
class MemberChanges:
    """The figures of the members of all metrics.

    Attributes:
        rows: as ``member_figures.read_rows`` gives them.
        first: first day of the first week.
        weeks: how many weeks there are.
        ratios: the metrics whose members have a weight: their share of the denominator.
        proportions: those among them of which both sides are counts of the same things.
    """

    rows: pa.Table
    first: date
    weeks: int
    ratios: Collection[str]
    proportions: Collection[str]

    def of(self, week: date, baselines: Mapping[str, Collection[date]]) -> dict[Series, OwnChange]:
        """Return metric, dimension and member → whether its step from the week before is more than its baseline.

        Args:
            week: the week to judge.
            baselines: metric → the weeks that show how much its members usually move; others are not judged.
        """
        import numpy as np

        masks = {metric: self._mask(days) for metric, days in baselines.items()}
        column = (week - self.first).days // 7
        found: dict[Series, OwnChange] = {}
        for is_proportion in (True, False):
            judged = [
                position
                for position, (metric, *_) in enumerate(self._series)
                if metric in masks and (metric in self.proportions) == is_proportion
            ]
            if judged:
                mask = np.array([masks[self._series[position][0]] for position in judged])
                if is_proportion:
                    own = beyond_chance(self._numerators[judged], self._denominators[judged], mask, week=column)
                    weight = beyond_chance(self._denominators[judged], self._totals[judged], mask, week=column)
                else:
                    own = beyond_usual(self._values[judged], mask, week=column)
                    weight = beyond_usual(self._weights[judged], mask, week=column)
                names = (self._series[position] for position in judged)
                found |= {name: OwnChange(*each) for name, *each in zip(names, own, weight, strict=True)}
        return found

    def _mask(self, days: Collection[date]) -> "Mask":
        import numpy as np

        mask = np.zeros(self.weeks, dtype=np.bool_)
        positions = [(day - self.first).days // 7 for day in days]
        mask[[position for position in positions if 0 <= position < self.weeks]] = True
        return mask

    @cached_property
    def _series(self) -> list[Series]:
        import numpy as np

        first_rows = np.unique(self.rows["series"].to_numpy(), return_index=True)[1]
        keys = self.rows.select(["metric_id", "dimension", "member"]).take(first_rows)
        return list(zip(*(each.to_pylist() for each in keys.columns), strict=True))

    @cached_property
    def _numerators(self) -> "Array":
        return self._filled("numerator")

    @cached_property
    def _denominators(self) -> "Array":
        """Of ratios, where a member of which a known week says nothing has none; nothing for what is no ratio."""
        import numpy as np

        is_ratio = np.array([metric in self.ratios for metric, *_ in self._series])
        return np.where(is_ratio[:, None], self._or_none(self._filled("denominator")), np.nan)

    @cached_property
    def _values(self) -> "Array":
        """Of amounts, where a member of which a known week says nothing has none."""
        import numpy as np

        is_ratio = np.array([metric in self.ratios for metric, *_ in self._series])
        values = self._filled("value")
        return np.where(is_ratio[:, None], values, self._or_none(values))

    @cached_property
    def _totals(self) -> "Array":
        """The denominator of all members of the same dimension together."""
        import numpy as np

        groups = {key: number for number, key in enumerate(dict.fromkeys(series[:2] for series in self._series))}
        group = np.array([groups[series[:2]] for series in self._series])
        sums = np.zeros((len(groups), self.weeks))
        np.add.at(sums, group, np.nan_to_num(self._denominators))
        totals: Array = sums[group]
        return totals

    @cached_property
    def _weights(self) -> "Array":
        import numpy as np

        shares: Array = self._denominators / np.where(self._totals == 0, np.nan, self._totals)
        return shares

    def _or_none(self, figures: "Array") -> "Array":
        import numpy as np

        totals = {metric: row for row, (metric, dimension, _) in enumerate(self._series) if dimension == TOTAL}
        is_known = ~np.isnan(self._filled("value"))
        known = is_known[[totals[metric] for metric, *_ in self._series]]
        return np.where(np.isnan(figures) & known, 0.0, figures)

    def _filled(self, column: str) -> "Array":
        import numpy as np

        filled = np.full((len(self._series), self.weeks), np.nan)
        starts = self.rows["week"].to_numpy()
        positions = (starts - np.datetime64(self.first)).astype("timedelta64[D]").astype(int) // 7
        filled[self.rows["series"].to_numpy(), positions] = self.rows[column].to_numpy()
        return filled
