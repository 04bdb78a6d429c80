import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from kpi_pipeline.reports.axes import value_marks, week_marks
from kpi_pipeline.reports.chart_models import (
    HeatCell,
    HeatMap,
    HeatRow,
    IntervalLine,
    IntervalPlot,
    LineChart,
    ProgressBar,
    Tick,
    Waterfall,
    WaterfallStep,
)
from kpi_pipeline.reports.charts.heat_map import heat_map
from kpi_pipeline.reports.charts.intervals import interval_plot
from kpi_pipeline.reports.charts.line import line_chart
from kpi_pipeline.reports.charts.progress import progress_bar
from kpi_pipeline.reports.charts.shapes import COLOURS, shortened
from kpi_pipeline.reports.charts.waterfall import waterfall

HOSTILE = "\"><script>alert(1)</script>'&\u2069"
LINE = LineChart(
    title="Revenue",
    unit="EUR",
    points=(10.0, 20.0, None, 30.0),
    weeks=8,
    forecast=(20.0, 40.0, 90.0),
    plan=(10.0, 15.0),
    plan_from=1,
    targets=(50.0,),
    target_label="target 50",
    value_ticks=(Tick(0.0, "0"), Tick(50.0, "50")),
    time_ticks=(Tick(0.0, "4 May"),),
    last_label="30",
    forecast_label="forecast",
    label="Revenue from 10 to 30",
)
FALL = Waterfall(
    title="Change",
    before=100.0,
    before_label="before",
    before_text="100",
    steps=(WaterfallStep("search", -60.0, "-60", "bad"), WaterfallStep("mail", 20.0, "+20", "good")),
    now=60.0,
    now_label="now",
    now_text="60",
    label="from 100 to 60",
)
HEAT = HeatMap(
    title="Margin",
    columns_label="months",
    columns=("1", "2"),
    rows=(
        HeatRow("May", (HeatCell(1.0, "9"), HeatCell(0.1, "1"))),
        HeatRow("June", (HeatCell(0.5, "5"), HeatCell(None, ""))),
    ),
    label="margin by month",
)
PLOT = IntervalPlot(
    title="Relations",
    lines=(IntervalLine("clicks", -0.5, 0.0, 0.5, "0.00", "same week", "neutral", is_open=True),),
    ticks=(Tick(-1.0, "-1"), Tick(0.0, "0"), Tick(1.0, "1")),
    label="relations",
)
BAR = ProgressBar(done=0.5, plan=0.25, status="on_track", label="half of the way")
Draw = Callable[..., Markup]
DRAWN: list[tuple[Draw, object]] = [
    (line_chart, LINE),
    (waterfall, FALL),
    (heat_map, HEAT),
    (interval_plot, PLOT),
    (progress_bar, BAR),
]


def elements(drawing: Markup, tag: str) -> list[ElementTree.Element]:
    return [one for one in ElementTree.fromstring(str(drawing)).iter() if one.tag.endswith(f"}}{tag}")]


def boxes(drawing: Markup, colour: str) -> list[tuple[float, float]]:
    """Left and right end of each box of a colour."""
    found = [one for one in elements(drawing, "rect") if one.get("class") == f"f-{colour}"]
    return [(float(one.get("x", 0)), float(one.get("x", 0)) + float(one.get("width", 0))) for one in found]


