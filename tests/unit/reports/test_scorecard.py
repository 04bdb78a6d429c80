from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from kpi_pipeline.errors import ReportError
from kpi_pipeline.reports.document import Answer, Badge, Cell, Change, KpiLine, Status
from kpi_pipeline.reports.model import report_model

WEEK = date(2026, 11, 9)
NewSnapshot = Callable[..., Any]


@pytest.fixture
def one_kpi(new_snapshot: NewSnapshot) -> Callable[..., KpiLine]:
    """Word a report about one KPI and return its line."""

    def line(language: str = "en", **columns: object) -> KpiLine:
        maker = new_snapshot()
        maker.add_kpi("conversion", **columns)
        return report_model(maker.write(), "executive", WEEK, language).objectives[0].kpis[0]

    return line


@pytest.fixture
def kpi_lines(new_snapshot: NewSnapshot) -> Callable[..., list[KpiLine]]:
    """Word a report about several KPIs of one objective, one for each set of columns, and return their lines."""

    def lines(*cases: dict[str, object]) -> list[KpiLine]:
        maker = new_snapshot()
        for number, columns in enumerate(cases):
            maker.add_kpi(f"kpi_{number}", **columns)
        return list(report_model(maker.write(), "executive", WEEK, "en").objectives[0].kpis)

    return lines


def test_a_kpi_on_its_way(one_kpi: Callable[..., KpiLine]) -> None:
    line = one_kpi(
        values=[5.0, 5.92],
        change_is_detectable=True,
        path_value=5.8,
        attainment=0.46,
        forecast_at_deadline=6.6,
        forecast_low=6.1,
        forecast_high=7.05,
        probability=0.4,
    )
    assert line.name == Cell("Conversion", "")
    assert line.status == Status("on_track", "On track")
    assert line.value == Cell("5.92%")
    assert line.change == Change("+0.92 pp", "better", "good")
    assert line.target == Cell("5.00% → 7.00%", "by 20 Dec 2026")
    assert line.time_left == "35 days left, 5 complete weeks"
    assert line.progress == Cell("46% of the way", "plan today: 5.80%")
    assert line.forecast == Cell("6.60%", "6.10% to 7.05%")
    assert line.probability == "chance of the target: 40%"
    assert line.owner == "Mara Lind"
    assert line.answers == ()
    assert line.badges == ()


def test_the_same_kpi_in_persian(one_kpi: Callable[..., KpiLine]) -> None:
    line = one_kpi(
        "fa",
        values=[5.0, 4.92],
        change_is_detectable=True,
        attainment=-0.04,
        name_fa="نرخ تبدیل",
        pace_status="at_risk",
    )
    lri, pdi = "\u2066", "\u2069"
    assert line.name.text == "نرخ تبدیل"
    assert line.status.word == "در خطر"
    assert line.status_before == "پیش‌تر: در مسیر"
    assert line.value.text == f"{lri}۴٫۹۲٪{pdi}"
    assert line.change == Change(f"{lri}−۰٫۰۸{pdi} واحد درصد", "بدتر شده", "bad")
    assert line.target == Cell(f"{lri}۵٫۰۰٪{pdi} ← {lri}۷٫۰۰٪{pdi}", "تا ۲۹ آذر ۱۴۰۵")
    assert line.time_left == "۳۵ روز مانده، ۵ هفتهٔ کامل"
    assert line.progress.text == "از مقدار هدف دورتر شده"
    assert line.owner == "مارا لیند"


def test_colour_needs_a_detectable_change(kpi_lines: Callable[..., list[KpiLine]]) -> None:
    untouched, untested = kpi_lines({"change_is_detectable": False}, {"change_is_detectable": None})
    assert untouched.change == Change("+0.50 pp", "no detectable change", "neutral")
    assert untested.change == Change("+0.50 pp", "not tested", "neutral")


def test_less_is_better_where_the_metric_says_so(one_kpi: Callable[..., KpiLine]) -> None:
    line = one_kpi(direction="lower_better", change_is_detectable=True)
    assert line.change == Change("+0.50 pp", "worse", "bad")
    assert line.name.note == "lower is better"


