import re
from xml.etree import ElementTree

from kpi_pipeline.reports.sparkline import HEIGHT, MARGIN, WIDTH, sparkline


def shapes(points: list[float | None], target: float | None = None) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(str(sparkline(points, target, "label"))))


def test_time_runs_left_to_right_and_larger_is_higher() -> None:
    (line, dot) = shapes([1.0, 2.0, 3.0])
    assert (
        line.get("points")
        == f"{MARGIN}.0,{HEIGHT - MARGIN}.0 {WIDTH // 2}.0,{HEIGHT // 2}.0 {WIDTH - MARGIN}.0,{MARGIN}.0"
    )
    assert (dot.get("cx"), dot.get("cy")) == (f"{WIDTH - MARGIN}.0", f"{MARGIN}.0")


def test_missing_points_are_gaps_and_not_zeros() -> None:
    drawn = shapes([1.0, None, 2.0, 2.0, None])
    assert [shape.tag for shape in drawn] == ["polyline", "polyline", "circle"]
    assert drawn[-1].get("cx") == "88.0"


def test_equal_values_lie_in_the_middle() -> None:
    (line, _) = shapes([5.0, 5.0])
    assert line.get("points") == f"{MARGIN}.0,{HEIGHT / 2} {WIDTH - MARGIN}.0,{HEIGHT / 2}"


def test_the_target_is_part_of_the_scale() -> None:
    plan, line, _ = shapes([0.0, 1.0], target=2.0)
    assert plan.get("d") == f"M{MARGIN},{MARGIN}.0H{WIDTH - MARGIN}"
    assert line.get("points") == f"{MARGIN}.0,{HEIGHT - MARGIN}.0 {WIDTH - MARGIN}.0,{HEIGHT / 2}"


def test_nothing_known_draws_nothing() -> None:
    assert shapes([None, None]) == []
    assert shapes([]) == []


def test_the_label_is_escaped() -> None:
    drawn = str(sparkline([1.0], None, '"><script>'))
    assert "<script>" not in drawn
    assert re.search('aria-label="[^"<]*"', drawn)
