from typing import Any

import pytest

from kpi_pipeline.catalogue.exposure.coupling import Coupling, coupling
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import configuration, metric


@pytest.fixture(scope="module")
def couple(project: SqlProject) -> Any:
    def found(kpi: Metric, objective: Metric) -> Coupling:
        config = configuration({"kpi": kpi, "objective": objective})
        return coupling(plan_metric("kpi", config, project), plan_metric("objective", config, project))

    return found


SALES = "gross_sales - discounts - returns"


@pytest.mark.parametrize(
    ("kpi", "objective", "shared", "elasticity"),
    [
        # Sales = orders * average order value.
        (f"({SALES}) / orders", SALES, ("gross_sales", "discounts", "returns"), 1),
        ("orders", f"({SALES}) / orders", ("orders",), -1),
        # Cost per click = cost per view / click rate.
        ("ad_clicks / ad_impressions", "ad_cost / ad_clicks", ("ad_clicks",), -1),
        ("ad_clicks / ad_impressions", "100 * ad_clicks", ("ad_clicks",), 1),
        ("ad_clicks", "ad_clicks", ("ad_clicks",), 1),
        # What is left when the KPI is taken out still depends on it.
        ("ad_clicks", "ad_clicks - ad_cost", ("ad_clicks",), None),
        ("ad_clicks", "ad_clicks / (ad_clicks + ad_impressions)", ("ad_clicks",), None),
        ("sessions_abandoning_cart / sessions_with_cart", "sessions_with_cart", ("sessions_with_cart",), -1),
        (f"({SALES}) / orders", "ad_clicks", (), None),
        ("previous(ad_clicks)", "ad_clicks", ("ad_clicks",), None),
    ],
)
def test_shared_measures_and_what_arithmetic_makes_of_them(
    couple: Any, kpi: str, objective: str, shared: tuple[str, ...], elasticity: int | None
) -> None:
    assert couple(metric(kpi), metric(objective)) == Coupling(shared, elasticity)


def test_other_cases_or_windows_share_measures_and_no_arithmetic(couple: Any) -> None:
    mobile = metric("ad_clicks", filter="device = 'mobile'")
    assert couple(mobile, metric("ad_clicks")) == Coupling(("ad_clicks",), None)
    assert couple(mobile, mobile) == Coupling(("ad_clicks",), 1)
    assert couple(metric("ad_clicks", trailing_weeks=4), metric("ad_clicks")) == Coupling(("ad_clicks",), None)
    assert couple(metric("ad_clicks", shift_weeks=1), metric("ad_clicks")) == Coupling(("ad_clicks",), None)
