"""``kpi.contributions``: what members and factors account for in the change of every KPI, in the last 13 weeks.

Here: which changes and dimensions there are, ranking, and putting rows together. The effects are computed in
``analysis`` and made into ``pieces``; the sentences are chosen in ``driver_sentences``.

Drivers are ranked in every dimension, and the dimensions among each other: who may not see the first one is told of the
next. Where a KPI's own change may be chance, nothing is ranked; where that cannot be told, what is surely no chance.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from typing import cast

from kpi_pipeline.analysis.drivers import Candidate, drivers, explained_share, ranked_dimensions
from kpi_pipeline.analysis.mix_rate import is_simpson
from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.findings.driver_sentences import factor_sentence, member_sentence, obstacle_sentence
from kpi_pipeline.catalogue.findings.member_changes import UNTOLD, MemberChanges, OwnChange, Series
from kpi_pipeline.catalogue.findings.member_figures import (
    OTHER,
    Figures,
    Members,
    Weeks,
    figures_since,
    parts_of_amount,
    parts_of_ratio,
    read_rows,
)
from kpi_pipeline.catalogue.findings.pieces import FACTORS, Piece, pieces_of_amount, pieces_of_product, pieces_of_ratio
from kpi_pipeline.catalogue.metrics.breaks import MetricBreak, comparable_weeks
from kpi_pipeline.catalogue.metrics.divisibility import obstacle_to_splitting
from kpi_pipeline.catalogue.metrics.measure_sql import TOTAL
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.catalogue.metrics.metric_sql import HUNDREDFOLD_UNITS
from kpi_pipeline.catalogue.metrics.proportion_metrics import proportion_metrics
from kpi_pipeline.catalogue.metrics.weeks import ONE_WEEK, Week
from kpi_pipeline.catalogue.tables.row_tables import Row
from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.wording.phrasing import Phrasing, in_every_language

RECENT_WEEKS = 13
# Enough weeks before them to know how much a member usually moves.
BASELINE_WEEKS = 26


@dataclass(frozen=True)
class SplitFacts:
    """What the rows are made from.

    Attributes:
        weeks: metric → its weeks in order, for the metrics of all KPIs.
        weekly: the rows of the weekly table of all KPIs.
        breaks: metric → where it means something else than before.
        week_start: first day of the last complete week.
    """

    audiences: Audiences
    plans: Mapping[str, MetricPlan]
    weeks: Mapping[str, Sequence[Week]]
    weekly: Sequence[Row]
    breaks: Mapping[str, Sequence[MetricBreak]]
    week_start: date

    @property
    def first(self) -> date:
        """First day of the first week that is looked at."""
        return self.week_start - (RECENT_WEEKS + BASELINE_WEEKS) * ONE_WEEK


@dataclass(frozen=True)
class Change:
    """A KPI's change from one whole week to the next, which means the same."""

    kpi_id: str
    week: date
    previous_value: float
    value: float
    size: float
    is_detectable: bool | None

    @cached_property
    def weeks(self) -> Weeks:
        """The first days of both weeks."""
        return self.week - ONE_WEEK, self.week


@dataclass(frozen=True)
class Split:
    """A change, split in one way."""

    method: str
    dimension: str
    pieces: Sequence[Piece]
    is_simpson: bool | None
    sentence: Callable[[Piece, Phrasing], str]


def contribution_rows(engine: Engine, facts: SplitFacts) -> Iterator[Row]:
    """Yield the rows of every KPI whose value is known in both weeks and means the same, whole weeks alone."""
    configuration = facts.audiences.configuration
    metrics = {kpi_id: configuration.kpis[kpi_id].metric for kpi_id in sorted(facts.audiences.of_kpi)}
    factors = {name for metric_id in metrics.values() for name in configuration.metrics[metric_id].factors}
    rows = read_rows(engine, set(metrics.values()), factors, weeks=(facts.first, facts.week_start))
    figures = figures_since(rows, facts.week_start - RECENT_WEEKS * ONE_WEEK)
    splitters = {kpi_id: _Splitter(facts, figures, metric_id) for kpi_id, metric_id in metrics.items()}
    changes = MemberChanges(
        rows=rows,
        first=facts.first,
        weeks=(facts.week_start - facts.first) // ONE_WEEK + 1,
        ratios={name for name in metrics.values() if facts.plans[name].formula.denominator is not None},
        proportions=proportion_metrics(engine, {name: facts.plans[name] for name in metrics.values()}),
    )
    for week, of_week in sorted(_changes_by_week(facts).items()):
        baselines: dict[str, list[date]] = {}
        for change in of_week:
            splitter = splitters[change.kpi_id]
            baselines[metrics[change.kpi_id]] = splitter.baseline(week)
            # What a factor usually does is asked of the weeks that its product is compared with.
            baselines = dict.fromkeys(splitter.factors, splitter.baseline(week)) | baselines
        own_changes = changes.of(week, baselines)
        for change in of_week:
            yield from splitters[change.kpi_id].rows(change, own_changes)


def _changes_by_week(facts: SplitFacts) -> dict[date, list[Change]]:
    found: dict[date, list[Change]] = {}
    for row in facts.weekly:
        week = cast(date, row["week_start"])
        if row["change"] is not None and facts.week_start - RECENT_WEEKS * ONE_WEEK < week <= facts.week_start:
            found.setdefault(week, []).append(_change(row))
    return found


def _change(row: Row) -> Change:
    return Change(
        kpi_id=cast(str, row["kpi_id"]),
        week=cast(date, row["week_start"]),
        previous_value=cast(float, row["previous_value"]),
        value=cast(float, row["value"]),
        size=cast(float, row["change"]),
        is_detectable=cast(bool | None, row["change_is_detectable"]),
    )


