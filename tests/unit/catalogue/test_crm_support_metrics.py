"""The shipped metrics of CRM, support and surveys: values worked out by hand over hand-written measures."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.crm_support_rows import (
    EMPTY_WEEK,
    MEASURES,
    SUBJECTS,
    UNCOVERED_WEEK,
    UNKNOWN_WEEK,
    recommendation,
)
from tests.unit.catalogue.hand_made import Calculator, Warehouse, week

AS_OF = week(60)


@pytest.fixture(scope="module")
def calculator(tmp_path_factory: pytest.TempPathFactory, project: SqlProject) -> Iterator[Calculator]:
    engine = DuckDbEngine(Path(tmp_path_factory.mktemp("crm")) / "warehouse.duckdb", threads=1)
    prepare_meta(engine)
    warehouse = Warehouse(engine)
    warehouse.calendar()
    warehouse.as_of(AS_OF)
    warehouse.cover({subject: (week(0), week(UNCOVERED_WEEK) - timedelta(days=1)) for subject in SUBJECTS})
    for table, rows in MEASURES.items():
        warehouse.measures(table, rows)
    yield Calculator(warehouse, project)
    engine.close()


def value_of(calculator: Calculator, metric: Metric, number: int, **options: Any) -> tuple[Any, Any]:
    start = week(number)
    rows = calculator.rows(metric, since=start, until=start, **options)
    return next((row["value"], row["null_reason"]) for row in rows)


# metric → weeks until a cohort is looked at, value, and why there is none without cases; None where that is a true zero
BY_HAND: dict[str, tuple[int, float, str | None]] = {
    "leads": (0, 40, None),
    "qualified_leads": (0, 7, None),
    "lead_to_customer_rate": (13, 100 * 3 / 40, "zero_denominator"),  # not the five of the ninetieth day
    "deals_created": (0, 9, None),
    "deals_won": (0, 5, None),
    "deals_lost": (0, 3, None),
    "deal_win_rate": (0, 100 * 5 / 8, "zero_denominator"),
    "proposal_win_rate": (0, 50, "zero_denominator"),  # three of six
    "deal_win_rate_created": (26, 40, "zero_denominator"),  # two of five decided within 180 days
    "sales_cycle_length": (0, 30, "zero_denominator"),
    "sales_cycle_length_mean": (0, 40, "zero_denominator"),  # 200 / 5
    "sales_cycle_length_created": (26, 93, "zero_denominator"),  # between 7 and 179
    "avg_contract_value": (0, 102, "zero_denominator"),  # 510 / 5
    "avg_contract_value_annual": (0, 50, "zero_denominator"),  # 200 / 4
    "contract_renewal_rate": (5, 75, "zero_denominator"),  # six of eight
    "contract_renewal_value_rate": (5, 110, "zero_denominator"),  # 880 of 800
    "key_account_retention": (0, 100 * 5 / 6, "zero_denominator"),
    "tickets_created": (0, 12, None),
    "tickets_solved": (0, 11, None),
    "tickets_unanswered_share": (0, 100 * 2 / 12, "zero_denominator"),
    "first_response_time": (0, 55, "zero_denominator"),
    "first_response_time_p90": (0, 141, "zero_denominator"),  # a tenth of the way from 90 to 600
    "first_response_time_mean": (0, 105, "zero_denominator"),  # 1050 / 10
    "resolved_within_sla": (0, 100 * 8 / 12, "zero_denominator"),
    "reopen_rate": (0, 20, "zero_denominator"),
    "ticket_satisfaction": (0, 90, "zero_denominator"),
    "csat": (0, 50, "zero_denominator"),  # 15 of 30
    "csat_mean": (0, 7, "zero_denominator"),  # 210 / 30
    "key_account_csat": (0, 90, "zero_denominator"),
    "task_completion_rate": (0, 75, "zero_denominator"),
}


@pytest.mark.parametrize("metric_id", BY_HAND)
def test_value_by_hand(calculator: Calculator, library: dict[str, Metric], metric_id: str) -> None:
    wait, value, _ = BY_HAND[metric_id]
    assert value_of(calculator, library[metric_id], wait) == (pytest.approx(value), None)


@pytest.mark.parametrize("metric_id", BY_HAND)
def test_nothing_to_divide_by_is_not_zero(calculator: Calculator, library: dict[str, Metric], metric_id: str) -> None:
    wait, _, reason = BY_HAND[metric_id]
    expected = (0, None) if reason is None else (None, reason)
    assert value_of(calculator, library[metric_id], EMPTY_WEEK + wait) == expected


@pytest.mark.parametrize("metric_id", BY_HAND)
def test_no_source_is_not_zero(calculator: Calculator, library: dict[str, Metric], metric_id: str) -> None:
    # A cohort is followed up, so that only one whose whole time is not covered has no source.
    wait, _, _ = BY_HAND[metric_id]
    assert value_of(calculator, library[metric_id], UNCOVERED_WEEK + wait) == (None, "source_missing")


@pytest.mark.parametrize(
    "metric_id",
    ["sales_cycle_length_mean", "avg_contract_value", "first_response_time_mean", "reopen_rate", "csat", "csat_mean"],
)
def test_one_unknown_figure_leaves_the_sum_unknown(
    calculator: Calculator, library: dict[str, Metric], metric_id: str
) -> None:
    metric = library[metric_id].model_copy(update={"min_denominator": 0})
    assert value_of(calculator, metric, UNKNOWN_WEEK) == (None, "missing_rate")


@pytest.mark.parametrize("metric_id", ["sales_cycle_length", "first_response_time", "first_response_time_p90"])
def test_a_median_leaves_unknown_cases_out(calculator: Calculator, library: dict[str, Metric], metric_id: str) -> None:
    assert value_of(calculator, library[metric_id], UNKNOWN_WEEK) == (None, "zero_denominator")


@pytest.mark.parametrize(
    ("metric_id", "days"),
    [
        ("lead_to_customer_rate", 90),
        ("deal_win_rate_created", 180),
        ("sales_cycle_length_created", 180),
        ("contract_renewal_rate", 31),
        ("contract_renewal_value_rate", 31),
        ("resolved_within_sla", 2),
    ],
)
def test_a_cohort_waits_until_it_has_its_age(
    calculator: Calculator, library: dict[str, Metric], metric_id: str, days: int
) -> None:
    at_once = library[metric_id].model_copy(update={"shift_weeks": 0})
    _, value, _ = BY_HAND[metric_id]
    last_day = week(1) - timedelta(days=1)
    calculator.warehouse.as_of(last_day + timedelta(days=days - 1))
    young = value_of(calculator, at_once, 0)
    calculator.warehouse.as_of(last_day + timedelta(days=days))
    grown = value_of(calculator, at_once, 0)
    calculator.warehouse.as_of(AS_OF)
    assert young == (None, "immature_cohort")
    assert grown == (pytest.approx(value), None)


def test_few_cases_are_withheld(calculator: Calculator, library: dict[str, Metric]) -> None:
    for metric_id in ("deal_win_rate", "csat", "key_account_csat", "task_completion_rate", "ticket_satisfaction"):
        metric = library[metric_id].model_copy(update={"min_denominator": 1000})
        assert value_of(calculator, metric, 0) == (None, "below_min_denominator")
        assert library[metric_id].min_denominator >= 5


def nps(calculator: Calculator, metric: Metric, grain: str, day: date) -> dict[str, tuple[Any, Any]]:
    rows = calculator.rows(metric, grain=grain, dimension="survey", since=day, until=day)
    return {row["member"]: (row["value"], row["denominator"]) for row in rows if row["denominator"]}


def test_net_promoter_score_pools_the_counts_of_a_survey_and_never_two_surveys(
    calculator: Calculator, library: dict[str, Metric]
) -> None:
    metric = library["nps"]
    assert nps(calculator, metric, "week", week(0)) == {"relation": (50, 100), "delivery": (50, 200)}
    assert nps(calculator, metric, "week", week(1)) == {"relation": (20, 10)}
    month = nps(calculator, metric, "month", week(0))
    assert month["relation"] == (pytest.approx(47.27, abs=0.005), 110)  # not 35, the mean of the weeks
    assert not metric.has_total


def test_one_survey_can_be_committed_to(calculator: Calculator, library: dict[str, Metric]) -> None:
    own = library["nps"].model_copy(update={"filter": "survey = 'relation'", "has_total": True, "dimensions": ()})
    assert value_of(calculator, own, 0) == (50, None)


def test_the_last_answer_of_a_person_counts_in_each_period(calculator: Calculator, library: dict[str, Metric]) -> None:
    """Somebody gives a 10 in week 5 and a 0 in week 7: the first one stands in its week, the last one in the month."""
    lone = library["nps"].model_copy(update={"min_denominator": 0})
    before, after = week(5), week(7)  # both in February
    own = [
        recommendation("lone", 1, before, promoters=1, next_answer_day=after),
        recommendation("lone", 2, after, detractors=1),
    ]
    calculator.warehouse.measures("surveys_nps", [*MEASURES["surveys_nps"], *own])
    assert nps(calculator, lone, "week", before) == {"lone": (100, 1)}
    assert nps(calculator, lone, "week", after) == {"lone": (-100, 1)}
    assert nps(calculator, lone, "month", before) == {"lone": (-100, 1)}
    calculator.warehouse.measures("surveys_nps", MEASURES["surveys_nps"])


def test_members_of_a_dimension(calculator: Calculator, library: dict[str, Metric]) -> None:
    def members(metric_id: str, dimension: str, number: int = 0) -> dict[str, Any]:
        start = week(number)
        rows = calculator.rows(library[metric_id], dimension=dimension, since=start, until=start)
        return {row["member"]: row["value"] for row in rows}

    assert members("leads", "lead_source") == {"ads": 30, "fair": 10}
    assert members("lead_to_customer_rate", "lead_source", 13) == {"ads": 10, "fair": 0}
    assert members("deal_win_rate", "product") == {"lamp": 62.5}
    assert members("first_response_time", "reply_clock") == {"business": 55, "": None}
    assert members("csat", "is_key_account") == {"yes": 90, "no": 30}
