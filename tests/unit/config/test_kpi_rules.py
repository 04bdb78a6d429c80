"""Tests of the rules of one commitment: each fires, and each lets the nearest good case pass."""

from datetime import date

import pytest

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.configuration import check_configuration, load_configuration
from kpi_pipeline.config.time_rules import complete_weeks

MARKETING, COMPANY_KPIS, GOALS = "kpis/marketing.yaml", "kpis/company.yaml", "goals.yaml"
WHEN = "when: {assumptions: [], risks: [], obstacles: [], opportunities: []}"
SELF = "expected_sign: 1, lag_weeks: 0, evidence: self"
HYPOTHESIS = "expected_sign: 1, lag_weeks: 1, evidence: hypothesis"
SWOT = "        achievability: {swot_ref: SWOT of August}\n"


def part(folder, name: str, start: str) -> str:
    """The lines of one part of a KPI."""
    lines = (folder.path / name).read_text(encoding="utf-8").splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith(f"    {start}:"))
    ends = (number for number, line in enumerate(lines) if number > first and not line.startswith("     "))
    return "".join(lines[first : next(ends, None)])


# S05 and S06
FIVE_TO_SEVEN = """\
    target:
        baseline: {value: 5, from_week: 2026-06-06, to_week: 2026-08-29}
        value: 7
        deadline: 2026-12-04
        success_rule: {comparator: '>=', consecutive_weeks: 2}
"""


def test_conversion_from_5_to_7_percent_in_13_weeks_is_a_kpi(folder):
    folder.change(MARKETING, part(folder, MARKETING, "target"), FIVE_TO_SEVEN)
    assert folder.codes() == []
    target = load_configuration(folder.path).kpis["ctr_ads"].target
    assert complete_weeks(CompanyCalendar("Asia/Tehran", "saturday", "jalali"), date(2026, 9, 5), target.deadline) == 13


@pytest.mark.parametrize(
    ("aim", "comparator", "codes"),
    [
        ("band: {low: 6, high: 7}", "within", []),
        # A band may hold the baseline: then it has to be kept.
        ("band: {low: 4, high: 6}", "within", []),
        ("band: {low: 6, high: 7}", ">=", ["CFG035"]),
        ("value: 7", "within", ["CFG035"]),
        ("value: 7\n        band: {low: 6, high: 7}", "within", ["CFG047"]),
        ("path: linear", ">=", ["CFG047"]),
        ("band: {low: 7, high: 6}", "within", ["CFG047"]),
        ("band: {low: 7, high: 7}", "within", ["CFG047"]),
        ("band: {low: 6}", "within", ["CFG010"]),
        ("band: {low: 6, high: 7}\n        path: geometric", "within", []),
        ("band: {low: -7, high: -6}\n        path: geometric", "within", ["CFG036"]),
        ("value: 7\n        path: seasonal", ">=", []),
        ("value: 7\n        path: weekly", ">=", ["CFG011"]),
        ("value: 7\n        achievability: {growth_span_weeks: 8}", ">=", []),
        ("value: 7\n        achievability: {growth_span_weeks: 0}", ">=", ["CFG011"]),
    ],
)
def test_target_is_a_value_to_reach_or_a_band_to_stay_inside(folder, aim, comparator, codes):
    target = FIVE_TO_SEVEN.replace("value: 7", aim).replace(">=", comparator)
    folder.change(MARKETING, part(folder, MARKETING, "target"), target)
    assert folder.codes() == codes


def test_raise_conversion_without_a_target_is_a_metric(folder):
    folder.change(MARKETING, part(folder, MARKETING, "target"), "")
    configuration, problems = check_configuration(folder.path)
    assert configuration is not None
    assert [str(problem) for problem in problems] == [
        'config/kpis/marketing.yaml:1  KPI021  warning: "ctr_ads" shown as metric: missing target; '
        "fill in what is missing, or set status: draft"
    ]


@pytest.mark.parametrize(
    "start",
    [
        *("success_factor", "criterion", "why", "what", "who", "where", "when", "how", "target", "review", "impact"),
        *("actions", "quality"),
    ],
)
def test_each_part_that_is_missing_is_named(folder, start):
    folder.change(MARKETING, part(folder, MARKETING, start), "")
    assert [problem.message for problem in folder.problems()] == [f'"ctr_ads" shown as metric: missing {start}']