def test_what_cannot_be_compared_says_so(kpi_lines: Callable[..., list[KpiLine]]) -> None:
    cases = {
        "no earlier value": [{"values": [5.0]}],
        "not compared": [{"values": [5.0, None]}, {"status": "partial"}, {"change": None}],
    }
    for verdict, columns in cases.items():
        assert {line.change for line in kpi_lines(*columns)} == {Change("–", verdict, "neutral")}


def test_a_missing_value_is_a_text_with_its_reason(kpi_lines: Callable[..., list[KpiLine]]) -> None:
    words = {
        "zero_denominator": "nothing to divide by in this period",
        "source_missing": "no data from its source",
        "immature_cohort": "these customers have not been observed long enough",
        "below_min_denominator": "too few cases for a reliable value",
        "missing_rate": "an exchange rate is missing",
        "not_reached": "not reached within the observed time",
    }
    lines = kpi_lines(*({"values": [5.0, None], "null_reason": reason, "pace_status": None} for reason in words))
    assert [line.value for line in lines] == [Cell("No value", text) for text in words.values()]
    assert {(line.has_value, line.status.word) for line in lines} == {(False, "Not judged")}


def test_progress(kpi_lines: Callable[..., list[KpiLine]]) -> None:
    words = {
        None: "not measurable yet",
        -1.98: "moved away from the target",
        0.0: "0% of the way",
        0.994: "99% of the way",
        0.996: "99% of the way",
        1.0: "target reached",
        2.5: "target reached",
    }
    lines = kpi_lines(*({"attainment": attainment} for attainment in words))
    assert [line.progress.text for line in lines] == list(words.values())


def test_a_forecast_is_never_certain(kpi_lines: Callable[..., list[KpiLine]]) -> None:
    words = {
        0.0001: "chance of the target: under 1%",
        0.31: "chance of the target: 31%",
        0.9999: "chance of the target: over 99%",
        None: "",
    }
    lines = kpi_lines(*({"forecast_at_deadline": 6.0, "probability": probability} for probability in words))
    assert [line.probability for line in lines] == list(words.values())


def test_without_a_forecast_nothing_is_made_up(one_kpi: Callable[..., KpiLine]) -> None:
    line = one_kpi(probability=0.4)
    assert (line.forecast, line.probability) == (Cell("–", "no forecast yet"), "")


def test_the_action_is_shown_only_where_it_is_due(kpi_lines: Callable[..., list[KpiLine]]) -> None:
    statuses = ["off_track", "at_risk", "on_track", "achieved", "missed", "unknown"]
    lines = kpi_lines(*({"pace_status": status, "action_en": "Swap two creatives."} for status in statuses))
    assert [line.action for line in lines] == ["Swap two creatives."] * 2 + [""] * 4


