"""Tests of the configuration that ships with the product."""

from datetime import date

from kpi_pipeline.config.commitment import missing_parts
from kpi_pipeline.config.configuration import check_configuration


def test_the_demo_company_has_six_complete_kpis_of_both_audiences(checkout):
    configuration, problems = check_configuration(checkout / "config", date(2026, 11, 16))
    assert problems == []
    levels = {name: configuration.goals.objectives[kpi.objective].level for name, kpi in configuration.kpis.items()}
    assert levels == {
        "ctr_ads": "internal",
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
