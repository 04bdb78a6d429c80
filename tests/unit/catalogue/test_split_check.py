"""Factors that are not what they are declared to be, and dimensions that nothing can be split by."""

from datetime import date
from pathlib import Path

import pytest

from kpi_pipeline.catalogue.catalogue_check import check_catalogue
from kpi_pipeline.config.problems import Problem
from kpi_pipeline.config.translation import problem_text
from kpi_pipeline.warehouse.seeds import SEED_TABLES
from tests.unit.catalogue.conftest import RAW_TABLES
from tests.unit.config.conftest import FILES, ConfigurationFolder

ADS = """\
-- One row per day and device.
-- grain: day, device
-- covered by: ad_performance
-- basis: ad shown
select
    ads.day, -- the day
    ads.device, -- device
    1 as ad_clicks, -- clicks
    1 as ad_impressions, -- impressions
    1 as acquisition_cost, -- cost
    1 as new_customers -- customers
from raw.ad_performance as ads
"""
PRODUCT = """metrics_of_cost:
    name: {{en: Cost, fa: هزینه}}
    formula: acquisition_cost
    factors: [{factors}]
    unit: currency
    direction: lower_better
    source: nobody
customers:
    name: {{en: Customers, fa: مشتریان}}
    formula: new_customers
    {options}
    unit: count
    direction: higher_better
    source: nobody
cac_blended:"""

REPORTS = """\
reports:
    weekly_executive:
        audience: executive
        title: {en: Weekly, fa: هفتگی}
        languages: [en]
        drivers: [device, devise, factors]
"""


@pytest.fixture
def folder(tmp_path: Path) -> ConfigurationFolder:
    (tmp_path / "sql" / "measures").mkdir(parents=True)
    (tmp_path / "sql" / "measures" / "ads.sql").write_text(ADS, encoding="utf-8")
    folder = ConfigurationFolder(tmp_path / "config")
    for name, content in FILES.items():
        folder.write(name, content)
    return folder


def found(folder: ConfigurationFolder, code: str) -> list[Problem]:
    external = (*RAW_TABLES, *SEED_TABLES)
    findings = check_catalogue(folder.path, folder.path.parent / "sql", external, as_of=date(2026, 11, 21))
    return [each for each in findings.problems if each.code == code]


def declare(folder: ConfigurationFolder, factors: str, options: str = "has_total: true") -> None:
    folder.change("metrics/marketing.yaml", "cac_blended:", PRODUCT.format(factors=factors, options=options))


def test_factors_that_give_the_metric_are_accepted(folder: ConfigurationFolder) -> None:
    declare(folder, "customers, cac_blended")
    assert found(folder, "CFG053") == []


def test_a_product_that_says_something_else_stands_at_its_factors(folder: ConfigurationFolder) -> None:
    declare(folder, "customers, ctr_ads")
    (problem,) = found(folder, "CFG053")
    line = folder.line_of("metrics/marketing.yaml", "factors: [customers, ctr_ads]")
    assert (problem.path.as_posix(), problem.line) == ("config/metrics/marketing.yaml", line)
    assert problem.message == (
        'metric "metrics_of_cost" is not the product of its factors: acquisition_cost is not'
        " (new_customers) * (ad_clicks / ad_impressions)"
    )
    assert "حاصل‌ضرب عامل‌هایش نیست" in problem_text(problem, "fa")


def test_a_constant_that_does_not_cancel_is_told(folder: ConfigurationFolder) -> None:
    declare(folder, "customers, cac_blended")
    folder.change("metrics/marketing.yaml", "formula: acquisition_cost / new", "formula: 2 * acquisition_cost / new")
    assert len(found(folder, "CFG053")) == 1


@pytest.mark.parametrize(
    "options",
    [
        "filter: device = 'mobile'",
        "trailing_weeks: 4",
        "shift_weeks: 1",
        "cost_lag_weeks: 1\n    lagged: [new_customers]",
    ],
)
def test_a_factor_of_other_cases_or_weeks_is_told(folder: ConfigurationFolder, options: str) -> None:
    declare(folder, "customers, cac_blended", options)
    (problem,) = found(folder, "CFG053")
    assert "customers count other cases or another time" in problem.message
    assert "موردهای دیگری" in problem_text(problem, "fa")


def test_a_factor_of_another_period_is_told(folder: ConfigurationFolder) -> None:
    declare(folder, "customers, cac_blended")
    folder.change("metrics/marketing.yaml", "formula: new_customers", "formula: previous(new_customers)")
    (problem,) = found(folder, "CFG053")
    assert "customers count other cases or another time" in problem.message


def test_an_unknown_factor_and_a_single_one_are_told(folder: ConfigurationFolder) -> None:
    declare(folder, "customer, cac_blended")
    assert any('"customer" in factors' in each.message for each in found(folder, "KPI004"))
    folder.change("metrics/marketing.yaml", "[customer, cac_blended]", "[customers]")
    assert any("factors" in each.message for each in found(folder, "CFG011"))


def test_a_dimension_that_nothing_can_be_split_by_is_told_with_the_nearest(folder: ConfigurationFolder) -> None:
    folder.write("reports.yaml", REPORTS)
    (problem,) = [each for each in found(folder, "KPI004") if "drivers" in each.message]
    assert problem.message == 'reference "devise" in drivers does not exist'
    assert problem.hint == 'did you mean "device"?'
    assert problem.line == folder.line_of("reports.yaml", "drivers: [device, devise")
    assert "devise" in problem_text(problem, "fa")


def test_a_split_that_executives_will_not_see_is_told(folder: ConfigurationFolder) -> None:
    folder.write("reports.yaml", REPORTS.replace("devise, ", ""))
    assert found(folder, "KPI055") == []
    folder.change(
        "metrics/marketing.yaml",
        "ad_clicks / ad_impressions",
        "ad_clicks / ad_impressions\n    filter: device = 'mobile'",
    )
    (problem,) = found(folder, "KPI055")
    assert problem.is_warning
    assert problem.line == folder.line_of("reports.yaml", "drivers: [device")
    assert problem.message == (
        'executives will not see what moved "cac_blended" by device: a member may tell internal KPI "ctr_ads"'
    )
    assert "آشکار کند" in problem_text(problem, "fa")
