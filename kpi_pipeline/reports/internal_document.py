"""The parts that only the internal report has, as plain values: every text already worded and formatted.

Here: one class per kind of line, table or chart. Choosing and wording them belongs to ``internal_part`` and its
neighbours; what both reports have, to ``document``.
"""

from dataclasses import dataclass

from kpi_pipeline.reports.chart_models import HeatMap, IntervalPlot, Waterfall


@dataclass(frozen=True)
class Cell:
    """A text and what stands under it in small print."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class MetricLine:
    """One metric without a commitment."""

    name: str
    value: str
    previous: str
    change: str
    note: str


@dataclass(frozen=True)
class BreakdownLine:
    """One member of a dimension; a cell's note is the change on the week before."""

    member: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Breakdown:
    """A few metrics by one dimension."""

    title: str
    dimension: str
    metrics: tuple[str, ...]
    lines: tuple[BreakdownLine, ...]
    remainder: str


@dataclass(frozen=True)
class QuarantinedFile:
    """A file that was refused, and why."""

    file: str
    source: str
    line: str
    column: str
    found: str
    expected: str
    advice: str


@dataclass(frozen=True)
class QualityNote:
    """Anything else that is wrong or doubtful about the data."""

    kind: str
    source: str
    days: str
    message: str
    affects: str


@dataclass(frozen=True)
class LineageLine:
    """The files of one source that fed the week."""

    source: str
    files: str
    newest_export: str
    days: str
    rows: str
    file_names: tuple[str, ...]


@dataclass(frozen=True)
class OpenCommitment:
    """A commitment that is not a KPI yet."""

    name: str
    owner: str
    missing: str


@dataclass(frozen=True)
class DueLine:
    """Something to do: on which day, whether that is ``state`` overdue, about what, and who answers for it."""

    day: str
    state: str
    what: str
    about: str
    owner: str


@dataclass(frozen=True)
class Definition:
    """What a metric counts, in a sentence and as a formula."""

    metric_id: str
    name: str
    definition: str
    formula: str


@dataclass(frozen=True)
class Finding:
    """A letter of SMART or a property of a good KPI; ``code`` chooses the colour that ``verdict`` puts in words."""

    name: str
    code: str
    verdict: str
    text: str


@dataclass(frozen=True)
class Fact:
    """A part of a commitment: what it is, and what was said, one line each."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class KpiCommitment:
    """Everything that was committed to for one KPI, and how good a commitment it is.

    Attributes:
        warning: whether another KPI would serve better.
    """

    kpi_id: str
    name: str
    warning: str
    facts: tuple[Fact, ...]
    smart: tuple[Finding, ...]
    scores: tuple[Finding, ...]


@dataclass(frozen=True)
class SuccessFactorLine:
    """One success factor and the KPIs that measure it."""

    statement: str
    objective: str
    kpis: str
    is_covered: bool


@dataclass(frozen=True)
class ContributionLine:
    """One member of a dimension and what it accounts for; ``tone`` is good, bad or neutral."""

    member: str
    previous: str
    value: str
    mix: str
    rate: str
    effect: str
    share: str
    tone: str


@dataclass(frozen=True)
class ContributionTable:
    """What the change of one KPI is made of, by the dimension that explains most.

    Attributes:
        has_mix: whether the effect of weights is told apart from that of values.
        note: where all members moved one way and the total the other.
        findings: what the drivers account for, in sentences.
    """

    name: str
    dimension: str
    change: str
    has_mix: bool
    note: str
    findings: tuple[str, ...]
    lines: tuple[ContributionLine, ...]
    waterfall: Waterfall | None


@dataclass(frozen=True)
class AnomalyLine:
    """One unusual value; ``tone`` is good, bad, or neutral where an event explains it."""

    name: str
    where: str
    value: str
    usual: str
    score: str
    text: str
    tone: str


@dataclass(frozen=True)
class RelationLine:
    """Whether one KPI moves with its objective, in a sentence; ``tone`` chooses the colour of ``verdict``."""

    name: str
    verdict: str
    text: str
    tone: str


@dataclass(frozen=True)
class RestatementLine:
    """One cause of the change of a value that was published before."""

    name: str
    week: str
    before: str
    now: str
    cause: str
    effect: str
    text: str
    is_correction: bool


@dataclass(frozen=True)
class Table:
    """A plain table: names of columns, and rows of which the first cell names the row."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


@dataclass(frozen=True)
class Findings:
    """What the analysis found in this week."""

    contributions: tuple[ContributionTable, ...]
    anomalies: tuple[AnomalyLine, ...]
    relation_plot: IntervalPlot | None
    relations: tuple[RelationLine, ...]
    restatements: tuple[RestatementLine, ...]
    tables: tuple[Table, ...]
    cohorts: HeatMap | None


@dataclass(frozen=True)
class InternalPart:
    """What only the internal report shows.

    Attributes:
        without_data: names of the metrics that nothing speaks for in this week.
    """

    due: tuple[DueLine, ...]
    findings: Findings
    kpis: tuple[KpiCommitment, ...]
    success_factors: tuple[SuccessFactorLine, ...]
    metrics: tuple[MetricLine, ...]
    without_data: str
    breakdowns: tuple[Breakdown, ...]
    quarantine: tuple[QuarantinedFile, ...]
    quality: tuple[QualityNote, ...]
    lineage: tuple[LineageLine, ...]
    commitments: tuple[OpenCommitment, ...]
    definitions: tuple[Definition, ...]
