"""The pages of the catalogue: what stands on them, and that the committed ones are fresh."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kpi_pipeline.catalogue.exports.metric_words import example_in_words, form_of, options_in_words
from kpi_pipeline.catalogue.exports.pages import catalogue_pages
from kpi_pipeline.catalogue.formulas.edge_rules import EDGE_RULES, RULES_OF_ALL
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.config.configuration import Configuration, load_configuration
from kpi_pipeline.config.draft import read_draft
from kpi_pipeline.config.metric import EarlierDefinition, Example, Metric
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric, text

LINK = re.compile(r"\]\(([^)#]+\.md)\)")


@pytest.fixture(scope="module")
def shipped(checkout: Path) -> Configuration:
    return load_configuration(checkout / "config")


@pytest.fixture(scope="module")
def pages(checkout: Path, shipped: Configuration, project: SqlProject) -> dict[str, str]:
    functions = {name: path.stem for name, path in read_draft(checkout / "config").metrics.declared.items()}
    return catalogue_pages(shipped, project, functions)


def test_committed_pages_are_fresh(checkout: Path, pages: dict[str, str]) -> None:
    folder = checkout / "docs" / "catalogue"
    committed = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.md")}
    assert set(committed) == set(pages), "run make docs"
    stale = [name for name, path in committed.items() if path.read_text(encoding="utf-8") != pages[name]]
    assert stale == [], "run make docs"


def test_every_metric_and_kpi_has_a_page_with_everything_that_was_asked_for(
    shipped: Configuration, pages: dict[str, str]
) -> None:
    assert len(pages) == 1 + len(shipped.metrics) + len(shipped.kpis)
    for name, one in shipped.metrics.items():
        page = pages[f"metrics/{name}.md"]
        wanted = [
            one.name.en,
            one.name.fa,
            one.formula,
            one.source,
            "## Worked example",
            "## Versions",
            "```sql\nwith ",
        ]
        wanted += [EDGE_RULES[code].en for code in one.edge_rules] + [rule.en for rule in RULES_OF_ALL]
        assert [part for part in wanted if part not in page] == [], name
        assert f"metrics/{name}.md" in pages["README.md"]
    for name, commitment in shipped.kpis.items():
        page = pages[f"kpis/{name}.md"]
        assert commitment.target
        assert commitment.objective
        assert str(commitment.target.deadline) in page
        assert shipped.goals.objectives[commitment.objective].statement.en in page
        assert f"../metrics/{commitment.metric}.md" in page


def test_links_lead_somewhere(checkout: Path, pages: dict[str, str]) -> None:
    folder = checkout / "docs" / "catalogue"
    for name, page in pages.items():
        for link in LINK.findall(page):
            path = (folder / name).parent / link
            inside = (
                path.resolve().relative_to(folder.resolve()) if folder.resolve() in path.resolve().parents else None
            )
            assert (inside.as_posix() in pages) if inside else path.exists(), f"{name}: {link}"


def test_page_tells_how_a_definition_changed_and_what_is_unfinished(project: SqlProject) -> None:
    changed = metric(
        "ad_cost / ad_clicks",
        unit="currency",
        version=2,
        effective_from=date(2026, 2, 2),
        earlier=(
            EarlierDefinition(
                version=1, until=date(2026, 2, 2), formula="ad_cost / ad_impressions", reason=text("It was too small")
            ),
        ),
    )
    asked = configuration({"cpc": changed}, goals=goals(), kpis={"clicks": kpi("cpc", "tune_ads", target=None)})
    pages = catalogue_pages(asked, project, {"cpc": "ads"})

    assert "| 1 | before 2026-02-02 | `ad_cost / ad_impressions` | It was too small |" in pages["metrics/cpc.md"]
    assert "| 2 | from 2026-02-02 | `ad_cost / ad_clicks` | |" in pages["metrics/cpc.md"]
    assert "- 2026-02-02 (definition): It was too small" in pages["metrics/cpc.md"]
    assert "No source of the demo company delivers `ad_performance`" in pages["metrics/cpc.md"]
    assert "Shown as a metric until these parts are there: target." in pages["kpis/clicks.md"]
    assert "the team that does the work" in pages["kpis/clicks.md"]


@pytest.mark.parametrize(
    ("one", "form", "options", "example"),
    [
        (
            metric(
                "ad_clicks / ad_impressions",
                unit="percent",
                filter="device = 'mobile'",
                min_denominator=100,
                example=Example(
                    given={"ad_clicks": Decimal(5), "ad_impressions": Decimal(4000)}, value=Decimal("0.125")
                ),
            ),
            "ratio of sums",
            ["Only rows with `device = 'mobile'` count.", "The value is withheld while the denominator is below 100."],
            "100 × 5 / 4,000 = 0.125 %",
        ),
        (
            metric(
                "(followers - previous(followers)) / previous(followers)",
                unit="percent",
                example=Example(
                    given={"followers": Decimal(210), "previous(followers)": Decimal(200)}, value=Decimal(5)
                ),
            ),
            "ratio of sums",
            [],
            "100 × (210 - 200) / 200 = 5 %",
        ),
        (
            metric(
                "first_age(cohort_gross_margin >= acquisition_cost)",
                unit="months",
                cohort_age_days=90,
                trailing_weeks=4,
                shift_weeks=13,
                cost_lag_weeks=1,
                lagged=("acquisition_cost",),
                example=Example(given={"cohort_gross_margin": Decimal(12)}, value=Decimal(6)),
            ),
            "age at which",
            [
                "The value of a week is that of 4 weeks up to its end; a month, quarter or year is taken as it is.",
                "`acquisition_cost` is taken 1 week earlier.",
                "The value of a period is that of the period 13 weeks earlier.",
                "Only what a cohort did in its first 90 days counts",
            ],
            "cohort_gross_margin = 12 gives 6 months",
        ),
        (metric("followers", unit="count"), "stock figure", [], None),
        (metric("buying_customers", unit="count"), "distinct count", [], None),
        (metric("first_response_time", unit="minutes"), "median of single cases", [], None),
        (metric("orders", unit="count"), "sum", [], None),
    ],
)
def test_form_options_and_example_are_said_in_words(
    project: SqlProject, one: Metric, form: str, options: list[str], example: str | None
) -> None:
    plan = plan_metric("asked", configuration({"asked": one}), project)
    said = [sentence for sentence in options_in_words(plan) if not sentence.startswith("Its measures")]
    assert form_of(plan).startswith(form)
    assert len(said) == len(options)
    assert all(sentence.startswith(option) for sentence, option in zip(said, options, strict=True))
    assert example_in_words(plan) == example
