"""One effect of one change of a published value, and everything that a publication adds to the ledger besides values.

Here: the values alone. How they are stored belongs to ``publication_ledger``; how they are found to
``restatement_finding``; how they are told to ``restatement_rows``.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from kpi_pipeline.analysis.restatement import Cause
from kpi_pipeline.catalogue.history.coverage import Coverage
from kpi_pipeline.catalogue.history.parts import Parts
from kpi_pipeline.config.report import Audience

# KPI, first day of the week and audience: what a published value is about.
Place = tuple[str, date, Audience]
# In ``kpi.quality``: a report that was issued shows another value than the one that stands now, a task of the team.
CORRECTION_DUE = "correction_due"
Basis = Literal["arrived", "nothing_seen", "inseparable", "parts_not_kept"]


@dataclass(frozen=True)
class Restatement:
    """What one cause accounts for in the change of one published value.

    Attributes:
        from_snapshot: the snapshot that said the old value last.
        to_snapshot: the snapshot that said the new value first.
        from_published_at: when the old value was said first, in UTC, without time zone.
        cause: unknown where it is not known what the old value was made from.
        basis: what the cause rests on: something that arrived; nothing that was seen; that definition and data changed
            together, so that they cannot be told apart; or nothing, because the parts were not kept.
        effect: None where the old or the new value is.
        was_sent: whether a report of the week had been issued before.
        is_correction: whether the new value is beyond the tolerance around the one that was issued.
    """

    kpi_id: str
    week_start: date
    audience: Audience
    from_snapshot: str
    to_snapshot: str
    from_published_at: datetime
    to_published_at: datetime
    old_value: float | None
    new_value: float | None
    old_null_reason: str | None
    new_null_reason: str | None
    cause: Cause | Literal["unknown"]
    basis: Basis
    effect: float | None
    was_sent: bool
    is_correction: bool


@dataclass(frozen=True)
class MadeFrom:
    """What a publication keeps beside its values.

    Attributes:
        parts: of the values that are news, for weeks that are over.
        restatements: what became of values that had been published before.
        batches: the files that were loaded until now.
        coverage: None where nothing was made from sources.
    """

    parts: Mapping[Place, Parts] = field(default_factory=dict)
    restatements: Sequence[Restatement] = ()
    batches: Collection[str] = ()
    coverage: Coverage | None = None
