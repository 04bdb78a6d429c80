"""The rows of a published snapshot that reports are made from.

Here: one class per table; its fields are the columns that are read. A column that a report needs is added here. Reading
(``snapshot_reading``) and wording do not belong here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from kpi_pipeline.config.model import Direction, Unit
from kpi_pipeline.reports.finding_rows import AnomalyRow, ContributionRow, RelationRow, RestatementRow, ViewRows
from kpi_pipeline.wording.numbers import Number


@dataclass(frozen=True)
class SnapshotRow:
    """What ``kpi.snapshot`` says about the file."""

    snapshot_id: str
    as_of: date
    audience: str
    company_name_en: str
    company_name_fa: str
    reporting_currency: str
    money_shown_in: str
    time_zone: str


@dataclass(frozen=True)
class WeeklyRow:
    """One KPI in one week."""

    kpi_id: str
    week_start: date
    week_end: date
    name_en: str
    name_fa: str
    unit: Unit
    direction: Direction
    value: Number | None
    previous_value: Number | None
    change: Number | None
    change_is_detectable: bool | None
    same_week_last_year: Number | None
    null_reason: str | None
    status: str
    baseline: Number | None
    target: Number | None
    target_low: Number | None
    target_high: Number | None
    deadline: date | None
    path_value: Number | None
    attainment: Number | None
    forecast_at_deadline: Number | None
    forecast_low: Number | None
    forecast_high: Number | None
    probability: Number | None
    pace_status: str | None
    is_held_back: bool | None
    objective_id: str
    rank_52: int | None


@dataclass(frozen=True)
class CatalogueRow:
    """One metric, and its commitment where there is one; ids are joined by commas, texts stand one per line."""

    metric_id: str
    kpi_id: str | None
    name_en: str
    name_fa: str
    definition_en: str | None
    definition_fa: str | None
    formula: str | None
    unit: Unit
    decimals: int
    edge_rules: str | None
    audience: str
    missing_parts: str | None
    scope: str | None
    owner: str | None
    owner_name_en: str | None
    owner_name_fa: str | None
    responsible: str | None
    consulted: str | None
    informed: str | None
    objective_chain: str | None
    why_en: str | None
    why_fa: str | None
    resources: str | None
    where_scope: str | None
    assumptions: str | None
    expired_assumptions: str | None
    risks: str | None
    obstacles: str | None
    opportunities: str | None
    tasks: str | None
    tasks_done: str | None
    is_strategy_review_due: bool | None
    guardrails: str | None
    action_en: str | None
    action_fa: str | None
    review_next_on: date | None
    is_review_overdue: bool | None
    evidence: str | None
    evidence_state: str | None
    evidence_expires_on: date | None
    is_replace_candidate: bool | None


@dataclass(frozen=True)
class ObjectiveRow:
    """One objective; ``position`` is its place in the top-down order."""

    objective_id: str
    level: str
    parent: str | None
    statement_en: str
    statement_fa: str
    why_en: str
    why_fa: str
    owner: str | None
    review_on: date | None
    is_review_overdue: bool | None
    position: int


@dataclass(frozen=True)
class AnswerRow:
    """One question and what one KPI says to it in one week."""

    question_id: str
    kpi_id: str | None
    week_start: date | None
    question_en: str
    question_fa: str
    answer_en: str
    answer_fa: str
    audience: str


@dataclass(frozen=True)
class SuccessFactorRow:
    """One success factor, covered or not."""

    success_factor_id: str
    objective_id: str
    statement_en: str
    statement_fa: str
    kpi_ids: str | None
    kpis: int


@dataclass(frozen=True)
class SmartRow:
    """One letter of one KPI."""

    kpi_id: str
    letter: str
    verdict: str
    finding_en: str
    finding_fa: str


@dataclass(frozen=True)
class ScoreRow:
    """One property of one KPI."""

    kpi_id: str
    property: str
    score: Number | None
    is_passed: bool | None
    finding_en: str
    finding_fa: str


@dataclass(frozen=True)
class OwnerRow:
    """One person or role."""

    owner_id: str
    name_en: str
    name_fa: str


@dataclass(frozen=True)
class EfficiencyRow:
    """What came of the effort behind one KPI in one week."""

    kpi_id: str
    week_start: date
    efficiency_metric: str
    per: str
    result_per_effort: Number | None


@dataclass(frozen=True)
class JudgementRows:
    """What only the team reads about its KPIs."""

    smart: Sequence[SmartRow]
    scores: Sequence[ScoreRow]
    owners: Sequence[OwnerRow]
    efficiency: Sequence[EfficiencyRow]
    success_factors: Sequence[SuccessFactorRow]
    relations: Sequence[RelationRow]


@dataclass(frozen=True)
class ValueRow:
    """One metric's value of one week, in total or of one member of a dimension."""

    metric_id: str
    period_start: date
    dimension: str
    member: str | None
    value: Number | None
    null_reason: str | None
    status: str


@dataclass(frozen=True)
class QualityRow:
    """Something that a reader of the numbers should know about the data."""

    kind: str
    source: str | None
    metric_id: str | None
    first_day: date | None
    last_day: date | None
    file_name: str | None
    line: int | None
    column_name: str | None
    found: str | None
    expected: str | None
    message: str | None


@dataclass(frozen=True)
class LineageRow:
    """One loaded file that fed a metric."""

    source: str
    batch_id: str
    file_name: str
    exported_at: datetime | None
    first_day: date | None
    last_day: date | None
    rows_loaded: int


@dataclass(frozen=True)
class SnapshotRows:
    """Everything one week's report is made from; ``weekly`` holds the last 52 weeks, the others this week's rows.

    Attributes:
        corrections_due: of all weeks, notes that a report shows a value that is another one now.
        judgements: absent from an executive snapshot.
        views: absent from an executive snapshot, too.
    """

    snapshot: SnapshotRow
    weekly: Sequence[WeeklyRow]
    catalogue: Sequence[CatalogueRow]
    objectives: Sequence[ObjectiveRow]
    answers: Sequence[AnswerRow]
    values: Sequence[ValueRow]
    quality: Sequence[QualityRow]
    lineage: Sequence[LineageRow]
    contributions: Sequence[ContributionRow]
    anomalies: Sequence[AnomalyRow]
    restatements: Sequence[RestatementRow]
    corrections_due: Sequence[QualityRow]
    judgements: JudgementRows | None
    views: ViewRows | None


TextRow = (
    SnapshotRow
    | WeeklyRow
    | CatalogueRow
    | ObjectiveRow
    | AnswerRow
    | SuccessFactorRow
    | SmartRow
    | ScoreRow
    | OwnerRow
    | ContributionRow
    | AnomalyRow
    | RelationRow
    | RestatementRow
)
