"""Hand-written measures of CRM, support and surveys, from which the values of their metrics can be worked out by hand.

Week 0 begins on 2026-01-05, and everything happens in it unless a row says otherwise. Week 3 has figures that are not
known, week 4 has nothing at all, and the weeks from ``UNCOVERED_WEEK`` on are those that no source speaks for.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.unit.catalogue.hand_made import week

SUBJECTS = ("leads", "deals", "support_tickets", "survey_responses", "key_accounts")
FAR = date(9999, 12, 31)
UNKNOWN_WEEK, EMPTY_WEEK, UNCOVERED_WEEK = 3, 4, 20
Row = dict[str, Any]

LEAD = {"day": week(0), "lead_source": "ads", "channel": "Paid Search"}
DEAL = {"day": week(0), "pipeline": "", "owner": "kim", "product": "lamp", "lead_source": ""}
WON = {"deals_won": 1, "deals_lost": 0, "proposals_lost": 0, "is_won": True}
LOST = {"deals_won": 0, "deals_lost": 1, "proposals_won": 0, "is_won": False, "contract_value": Decimal(0)}
NO_TERM = {"contracts_with_term": 0, "contract_value_annual": Decimal(0)}
TICKET = {"day": week(0), "channel": "mail", "priority": "", "group_name": "", "reply_clock": "business"}
ANSWERS = {"day": week(0), "survey": "purchase", "is_key_account": ""}
NOT_SOLVED = {"tickets_ever_solved": 0, "tickets_reopened": 0, "tickets_rated_good": 0, "tickets_rated_bad": 0}


def closed_deals() -> Iterator[Row]:
    """Five deals won after 10, 20, 30, 40 and 100 days, and three lost; proposals for three of each."""
    for number, days in enumerate((10, 20, 30, 40, 100)):
        # Contracts of two years are worth 50 a year each, the last one says nothing about its length.
        term = {"contracts_with_term": 1, "contract_value_annual": Decimal(50)} if number < 4 else NO_TERM
        proposal = {"proposals_won": int(number < 3), "cycle_days": days, "contract_value": Decimal(100 + number)}
        yield DEAL | WON | term | proposal | {"deal_key": f"w{number}"}
    for number in range(3):
        yield DEAL | LOST | NO_TERM | {"deal_key": f"l{number}", "cycle_days": 500, "proposals_lost": 1}
    unknown = {"cycle_days": None, "contract_value": None, "proposals_won": 0}
    yield DEAL | WON | NO_TERM | unknown | {"day": week(UNKNOWN_WEEK), "deal_key": "no rate"}


def decided_deals() -> Iterator[Row]:
    """Won at the ages 7, 179 and 180, lost at 8, 9, 10 and 200."""
    for age in (7, 179, 180):
        won = {"is_won": True, "cohort_deals_won": 1, "cohort_deals_lost": 0}
        yield DEAL | won | {"deal_key": f"w{age}", "age_days": age, "cycle_days": age}
    for age in (8, 9, 10, 200):
        lost = {"is_won": False, "cohort_deals_won": 0, "cohort_deals_lost": 1}
        yield DEAL | lost | {"deal_key": f"l{age}", "age_days": age, "cycle_days": age}


def tickets() -> Iterator[Row]:
    """Ten tickets answered after 10, 20 … 90 and 600 minutes, two that wait."""
    for number, minutes in enumerate((10, 20, 30, 40, 50, 60, 70, 80, 90, 600)):
        solved = {"tickets_ever_solved": 1, "tickets_reopened": int(number < 2)}
        rated = {"tickets_rated_good": int(number < 9), "tickets_rated_bad": int(number == 9)}
        reply = {"is_answered": True, "first_response_minutes": minutes, "tickets_answered": 1}
        yield TICKET | solved | rated | reply | {"ticket_key": f"t{number}", "tickets_unanswered": 0}
    for number in (10, 11):
        waits = {"is_answered": False, "first_response_minutes": None, "tickets_answered": 0, "tickets_unanswered": 1}
        yield TICKET | NOT_SOLVED | waits | {"ticket_key": f"t{number}", "reply_clock": ""}
    asked = {"is_answered": True, "first_response_minutes": None, "tickets_answered": 1, "tickets_unanswered": 0}
    unknown = {"tickets_ever_solved": 1, "tickets_reopened": None, "tickets_rated_good": 0, "tickets_rated_bad": 0}
    yield TICKET | asked | unknown | {"ticket_key": "no times", "day": week(UNKNOWN_WEEK)}


def recommendation(survey: str, number: int, day: date, **values: Any) -> Row:
    counted = {"answers": 1, "promoters": 0, "detractors": 0, "next_answer_day": FAR}
    key = {"day": day, "survey": survey, "is_key_account": "", "answer_key": f"{survey} {day} {number}"}
    return key | counted | values


def recommendations() -> Iterator[Row]:
    waves = (("relation", 0, 60, 10, 100), ("relation", 1, 5, 3, 10), ("delivery", 0, 120, 20, 200))
    for survey, weeks, promoters, detractors, answers in waves:
        for number in range(answers):
            bands = {"promoters": int(number < promoters), "detractors": int(answers - number <= detractors)}
            yield recommendation(survey, number, week(weeks), **bands)


def key_accounts() -> Iterator[Row]:
    """Six accounts in week 0, one of them until its Saturday, one until its Sunday; two others join in week 2."""
    lasts = {"a": FAR, "b": FAR, "c": FAR, "d": FAR, "e": week(1) - timedelta(days=1), "f": week(1) - timedelta(days=2)}
    for account, last in lasts.items():
        yield {"day": week(0), "account_key": account, "last_day": last}
    for account in ("a", "b", "c", "d", "g", "h"):
        yield {"day": week(2), "account_key": account, "last_day": FAR}


MEASURES: dict[str, list[Row]] = {
    "leads": [LEAD | {"leads": 30}, LEAD | {"leads": 10, "lead_source": "fair"}],
    "leads_converted": [
        LEAD | {"age_days": age, "leads_converted": count} for age, count in ((0, 2), (89, 1), (90, 5))
    ],
    "leads_qualified": [LEAD | {"qualified_leads": 7}],
    "deals_created": [DEAL | {"deals_created": 9}],
    "deals_closed": list(closed_deals()),
    "deals_decided": list(decided_deals()),
    "contracts": [DEAL | {"contracts_due": 8, "contract_value_due": Decimal(800)}],
    "contracts_renewed": [
        DEAL | {"age_days": age, "contracts_renewed": count, "contract_value_renewed": Decimal(value)}
        for age, count, value in ((0, 4, 700), (30, 2, 180), (31, 1, 100))
    ],
    "tickets": [row | {"tickets_created": 1} for row in tickets()],
    "tickets_resolved": [TICKET | {"age_days": age, "tickets_within_sla": 4} for age in (0, 1, 2)],
    "tickets_solved": [TICKET | {"tickets_solved": 11}],
    "surveys_nps": list(recommendations()),
    # Ten answers of key accounts of which nine are satisfied, and twenty others of which six are.
    "surveys_csat": [
        ANSWERS | {"is_key_account": "yes", "csat_answers": 10, "csat_satisfied": 9, "csat_points": Decimal(90)},
        ANSWERS | {"is_key_account": "no", "csat_answers": 20, "csat_satisfied": 6, "csat_points": Decimal(120)},
        ANSWERS | {"day": week(UNKNOWN_WEEK), "csat_answers": 1, "csat_satisfied": None, "csat_points": None},
    ],
    "surveys_tasks": [ANSWERS | {"task_answers": 16, "tasks_completed": 12}],
    "key_accounts": list(key_accounts()),
}
