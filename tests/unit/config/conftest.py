"""A small valid configuration that tests change in one place."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from kpi_pipeline.config.configuration import check_configuration
from kpi_pipeline.config.problems import Problem

FILES = {
    "company.yaml": """\
name: {en: Test Shop, fa: فروشگاه آزمون}
time_zone: Asia/Tehran
week_start: saturday
month_calendar: jalali
reporting_currency: IRR
languages: [en, fa]
started_on: 2026-01-03
""",
    "sources/google_ads.yaml": """\
system: google_ads
currency: EUR
exported_at: 'export-(\\d+)'
""",
    "metrics/marketing.yaml": """\
ctr_ads:
    name: {en: Click-through rate, fa: نرخ کلیک}
    formula: ad_clicks / ad_impressions
    unit: percent
    direction: higher_better
    source: Google Ads help
cac_blended:
    name: {en: Acquisition cost, fa: هزینهٔ جذب}
    formula: acquisition_cost / new_customers
    unit: currency
    direction: lower_better
    source: Farris
""",
    "goals.yaml": """\
owners:
    ceo: {name: {en: CEO, fa: مدیرعامل}, group: executive}
    cmo: {name: {en: Marketing, fa: بازاریابی}, group: executive, department: marketing}
    ads_lead: {name: {en: Ads, fa: تبلیغات}, group: department, department: marketing}
criteria:
    ad_relevance: {name: {en: Relevance, fa: ارتباط}, measured_by: [ctr_ads]}
    growth_economy: {name: {en: Economy of growth, fa: صرفهٔ رشد}, measured_by: [cac_blended]}
objectives:
    biz_grow:
        level: business
        statement: {en: Grow, fa: رشد}
        why: {en: Because, fa: زیرا}
        owner: ceo
        approved_by: ceo
        approved_on: 2026-09-01
        review_on: 2026-12-20
    ext_acquire:
        level: external
        department: marketing
        parent: biz_grow
        statement: {en: Acquire, fa: جذب}
        why: {en: Because, fa: زیرا}
        owner: cmo
        approved_by: ceo
        approved_on: 2026-09-05
        review_on: 2026-12-20
    int_relevance:
        level: internal
        department: marketing
        parent: ext_acquire
        statement: {en: Relevant ads, fa: تبلیغ مرتبط}
        why: {en: Because, fa: زیرا}
        owner: ads_lead
        review_on: 2026-12-20
success_factors:
    spend: {objective: ext_acquire, statement: {en: Spend well, fa: خرج درست}, measured_by: [cac_blended]}
    ads_fit: {objective: int_relevance, statement: {en: Ads fit, fa: تبلیغ به‌جا}, measured_by: [ctr_ads]}
questions:
    grow: {objective: biz_grow, kind: how, question: {en: 'How?', fa: چگونه؟}, answered_by: [cac_blended]}
    cost: {objective: ext_acquire, kind: success, question: {en: 'What?', fa: چه؟}, answered_by: [cac_blended]}
    clicks: {objective: int_relevance, kind: how, question: {en: 'How?', fa: چگونه؟}, answered_by: [ctr_ads]}
""",
    "kpis/marketing.yaml": """\
ctr_ads:
    metric: ctr_ads
    version: 1
    status: active
    effective_from: 2026-09-05
    class: function
    function: marketing
    objective: int_relevance
    success_factor: ads_fit
    criterion: ad_relevance
    answers: [clicks]
    why: {en: Early signal of the relevance of ads., fa: نشانهٔ زودهنگام مرتبط بودن تبلیغ‌ها است.}
    what: [2 creatives per week]
    who: {accountable: ads_lead, responsible: [ads_lead], informed: [cmo]}
    where: {scope: all markets, efficiency_metric: ad_clicks, per: acquisition_cost}
    when: {assumptions: [], risks: [], obstacles: [], opportunities: []}
    how: {tasks: [pause weak ads]}
    target:
        baseline: {value: 1.10, from_week: 2026-06-06, to_week: 2026-08-29}
        value: 1.35
        deadline: 2026-12-19
        success_rule: {comparator: '>=', consecutive_weeks: 3}
    review: {every_weeks: 4, next_on: 2026-11-28}
    impact: {objective_metric: new_customers, expected_sign: 1, lag_weeks: 1, evidence: hypothesis}
    actions: [{when: off_track, do: {en: Swap creatives, fa: تعویض طرح‌ها}, owner: ads_lead}]
    quality: {max_latency_hours: 96, min_coverage_pct: 95}
""",
    "kpis/company.yaml": """\
cac_blended:
    metric: cac_blended
    version: 1
    status: active
    effective_from: 2026-09-05
    class: business
    objective: biz_grow
    success_factor: spend
    criterion: growth_economy
    answers: [grow, cost]
    why: {en: It bounds sustainable growth., fa: مرز رشد پایدار را تعیین می‌کند.}
    what: [weekly cost allocation]
    who: {accountable: ceo, responsible: [cmo]}
    where: {scope: whole company, efficiency_metric: new_customers, per: acquisition_cost}
    when: {assumptions: [], risks: [], obstacles: [], opportunities: []}
    how: {tasks: [cut weak campaigns]}
    target:
        baseline: {value: 66.7, from_week: 2026-06-06, to_week: 2026-08-29}
        value: 55
        deadline: 2027-03-20
        path: geometric
        success_rule: {comparator: '<=', consecutive_weeks: 4}
        achievability: {swot_ref: SWOT of August}
    review: {every_weeks: 4, next_on: 2026-11-28}
    impact: {objective_metric: cac_blended, expected_sign: 1, lag_weeks: 0, evidence: self}
    actions: [{when: off_track, do: {en: Move budget, fa: جابه‌جایی بودجه}, owner: cmo}]
    quality: {max_latency_hours: 240, min_coverage_pct: 99}
""",
    "reports.yaml": """\
reports:
    weekly_internal: {audience: internal, title: {en: Weekly, fa: هفتگی}, languages: [en, fa]}
""",
}


@dataclass(frozen=True)
class ConfigurationFolder:
    path: Path

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.path / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new, 1))

    def line_of(self, name: str, text: str) -> int:
        lines = (self.path / name).read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)

    def codes(self, as_of: date | None = None) -> list[str]:
        return [problem.code for problem in self.problems(as_of)]

    def problems(self, as_of: date | None = None) -> list[Problem]:
        return check_configuration(self.path, as_of)[1]


@pytest.fixture
def folder(tmp_path: Path) -> ConfigurationFolder:
    """The valid configuration, written into a fresh folder named config."""
    folder = ConfigurationFolder(tmp_path / "config")
    for name, text in FILES.items():
        folder.write(name, text)
    return folder