@pytest.mark.parametrize(
    ("name", "removed", "code", "message"),
    [
        (
            "metrics/marketing.yaml",
            "    formula: ad_clicks / ad_impressions\n",
            "CFG010",
            'the field "formula" is missing',
        ),
        (
            MARKETING,
            "        success_rule: {comparator: '>=', consecutive_weeks: 3}\n",
            "CFG010",
            'the field "success_rule" is missing',
        ),
        (MARKETING, "        deadline: 2026-12-19\n", "KPI030", 'the field "deadline" is missing'),
        (MARKETING, "accountable: ads_lead, ", "KPI040", 'the field "accountable" is missing'),
        (MARKETING, "    class: function\n", "CFG010", 'the field "class" is missing'),
    ],
)
def test_a_field_that_is_missing_is_named(folder, name, removed, code, message):
    folder.change(name, removed, "")
    assert [(problem.code, problem.message) for problem in folder.problems()] == [(code, message)]


# Each pair: file, text, replacement, the codes that it gives.
CASES = {
    "a reason of 20 characters": (MARKETING, "Early signal of the relevance of ads.", "x" * 20, []),
    "a reason of 19 characters": (MARKETING, "Early signal of the relevance of ads.", "x" * 19, ["CFG037"]),
    # S09, one of everything; S23, every text in both languages; S53, exactly one success factor
    "two targets": (MARKETING, "value: 1.35", "value: [1.35, 1.5]", ["CFG011"]),
    "a target in words": (MARKETING, "value: 1.35", "value: 1.35 or more", ["CFG011"]),
    "a reason in one language": (MARKETING, ", fa: نشانهٔ زودهنگام مرتبط بودن تبلیغ‌ها است.", "", ["CFG010"]),
    "two success factors": (MARKETING, "success_factor: ads_fit", "success_factor: [ads_fit, spend]", ["CFG011"]),
    # S32, class and function
    "a function of no department": (MARKETING, "function: marketing", "function: sales", ["KPI004", "CFG039"]),
    "class function without function": (MARKETING, "    function: marketing\n", "", ["CFG039"]),
    "class business with function": (MARKETING, "class: function", "class: business", ["CFG039"]),
    "class business": (MARKETING, "class: function\n    function: marketing", "class: business", []),
    "class function on a business objective": (
        COMPANY_KPIS,
        "class: business",
        "class: function\n    function: marketing",
        [],
    ),
    "a scope": (MARKETING, "class: function", "scope: individual\n    class: function", []),
    "no scope": (MARKETING, "class: function", "scope: world\n    class: function", ["CFG011"]),
    # S28: everybody exists, is active, and somebody does the work
    "nobody responsible": (MARKETING, "responsible: [ads_lead]", "responsible: []", ["CFG011"]),
    "an unknown informed": (MARKETING, "informed: [cmo]", "informed: [coo]", ["KPI004"]),
    "two accountable": (MARKETING, "accountable: ads_lead", "accountable: [ads_lead, cmo]", ["KPI040"]),
    # S29, where it leads
    "where as a text": (
        MARKETING,
        "where: {scope: all markets, efficiency_metric: ad_clicks, per: acquisition_cost}",
        "where: all markets",
        ["CFG011"],
    ),
    "an unknown effort": (MARKETING, "per: acquisition_cost", "per: acquisition_costs", ["KPI004"]),
    "a metric as effort": (MARKETING, "per: acquisition_cost", "per: cac_blended", []),
    "an unknown result": (MARKETING, "efficiency_metric: ad_clicks", "efficiency_metric: likes", ["KPI004"]),
    # S30: all four were asked, even if there is nothing to say
    "no word on risks": (MARKETING, "risks: [], ", "", ["CFG010"]),
    "an assumption with a day": (
        MARKETING,
        "assumptions: []",
        "assumptions: [stable prices, {text: no strike, holds_until: 2026-11-01}]",
        [],
    ),
    "an assumption without text": (
        MARKETING,
        "assumptions: []",
        "assumptions: [{holds_until: 2026-11-01}]",
        ["CFG010"],
    ),
    # S31, how it is done
    "no tasks": (MARKETING, "tasks: [pause weak ads]", "tasks: []", ["CFG011"]),
    "a task that is done": (
        MARKETING,
        "tasks: [pause weak ads]",
        "tasks: [{task: pause weak ads, done_on: 2026-10-01}, write new ones]",
        [],
    ),
    # S11: what a target of the business level rests on
    "no SWOT": (COMPANY_KPIS, SWOT, "", ["KPI034"]),
    "an override by an executive": (
        COMPANY_KPIS,
        "{swot_ref: SWOT of August}",
        "{swot_ref: S, override: {reason: a big deal, approved_by: ceo}}",
        [],
    ),
    "an override by somebody": (
        COMPANY_KPIS,
        "{swot_ref: SWOT of August}",
        "{swot_ref: S, override: {reason: a big deal, approved_by: ads_lead}}",
        ["CFG040"],
    ),
    "an override by nobody": (
        COMPANY_KPIS,
        "{swot_ref: SWOT of August}",
        "{swot_ref: S, override: {reason: a big deal, approved_by: boss}}",
        ["KPI004"],
    ),
    "an override without reason": (
        COMPANY_KPIS,
        "{swot_ref: SWOT of August}",
        "{swot_ref: S, override: {approved_by: ceo}}",
        ["CFG010"],
    ),
    "a probability of 0": (COMPANY_KPIS, "{swot_ref: S", "{min_probability: 0.0, swot_ref: S", ["CFG011"]),
    # S43, evidence of impact
    "an identity": (COMPANY_KPIS, SELF, f"{SELF.replace('self', 'identity')}, identity: a = b * c", []),
    "an identity without equation": (COMPANY_KPIS, SELF, SELF.replace("self", "identity"), ["CFG041"]),
    "self about another metric": (
        COMPANY_KPIS,
        "objective_metric: cac_blended",
        "objective_metric: ctr_ads",
        ["CFG041"],
    ),
    "measured": (COMPANY_KPIS, SELF, SELF.replace("self", "measured"), []),
    "a hypothesis for 26 weeks": (COMPANY_KPIS, SELF, f"{HYPOTHESIS}, expires_on: 2027-03-06", []),
    "a hypothesis for longer": (COMPANY_KPIS, SELF, f"{HYPOTHESIS}, expires_on: 2027-03-07", ["KPI052"]),
    "a hypothesis for ever": (COMPANY_KPIS, SELF, HYPOTHESIS, ["KPI052"]),
    # Deadlines and reviews: effective from Saturday 2026-09-05; weeks end on Fridays
    "two complete weeks": (MARKETING, "deadline: 2026-12-19", "deadline: 2026-09-18", ["CFG042", "CFG043"]),
    "three complete weeks": (MARKETING, "deadline: 2026-12-19", "deadline: 2026-09-25", ["CFG043"]),
    "104 weeks": (MARKETING, "deadline: 2026-12-19", "deadline: 2028-09-02", []),
    "more than 104 weeks": (MARKETING, "deadline: 2026-12-19", "deadline: 2028-09-03", ["KPI032"]),
    "a review on the deadline": (MARKETING, "next_on: 2026-11-28", "next_on: 2026-12-19", []),
    "a review after the deadline": (MARKETING, "next_on: 2026-11-28", "next_on: 2026-12-20", ["CFG043"]),
    "a review before it begins": (MARKETING, "next_on: 2026-11-28", "next_on: 2026-09-04", ["CFG043"]),
    # M27, guardrails
    "a guardrail": (MARKETING, "    version: 1", "    guardrails: [cac_blended]\n    version: 1", []),
    "an unknown guardrail": (MARKETING, "    version: 1", "    guardrails: [cac]\n    version: 1", ["KPI004"]),
    "its own guardrail": (MARKETING, "    version: 1", "    guardrails: [ctr_ads]\n    version: 1", ["CFG044"]),
    "an internal guardrail": (COMPANY_KPIS, "    version: 1", "    guardrails: [ctr_ads]\n    version: 1", ["KPI051"]),
    # S34: the audience follows from the objective
    "a typed audience": (MARKETING, "    version: 1", "    audience: external\n    version: 1", ["KPI050"]),
    # How unusual weeks are found
    "alerts": (MARKETING, "    version: 1", "    alerts: {method: laney_p, k: 3}\n    version: 1", []),
    "a chart of proportions for an amount": (
        COMPANY_KPIS,
        "    version: 1",
        "    alerts: {method: laney_p, k: 3}\n    version: 1",
        ["CFG048"],
    ),
    "alerts for an amount": (
        COMPANY_KPIS,
        "    version: 1",
        "    alerts: {method: robust_z, k: 3.5}\n    version: 1",
        [],
    ),
    "alerts by magic": (MARKETING, "    version: 1", "    alerts: {method: magic, k: 3}\n    version: 1", ["CFG011"]),
}


