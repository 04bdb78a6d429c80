import pytest

from kpi_pipeline.catalogue.audience import Audiences
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.errors import ConfigurationError
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric

METRICS = {
    "ctr": metric("ad_clicks / ad_impressions", unit="percent"),
    "clicks": metric("ad_clicks", unit="count"),
    "cpm": metric("1000 * ad_cost / ad_impressions", unit="currency"),
    "revenue": metric("gross_sales - discounts", unit="currency"),
    "aov": metric("(gross_sales - discounts) / orders", unit="currency"),
    "claims": metric("ad_conversion_value / ad_cost", has_total=False, dimensions=("platform",)),
}


def audiences(metrics: dict[str, Metric] | None = None, **kpis: Kpi) -> Audiences:
    return Audiences(configuration(METRICS | (metrics or {}), goals=goals(), kpis=kpis))


def test_audience_follows_from_the_level_of_the_objective_alone() -> None:
    found = audiences(
        ctr=kpi("ctr", "tune_ads"), aov=kpi("aov", "convert"), revenue=kpi("revenue", "grow"), cpm=kpi("cpm", "grow")
    )

    assert found.of_kpi == {"ctr": "internal", "aov": "executive", "revenue": "executive", "cpm": "executive"}
    assert found.internal_kpis == ("ctr",)
    assert found.executive_kpis == ("aov", "cpm", "revenue")
    assert found.executive_metrics == ("aov", "cpm", "revenue")


def test_unfinished_or_retired_commitments_have_no_audience() -> None:
    found = audiences(
        ctr=kpi("ctr", "tune_ads", actions=()),
        aov=kpi("aov", "convert", status="draft"),
        cpm=kpi("cpm", "convert", status="retired"),
        revenue=kpi("revenue", "grow", objective=None),
    )

    assert found.of_kpi == {}


@pytest.mark.parametrize(
    ("internal", "executive", "hidden"),
    [
        ("clicks", "ctr", True),
        ("revenue", "aov", True),
        ("ctr", "clicks", False),
        ("clicks", "aov", False),
    ],
)
def test_sides_that_an_internal_kpi_shows_are_withheld(internal: str, executive: str, hidden: bool) -> None:
    found = audiences(inner=kpi(internal, "tune_ads"), outer=kpi(executive, "convert"))

    assert found.metrics_without_sides == (frozenset({executive}) if hidden else frozenset())


def test_constant_factor_does_not_hide_a_side() -> None:
    cost = {"cost": metric("ad_cost", unit="currency"), "milli": metric("ad_impressions / 1000", unit="count")}

    assert audiences(cost, a=kpi("cost", "tune_ads"), b=kpi("cpm", "grow")).metrics_without_sides == {"cpm"}


def test_formula_that_holds_the_id_of_an_internal_kpi_is_recognized() -> None:
    found = audiences(ad_clicks=kpi("clicks", "tune_ads"), outer=kpi("ctr", "convert"))

    assert found.names_internal("sum(ads.AD_CLICKS) / 2")
    assert found.names_internal("clicks")
    assert not found.names_internal("more_clicks / sessions")


@pytest.mark.parametrize(
    "twin",
    [
        metric("(ad_clicks / ad_impressions)", unit="ratio"),
        metric("100 * ad_clicks / ad_impressions", unit="ratio"),
        metric("ad_clicks / ad_impressions", unit="percent", trailing_weeks=4, min_denominator=5),
    ],
)
def test_one_number_for_both_audiences_is_refused(twin: Metric) -> None:
    with pytest.raises(ConfigurationError, match=r'"outer" is for executives and shows the same number as "inner"'):
        audiences({"twin": twin}, inner=kpi("ctr", "tune_ads"), outer=kpi("twin", "convert")).check()


def test_commitment_to_a_metric_without_total_is_refused() -> None:
    with pytest.raises(ConfigurationError, match='KPI "claims": its metric claims has no total'):
        audiences(claims=kpi("claims", "grow")).check()


def test_different_numbers_are_accepted() -> None:
    mobile = metric("ad_clicks / ad_impressions", unit="percent", filter="device = 'mobile'")

    audiences({"mobile": mobile}, inner=kpi("ctr", "tune_ads"), outer=kpi("mobile", "convert")).check()
