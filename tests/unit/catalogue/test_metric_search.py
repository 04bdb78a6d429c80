"""Finding metrics by words, as people type them."""

import pytest

from kpi_pipeline.catalogue.exports.metric_overview import overview_of
from kpi_pipeline.catalogue.metrics.metric_search import search_metrics, searchable
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Text
from kpi_pipeline.config.source import Source
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric

METRICS = {
    "conversion_rate": metric(
        "orders / sessions",
        name=Text(en="Conversion rate", fa="نرخ تبدیل"),
        definition=Text(en="Orders out of visits.", fa="سهم سفارش‌ها از بازدیدها."),
        profiles=("online", "b2c"),
    ),
    "cart_abandonment": metric(
        "orders", name=Text(en="Cart abandonment", fa="نرخ ریزش سبد خرید"), profiles=("online",)
    ),
    "answered_in_12_hours": metric("orders", name=Text(en="Answered in 12 h", fa="رسیدگی طی ۱۲ ساعت")),
    "acquisition_cost": metric(
        "ad_cost / new_customers",
        name=Text(en="Acquisition cost", fa="هزینهٔ جذب مشتری"),
        definition=Text(en="What a conversion to a customer costs.", fa="بهای هر مشتری تازه."),
    ),
}
CONFIG = configuration(METRICS)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("conversion", ["conversion_rate", "acquisition_cost"]),  # in an id before in a definition
        ("RATE conversion", ["conversion_rate"]),
        ("نرخ", ["conversion_rate", "cart_abandonment"]),
        ("نرخ تبديل", ["conversion_rate"]),  # Arabic letters
        ("سبد\u200cخرید", ["cart_abandonment"]),  # a non-joiner where the name has a space
        ("سبدخرید", ["cart_abandonment"]),
        ("سفارش ها", ["conversion_rate"]),  # a space where the definition has a non-joiner
        ("هزینه جذب", ["acquisition_cost"]),  # without the written izafe
        ("هزینۀ جذب", ["acquisition_cost"]),
        ("12", ["answered_in_12_hours"]),
        ("۱۲ ساعت", ["answered_in_12_hours"]),
        ("١٢", ["answered_in_12_hours"]),
        ("ad_cost", ["acquisition_cost"]),  # a measure of the formula
        ("nothing", []),
    ],
)
def test_words_of_both_languages_find_metrics_best_first(words: str, found: list[str]) -> None:
    assert search_metrics(words.split(), CONFIG) == found
    assert search_metrics([words], CONFIG) == found


def test_no_words_find_all_and_a_profile_its_own() -> None:
    assert search_metrics([], CONFIG) == list(METRICS)
    assert search_metrics([], CONFIG, "online") == ["conversion_rate", "cart_abandonment"]
    assert search_metrics(["rate"], CONFIG, "b2b") == []


def test_searchable_text_has_one_spelling() -> None:
    assert searchable("كَلیكِ ۴٥ مَي") == "کلیک 45 می"


def test_overview_tells_whether_sources_are_connected(
    project: SqlProject, sources: dict[str, Source], library: dict[str, Metric]
) -> None:
    metrics = {"cpc": metric("ad_cost / ad_clicks"), "aov": metric("gross_sales / orders")}
    ads_alone = {"google_ads": sources["google_ads"]}
    asked = configuration(metrics, sources=ads_alone, goals=goals(), kpis={"clicks": kpi("cpc", "convert")})

    cpc, aov = (overview_of(name, asked, project) for name in metrics)

    assert (cpc.is_connected, cpc.sources, cpc.kpis, cpc.bases) == (True, ("google_ads",), ("clicks",), ("ad shown",))
    assert (aov.is_connected, aov.missing_subjects, aov.sources, aov.kpis) == (False, ("orders",), (), ())


def test_overview_needs_one_of_several_sources_where_one_is_enough(
    project: SqlProject, sources: dict[str, Source]
) -> None:
    """Sessions are covered by single events or by daily traffic, whichever there is."""
    sessions = project.file("measures.sessions").covered_by
    assert sessions is not None
    assert sessions.joined_by == "or"
    one = configuration({"visits": metric("sessions")}, sources={"ga4_events": sources["ga4_events"]})
    assert overview_of("visits", one, project).is_connected