@pytest.mark.parametrize(("name", "old", "new", "codes"), CASES.values(), ids=CASES)
def test_a_rule_fires_where_it_should_and_only_there(folder, name, old, new, codes):
    folder.change(name, old, new)
    assert sorted(folder.codes()) == sorted(codes)


@pytest.mark.parametrize(
    ("lag", "in_a_row", "deadline", "codes"),
    [
        (0, 1, "2026-09-18", []),  # 2 complete weeks: the fewest
        (0, 1, "2026-09-17", ["CFG042"]),
        (4, 1, "2026-10-02", []),  # 4 complete weeks: as many as the effect needs
        (4, 1, "2026-10-01", ["CFG042"]),
        (0, 5, "2026-10-09", []),  # 5 complete weeks: as many as the success rule counts
        (0, 5, "2026-10-08", ["CFG042"]),
    ],
)
def test_a_deadline_leaves_enough_complete_weeks(folder, lag, in_a_row, deadline, codes):
    folder.change(MARKETING, "lag_weeks: 1", f"lag_weeks: {lag}")
    folder.change(MARKETING, "consecutive_weeks: 3", f"consecutive_weeks: {in_a_row}")
    folder.change(MARKETING, "deadline: 2026-12-19", f"deadline: {deadline}")
    folder.change(MARKETING, "next_on: 2026-11-28", "next_on: 2026-09-10")
    assert folder.codes() == codes


