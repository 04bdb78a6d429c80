"""The charts of a report as plain values: every label already worded, every number only there to be drawn.

Here: one class per kind of chart, which JSON can hold as it stands. Drawing them belongs to ``charts``, deciding what
they show to the parts of the report.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tick:
    """A place on an axis and what is written there."""

    at: float
    label: str


@dataclass(frozen=True)
class Trend:
    """The last weeks of a KPI, oldest first, for a small picture; ``label`` says it in words."""

    points: tuple[float | None, ...]
    target: float | None
    label: str


@dataclass(frozen=True)
class ProgressBar:
    """How far a KPI has come on its way: 0 is the start, 1 the target.

    Attributes:
        done: share of the way; below 0 where it moved away, above 1 where it is past the target; None without a value.
        plan: where the plan says it should be today; None before the plan begins.
        status: code of the pace status, which chooses the colour.
        label: the same in words.
    """

    done: float | None
    plan: float | None
    status: str
    label: str


@dataclass(frozen=True)
class LineChart:
    """One value over weeks with its target and where it is heading.

    Attributes:
        points: one value a week, oldest first; None where there is none.
        weeks: how many weeks the axis spans, with those up to the deadline.
        forecast: low end, middle and high end in the last week of the axis; None without a forecast.
        plan: the path of the plan, one value a week from ``plan_from`` on.
        targets: the target, or both ends of the band to stay in, the upper one first.
        time_ticks: ``at`` counts weeks from the first point.
        last_label: what is written at the last value.
        label: the whole chart in words, for those who cannot see it.
    """

    title: str
    unit: str
    points: tuple[float | None, ...]
    weeks: int
    forecast: tuple[float, float, float] | None
    plan: tuple[float, ...]
    plan_from: int
    targets: tuple[float, ...]
    target_label: str
    value_ticks: tuple[Tick, ...]
    time_ticks: tuple[Tick, ...]
    last_label: str
    forecast_label: str
    label: str


@dataclass(frozen=True)
class WaterfallStep:
    """One part of a change; ``tone`` is good, bad or neutral."""

    label: str
    amount: float
    text: str
    tone: str


@dataclass(frozen=True)
class Waterfall:
    """What a change is made of: from the value before over its parts to the value now."""

    title: str
    before: float
    before_label: str
    before_text: str
    steps: tuple[WaterfallStep, ...]
    now: float
    now_label: str
    now_text: str
    label: str


@dataclass(frozen=True)
class HeatCell:
    """One cell: ``share`` from 0 to 1 chooses how dark it is; None for a cell that is not there yet."""

    share: float | None
    text: str


@dataclass(frozen=True)
class HeatRow:
    """One row of a heat map."""

    label: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True)
class HeatMap:
    """A table of shares, such as how many of each month's customers came back."""

    title: str
    columns_label: str
    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    label: str


@dataclass(frozen=True)
class IntervalLine:
    """One estimate with its interval, from -1 to 1; ``is_open`` where the interval holds 0."""

    label: str
    low: float
    middle: float
    high: float
    text: str
    note: str
    tone: str
    is_open: bool


@dataclass(frozen=True)
class IntervalPlot:
    """Several correlations with their intervals below each other."""

    title: str
    lines: tuple[IntervalLine, ...]
    ticks: tuple[Tick, ...]
    label: str


@dataclass(frozen=True)
class KeyCharts:
    """The two pictures below the scorecard, of the KPI that most needs attention; absent where nothing is known."""

    line: LineChart | None
    waterfall: Waterfall | None
