"""From which executive numbers an internal one could be computed back, with the arithmetic beside each case."""

from typing import Any

import pytest

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.exposure.derivation import derivable_kpis
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric

WEEKLY = {"unit": "count"}


def found(project: SqlProject, internal: Metric, *executive: Metric) -> list[tuple[str, ...]]:
    """The sets of executive KPIs, called a, b, c …, from which the internal one follows."""
    metrics = {"metric_secret": internal} | {
        f"metric_{name}": one for name, one in zip("abcdef", executive, strict=False)
    }
    kpis = {name.removeprefix("metric_"): kpi(name, "convert") for name in metrics} | {
        "secret": kpi("metric_secret", "tune_ads")
    }
    config = configuration(metrics, goals=goals(), kpis=kpis)
    derivable = derivable_kpis(Audiences(config), project)
    assert all(one.kpi_id == "secret" for one in derivable)
    return [one.executive_kpis for one in derivable]


@pytest.mark.parametrize(
    ("internal", "executive", "needed"),
    [
        # What was sold and what was taken off it add up to the full price.
        ("gross_sales", ["gross_sales - discounts", "discounts", "orders"], "ab"),
        # of cost / clicks the clicks are shown, of cost / impressions the impressions
        ("ad_clicks / ad_impressions", ["ad_cost / ad_clicks", "1000 * ad_cost / ad_impressions"], "ab"),
        # clicks = (clicks / impressions) * impressions, although the sides of the first are withheld
        ("ad_clicks", ["100 * ad_clicks / ad_impressions", "ad_impressions"], "ab"),
        # 1 - new / orders
        ("(orders - new_customers) / orders", ["new_customers / orders", "sessions"], "a"),
        # a quotient upside down
        ("orders / ad_cost", ["ad_cost / orders"], "a"),
        # known shares of one whole add up
        (
            "(ad_clicks + ad_link_clicks) / ad_impressions",
            ["ad_clicks / ad_impressions", "ad_link_clicks / ad_impressions"],
            "ab",
        ),
        # sides of one metric are enough for another that is made of them alone
        ("gross_sales - discounts + 2 * orders", ["(gross_sales - discounts) / orders"], "a"),
        # (clicks + link clicks) / cost by way of impressions
        (
            "(ad_clicks + ad_link_clicks) / ad_cost",
            ["ad_clicks / ad_impressions", "ad_link_clicks / ad_impressions", "ad_cost / ad_impressions"],
            "abc",
        ),
        # a growth from the number that grows
        ("(orders - previous(orders)) / previous(orders)", ["orders"], "a"),
        ("orders / weeks_earlier(orders, 52)", ["sessions / orders", "sessions"], "ab"),
        # last week's number is this week's a week ago
        ("orders", ["sessions / previous(orders)", "sessions"], "ab"),
        # 52 weeks added up
        ("trailing(order_gross_margin, 364) / trailing(orders, 364)", ["order_gross_margin", "orders"], "ab"),
        # and each week from the sums, since the first week is known
        ("orders / sessions", ["trailing(orders, 364)", "sessions"], "ab"),
        # products of sums
        ("ad_cost", ["ad_cost * orders", "orders * (1 + sessions)", "sessions"], "abc"),
    ],
)
def test_a_number_that_follows_from_others_is_found(
    project: SqlProject, internal: str, executive: list[str], needed: str
) -> None:
    made = [metric(formula, **WEEKLY) for formula in executive]
    assert found(project, metric(internal, **WEEKLY), *made) == [tuple(needed)]


@pytest.mark.parametrize(
    ("internal", "executive"),
    [
        ("gross_sales", ["gross_sales - discounts", "orders"]),
        # the sum of two numbers tells neither of them
        ("ad_clicks", ["ad_clicks + ad_link_clicks", "ad_impressions"]),
        ("ad_clicks / ad_impressions", ["ad_link_clicks / ad_impressions", "ad_cost"]),
        # different people are counted anew over a year, and thirty days are no weeks
        ("trailing(buying_customers, 364)", ["buying_customers"]),
        ("trailing(orders, 30)", ["orders"]),
        # a growth tells no level
        ("orders", ["previous(gross_sales) / gross_sales"]),
        ("sessions_abandoning_cart / sessions_with_cart", []),
    ],
)
def test_what_does_not_follow_is_not_reported(project: SqlProject, internal: str, executive: list[str]) -> None:
    assert found(project, metric(internal, **WEEKLY), *(metric(formula, **WEEKLY) for formula in executive)) == []


@pytest.mark.parametrize(
    ("internal", "executive", "is_found"),
    [
        ({"filter": "device = 'a'"}, {}, False),
        ({"filter": "device = 'a'"}, {"filter": "device = 'a'"}, True),
        ({"trailing_weeks": 4}, {}, True),
    ],
)
def test_numbers_of_others_tell_nothing(
    project: SqlProject, internal: dict[str, Any], executive: dict[str, Any], is_found: bool
) -> None:
    secret = metric("ad_clicks / ad_impressions", **internal)
    shown = [metric("ad_cost / ad_clicks", **executive), metric("ad_cost / ad_impressions", **executive)]
    assert bool(found(project, secret, *shown)) == is_found