def test_complete_weeks_are_those_of_the_company():
    monday = CompanyCalendar("Europe/Berlin", "monday", "gregorian")
    # Monday 2026-11-02 to Sunday 2026-11-15: two weeks; a day less on either side leaves one, or none.
    assert complete_weeks(monday, date(2026, 11, 2), date(2026, 11, 15)) == 2
    assert complete_weeks(monday, date(2026, 11, 3), date(2026, 11, 15)) == 1
    assert complete_weeks(monday, date(2026, 11, 2), date(2026, 11, 14)) == 1
    assert complete_weeks(monday, date(2026, 11, 3), date(2026, 11, 14)) == 0
    assert complete_weeks(monday, date(2026, 11, 15), date(2026, 11, 2)) == 0


def test_a_metric_that_is_internal_by_default_needs_evidence_for_executives(folder):
    folder.change(COMPANY_KPIS, SELF, HYPOTHESIS)
    assert 'the metric "cac_blended" is internal unless its impact is known' in folder.problems()[0].hint
    folder.change("metrics/marketing.yaml", "source: Farris", "source: Farris\n    default_audience: external")
    assert folder.problems()[0].hint == "measure the impact, or set expires_on to 2027-03-06 at the latest"


@pytest.mark.parametrize(
    ("name", "field", "hint"),
    [
        (
            MARKETING,
            "null_policy",
            "a zero denominator or a missing source never gives a number; there is nothing to set",
        ),
        (MARKETING, "numerator", "it belongs to the metric, in the folder metrics"),
        (MARKETING, "klass", 'did you mean "class"?'),
        (
            "metrics/marketing.yaml",
            "zero_denominator",
            "a zero denominator or a missing source never gives a number; there is nothing to set",
        ),
        ("metrics/marketing.yaml", "denominator", "write one formula such as clicks / impressions; sums are implied"),
        ("metrics/marketing.yaml", "target", "it belongs to a KPI, in the folder kpis"),
    ],
)
def test_a_field_that_stands_in_the_wrong_place_is_explained(folder, name, field, hint):
    folder.change(name, "ctr_ads:\n", f"ctr_ads:\n    {field}: null\n")
    (problem,) = folder.problems()
    assert (problem.code, problem.line, problem.hint) == ("KPI002", 2, hint)


