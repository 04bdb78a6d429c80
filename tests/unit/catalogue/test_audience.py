import pytest

from kpi_pipeline.catalogue.exposure.audience import Audiences
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


@pytest.mark.parametrize(
    ("internal", "executive"),
    [
        ("ad_clicks / ad_impressions", "1 / (ad_impressions / ad_clicks)"),
        ("gross_sales - discounts", "-(discounts - gross_sales)"),
        ("orders * (sessions + 1)", "orders + sessions * orders"),
        ("previous(orders)", "orders"),
        ("trailing(orders, 28)", "orders"),
        ("weeks_earlier(orders, 52) / weeks_earlier(sessions, 52)", "orders / sessions"),
    ],
)
def test_other_spellings_and_windows_do_not_hide_a_number(internal: str, executive: str) -> None:
    metrics = {"one": metric(internal), "other": metric(executive)}
    with pytest.raises(ConfigurationError, match="shows the same number"):
        audiences(metrics, inner=kpi("one", "tune_ads"), outer=kpi("other", "convert")).check()


@pytest.mark.parametrize("spelt", ["'mobile' = device", "(device) in ('mobile')", "not (device <> 'mobile')"])
def test_other_spellings_do_not_hide_a_filter(spelt: str) -> None:
    metrics = {"one": metric("orders", filter="device = 'mobile'"), "other": metric("orders", filter=spelt)}
    with pytest.raises(ConfigurationError, match="shows the same number"):
        audiences(metrics, inner=kpi("one", "tune_ads"), outer=kpi("other", "convert")).check()


@pytest.mark.parametrize(
    "change", ["orders - previous(orders)", "100 * (orders - previous(orders)) / previous(orders)"]
)
def test_what_a_report_shows_as_change_is_no_internal_kpi(change: str) -> None:
    metrics = {"orders": metric("orders"), "change": metric(change)}
    with pytest.raises(
        ConfigurationError, match='"outer" is for executives and shows as its change on the week before'
    ):
        audiences(metrics, inner=kpi("change", "tune_ads"), outer=kpi("orders", "convert")).check()


def test_growth_by_month_is_another_number_than_by_week() -> None:
    growth = "(orders - previous(orders)) / previous(orders)"
    metrics = {"month": metric(growth, grains=("month",)), "week": metric(growth, grains=("week",))}
    audiences(metrics, inner=kpi("month", "tune_ads"), outer=kpi("week", "convert")).check()


def test_id_that_stands_for_something_else_on_the_other_side_is_refused() -> None:
    with pytest.raises(ConfigurationError, match='executives see something else under the id "aov"'):
        audiences(aov=kpi("ctr", "tune_ads"), outer=kpi("aov", "convert")).check()


@pytest.mark.parametrize(
    ("internal", "executive", "hidden"),
    [
        # of the internal share, the executive one shows the cases
        ("ad_clicks / ad_impressions", "ad_cost / (2 * ad_impressions)", True),
        ("ad_impressions", "ad_cost / trailing(ad_impressions, 30)", True),
        ("ad_impressions", "ad_cost / previous(ad_impressions)", True),
        ("orders", "(orders - previous(orders)) / sessions", False),
    ],
)
def test_sides_of_internal_kpis_are_withheld(internal: str, executive: str, hidden: bool) -> None:
    metrics = {"one": metric(internal), "other": metric(executive)}
    found = audiences(metrics, inner=kpi("one", "tune_ads"), outer=kpi("other", "convert"))
    assert found.metrics_without_sides == (frozenset({"other"}) if hidden else frozenset())


def test_side_that_executives_see_as_a_value_is_not_withheld_unless_it_is_of_others() -> None:
    metrics = {"mobile": metric("ad_impressions", filter="device = 'mobile'")}
    inner, outer = kpi("ctr", "tune_ads"), kpi("cpm", "convert")
    whole = audiences({"all": metric("ad_impressions")}, inner=inner, outer=outer, known=kpi("all", "grow"))
    assert whole.metrics_without_sides == frozenset()
    part = audiences(metrics, inner=inner, outer=outer, known=kpi("mobile", "grow"))
    assert part.metrics_without_sides == {"cpm", "mobile"}


def test_different_numbers_are_accepted() -> None:
    mobile = metric("ad_clicks / ad_impressions", unit="percent", filter="device = 'mobile'")

    audiences({"mobile": mobile}, inner=kpi("ctr", "tune_ads"), outer=kpi("mobile", "convert")).check()