@pytest.mark.parametrize(("draw", "chart"), DRAWN, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("is_right_to_left", [False, True])
def test_every_chart_is_well_formed_says_what_it_shows_and_keeps_inside_its_frame(
    draw: Draw, chart: object, is_right_to_left: bool
) -> None:
    drawing = draw(chart, is_right_to_left=is_right_to_left)
    root = ElementTree.fromstring(str(drawing))
    assert (root.get("role"), root.get("aria-label")) == ("img", chart.label)  # type: ignore[attr-defined]
    width, height = (float(number) for number in (root.get("viewBox") or "").split()[2:])
    for text in elements(drawing, "text"):
        assert 0 <= float(text.get("x", -1)) <= width
        assert 0 < float(text.get("y", -1)) <= height
    for box in elements(drawing, "rect"):
        assert float(box.get("width", -1)) >= 0
        assert -0.5 <= float(box.get("x", -9)) <= width


@pytest.mark.parametrize("is_right_to_left", [False, True])
def test_texts_from_outside_stay_texts(is_right_to_left: bool) -> None:
    hostile_line = replace(LINE, title=HOSTILE, target_label=HOSTILE, last_label=HOSTILE, label=HOSTILE)
    steps = (WaterfallStep(HOSTILE, -40.0, HOSTILE, "bad"),)
    hostile_fall = replace(FALL, title=HOSTILE, steps=steps, label=HOSTILE)
    for drawing in (
        line_chart(hostile_line, is_right_to_left=is_right_to_left),
        waterfall(hostile_fall, is_right_to_left=is_right_to_left),
    ):
        assert elements(drawing, "script") == []
        assert "<script" not in drawing


def test_bars_of_progress_grow_from_where_reading_begins() -> None:
    assert boxes(progress_bar(BAR, is_right_to_left=False), "good") == [(2, 52)]
    assert boxes(progress_bar(BAR, is_right_to_left=True), "good") == [(68, 118)]


@pytest.mark.parametrize(("done", "ends"), [(-3.0, (2, 4)), (0.0, (2, 4)), (1.0, (2, 102)), (9.0, (2, 114))])
def test_progress_moved_away_or_past_the_target_stays_inside_the_bar(done: float, ends: tuple[float, float]) -> None:
    assert boxes(progress_bar(replace(BAR, done=done), is_right_to_left=False), "good") == [ends]


def test_progress_without_a_value_shows_the_way_only() -> None:
    assert boxes(progress_bar(replace(BAR, done=None), is_right_to_left=False), "good") == []


def test_parts_of_a_change_begin_where_the_one_before_ends() -> None:
    # 294 pixels stand for 100 units, from 150 on.
    drawing = waterfall(FALL, is_right_to_left=False)
    assert boxes(drawing, "bar") == [(150, 444)]
    assert boxes(drawing, "bad") == [(pytest.approx(150 + 0.4 * 294, abs=0.1), 444)]
    assert boxes(drawing, "good") == [(pytest.approx(267.6, abs=0.1), pytest.approx(150 + 0.6 * 294, abs=0.15))]
    assert boxes(drawing, "ink") == [(150, pytest.approx(326.4, abs=0.1))]
    mirrored = waterfall(FALL, is_right_to_left=True)
    assert boxes(mirrored, "bar") == [(540 - 444, 540 - 150)]


@pytest.mark.parametrize("is_right_to_left", [False, True])
def test_long_amounts_are_neither_cut_off_nor_written_over_a_bar(is_right_to_left: bool) -> None:
    steps = (WaterfallStep("a", -60.0, "−۱۲۳٬۴۵۶٫۷۸ میلیون ریال جدید", "bad"), WaterfallStep("b", 60.0, "+۱۲", "good"))
    long = replace(FALL, before_text="۱۲۳٬۴۵۶٫۷۸ میلیارد ریال جدید", steps=steps, now=100.0)
    drawing = waterfall(long, is_right_to_left=is_right_to_left)
    bars = [bar for colour in ("bar", "bad", "good", "ink") for bar in boxes(drawing, colour)]
    amounts = [
        text for text in elements(drawing, "text") if any(character in "۰۱۲۳۴۵۶۷۸۹" for character in text.text or "")
    ]
    assert len(amounts) == 3
    for text in amounts:
        # Letters of Persian fonts are at most half as wide as they are high; bold ones a tenth more.
        width = len(text.text or "") * 11 * (0.55 if text.get("font-weight") else 0.5)
        at = float(text.get("x", ""))
        left, right = (at - width, at) if is_right_to_left else (at, at + width)
        assert left >= 0
        assert right <= 540
        assert all(right <= begin or left >= end for begin, end in bars)


def test_a_total_that_its_parts_do_not_add_up_to_stays_inside_the_picture() -> None:
    more = replace(FALL, now=150.0, now_text="150")
    assert max(end for _, end in boxes(waterfall(more, is_right_to_left=False), "ink")) == 444


@pytest.mark.parametrize("is_right_to_left", [False, True])
def test_long_labels_of_target_and_forecast_do_not_stand_on_each_other(is_right_to_left: bool) -> None:
    long = replace(
        LINE,
        targets=(20.0,),
        target_label="target 1,600,000.00 toman by 28 Mar 2027",
        forecast_label="forecast, with the range that holds 80%",
    )
    texts = elements(line_chart(long, is_right_to_left=is_right_to_left), "text")
    (target,) = (float(text.get("y", "")) for text in texts if "target" in (text.text or ""))
    (forecast,) = (float(text.get("y", "")) for text in texts if "forecast" in (text.text or ""))
    # A line of 11 pixels.
    assert abs(target - forecast) >= 11


def test_bars_that_do_not_begin_at_zero_are_broken() -> None:
    small = replace(FALL, before=1000.0, steps=(WaterfallStep("a", -10.0, "-10", "bad"),), now=990.0)
    breaks = elements(waterfall(small, is_right_to_left=False), "polygon")
    assert len(breaks) == 2
    assert elements(waterfall(FALL, is_right_to_left=False), "polygon") == []


def test_missing_weeks_are_gaps_and_time_runs_left_to_right_in_every_language() -> None:
    for is_right_to_left in (False, True):
        lines = elements(line_chart(LINE, is_right_to_left=is_right_to_left), "polyline")
        runs = [line.get("points", "").split() for line in lines if line.get("stroke-width") == "2"]
        assert [len(run) for run in runs] == [2, 1]
        places = [float(point.split(",")[0]) for run in runs for point in run]
        assert places == sorted(places)
        assert places[0] == 52


def test_a_forecast_that_leaves_the_axis_is_cut_at_its_edge() -> None:
    (band,) = elements(line_chart(LINE, is_right_to_left=False), "polygon")
    heights = [float(point.split(",")[1]) for point in band.get("points", "").split()]
    assert min(heights) == 44  # the upper edge of the plot


@pytest.mark.parametrize("points", [(), (None, None), (5.0,), (5.0, 5.0)])
def test_lines_of_nothing_of_one_value_and_of_equal_values_can_be_drawn(points: tuple[float | None, ...]) -> None:
    chart = replace(LINE, points=points, forecast=None, plan=(), targets=(), value_ticks=(), last_label="")
    ElementTree.fromstring(str(line_chart(chart, is_right_to_left=False)))


def test_an_interval_that_holds_zero_is_drawn_open() -> None:
    (ring,) = elements(interval_plot(PLOT, is_right_to_left=False), "circle")
    assert ring.get("fill") == COLOURS["paper"]


def contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_contrast_formula_gives_the_published_figures() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_colour_of_words_can_be_read_on_its_paper_light_and_dark(checkout: object) -> None:
    for name in ("ink", "soft", "good", "warn", "bad", "plan"):
        assert contrast(COLOURS[name], COLOURS["paper"]) >= 4.5, name
    style = (checkout / "kpi_pipeline/reports/templates/report.css").read_text(encoding="utf-8")  # type: ignore[operator]
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))
        for name in ("ink", "soft", "good", "warn", "bad", "plan"):
            for ground in ("paper", "band"):
                assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)


