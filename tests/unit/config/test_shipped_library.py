"""Tests of decisions that the product's founding texts make about single metrics of the library."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from kpi_pipeline.config.company import Company
from kpi_pipeline.config.draft import read_draft
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.paths import TEMPLATES

# Order value, conversion, revenue, revenue and cost of an acquisition, completion of tasks, reaching of goals.
EXTERNAL = {
    *("aov", "conversion_rate_session", "conversion_rate_user", "revenue", "rpa", "cpa", "task_completion_rate"),
    *("goal_conversion_rate",),
}
# How well a department works: mails to strangers, clicks, answers in time.
INTERNAL = {
    *("outreach_delivery_rate", "outreach_open_rate", "outreach_reply_rate", "outreach_time_to_open"),
    *("outreach_conversion_rate", "ctr_ads", "quality_backlinks", "resolved_within_sla", "first_response_time"),
}
OTHERS_OF_THE_TEXTS = {
    *("ltv_cohort_gm", "ltv_simple", "customer_retention_rate", "customer_profitability", "cpl", "cpa", "rpa"),
    *("value_per_visit", "conversion_rate_session", "aov", "task_completion_rate"),
}


@pytest.fixture(scope="module")
def library(checkout: Path) -> Mapping[str, Metric]:
    return {name: entry.value for name, entry in read_draft(checkout / "config").metrics.entries.items()}


def test_metrics_that_managers_read_are_external_by_default_and_those_of_optimisation_are_not(
    library: Mapping[str, Metric],
) -> None:
    assert {name: library[name].default_audience for name in EXTERNAL} == dict.fromkeys(EXTERNAL, "external")
    assert {name: library[name].default_audience for name in INTERNAL} == dict.fromkeys(INTERNAL, "internal")


def test_every_kpi_that_the_texts_name_is_in_the_library(library: Mapping[str, Metric]) -> None:
    assert library.keys() >= OTHERS_OF_THE_TEXTS


def test_growth_of_revenue_is_monthly_and_weekly_growth_has_ids_of_its_own(library: Mapping[str, Metric]) -> None:
    grains = {name: metric.grains for name, metric in library.items() if name.startswith("revenue_growth")}
    assert grains == {
        "revenue_growth": ("month",),
        "revenue_growth_constant_currency": ("month",),
        "revenue_growth_week": ("week",),
        "revenue_growth_52_weeks": ("week",),
    }


def test_a_ticket_is_promised_within_twelve_hours_below_the_satisfaction_of_customers() -> None:
    assert Company.model_fields["support_sla_minutes"].default == 12 * 60
    goals = yaml.safe_load((TEMPLATES / "goals" / "best_service.yaml").read_text(encoding="utf-8"))
    objectives, factors = goals["objectives"], goals["success_factors"].values()
    measures = {each["objective"]: set(each["measured_by"]) for each in factors}
    (speed,) = [name for name, metrics in measures.items() if "resolved_within_sla" in metrics]
    parent = objectives[speed]["parent"]
    assert (objectives[speed]["level"], objectives[parent]["level"]) == ("internal", "external")
    assert measures[parent] == {"csat"}
