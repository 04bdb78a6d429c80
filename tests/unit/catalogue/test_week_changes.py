import math
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan, plan_metric
from kpi_pipeline.catalogue.metrics.values import refresh_values
from kpi_pipeline.catalogue.metrics.weeks import Week, read_weeks
from kpi_pipeline.catalogue.snapshots.week_changes import (
    ChangeTest,
    HistoryTest,
    ProportionTest,
    RatioTest,
    ScoreTest,
    change_test,
)
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, configuration, metric, week

MEMBER = {"platform": "p", "campaign": "c", "device": "d", "country": "DE"}
CPC = metric("ad_cost / ad_clicks", unit="currency")


def plan(one: Metric, project: SqlProject) -> MetricPlan:
    return plan_metric("m", configuration({"m": one}), project)


def weekly(warehouse: Warehouse, project: SqlProject, one: Metric, weeks: int) -> list[Week]:
    """The weeks of a metric, as the pipeline computes them."""
    made = configuration({"m": one})
    warehouse.as_of(week(weeks))
    with warehouse.engine.transaction():
        refresh_values(warehouse.engine, made, project, week(weeks))
    return read_weeks(warehouse.engine, ["m"])["m"]


def told(test: ChangeTest, weeks: Sequence[Week]) -> list[bool | None]:
    """What the test says of each week but the first."""
    return [
        test.is_detectable(weeks[: number + 1], weeks[number - 1], weeks[number]) for number in range(1, len(weeks))
    ]


def amounts(*values: float, **changes: Any) -> list[Week]:
    return [
        Week(week(n), week(n + 1) - timedelta(days=1), value, None, None, None, changes.get("status", "final"))
        for n, value in enumerate(values)
    ]


def noisy(weeks: int, noise: float = 0.05) -> list[float]:
    random = np.random.Generator(np.random.PCG64(2))
    return [1000 * math.exp(noise * step) for step in random.standard_normal(weeks)]


