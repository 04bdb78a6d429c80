"""What reached the warehouse since a publication, by subject and day.

Here: telling it from the log of changes, or, where a lost warehouse was made again since, from the files that were not
loaded before. What it means for a value is decided in ``restatement_finding``.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from kpi_pipeline.catalogue.history.coverage import Coverage
from kpi_pipeline.sources.loading.raw_tables import COVERED_DAYS, loaded_batches
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.warehouse.changes import changes_since, sequence_of_snapshot
from kpi_pipeline.warehouse.engine import Engine

RATES = "core.exchange_rates"
FX_RATES = "fx_rates"

Days = Collection[date] | None


@dataclass(frozen=True)
class Arrived:
    """What is different from an earlier publication.

    Attributes:
        days: subject → days whose rows or coverage changed; None where that may be any.
        rates: days of which an exchange rate changed; None where that may be any.
        bringers: subject and day → the sources whose newer files own something of it now.
        before: what sources had delivered then.
        now: what they have delivered now.
    """

    days: Mapping[str, Days]
    rates: Days
    bringers: Mapping[tuple[str, date], Collection[str]]
    before: Coverage
    now: Coverage

    def changed(self, subject: str, days: Collection[date] | None = None) -> bool:
        """Tell whether a subject changed on any of these days, or at all."""
        return touches(self.days.get(subject, ()), days)

    def was_missing(self, subject: str, day: date) -> bool:
        """Tell whether a source has brought a day of a subject that it had not spoken for before."""
        for source in self._bringers(subject, day):
            feeds = [feed for feed in {**self.before.days, **self.now.days} if (feed[0], feed[2]) == (source, subject)]
            covering = [feed for feed in feeds if self.now.covers(feed, day)]
            if covering:
                if not all(self.before.covers(feed, day) for feed in covering):
                    return True
            elif not any(self.before.covers(feed, day) for feed in feeds):
                return True
        return False

    def was_open(self, subject: str, day: date) -> bool:
        """Tell whether a source that brought a day might still change it then."""
        return any(self.before.is_open(source, day) for source in self._bringers(subject, day))

    def _bringers(self, subject: str, day: date) -> Collection[str]:
        found = self.bringers.get((subject, day))
        return found if found else {source for source, _, name in self.now.days if name == subject}


def touches(changed: Days, days: Collection[date] | None) -> bool:
    """Tell whether any of some days is among the changed ones; any at all where none are named."""
    if changed is None:
        return True
    return bool(changed) if days is None else not set(days).isdisjoint(changed)


def arrived_since(
    engine: Engine, snapshot_id: str, known: Collection[str], before: Coverage, now: Coverage, *, fx_max_age_days: int
) -> Arrived:
    """Return what is different from the warehouse that a snapshot was made from.

    Args:
        engine: the warehouse.
        snapshot_id: the earlier snapshot.
        known: ids of the files that had been loaded until then.
        before: what sources had delivered then.
        now: what they have delivered now.
        fx_max_age_days: how long a rate stands in for the days after it.
    """
    owned = _owned_by_new_batches(engine, set(loaded_batches(engine)) - set(known))
    sequence = sequence_of_snapshot(engine, snapshot_id)
    if sequence is not None:
        found = changes_since(engine, [*(subject.table for subject in SUBJECTS.values()), RATES], sequence)
        days: dict[str, Days] = {name: found[one.table] for name, one in SUBJECTS.items() if one.table in found}
        rates: Days = found.get(RATES, ())
    else:
        days = {}
        for subject, day in owned:
            days[subject] = {*(days.get(subject) or ()), day}
        rates = _standing_in(days.get(FX_RATES) or (), fx_max_age_days)
    return Arrived(days, rates, owned, before, now)


def _owned_by_new_batches(engine: Engine, batches: Collection[str]) -> dict[tuple[str, date], set[str]]:
    if not batches:
        return {}
    among = "list_contains(cast($batches as varchar[]), batch_id)"
    parts = [f"select subject, day, source from {COVERED_DAYS} where {among}"]
    parts += [
        f"select '{name}', day, source from {subject.table} where {among}"
        for name, subject in SUBJECTS.items()
        if subject.unit not in ("day", "event_day")
    ]
    owned: dict[tuple[str, date], set[str]] = {}
    for row in engine.read(
        f"select distinct * from ({' union all '.join(parts)})", {"batches": sorted(batches)}
    ).to_pylist():
        owned.setdefault((row["subject"], row["day"]), set()).add(row["source"])
    return owned


def _standing_in(days: Iterable[date], longest: int) -> set[date]:
    return {day + timedelta(days=offset) for day in days for offset in range(longest + 1)}
