"""What became of published values: which are other ones now, and what accounts for it.

Here: bringing together the sums of then and now with what arrived in between. The rule by which a sum's change belongs
to a cause, and sharing the difference out, is in ``analysis.restatement``; what a row says in ``restatement_rows``.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from kpi_pipeline.analysis.restatement import Cause, Evidence, first_cause, moves_beyond, split_difference
from kpi_pipeline.catalogue.history.arrived import FX_RATES, RATES, Arrived, arrived_since, touches
from kpi_pipeline.catalogue.history.coverage import Coverage, read_coverage
from kpi_pipeline.catalogue.history.parts import WHOLE, Parts, Sums
from kpi_pipeline.catalogue.history.parts_reading import (
    days_behind,
    made_by_hash,
    operands_of,
    plan_as_it_was,
    read_parts,
    version_of,
)
from kpi_pipeline.catalogue.history.parts_value import value_of
from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.catalogue.history.refund_measures import REFUNDS, holds_refunds
from kpi_pipeline.catalogue.history.reported_value import ReportedValue, Standing
from kpi_pipeline.catalogue.history.restatement import Basis, MadeFrom, Place, Restatement
from kpi_pipeline.catalogue.metrics.metric_plan import MeasureInput, MetricPlan
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.sources.loading.raw_tables import loaded_batches
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.warehouse.sql_file import Measure
from kpi_pipeline.warehouse.sql_project import SqlProject

ONE_DAY = timedelta(days=1)
# Goals are events that the company counts; no file delivers them by themselves.
EVENTS = "web_events"
REFUND_SUBJECT = REFUNDS.partition(".")[2]
# Kept sums give the published double but for its last digits; anything else was not what the value was made from.
ROUNDING = 1e-9
NOTHING = Sums("period", {})
ZERO = Decimal(0)


@dataclass(frozen=True)
class Account:
    """What accounts for one difference.

    Attributes:
        effects: cause → effect, NULL where one of the values is.
    """

    effects: Mapping[Cause | Literal["unknown"], float | None]
    basis: Mapping[str, Basis] = field(default_factory=dict)


def made_from(
    engine: Engine,
    configuration: Configuration,
    project: SqlProject,
    plans: Mapping[str, MetricPlan],
    publications: PublicationLedger,
    news: Sequence[ReportedValue],
    as_of: date,
) -> MadeFrom:
    """Return what the new values are made from, and what accounts for those that replace others.

    To be called inside the transaction that makes the snapshot, before the snapshot is entered.
    """
    finder = _Finder(
        engine, configuration, project, plans, publications, read_coverage(engine, configuration.sources, as_of)
    )
    lasting = [value for value in news if not value.is_open]
    parts = finder.parts_of(lasting)
    return MadeFrom(
        parts=parts,
        restatements=tuple(finder.restatements(lasting, parts)),
        batches=set(loaded_batches(engine)),
        coverage=finder.now,
    )


@dataclass
class _Finder:
    engine: Engine
    configuration: Configuration
    project: SqlProject
    plans: Mapping[str, MetricPlan]
    publications: PublicationLedger
    now: Coverage
    _arrived: dict[int, Arrived] = field(default_factory=dict)

    def parts_of(self, values: Sequence[ReportedValue]) -> dict[Place, Parts]:
        by_kpi: dict[str, list[ReportedValue]] = defaultdict(list)
        for value in values:
            by_kpi[value.kpi_id].append(value)
        found: dict[Place, Parts] = {}
        for kpi_id, of_kpi in by_kpi.items():
            weeks = [value.week_start for value in of_kpi]
            read = read_parts(self.engine, self._plan(kpi_id), self.configuration, self.project, weeks)
            found |= {value.place: read[value.week_start] for value in of_kpi}
        return found

    def restatements(self, values: Sequence[ReportedValue], parts: Mapping[Place, Parts]) -> Iterator[Restatement]:
        standing = self.publications.standing()
        last = self.publications.last_publication()
        for value in values:
            before = standing.get(value.place)
            if before is None or before.value.is_open or before.value.value == value.value or last is None:
                continue
            account = self._account(before, value, parts[value.place])
            told = self.publications.told(value.place)
            tolerance = float(self.configuration.company.correction_tolerance_pct)
            for cause, effect in account.effects.items():
                yield Restatement(
                    kpi_id=value.kpi_id,
                    week_start=value.week_start,
                    audience=value.audience,
                    from_snapshot=last[0],
                    to_snapshot=value.snapshot_id,
                    from_published_at=before.value.published_at,
                    to_published_at=value.published_at,
                    old_value=before.value.value,
                    new_value=value.value,
                    old_null_reason=before.value.null_reason,
                    new_null_reason=value.null_reason,
                    cause=cause,
                    basis=account.basis.get(cause, "arrived"),
                    effect=effect,
                    was_sent=told is not None,
                    is_correction=told is not None and moves_beyond(told.value, value.value, tolerance),
                )

    def _account(self, before: Standing, value: ReportedValue, new: Parts) -> Account:
        old_value, new_value = before.value.value, value.value
        difference = None if old_value is None or new_value is None else new_value - old_value
        old = self.publications.parts(before)
        if old is None:
            return Account({"unknown": difference}, {"unknown": "parts_not_kept"})
        plan = version_of(self._plan(value.kpi_id), value.week_start)
        same, redefined = new, Fraction(0)
        company = self.configuration.company
        if any(made_by_hash(table, company, self.project) != made_by for table, made_by in old.made_by.items()):
            return Account({"definition": difference}, {"definition": "inseparable"})
        if old.meaning != new.meaning:
            was = plan_as_it_was(old, plan, self.configuration, self.project)
            if was is None or difference is None:
                return Account({"definition": difference}, {"definition": "inseparable"})
            plan = was
            same = read_parts(self.engine, was, self.configuration, self.project, [value.week_start])[value.week_start]
            same_value = value_of(was, _counting(same.sums, old.zeros))
            if same_value is None:
                return Account({"definition": difference}, {"definition": "inseparable"})
            redefined = Fraction(new_value or 0) - same_value
        now = _counting(same.sums, old.zeros)
        causes = self._causes(before, value, plan, old.sums, now)
        if difference is None:
            cause = first_cause([cause or "source_correction" for cause in causes])
            return Account({cause: None}, {} if cause in causes else {cause: "nothing_seen"})
        return _shared(plan, before.value, value, old.sums, now, causes, redefined)

    def _causes(
        self,
        before: Standing,
        value: ReportedValue,
        plan: MetricPlan,
        old: Mapping[str, Sums],
        new: Mapping[str, Sums],
    ) -> dict[Cause | None, set[tuple[str, str]]]:
        """Cause → operand and what its sum is kept for, of all sums that changed."""
        arrived = self._arrived_since(before)
        meaning_changed = before.value.definition_hash != value.definition_hash
        found: dict[Cause | None, set[tuple[str, str]]] = defaultdict(set)
        for each, operand, measure in operands_of(plan):
            before_sums, sums = old.get(operand, NOTHING), new.get(operand, NOTHING)
            for key in {**before_sums.figures, **sums.figures}:
                if before_sums.figures.get(key, ZERO) != sums.figures.get(key, ZERO):
                    days = self._days(plan, each, sums, key, value.week_start)
                    found[self._evidence(arrived, each, measure, days, meaning_changed).cause].add((operand, key))
        if not found:
            # A value came or went without a sum of its own: its days themselves did.
            for each, operand, measure in operands_of(plan):
                days = self._days(plan, each, NOTHING, WHOLE, value.week_start)
                found[self._evidence(arrived, each, measure, days, meaning_changed).cause].add((operand, WHOLE))
        return dict(found)

    def _evidence(
        self, arrived: Arrived, each: MeasureInput, measure: Measure, days: Sequence[date], meaning_changed: bool
    ) -> Evidence:
        table = each.file.table
        above = self.project.ancestors(table)
        own = {name if name in SUBJECTS else EVENTS for name in each.covered_by.subjects}
        others = {name for name, subject in SUBJECTS.items() if subject.table in above} - own - {FX_RATES}
        own_days = [(name, day) for name in own for day in days if arrived.changed(name, [day])]
        if REFUND_SUBJECT in own:
            has_refunds = bool(own_days)
        else:
            has_refunds = arrived.changed(REFUND_SUBJECT) and holds_refunds(self.project, table, measure.column)
        further = [(name, day) for name in (*own, *others) for day in arrived.days.get(name) or () if day not in days]
        return Evidence(
            was_missing=any(arrived.was_missing(name, day) for name, day in own_days),
            has_refunds=has_refunds,
            own_rows_changed=bool(own_days),
            was_provisional=any(arrived.was_open(name, day) for name, day in own_days),
            rates_changed=RATES in above and touches(arrived.rates, days),
            others_changed=any(arrived.changed(name) for name in (*own, *others)),
            others_were_open=any(
                arrived.was_missing(name, day) or arrived.was_open(name, day) for name, day in further
            ),
            meaning_changed=meaning_changed,
        )

    def _days(self, plan: MetricPlan, each: MeasureInput, sums: Sums, key: str, week: date) -> list[date]:
        if sums.kept_by == "day" and key != WHOLE:
            return [date.fromisoformat(key)]
        first, last = days_behind(plan, each, week)
        return [first + offset * ONE_DAY for offset in range((last - first).days + 1)]

    def _arrived_since(self, standing: Standing) -> Arrived:
        publication = standing.publication
        if publication not in self._arrived:
            self._arrived[publication] = arrived_since(
                self.engine,
                standing.value.snapshot_id,
                self.publications.batches(publication),
                self.publications.coverage(publication),
                self.now,
                fx_max_age_days=self.configuration.company.fx_max_age_days,
            )
        return self._arrived[publication]

    def _plan(self, kpi_id: str) -> MetricPlan:
        return self.plans[self.configuration.kpis[kpi_id].metric]


def _counting(sums: Mapping[str, Sums], zeros: Collection[str]) -> dict[str, Sums]:
    """The sums of operands that counted; a measure that nobody delivered counted as zero."""
    return {operand: one for operand, one in sums.items() if operand not in zeros}


def _shared(
    plan: MetricPlan,
    before: ReportedValue,
    value: ReportedValue,
    old: Mapping[str, Sums],
    new: Mapping[str, Sums],
    causes: Mapping[Cause | None, Collection[tuple[str, str]]],
    redefined: Fraction,
) -> Account:
    assert before.value is not None and value.value is not None
    made_before = value_of(plan, old)
    if made_before is None or abs(float(made_before) - before.value) > ROUNDING * abs(before.value):
        return Account({"unknown": value.value - before.value}, {"unknown": "parts_not_kept"})
    changed: dict[Cause, set[tuple[str, str]]] = defaultdict(set)
    for cause, places in causes.items():
        changed[cause or "source_correction"].update(places)

    def value_with(some: frozenset[Cause]) -> Fraction | None:
        taken = {place for cause in some for place in changed[cause]}
        return value_of(plan, {operand: _mixed(operand, old, new, taken) for operand in {**old, **new}})

    effects = split_difference(before.value, value.value, changed, value_with, redefined=redefined)
    unseen = None in causes and "source_correction" not in causes
    return Account(dict(effects.items()), {"source_correction": "nothing_seen"} if unseen else {})


def _mixed(operand: str, old: Mapping[str, Sums], new: Mapping[str, Sums], taken: Collection[tuple[str, str]]) -> Sums:
    before, after = old.get(operand, NOTHING), new.get(operand, NOTHING)
    figures = dict(before.figures)
    for key in {**before.figures, **after.figures}:
        if (operand, key) in taken:
            figures[key] = after.figures.get(key, ZERO)
    return Sums(after.kept_by if operand in new else before.kept_by, figures)
