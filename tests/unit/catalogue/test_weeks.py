from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan, plan_metric
from kpi_pipeline.catalogue.metrics.weeks import Week, recent_final_weeks, recompute
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import configuration, metric, week


def one(number: int, value: float | None, sides: tuple[int, int] | None = None, status: Any = "final") -> Week:
    above, below = (Decimal(side) for side in sides) if sides else (None, None)
    return Week(week(number), week(number + 1) - timedelta(days=1), value, above, below, None, status)


def plan(project: SqlProject, metric_of: Metric) -> MetricPlan:
    return plan_metric("asked", configuration({"asked": metric_of}), project)


def test_ratio_over_weeks_is_the_ratio_of_the_sums(project: SqlProject) -> None:
    # 1000 of 100 000 and 100 of 2 000: 1100 / 102 000 = 1.0784 %, while the mean of 1 % and 5 % would say 3 %.
    weeks = [one(0, 1.0, (1_000, 100_000)), one(1, 5.0, (100, 2_000))]

    rate = plan(project, metric("ad_clicks / ad_impressions", unit="percent"))
    assert recompute(rate, weeks) == pytest.approx(1.0784, abs=0.00005)
    ratio = plan(project, metric("ad_clicks / ad_impressions"))
    assert recompute(ratio, weeks) == pytest.approx(0.010784, abs=0.0000005)


def test_what_is_no_ratio_is_its_typical_week(project: SqlProject) -> None:
    assert recompute(plan(project, metric("ad_clicks", unit="count")), [one(0, 10.0), one(1, 14.0)]) == 12.0


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        # The sides of a formula that divides somewhere inside are no sums.
        ("1 - ad_clicks / ad_impressions", {"unit": "percent"}),
        ("first_age(cohort_gross_margin >= acquisition_cost)", {"unit": "months", "cohort_age_days": 360}),
    ],
)
def test_what_does_not_follow_from_weeks_is_not_made_up(
    project: SqlProject, formula: str, options: dict[str, Any]
) -> None:
    if options["unit"] == "months":
        options = options | {"mixed_basis": {"en": "cost day and order day", "fa": "روز هزینه و روز سفارش"}}
    assert recompute(plan(project, metric(formula, **options)), [one(0, 3.0, (3, 1))]) is None


def test_without_weeks_or_with_a_withheld_side_nothing_is_recomputed(project: SqlProject) -> None:
    rate = plan(project, metric("ad_clicks / ad_impressions", unit="percent"))

    assert recompute(rate, []) is None
    assert recompute(rate, [one(0, 1.0, (10, 1_000)), one(1, 1.0)]) is None


def test_recent_weeks_end_with_the_last_final_one() -> None:
    weeks = [one(number, 1.0) for number in range(16)]
    weeks[3] = one(3, None)
    weeks += [one(16, 1.0, status="provisional"), one(17, 1.0, status="partial")]

    recent = recent_final_weeks(weeks, 13)
    assert [each.start for each in recent] == [week(number) for number in range(3, 16)]
    assert recent_final_weeks([one(0, 1.0, status="partial")], 13) == []
    # A hole is no reason to look further back.
    assert [each.start for each in recent_final_weeks([one(0, 1.0), one(20, 1.0)], 13)] == [week(20)]
