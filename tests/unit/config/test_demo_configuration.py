"""Tests of the configuration that ships with the product."""

from datetime import date

import pytest

from kpi_pipeline.catalogue.metrics.metric_search import search_metrics
from kpi_pipeline.config.commitment import missing_parts
from kpi_pipeline.config.configuration import check_configuration


def test_the_demo_company_has_seven_complete_kpis_of_both_audiences(checkout):
    configuration, problems = check_configuration(checkout / "config", date(2026, 11, 16))
    assert problems == []
    levels = {name: configuration.goals.objectives[kpi.objective].level for name, kpi in configuration.kpis.items()}
    assert levels == {
        "ctr_ads": "internal",
        "engagement_rate": "internal",
        "cart_abandonment_session": "internal",
        "conversion_rate_session": "external",
        "cac_blended": "external",
        "revenue": "business",
        "ltv_cohort_gm": "business",
    }
    assert all(missing_parts(kpi) == () for kpi in configuration.kpis.values())


def test_what_executives_read_never_names_an_internal_kpi(checkout):
    configuration, _ = check_configuration(checkout / "config")
    objectives = configuration.goals.objectives
    internal = {name for name, kpi in configuration.kpis.items() if objectives[kpi.objective].level == "internal"}
    executive = [kpi for name, kpi in configuration.kpis.items() if name not in internal]
    read_by_executives = "\n".join(
        [
            *(kpi.model_dump_json() for kpi in executive),
            *(objective.model_dump_json() for objective in objectives.values() if objective.level != "internal"),
            *(
                question.question.model_dump_json()
                for name, question in configuration.goals.questions.items()
                if any(name in kpi.answers for kpi in executive)
            ),
        ]
    ).lower()
    for name in internal:
        metric = configuration.metrics[configuration.kpis[name].metric]
        for word in (name, metric.name.en, metric.name.fa):
            assert word.lower() not in read_by_executives


# The sets as the product's founding texts list them. A variant of a listed metric belongs to the same set.
PRESETS = {
    "b2b": {
        *("lead_to_customer_rate", "qualified_leads", "sales_cycle_length", "avg_contract_value", "proposal_win_rate"),
        *("contract_renewal_rate", "key_account_retention", "key_account_csat", "cac_blended", "cac_paid"),
    },
    "b2c": {
        *("conversion_rate_session", "cart_abandonment_session", "cac_blended", "cac_paid", "orders_valid", "aov"),
        *("new_customers", "returning_customers", "customer_retention_rate", "product_return_rate"),
        *("ltv_cohort_gm", "ltv_simple"),
    },
    "social": {
        *("ctr_ads", "ctr_social", "impressions", "reach", "organic_social_sessions", "social_engagement_rate"),
        *("target_follower_growth", "share_rate", "video_view_rate", "social_response_rate"),
    },
    "online": {
        *("ctr_ads", "conversion_rate_session", "conversion_rate_user", "cart_abandonment_session", "dau_avg"),
        *("wau", "mau", "user_return_rate", "email_list_growth_rate", "aov", "bestseller_share"),
    },
}
VARIANTS = {
    "customer_retention_rate_365",
    "social_reach",
    "social_impressions",
    "target_follower_growth_rate",
    "ltv_pred",
}


@pytest.mark.parametrize("profile", PRESETS)
def test_a_preset_is_the_list_of_its_kind_of_business(checkout, profile):
    configuration, _ = check_configuration(checkout / "config")
    assert configuration is not None
    assert set(search_metrics((), configuration, profile)) - VARIANTS == PRESETS[profile]