def days_of_ads(costs: Sequence[Sequence[float]], clicks: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
    return [
        MEMBER
        | {
            "day": week(number) + timedelta(days=day),
            "ad_cost": Decimal(str(costs[number][day])),
            "ad_clicks": clicks[number][day],
        }
        for number in range(len(costs))
        for day in range(7)
    ]


def ads(warehouse: Warehouse, costs: Sequence[Sequence[float]], clicks: Sequence[Sequence[int]]) -> None:
    warehouse.measures("ads", days_of_ads(costs, clicks))
    warehouse.cover({"ad_performance": (week(0), week(len(costs)) - timedelta(days=1))})


def test_price_of_a_click_is_compared_by_its_days(warehouse: Warehouse, project: SqlProject) -> None:
    steady = [0.2, -0.3, 0.1, 0.3, -0.2, -0.1, 0.0]
    clicks = [[50, 60, 40, 55, 45, 70, 30]] * 3
    prices = (1.0, 1.01, 1.5)
    costs = [
        [round(price * count + wobble, 4) for count, wobble in zip(clicks[0], steady, strict=True)] for price in prices
    ]
    ads(warehouse, costs, clicks)
    weeks = weekly(warehouse, project, CPC, 3)
    test = change_test(warehouse.engine, plan(CPC, project), weeks, is_proportion=False)

    assert isinstance(test, RatioTest)
    estimate = test.estimates[week(0)]
    # The wobbles add up to nothing, so that a day differs from its share of clicks by its wobble alone.
    squares = sum(wobble**2 for wobble in steady)
    assert estimate.value == pytest.approx(1.0)
    assert estimate.standard_error == pytest.approx(math.sqrt(squares / 6 / (7 * 50**2)))
    # A cent is more than 2.18 times the root of both squares; so is half a euro.
    assert told(test, weeks) == [2.179 * math.sqrt(2) * estimate.standard_error < 0.01, True]


def test_days_that_vary_make_a_change_of_price_chance(warehouse: Warehouse, project: SqlProject) -> None:
    clicks = [[50] * 7] * 2
    ads(warehouse, [[20, 80, 30, 70, 40, 60, 50], [25, 90, 40, 75, 45, 60, 50]], clicks)
    weeks = weekly(warehouse, project, CPC, 2)
    test = change_test(warehouse.engine, plan(CPC, project), weeks, is_proportion=False)

    # 1.00 to 1.10: the days range from 0.40 to 1.80.
    assert told(test, weeks) == [False]


def test_weeks_that_differ_more_than_their_days_need_a_larger_change(warehouse: Warehouse, project: SqlProject) -> None:
    steady = [0.2, -0.3, 0.1, 0.3, -0.2, -0.1, 0.0]
    calm, wild = ([1.0 + step * (number % 2) for number in range(14)] for step in (0.001, 0.1))

    def last(prices: list[float]) -> bool | None:
        costs = [[round(50 * price + wobble, 4) for wobble in steady] for price in [*prices, 1.08]]
        ads(warehouse, costs, [[50] * 7] * 15)
        weeks = weekly(warehouse, project, CPC, 15)
        test = change_test(warehouse.engine, plan(CPC, project), weeks, is_proportion=False)
        assert isinstance(test, RatioTest)
        return told(test, weeks)[-1]

    assert last([*calm[:-1], 1.0]) is True
    warehouse.engine.run("drop schema kpi cascade")
    warehouse.engine.run("drop table meta.computed_metrics")
    assert last([*wild[:-1], 1.0]) is False


@pytest.mark.parametrize(
    "one",
    [
        metric("ad_cost / ad_clicks", unit="currency", trailing_weeks=4),
        metric("ad_cost / weeks_earlier(ad_clicks, 1)", unit="currency"),
        metric("ad_cost", unit="currency"),
        metric("cohort_gross_margin / new_customers", unit="currency", cohort_age_days=30, mixed_basis=None),
        metric("first_response_time", unit="minutes"),
    ],
)
def test_what_does_not_add_up_over_days_is_compared_with_its_own_weeks(
    warehouse: Warehouse, project: SqlProject, one: Metric
) -> None:
    test = change_test(warehouse.engine, plan(one, project), [], is_proportion=False)
    assert isinstance(test, HistoryTest)


def test_amount_is_compared_with_the_surprises_of_the_weeks_before() -> None:
    values = noisy(30)
    told_at_last = told(HistoryTest("currency"), amounts(*values, values[-1] * 1.05, values[-1] * 2))

    # 5 % of noise: two such weeks differ by 14 % once in twenty times.
    assert told_at_last[-2:] == [False, True]
    # Three weeks have no forecast; eight surprises are needed, so that the first comparison is of the twelfth week.
    assert told_at_last[:10] == [None] * 10
    assert told_at_last[10] is not None
    assert sum(map(bool, told_at_last[:29])) <= 3


def test_falls_are_detected_as_rises_are() -> None:
    values = noisy(30)

    assert told(HistoryTest("currency"), amounts(*values, values[-1] / 2))[-1] is True


def test_surprises_are_those_of_the_weeks_that_mean_the_same() -> None:
    """A noisy past before a break does not count, and the test may be asked for both in one go."""
    past, present = noisy(40, noise=0.5), noisy(20, noise=0.01)
    weeks = amounts(*past, *present, present[-1] * 1.1)
    test = HistoryTest("currency")
    before_break = told(test, weeks[:40])
    after_break = [test.is_detectable(weeks[40 : n + 1], weeks[n - 1], weeks[n]) for n in range(41, 61)]

    assert after_break == told(HistoryTest("currency"), weeks[40:])
    assert after_break[-1] is True
    assert told(HistoryTest("currency"), weeks)[-1] is False
    assert before_break == told(HistoryTest("currency"), weeks[:40])


def test_weeks_that_are_not_final_teach_nothing() -> None:
    weeks = amounts(*noisy(11), status="provisional")

    assert told(HistoryTest("currency"), [*weeks, *amounts(*noisy(13))[11:]]) == [None] * 12


def test_promoters_and_detractors_are_compared_as_scores(warehouse: Warehouse, project: SqlProject) -> None:
    nps = metric(
        "(nps_promoters - nps_detractors) / nps_responses", unit="points", filter="survey = 'relation'", dimensions=()
    )
    scores = [(10, 120), (8, 60), (2, 20)], [(10, 110), (8, 60), (2, 30)], [(10, 60), (8, 60), (2, 80)]
    warehouse.measures(
        "surveys_nps",
        [
            {
                "day": week(number),
                "survey": "relation",
                "is_key_account": "",
                "answer_key": f"{number} {score} {one}",
                "next_answer_day": date(9999, 12, 31),
                "answers": 1,
                "promoters": int(score >= 9),
                "detractors": int(score <= 6),
            }
            for number, answers in enumerate(scores)
            for score, count in answers
            for one in range(count)
        ],
    )
    warehouse.cover({"survey_responses": (week(0), week(3) - timedelta(days=1))})
    weeks = weekly(warehouse, project, nps, 3)
    assert [one.value for one in weeks] == [50, 40, -10]
    test = change_test(warehouse.engine, plan(nps, project), weeks, is_proportion=False)

    assert isinstance(test, ScoreTest)
    published = test.scores[week(0)]
    assert (published.promoters, published.detractors, published.total) == (120, 20, 200)
    assert published.standard_error == pytest.approx(4.7434, abs=5e-5)
    assert told(test, weeks) == [False, True]


def test_other_points_are_no_score_of_promoters(warehouse: Warehouse, project: SqlProject) -> None:
    share = metric("ad_clicks / ad_impressions", unit="points")
    ads(warehouse, [[1] * 7], [[1] * 7])
    warehouse.engine.run("alter table measures.ads add column ad_impressions bigint default 9")
    warehouse.as_of(week(1))
    assert isinstance(change_test(warehouse.engine, plan(share, project), [], is_proportion=False), RatioTest)


def test_proportion_is_compared_by_its_counts(warehouse: Warehouse, project: SqlProject) -> None:
    rate = metric("ad_clicks / ad_impressions", unit="percent")
    assert change_test(warehouse.engine, plan(rate, project), [], is_proportion=True) == ProportionTest()
