"""Everything that can be wrong in configuration and SQL together, with its file and line."""

from datetime import date
from pathlib import Path

import pytest

from kpi_pipeline.catalogue.catalogue_check import Findings, check_catalogue
from kpi_pipeline.catalogue.history.silent_changes import PublishedDefinition, published_definitions
from kpi_pipeline.catalogue.metrics.definition import meaning_hash
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.problems import Problem
from kpi_pipeline.config.translation import problem_text
from tests.unit.catalogue.conftest import RAW_TABLES
from tests.unit.catalogue.hand_made import Warehouse, metric, text
from tests.unit.config.conftest import FILES, ConfigurationFolder

KNOWN = ("core.coverage", "core.calendar", "core.company", "core.sources", "core.settings", "core.web_goals")
AS_OF = date(2026, 11, 21)


@pytest.fixture
def folder(tmp_path: Path) -> ConfigurationFolder:
    folder = ConfigurationFolder(tmp_path / "config")
    for name, content in FILES.items():
        folder.write(name, content)
    return folder


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """Two measures tables whose days mean different things, and one more measure."""
    measures = tmp_path / "sql" / "measures"
    measures.mkdir(parents=True)
    for table, basis, names, subject in (
        ("ads", "ad shown", ("ad_clicks", "ad_impressions"), "ad_performance"),
        ("costs", "cost day", ("acquisition_cost",), "ledger_entries"),
        ("orders", "order placed", ("new_customers",), "orders"),
    ):
        columns = ", -- a\n".join(f"    cast(sum(rows.{name}) as bigint) as {name}" for name in names)
        (measures / f"{table}.sql").write_text(
            f"-- One row per day.\n-- grain: day\n-- covered by: {subject}\n-- basis: {basis}\n"
            f"select\n    rows.day, -- the day\n{columns} -- b\nfrom raw.{subject} as rows\ngroup by rows.day\n",
            encoding="utf-8",
        )
    return tmp_path / "sql"


def check(folder: ConfigurationFolder, sql: Path, *published: PublishedDefinition) -> Findings:
    return check_catalogue(folder.path, sql, (*RAW_TABLES, *KNOWN), as_of=AS_OF, published=published)


def found(findings: Findings) -> dict[str, Problem]:
    """Code → the problem of that code; what is overdue or missing in the goals of the test is left out."""
    codes = {"KPI027", "KPI044", "KPI051"}
    return {each.code: each for each in findings.problems if each.code.startswith("CFG05") or each.code in codes}


def test_all_problems_of_all_kinds_are_told_at_once(folder: ConfigurationFolder, sql: Path) -> None:
    folder.change("metrics/marketing.yaml", "ad_clicks / ad_impressions", "ad_klicks / ad_impressions")
    folder.write("sources/orders.yaml", "system: shopifi_orders\n")
    folder.change("company.yaml", "week_start: saturday", "week_begin: saturday\nweek_start: saturday")
    (sql / "measures" / "broken.sql").write_text("-- One row per day.\nselect 1", encoding="utf-8")

    findings = check(folder, sql)

    codes = {each.code for each in findings.problems}
    assert {"KPI002", "CFG050", "SQL004"} <= codes
    assert not findings.is_good
    (sql / "measures" / "broken.sql").unlink()
    findings = check(folder, sql)
    assert {"KPI002", "CFG050"} <= {each.code for each in findings.problems}


def test_formula_that_cannot_be_computed_stands_at_its_line(folder: ConfigurationFolder, sql: Path) -> None:
    folder.change("metrics/marketing.yaml", "ad_clicks / ad_impressions", "ad_klicks / ad_impressions")
    problem = found(check(folder, sql))["CFG051"]
    line = folder.line_of("metrics/marketing.yaml", "ad_klicks")
    assert (problem.path.as_posix(), problem.line) == ("config/metrics/marketing.yaml", line)
    assert str(problem).startswith(f'config/metrics/marketing.yaml:{line}  CFG051  metric "ctr_ads": the formula')
    assert 'did you mean "ad_clicks"' in str(problem)
    assert problem_text(problem, "fa").startswith(f"config/metrics/marketing.yaml:{line}  CFG051  ")
    assert "ad_klicks" in problem_text(problem, "fa")


def test_mixed_bases_stand_at_their_line_and_a_reason_allows_them(folder: ConfigurationFolder, sql: Path) -> None:
    problem = found(check(folder, sql))["KPI027"]
    line = folder.line_of("metrics/marketing.yaml", "acquisition_cost / new_customers")
    assert (problem.path.as_posix(), problem.line) == ("config/metrics/marketing.yaml", line)
    assert "cost day, order placed" in problem.message
    reason = "unit: currency\n    mixed_basis: {en: A cost and its order, fa: هزینه و سفارش آن}"
    folder.change("metrics/marketing.yaml", "unit: currency", reason)
    assert "KPI027" not in found(check(folder, sql))


