"""Warnings about what executives could find out, at the line where somebody may change it."""

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
-- One row per day.
-- grain: day
-- covered by: ad_performance
-- basis: ad shown
select
    ads.day, -- the day
    1 as ad_clicks, -- clicks
    1 as ad_impressions, -- impressions
    1 as acquisition_cost, -- cost
    1 as new_customers -- customers
from raw.ad_performance as ads
"""

OTHER_METRIC = """unused:
    name: {en: Unused, fa: بی‌استفاده}
    formula: acquisition_cost + new_customers
    unit: count
    direction: higher_better
    source: nobody
cac_blended:"""


@pytest.fixture
def folder(tmp_path: Path) -> ConfigurationFolder:
    (tmp_path / "sql" / "measures").mkdir(parents=True)
    (tmp_path / "sql" / "measures" / "ads.sql").write_text(ADS, encoding="utf-8")
    folder = ConfigurationFolder(tmp_path / "config")
    for name, content in FILES.items():
        folder.write(name, content)
    return folder


def warnings(folder: ConfigurationFolder) -> list[Problem]:
    external = (*RAW_TABLES, *SEED_TABLES)
    findings = check_catalogue(folder.path, folder.path.parent / "sql", external, as_of=date(2026, 11, 21))
    return [each for each in findings.problems if each.code in ("KPI053", "KPI054")]


def test_a_sound_configuration_exposes_nothing(folder: ConfigurationFolder) -> None:
    assert warnings(folder) == []


def test_an_internal_kpi_that_can_be_computed_back_is_told_and_allowed(folder: ConfigurationFolder) -> None:
    folder.change("metrics/marketing.yaml", "cac_blended:", OTHER_METRIC)
    folder.change("metrics/marketing.yaml", "formula: acquisition_cost / new", "formula: ad_impressions / ad_clicks #")
    (problem,) = warnings(folder)
    assert (problem.code, problem.is_warning) == ("KPI053", True)
    assert problem.path.as_posix() == "config/kpis/marketing.yaml"
    assert problem.line == folder.line_of("kpis/marketing.yaml", "metric: ctr_ads")
    assert problem.message == (
        'KPI "ctr_ads" is internal and can be computed back from what executives see: cac_blended'
    )
    assert "شاخص «ctr_ads» داخلی است" in problem_text(problem, "fa")


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        ("kpis/company.yaml", "It bounds", "Our Click-through rate bounds", "why:"),
        ("kpis/company.yaml", "جابه‌جایی بودجه", "بهبود «نرخ کلیک»", "actions:"),
        ("goals.yaml", "statement: {en: Acquire", "statement: {en: Acquire by ctr_ads", "statement: {en: Acquire"),
        ("goals.yaml", "en: 'What?'", "en: 'What does the CLICK THROUGH RATE cost?'", "'What does"),
        (
            "metrics/marketing.yaml",
            "formula: acq",
            "definition: {en: Unlike the click-through rate., fa: هزینه}\n    formula: acq",
            "definition",
        ),
    ],
)
def test_a_text_that_executives_will_not_see_is_told(
    folder: ConfigurationFolder, file: str, old: str, new: str, line: str
) -> None:
    folder.change(file, old, new)
    (problem,) = warnings(folder)
    assert (problem.code, problem.is_warning) == ("KPI054", True)
    assert (problem.path.as_posix(), problem.line) == (f"config/{file}", folder.line_of(file, line))


def test_texts_that_only_the_team_reads_may_name_it(folder: ConfigurationFolder) -> None:
    folder.change("goals.yaml", "statement: {en: Relevant ads", "statement: {en: A better click-through rate")
    folder.change("kpis/marketing.yaml", "Early signal", "The click-through rate is an early signal")
    assert warnings(folder) == []