def test_a_benchmark_is_no_target(folder):
    folder.change(MARKETING, "        value: 1.35", "        value: 1.35\n        benchmark: 2")
    assert [problem.hint for problem in folder.problems()] == ["a benchmark is no target; mention it in why"]


@pytest.mark.parametrize(("limit", "codes"), [(1, []), (None, [])])
def test_an_owner_within_the_limit_is_fine(folder, limit, codes):
    if limit:
        folder.change("company.yaml", "started_on", f"max_kpis_per_owner: {limit}\nstarted_on")
    assert folder.codes() == codes


def test_an_owner_answers_for_few_kpis(folder):
    text = (folder.path / COMPANY_KPIS).read_text(encoding="utf-8")
    folder.write("kpis/more.yaml", text.replace("cac_blended:\n", "cac_again:\n", 1))
    folder.change(
        GOALS,
        "kind: how, question: {en: 'How?', fa: چگونه؟}, answered_by: [cac_blended]",
        "kind: how, question: {en: 'How?', fa: چگونه؟}, answered_by: [cac_blended, cac_again]",
    )
    folder.change(GOALS, "answered_by: [cac_blended]", "answered_by: [cac_blended, cac_again]")
    folder.change("kpis/more.yaml", "objective_metric: cac_blended", "objective_metric: cac_again")
    assert folder.codes() == []
    folder.change("company.yaml", "started_on", "max_kpis_per_owner: 1\nstarted_on")
    (problem,) = folder.problems()
    assert (problem.code, problem.is_warning, problem.message) == (
        "KPI060",
        True,
        'owner "ceo" answers for 2 KPIs; limit 1',
    )
    assert problem.line == folder.line_of(GOALS, "    ceo:")


def test_what_is_overdue_is_a_warning_on_the_day_that_asks_for_it(folder):
    folder.change(COMPANY_KPIS, "evidence: self", "evidence: hypothesis, expires_on: 2027-03-06")
    folder.change(MARKETING, "assumptions: []", "assumptions: [{text: prices, holds_until: 2026-12-01}, always]")
    folder.change(MARKETING, "tasks: [pause weak ads]", "tasks: [{task: pause weak ads, done_on: 2026-11-20}]")
    assert folder.problems() == []
    assert [problem.code for problem in folder.problems(date(2026, 11, 16))] == ["CFG046"]
    problems = folder.problems(date(2027, 3, 21))
    assert all(problem.is_warning for problem in problems)
    assert [(problem.path.name, problem.code) for problem in problems] == [
        ("goals.yaml", "CFG038"),
        ("goals.yaml", "CFG038"),
        ("goals.yaml", "CFG038"),
        ("company.yaml", "KPI031"),
        ("company.yaml", "CFG038"),
        ("company.yaml", "KPI052"),
        ("marketing.yaml", "CFG045"),
        ("marketing.yaml", "CFG046"),
        ("marketing.yaml", "KPI031"),
        ("marketing.yaml", "CFG038"),
    ]


def test_tasks_of_which_one_is_open_need_no_review(folder):
    folder.change(MARKETING, "tasks: [pause weak ads]", "tasks: [{task: pause, done_on: 2026-11-20}, write new ones]")
    assert folder.codes(date(2026, 11, 24)) == []


def test_a_retired_kpi_is_not_checked_for_its_target(folder):
    folder.change(COMPANY_KPIS, "value: 55", "value: 70")
    folder.change(COMPANY_KPIS, "status: active", "status: retired")
    assert "KPI036" not in folder.codes()


def test_a_draft_may_lack_parts_without_a_word(folder):
    folder.change(MARKETING, "status: active", "status: draft")
    for start in ("where", "when", "target", "quality"):
        folder.change(MARKETING, part(folder, MARKETING, start), "")
    assert folder.problems() == []