def test_source_that_cannot_be_read_stands_in_its_file(folder: ConfigurationFolder, sql: Path) -> None:
    folder.write("sources/orders.yaml", "system: shopifi_orders\n")
    problem = found(check(folder, sql))["CFG050"]
    assert problem.path.as_posix() == "config/sources/orders.yaml"
    assert "shopifi_orders" in problem.message


def test_commitments_that_no_week_can_show_or_that_leak_stand_at_their_kpi(
    folder: ConfigurationFolder, sql: Path
) -> None:
    other = """unused:
    name: {en: Unused, fa: بی‌استفاده}
    formula: acquisition_cost + new_customers
    unit: count
    direction: higher_better
    source: nobody
cac_blended:"""
    folder.change("metrics/marketing.yaml", "cac_blended:", other)
    same = "formula: 100 * ad_clicks / ad_impressions"
    folder.change("metrics/marketing.yaml", "formula: acquisition_cost / new_customers", same)
    problem = found(check(folder, sql))["KPI051"]
    assert problem.path.as_posix() == "config/kpis/company.yaml"
    assert '"cac_blended" is for executives' in problem.message


def as_published(one: Metric, version: int | None = None) -> PublishedDefinition:
    return PublishedDefinition("ctr_ads", version or one.version, one.formula, meaning_hash(one))


SHIPPED = metric("ad_clicks / ad_impressions", unit="percent", version=1)


@pytest.mark.parametrize(
    "change",
    [
        {"formula": "ad_impressions / ad_clicks"},
        {"filter": "device = 'mobile'"},
        {"trailing_weeks": 4},
        {"unit": "ratio"},
        {"min_denominator": 10},
        {"optional": ("ad_clicks",)},
        {"has_total": False},
        {"cohort_age_days": 3},
    ],
    ids=str,
)
def test_whatever_decides_the_number_belongs_to_its_meaning(change: dict[str, object]) -> None:
    assert meaning_hash(SHIPPED.model_copy(update=change)) != meaning_hash(SHIPPED)


@pytest.mark.parametrize(
    "change",
    [
        {"name": text("Another name")},
        {"definition": text("Better words")},
        {"decimals": 4},
        {"direction": "lower_better"},
        {"dimensions": ("device",)},
        {"source": "another book"},
        {"edge_rules": ("late_data",)},
        {"version": 2},
    ],
    ids=str,
)
def test_words_do_not_belong_to_the_meaning(change: dict[str, object]) -> None:
    assert meaning_hash(SHIPPED.model_copy(update=change)) == meaning_hash(SHIPPED)


def test_silent_change_of_a_published_definition_is_an_error(folder: ConfigurationFolder, sql: Path) -> None:
    published = as_published(SHIPPED)
    assert "KPI044" not in found(check(folder, sql, published))

    folder.change("metrics/marketing.yaml", "ad_clicks / ad_impressions", "ad_clicks / (ad_impressions + 1)")
    problem = found(check(folder, sql, published))["KPI044"]
    assert problem.line == folder.line_of("metrics/marketing.yaml", "ad_clicks / (")
    assert "its version is still 1" in problem.message
    assert "raise version to 2, set effective_from, and keep ad_clicks / ad_impressions under earlier" in problem.hint
    assert not problem.is_warning
    assert "ctr_ads" in problem_text(problem, "fa")

    raised = "unit: percent\n    version: 2"
    folder.change("metrics/marketing.yaml", "unit: percent", raised)
    problem = found(check(folder, sql, published))["KPI044"]
    assert 'version 1 of "ctr_ads" is published and no longer among its earlier definitions' in problem.message
    assert "fa" not in problem_text(problem, "en")

    kept = """version: 2
    effective_from: 2026-10-31
    earlier:
      - version: 1
        until: 2026-10-31
        formula: ad_clicks / ad_impressions
        reason: {en: One was missing, fa: یکی کم بود}"""
    folder.change("metrics/marketing.yaml", "version: 2", kept)
    assert "KPI044" not in found(check(folder, sql, published))


def test_definitions_are_read_from_what_was_published(warehouse: Warehouse) -> None:
    connection = warehouse.engine.connection
    connection.execute("create schema kpi; create table kpi.catalogue as select 'a' as metric_id").fetchall()
    assert published_definitions(connection) == []
    connection.execute(
        "create or replace table kpi.catalogue as select * from (values ('a', 'k1', 2, 'x / y', 'h'),"
        " ('a', 'k2', 2, 'x / y', 'h')) as rows(metric_id, kpi_id, metric_version, formula, meaning_hash)"
    ).fetchall()
    assert published_definitions(connection) == [PublishedDefinition("a", 2, "x / y", "h")]