# What eyes without one kind of cone see: Viénot, Brettel and Mollon 1999, linear RGB.
CONES = {
    "protan": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deutan": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


@pytest.mark.parametrize("eyes", CONES)
def test_good_and_bad_differ_for_eyes_that_see_no_red_or_no_green(eyes: str) -> None:
    def seen(colour: str) -> list[float]:
        linear = [(int(colour[place : place + 2], 16) / 255) ** 2.2 for place in (1, 3, 5)]
        return [sum(weight * part for weight, part in zip(row, linear, strict=True)) for row in CONES[eyes]]

    good, bad = seen(COLOURS["good"]), seen(COLOURS["bad"])
    assert max(abs(first - second) for first, second in zip(good, bad, strict=True)) > 0.15


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (0.0, 10.0, [0.0, 2.5, 5.0, 7.5, 10.0]),
        (21.8, 42.0, [20.0, 30.0, 40.0, 50.0]),
        (5.0, 5.0, [2.0, 4.0, 6.0, 8.0]),
        (-3.0, 4.0, [-4.0, -2.0, 0.0, 2.0, 4.0]),
    ],
)
def test_axes_are_marked_at_round_numbers_around_the_values(low: float, high: float, marks: list[float]) -> None:
    assert value_marks(low, high) == marks


def test_weeks_are_marked_at_even_distances() -> None:
    assert week_marks(45) == [0, 8, 16, 24, 32, 40]
    assert week_marks(3) == [0, 1, 2]


def test_a_text_that_is_cut_closes_what_it_opened() -> None:
    assert shortened("a long name of a campaign", 60) == "a long n…"
    cut = shortened("\u2068a long name of a campaign\u2069", 60)
    assert cut == "\u2068a long n…\u2069"
    assert shortened("short", 60) == "short"
