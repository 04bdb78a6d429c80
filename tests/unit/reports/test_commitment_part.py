from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from kpi_pipeline.reports.internal_document import Fact, Finding, InternalPart, SuccessFactorLine
from kpi_pipeline.reports.model import report_model

WEEK = date(2026, 11, 9)
COMMITMENT = {
    "owner": "cmo",
    "responsible": "ux, dev",
    "informed": "ceo",
    "objective_chain": "grow > buy > ads",
    "why_en": "Relevant ads cost less.",
    "scope": "team",
    "where_scope": "paid search",
    "resources": "2 designers\n10 hours",
    "tasks": "ship creatives",
    "tasks_done": "pause weak ads",
    "assumptions": "budgets stay (2026-10-31)",
    "expired_assumptions": "budgets stay",
    "risks": "a platform changes",
    "review_next_on": date(2026, 12, 14),
}


@pytest.fixture
def maker(new_snapshot: Callable[..., Any]) -> Any:
    snapshot = new_snapshot("internal")
    snapshot.add_kpi("ctr", objective_id="ads", audience="internal", **COMMITMENT)
    for owner, name in (("cmo", "Mara Lind"), ("ux", "Store UX Lead"), ("ceo", "CEO")):
        snapshot.add("owners", owner_id=owner, name_en=name, name_fa=f"فارسی {name}")
    effort = {"efficiency_metric": "ad_clicks", "per": "ctr"}
    snapshot.add("efficiency", kpi_id="ctr", week_start=WEEK, result_per_effort=1.2749, **effort)
    return snapshot


def part(maker: Any, language: str = "en") -> InternalPart:
    found = report_model(maker.write(), "internal", WEEK, language).internal
    assert found is not None
    return found


def test_the_whole_commitment_is_told(maker: Any) -> None:
    (kpi,) = part(maker).kpis

    assert (kpi.name, kpi.warning) == ("Ctr", "")
    chain = " › ".join(
        f"\u2068{each}\u2069" for each in ("Grow profitably", "Make buying easy", "Ads that people click")
    )
    assert kpi.facts == (
        Fact("Serves", (chain,)),
        Fact("Why", ("Relevant ads cost less.",)),
        Fact("Accountable", ("Mara Lind",)),
        # Somebody of whom no row is left is called by the id.
        Fact("Responsible", ("Store UX Lead", "dev")),
        Fact("Informed", ("CEO",)),
        Fact("Measures", ("one team",)),
        Fact("Where", ("paid search",)),
        Fact("Per unit of effort", ("1.27 – \u2068ad_clicks\u2069 per \u2068Ctr\u2069",)),
        Fact("What it takes", ("2 designers", "10 hours")),
        Fact("Open tasks", ("ship creatives",)),
        Fact("Done", ("pause weak ads",)),
        Fact("Assumptions", ("budgets stay (31 Oct 2026)",)),
        Fact("Assumptions that have expired", ("budgets stay",)),
        Fact("Risks", ("a platform changes",)),
        Fact("Next review", ("14 Dec 2026",)),
    )


def test_small_quotients_keep_their_digits(maker: Any) -> None:
    maker.rows["efficiency"][0] |= {"result_per_effort": 0.04377}

    facts = {fact.label: fact.lines for fact in part(maker, "fa").kpis[0].facts}
    assert facts["به‌ازای هر واحد تلاش"][0].startswith("۰٫۰۴۳۸")


def test_letters_and_scores_stand_in_their_order(maker: Any) -> None:
    for letter, verdict in (("T", "pass"), ("A", "fail"), ("M", "warning"), ("S", "pass"), ("R", "not_judged")):
        maker.add(
            "smart", kpi_id="ctr", letter=letter, verdict=verdict, finding_en=f"About {letter}.", finding_fa="یافته"
        )
    for name, score, is_passed in (("timely", None, None), ("accessible", 0.923, True), ("impactful", 0.25, False)):
        finding = {"finding_en": f"It is {name}.", "finding_fa": "یافته"}
        maker.add("scores", kpi_id="ctr", property=name, score=score, is_passed=is_passed, **finding)
    maker.rows["catalogue"][0] |= {"is_replace_candidate": True}

    (kpi,) = part(maker).kpis
    assert kpi.smart == (
        Finding("Specific", "pass", "passed", "About S."),
        Finding("Measurable", "warning", "warning", "About M."),
        Finding("Achievable", "fail", "failed", "About A."),
        Finding("Relevant", "not_judged", "not judged", "About R."),
        Finding("Time-bound", "pass", "passed", "About T."),
    )
    assert kpi.scores == (
        Finding("Accessible and measurable", "pass", "92%", "It is accessible."),
        Finding("High impact", "fail", "25%", "It is impactful."),
        Finding("Timely", "not_judged", "–", "It is timely."),
    )
    assert kpi.warning == "Two or more properties of a good KPI are not passed; another KPI may serve better."


def test_uncovered_success_factors_are_shown(maker: Any) -> None:
    for name, objective, kpis in (("b", "ads", "ctr"), ("a", "ads", None), ("c", "grow", None)):
        statement = {"statement_en": f"Factor {name}", "statement_fa": f"عامل {name}"}
        maker.add(
            "success_factors",
            success_factor_id=name,
            objective_id=objective,
            kpi_ids=kpis,
            kpis=1 if kpis else 0,
            **statement,
        )

    assert part(maker).success_factors == (
        SuccessFactorLine("Factor c", "Grow profitably", "no KPI yet", is_covered=False),
        SuccessFactorLine("Factor a", "Ads that people click", "no KPI yet", is_covered=False),
        SuccessFactorLine("Factor b", "Ads that people click", "\u2068Ctr\u2069", is_covered=True),
    )


def test_an_executive_report_says_nothing_of_it(new_snapshot: Callable[..., Any]) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion", **COMMITMENT)

    report = report_model(maker.write(), "executive", WEEK, "en")
    assert report.internal is None
    assert "designers" not in report.as_json()
