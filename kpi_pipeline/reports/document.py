"""The frozen report: every text of one week's report for one audience and language, already worded and formatted.

Here: its parts, as plain values that JSON can hold, and that JSON. All forms of the report are laid out from it alone,
so that rendering it again cannot change a number. Choosing and wording (``model``) do not belong here.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from kpi_pipeline.reports.chart_models import KeyCharts, ProgressBar, Trend
from kpi_pipeline.reports.history_part import History
from kpi_pipeline.reports.internal_document import Cell, InternalPart


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
class Change:
    """A change on the week before; ``tone`` (good, bad, neutral) chooses the colour that ``verdict`` puts in words."""

    text: str
    verdict: str
    tone: str


@dataclass(frozen=True)
class Badge:
    """A reservation about a value; without a reason where a notice at the top of the report gives it."""

    word: str
    reason: str


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
    progress_bar: ProgressBar | None
    same_week_last_year: str
    forecast: Cell
    probability: str
    owner: str
    answers: tuple[Answer, ...]
    causes: tuple[str, ...]
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
class Correction:
    """That this week was reported otherwise before: a sentence, and a line for each KPI."""

    text: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """One week's report for one audience in one language.

    Attributes:
        facts: the line under the title: week, how far the data goes, time zone, unit of money.
        money: what amounts are shown in: an ISO code or a unit of ``money_units``.
        correction: absent where the week was not reported before, or not otherwise.
        notices: what else a reader must know before reading any number.
        labels: the fixed texts of the layout, by name.
        internal: absent from the executive report.
    """

    language: str
    direction: str
    audience: str
    week_start: str
    snapshot_id: str
    money: str
    company: str
    title: str
    reader: str
    facts: tuple[str, ...]
    source: str
    correction: Correction | None
    notices: tuple[str, ...]
    headline: tuple[str, ...]
    tally: tuple[TallyItem, ...]
    objectives: tuple[ObjectiveGroup, ...]
    charts: KeyCharts
    history: History
    internal: InternalPart | None
    labels: Mapping[str, str]

    def as_json(self) -> str:
        """Return the whole report as JSON, the same text for the same report."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