def test_reservations_come_with_their_reasons(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    remarks: dict[str, dict[str, object]] = {
        "missing": {"kind": "missing_days", "first_day": date(2026, 11, 12), "last_day": date(2026, 11, 13)},
        "late": {"kind": "late_source"},
        "warned": {"kind": "check_warning"},
    }
    for kpi_id in ("provisional", "partial"):
        maker.add_kpi(kpi_id, status=kpi_id)
    for kpi_id, remark in remarks.items():
        maker.add_kpi(kpi_id)
        maker.add("quality", metric_id=kpi_id, **remark)
    kpis = report_model(maker.write(), "executive", WEEK, "en").objectives[0].kpis
    assert {kpi.kpi_id: kpi.badges for kpi in kpis} == {
        "provisional": (Badge("Provisional", ""),),
        "partial": (Badge("Partial", "some days of the week have no data"),),
        "missing": (Badge("Incomplete inputs", "some of its inputs are missing or late (12–13 Nov 2026)"),),
        "late": (Badge("Incomplete inputs", "some of its inputs are missing or late"),),
        "warned": (),
    }


def test_the_trend_has_13_weeks_with_gaps(kpi_lines: Callable[..., list[KpiLine]]) -> None:
    twenty = [float(week) for week in range(20)]
    gap, long, nothing = kpi_lines({"values": [4.0, None, 6.0]}, {"values": twenty}, {"values": [None]})
    assert gap.trend.points == (*[None] * 10, 4.0, None, 6.0)
    assert gap.trend.target == 7.0
    assert gap.trend.label == "Last 13 weeks: from 4.00% to 6.00%"
    assert long.trend.points == tuple(twenty[7:])
    assert nothing.trend.label == "Last 13 weeks: no values"


def test_band_is_worded_by_both_ends_and_a_change_inside_it_is_neither_good_nor_bad(
    kpi_lines: Callable[..., list[KpiLine]],
) -> None:
    band = {"target": None, "target_low": 6.0, "target_high": 8.0, "change_is_detectable": True, "attainment": 0.5}
    nearer, inside, past = kpi_lines(
        {"values": [4.0, 5.0], **band}, {"values": [6.0, 8.0], **band}, {"values": [7.0, 9.0], **band}
    )
    assert nearer.target.text == "5.00% → 6.00% to 8.00%"
    assert nearer.trend.target is None
    assert [(line.change.verdict, line.change.tone) for line in (nearer, inside, past)] == [
        ("better", "good"),
        ("inside its band", "neutral"),
        ("worse", "bad"),
    ]
    assert nearer.progress_bar is not None
    assert nearer.progress_bar.done == 0.5


def test_kpis_stand_under_their_objectives_from_the_top_down(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot("internal")
    maker.add_kpi("ctr", objective_id="ads", audience="internal")
    maker.add_kpi("conversion", objective_id="buy")
    maker.add_kpi("revenue", objective_id="grow")
    maker.add_kpi("cost", objective_id="grow")
    report = report_model(maker.write(), "internal", WEEK, "en")
    assert [(group.level, group.statement, group.chain) for group in report.objectives] == [
        ("Business objective", "Grow profitably", ()),
        ("External objective", "Make buying easy", ("Grow profitably",)),
        ("Internal objective", "Ads that people click", ("Grow profitably", "Make buying easy")),
    ]
    assert [[kpi.kpi_id for kpi in group.kpis] for group in report.objectives] == [
        ["cost", "revenue"],
        ["conversion"],
        ["ctr"],
    ]


def test_an_internal_kpi_in_an_executive_snapshot_stops_the_report(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion")
    maker.add_kpi("ctr_ads", audience="internal")
    with pytest.raises(ReportError, match="'ctr_ads' has the audience 'internal', expected 'executive'"):
        report_model(maker.write(), "executive", WEEK, "en")


def test_an_internal_kpi_of_an_earlier_week_stops_it_too(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion")
    maker.add_kpi("ctr_ads", audience="internal")
    maker.rows["weekly"].pop()
    with pytest.raises(ReportError, match="'ctr_ads'"):
        report_model(maker.write(), "executive", WEEK, "en")


def test_a_kpi_outside_the_catalogue_stops_the_report(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion")
    maker.rows["catalogue"].clear()
    with pytest.raises(ReportError, match=r"'conversion' is not in kpi\.catalogue"):
        report_model(maker.write(), "executive", WEEK, "en")


def test_an_internal_objective_is_none_for_executives(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    maker.add("objectives", objective_id="ads", level="internal", parent="buy", statement_en="Ads", position=3)
    maker.add_kpi("conversion", objective_id="ads")
    with pytest.raises(ReportError, match=r"no objectives \['ads'\] for executive readers"):
        report_model(maker.write(), "executive", WEEK, "en")


def test_questions_are_answered_in_the_week_that_the_answer_is_about(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion")
    maker.add_answer("conversion")
    maker.add_answer("conversion", question_id="r", question_en="And later?", week_start=date(2026, 11, 2))
    maker.add_answer("other", question_id="s")
    (line,) = report_model(maker.write(), "executive", WEEK, "en").objectives[0].kpis
    assert line.answers == (Answer("How does buying get easier?", "By two tasks."), Answer("And later?", ""))


def test_answers_for_the_team_stop_an_executive_report(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion")
    maker.add_answer("conversion", audience="internal")
    with pytest.raises(ReportError, match="answers that are worded for the team"):
        report_model(maker.write(), "executive", WEEK, "en")


def test_overdue_reviews_are_marked(one_kpi: Callable[..., KpiLine]) -> None:
    line = one_kpi(review_next_on=date(2026, 11, 2), is_review_overdue=True, is_strategy_review_due=True)
    assert line.badges == (
        Badge("Review overdue", "the commitment was to be reviewed on 2 Nov 2026"),
        Badge("Strategy review due", "all planned tasks are done"),
    )
    assert one_kpi(review_next_on=date(2026, 12, 2), is_review_overdue=False).badges == ()


def test_effect_that_the_data_do_not_confirm_is_marked(one_kpi: Callable[..., KpiLine]) -> None:
    assert one_kpi(evidence_state="unconfirmed").badges == (
        Badge("Effect not confirmed", "the data do not confirm that it moves with its objective as declared"),
    )
    for state in ("confirmed", "by_construction", "hypothesis", "not_judged", None):
        assert one_kpi(evidence_state=state).badges == ()


def test_objective_whose_review_is_overdue_says_so(new_snapshot: NewSnapshot) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion")
    maker.rows["objectives"][1] |= {"review_on": date(2026, 11, 1), "is_review_overdue": True}
    (group,) = report_model(maker.write(), "executive", WEEK, "fa").objectives
    assert group.note == "بازبینی این هدف باید در ۱۰ آبان ۱۴۰۵ انجام می‌شد."


def test_guardrails_are_named_only_to_those_who_may_see_them(new_snapshot: NewSnapshot) -> None:
    held = {"pace_status": "at_risk", "is_held_back": True}
    internal, executive = new_snapshot("internal"), new_snapshot("executive")
    internal.add_kpi("returns", pace_status="off_track", audience="internal")
    for maker, guardrails in ((internal, "returns, other"), (executive, None)):
        maker.add_kpi("conversion", guardrails=guardrails, **held)
    lines = {
        audience: {line.kpi_id: line for line in report_model(maker.write(), audience, WEEK, "en").objectives[0].kpis}
        for audience, maker in (("internal", internal), ("executive", executive))
    }
    assert [badge.reason for badge in lines["internal"]["conversion"].badges] == [
        "not better than at risk while these are off track: \u2068Returns\u2069"
    ]
    assert [badge.reason for badge in lines["executive"]["conversion"].badges] == [
        "not better than at risk while something that it must not harm is off track"
    ]


def test_more_than_all_is_shown_with_a_note_and_not_clipped(one_kpi: Callable[..., KpiLine]) -> None:
    line = one_kpi(values=[90.0, 112.5], edge_rules="small_numbers, above_100_percent")
    assert (line.value.text, [badge.word for badge in line.badges]) == ("112.50%", ["Above 100%"])
    assert one_kpi(values=[90.0, 112.5], edge_rules="small_numbers").badges == ()
    assert one_kpi(values=[90.0, 99.0], edge_rules="above_100_percent").badges == ()


def test_the_rank_of_the_week_stands_beside_its_value(one_kpi: Callable[..., KpiLine]) -> None:
    assert one_kpi(rank_52=3).value == Cell("5.50%", "rank 3 in 52 weeks")
    assert one_kpi("fa", rank_52=3).value.note == "رتبهٔ ۳ در ۵۲ هفته"


@pytest.mark.parametrize(
    ("deadline", "left"),
    [
        (date(2026, 11, 16), "1 day left, 0 complete weeks"),
        (date(2026, 11, 22), "7 days left, 1 complete week"),
        # The week itself ends on the 15th.
        (date(2026, 11, 15), ""),
        (date(2026, 11, 1), ""),
    ],
)
def test_time_left_is_counted_from_the_end_of_the_week(
    one_kpi: Callable[..., KpiLine], deadline: date, left: str
) -> None:
    assert one_kpi(deadline=deadline).time_left == left
