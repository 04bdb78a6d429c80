"""The frozen report: every text of one week's report for one audience and language, already worded and formatted.

Here: its parts, as plain values that JSON can hold, and that JSON. All forms of the report are laid out from it alone,
so that rendering it again cannot change a number. Choosing and wording (``model``) do not belong here.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Status:
    """A pace status: ``code`` chooses shape and colour, ``word`` is read."""

    code: str
    word: str


@dataclass(frozen=True)
class TallyItem:
    """How many KPIs have one status."""

    status: Status
    count: str


@dataclass(frozen=True)
class Cell:
    """A text and what stands under it in small print."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class Change:
    """A change on the week before; ``tone`` (good, bad, neutral) chooses the colour that ``verdict`` puts in words."""

    text: str
    verdict: str
    tone: str


@dataclass(frozen=True)
class Badge:
    """A reservation about a value."""

    word: str
    reason: str


@dataclass(frozen=True)
class Trend:
    """The last weeks of a KPI, oldest first, for a small picture; ``label`` says it in words."""

    points: tuple[float | None, ...]
    target: float | None
    label: str


@dataclass(frozen=True)
class Answer:
    """A question of the goals and what the KPI says to it now; empty in the report of another week."""

    question: str
    answer: str


@dataclass(frozen=True)
class KpiLine:
    """One KPI of the scorecard."""

    kpi_id: str
    name: Cell
    status: Status
    status_before: str
    value: Cell
    has_value: bool
    change: Change
    trend: Trend
    target: Cell
    time_left: str
    progress: Cell
    forecast: Cell
    probability: str
    owner: str
    answers: tuple[Answer, ...]
    action: str
    badges: tuple[Badge, ...]


@dataclass(frozen=True)
class ObjectiveGroup:
    """One objective and its KPIs.

    Attributes:
        chain: the objectives that it serves, from the business objective down; empty for a business objective.
        note: what is overdue.
    """

    level: str
    statement: str
    why: str
    chain: tuple[str, ...]
    note: str
    kpis: tuple[KpiLine, ...]


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
class InternalPart:
    """What only the internal report shows.

    Attributes:
        without_data: names of the metrics that nothing speaks for in this week.
    """

    kpis: tuple[KpiCommitment, ...]
    success_factors: tuple[SuccessFactorLine, ...]
    metrics: tuple[MetricLine, ...]
    without_data: str
    breakdowns: tuple[Breakdown, ...]
    quarantine: tuple[QuarantinedFile, ...]
    quality: tuple[QualityNote, ...]
    lineage: tuple[LineageLine, ...]
    commitments: tuple[OpenCommitment, ...]


@dataclass(frozen=True)
class Report:
    """One week's report for one audience in one language.

    Attributes:
        facts: the line under the title: week, how far the data goes, time zone.
        notices: what a reader must know before reading any number.
        labels: the fixed texts of the layout, by name.
        internal: absent from the executive report.
    """

    language: str
    direction: str
    audience: str
    week_start: str
    snapshot_id: str
    company: str
    title: str
    reader: str
    facts: tuple[str, ...]
    source: str
    notices: tuple[str, ...]
    headline: tuple[str, ...]
    tally: tuple[TallyItem, ...]
    objectives: tuple[ObjectiveGroup, ...]
    internal: InternalPart | None
    labels: Mapping[str, str]

    def as_json(self) -> str:
        """Return the whole report as JSON, the same text for the same report."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