class _Splitter:
    """Splits the changes of one metric."""

    def __init__(self, facts: SplitFacts, figures: Figures, metric_id: str) -> None:
        configuration = facts.audiences.configuration
        self._metrics, self._metric_id = configuration.metrics, metric_id
        self._metric, self._money = configuration.metrics[metric_id], configuration.company.money
        plan = facts.plans[metric_id]
        self._is_ratio, self._obstacle = plan.formula.denominator is not None, obstacle_to_splitting(plan)
        self._weeks, self._breaks = facts.weeks[metric_id], facts.breaks.get(metric_id, ())
        own = figures.get(metric_id, {})
        self._total = own.get(TOTAL, {}).get(TOTAL, {})
        self._dimensions = {name: own[name] for name in plan.dimensions if name in own}
        self.factors: Members = {
            name: figures.get(name, {}).get(TOTAL, {}).get(TOTAL, {}) for name in self._metric.factors
        }

    def baseline(self, week: date) -> list[date]:
        """Return the settled weeks before this one that mean the same."""
        (found,) = (each for each in self._weeks if each.start == week)
        comparable = comparable_weeks(self._weeks, found, self._breaks)
        return [each.start for each in comparable if each.is_settled and each.start < week]

    def rows(self, change: Change, own_changes: Mapping[Series, OwnChange]) -> Iterator[Row]:
        """Yield the rows of one change; ``own_changes`` is about its week."""
        if self._obstacle is not None:
            yield from (self._not_split(name, change) for name in self._dimensions)
        splits = {each.dimension: each for each in self._splits(change, own_changes) if each.pieces}
        candidates = {
            name: [_candidate(piece, change) for piece in split.pieces]
            for name, split in splits.items()
            if change.is_detectable is not False
        }
        ranks = {name: rank for rank, name in enumerate(ranked_dimensions(candidates), 1)}
        for name, split in splits.items():
            named = [each.member for each in drivers(candidates[name])] if name in ranks else []
            told = {
                "dimension_rank": ranks.get(name),
                "explained_share": explained_share(candidates[name]) if named else None,
            }
            for piece in split.pieces:
                rank = named.index(piece.member) + 1 if piece.member in named else None
                yield {
                    **_row(change, split, piece),
                    **told,
                    "driver_rank": rank,
                    **(self._finding(split, piece) if rank else {}),
                }

    def _splits(self, change: Change, own_changes: Mapping[Series, OwnChange]) -> Iterator[Split]:
        for name, members in self._dimensions.items() if self._obstacle is None else ():
            own = {member: own_changes[self._metric_id, name, member] for member in members}
            sentence = partial(_sentence_of_member, name, change.size)
            if self._is_ratio:
                parts = parts_of_ratio(members, self._total, change.weeks)
                pieces = list(pieces_of_ratio(parts, members, change.weeks, own, self._metric))
                yield Split("mix_rate", name, pieces, is_simpson(*parts), sentence)
            else:
                parts = parts_of_amount(members, self._total, change.weeks)
                yield Split("difference", name, list(pieces_of_amount(parts, own)), None, sentence)
        if self.factors:
            own = {name: own_changes.get((name, TOTAL, TOTAL), UNTOLD) for name in self.factors}
            values = change.previous_value, change.value
            pieces = list(pieces_of_product(values, self.factors, change.weeks, own, self._scale_of_product))
            yield Split(FACTORS, FACTORS, pieces, None, partial(self._sentence_of_factor, change.size))

    @property
    def _scale_of_product(self) -> float:
        hundredfold = sum(self._metrics[name].unit in HUNDREDFOLD_UNITS for name in self.factors)
        return float(100 ** ((self._metric.unit in HUNDREDFOLD_UNITS) - hundredfold))

    def _sentence_of_factor(self, change: float, piece: Piece, phrasing: Phrasing) -> str:
        return factor_sentence(piece, self._metrics[piece.member], change, phrasing)

    def _finding(self, split: Split, piece: Piece) -> Row:
        return in_every_language("finding", self._metric, self._money, partial(split.sentence, piece))

    def _not_split(self, dimension: str, change: Change) -> Row:
        assert self._obstacle is not None
        sentence = partial(obstacle_sentence, dimension, self._obstacle)
        return {
            "kpi_id": change.kpi_id,
            "week_start": change.week,
            "previous_week": change.weeks[0],
            "method": "not_split",
            "dimension": dimension,
            **in_every_language("finding", self._metric, self._money, sentence),
        }


def _candidate(piece: Piece, change: Change) -> Candidate:
    is_nameable = piece.is_detectable or (piece.is_detectable is None and change.is_detectable)
    # What stands together for want of data is nobody to name.
    return Candidate(piece.member, piece.effect, piece.even_share, bool(is_nameable) and piece.member != OTHER)


def _sentence_of_member(dimension: str, change: float, piece: Piece, phrasing: Phrasing) -> str:
    return member_sentence(piece, dimension, change, phrasing)


def _row(change: Change, split: Split, piece: Piece) -> Row:
    return {
        "kpi_id": change.kpi_id,
        "week_start": change.week,
        "previous_week": change.weeks[0],
        "method": split.method,
        "dimension": split.dimension,
        "member": piece.member,
        "previous_value": piece.previous_value,
        "value": piece.value,
        "previous_weight": piece.previous_weight,
        "weight": piece.weight,
        "mix_effect": piece.mix,
        "rate_effect": piece.rate,
        "effect": piece.effect,
        "share_of_change": piece.effect / change.size if change.size else None,
        "is_new": piece.is_new,
        "is_vanished": piece.is_vanished,
        "is_detectable": piece.is_detectable,
        "is_simpson": split.is_simpson,
    }
