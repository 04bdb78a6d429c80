"""Answers to surveys: what each one counts as, and which one of a person is the last."""

from datetime import date, datetime, timedelta

import pytest

from tests.unit.sql.raw_rows import Row, Warehouse

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12)
FAR = date(9999, 12, 31)


def answer(response_id: str, score: float | None, **values: object) -> Row:
    what = {"survey_id": "relation", "survey_type": "nps", "scale_max": 10, "is_complete": score is not None}
    return {"response_id": response_id, "day": DAY, "score": score} | what | values


def test_bands_of_the_recommendation(warehouse: Warehouse) -> None:
    rows = [answer(str(score), score, scale_max=None) for score in range(11)]
    warehouse.load("survey_responses", [*rows, answer("unfinished", None)])
    warehouse.build("measures.surveys_nps")
    query = "select answer_key, answers, promoters, detractors from measures.surveys_nps"
    found = {str(row[0]).rpartition(":")[2]: row[1:] for row in warehouse.rows(query)}
    assert found == {
        **{str(score): (1, 0, 1) for score in range(7)},
        **{str(score): (1, 0, 0) for score in (7, 8)},
        **{str(score): (1, 1, 0) for score in (9, 10)},
    }


def test_the_next_answer_of_the_same_person_to_the_same_survey(warehouse: Warehouse) -> None:
    later = DAY + timedelta(days=9)
    warehouse.load(
        "survey_responses",
        [
            answer("evening", 3, customer_key="a", submitted_at=NOON + timedelta(hours=6)),
            answer("noon", 9, customer_key="a", submitted_at=NOON),
            answer("later", 9, customer_key="a", day=later),
            answer("other survey", 9, customer_key="a", day=later, survey_id="delivery"),
            answer("other kind", 5, customer_key="a", day=later, survey_type="csat", scale_max=5),
            answer("unfinished", None, customer_key="a", day=DAY + timedelta(days=1)),
            answer("nobody", 9),
            answer("nobody else", 9, day=later),
        ],
    )
    warehouse.build("core.survey_answers")
    assert dict(warehouse.rows("select response_id, next_answer_day from core.survey_answers")) == {  # type: ignore[arg-type]
        "noon": DAY,
        "evening": later,
        "later": FAR,
        "other survey": FAR,
        "other kind": FAR,
        "nobody": FAR,
        "nobody else": FAR,
    }


def test_surveys_without_a_name_are_those_of_their_sources(warehouse: Warehouse) -> None:
    for source in ("after_sale", "yearly"):
        warehouse.load("survey_responses", [answer("1", 9, survey_id=None)], source=source)
    warehouse.build("measures.surveys_nps")
    assert warehouse.rows("select survey from measures.surveys_nps order by all") == [("after_sale",), ("yearly",)]


def test_the_highest_scores_of_a_scale_are_satisfied(warehouse: Warehouse) -> None:
    """One survey for each scale, with every score from 0 on: the mean of equal steps from 0 to 10 is 5."""
    scales = {10: 2, 7: 2, 5: 2, 4: 2, 3: 1, 2: 1, 1: 1}
    rows = [
        answer(f"{score} of {scale}", score, survey_id=str(scale), survey_type="csat", scale_max=scale)
        for scale in scales
        for score in range(scale + 1)
    ]
    warehouse.load("survey_responses", rows)
    warehouse.build("measures.surveys_csat")
    found = warehouse.rows("select survey, csat_answers, csat_satisfied, csat_points from measures.surveys_csat")
    assert {row[0]: (*row[1:3], float(str(row[3]))) for row in found} == {
        str(scale): (scale + 1, satisfied, pytest.approx(5 * (scale + 1), abs=1e-5))
        for scale, satisfied in scales.items()
    }


def test_satisfaction_on_an_unknown_scale_is_unknown(warehouse: Warehouse) -> None:
    unknown = answer("1", 4, survey_type="csat", scale_max=None)
    warehouse.load("survey_responses", [unknown, answer("2", 4, survey_type="csat", scale_max=5)])
    report = warehouse.build("measures.surveys_csat")
    assert [one.check for result in report.results for one in result.warnings] == ["scale_known"]
    found = warehouse.rows("select csat_answers, csat_satisfied, csat_points from measures.surveys_csat")
    assert found == [(2, None, None)]


def test_whether_a_task_could_be_done(warehouse: Warehouse) -> None:
    answers = {"yes": (1, 1), "no": (0, 1), "yes on an unknown scale": (1, None), "partly": (1, 2)}
    rows = [
        answer(name, score, survey_id=name, survey_type="task", scale_max=scale)
        for name, (score, scale) in answers.items()
    ]
    warehouse.load("survey_responses", rows)
    warehouse.build("measures.surveys_tasks")
    found = warehouse.rows("select survey, task_answers, tasks_completed from measures.surveys_tasks")
    assert {row[0]: row[1:] for row in found} == {
        "yes": (1, 1),
        "no": (1, 0),
        "yes on an unknown scale": (1, 1),
        "partly": (1, 0),
    }


def test_key_accounts_among_those_who_answered(warehouse: Warehouse) -> None:
    tables = {"nps": "surveys_nps", "csat": "surveys_csat", "task": "surveys_tasks"}
    for kind in tables:
        answers = [answer(str(known), 5, is_key_account=known, survey_type=kind) for known in (True, False, None)]
        warehouse.load("survey_responses", answers, source=kind)
    warehouse.build(*(f"measures.{table}" for table in tables.values()))
    for table in tables.values():
        found = warehouse.rows(f"select is_key_account from measures.{table} order by all")
        assert found == [("",), ("no",), ("yes",)]
