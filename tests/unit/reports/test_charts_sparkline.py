import re
from xml.etree import ElementTree

from kpi_pipeline.reports.chart_models import Trend
from kpi_pipeline.reports.charts.sparkline import HEIGHT, MARGIN, WIDTH, sparkline

TOP, MIDDLE, BOTTOM = MARGIN, HEIGHT // 2, HEIGHT - MARGIN


def shapes(points: list[float | None], target: float | None = None) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(str(sparkline(Trend(tuple(points), target, "label")))))


def tag(shape: ElementTree.Element) -> str:
    return shape.tag.rpartition("}")[2]


def test_time_runs_left_to_right_and_larger_is_higher() -> None:
    (line, dot) = shapes([1.0, 2.0, 3.0])
    assert line.get("points") == f"{MARGIN},{BOTTOM} {WIDTH // 2},{MIDDLE} {WIDTH - MARGIN},{TOP}"
    assert (dot.get("cx"), dot.get("cy")) == (f"{WIDTH - MARGIN}", f"{TOP}")


def test_missing_points_are_gaps_and_not_zeros() -> None:
    drawn = shapes([1.0, None, 2.0, 2.0, None])
    assert [tag(shape) for shape in drawn] == ["polyline", "polyline", "circle"]
    assert drawn[-1].get("cx") == "88"


def test_equal_values_lie_in_the_middle() -> None:
    (line, _) = shapes([5.0, 5.0])
    assert line.get("points") == f"{MARGIN},{MIDDLE} {WIDTH - MARGIN},{MIDDLE}"


def test_the_target_is_part_of_the_scale() -> None:
    plan, line, _ = shapes([0.0, 1.0], target=2.0)
    assert plan.get("d") == f"M{MARGIN} {TOP}L{WIDTH - MARGIN} {TOP}"
    assert line.get("points") == f"{MARGIN},{BOTTOM} {WIDTH - MARGIN},{MIDDLE}"


def test_nothing_known_draws_nothing() -> None:
    assert shapes([None, None]) == []
    assert shapes([]) == []


def test_the_label_is_escaped() -> None:
    drawn = str(sparkline(Trend((1.0,), None, '"><script>')))
    assert "<script>" not in drawn
    assert re.search('aria-label="[^"<]*"', drawn)
