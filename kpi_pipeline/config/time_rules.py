"""What a commitment must be like so that it ends: the letter T of SMART.

Here: rules of deadlines and reviews, counted in the company's complete weeks from the day on which the KPI takes
effect; the day on which the check runs plays no part. What is overdue belongs to ``overdue_checks``.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from kpi_pipeline.calendar.company_calendar import ONE_DAY, CompanyCalendar
from kpi_pipeline.config.commitment_rules import Commitment, Finding
from kpi_pipeline.config.phrase import Phrase

LONGEST_COMMITMENT = timedelta(weeks=104)
FEWEST_WEEKS = 2


def time_bound(commitment: Commitment) -> Iterator[Finding]:
    """Yield what is wrong with the deadline and with the reviews before it."""
    target, start, name = commitment.kpi.target, commitment.kpi.effective_from, commitment.kpi_id
    if target is None:
        return
    place = ("target", "deadline")
    if target.deadline <= start:
        message = Phrase(
            'KPI "{kpi}": deadline {deadline} in the past when it takes effect on {start}',
            kpi=name,
            deadline=target.deadline,
            start=start,
        )
        yield Finding("T", "KPI031", message, place, Phrase("set a later deadline"))
    elif target.deadline > start + LONGEST_COMMITMENT:
        message = Phrase(
            'KPI "{kpi}": deadline {deadline} later than 104 weeks after {start}',
            kpi=name,
            deadline=target.deadline,
            start=start,
        )
        yield Finding("T", "KPI032", message, place, Phrase("set a nearer target"))
    else:
        yield from _enough_weeks(commitment)
    review = commitment.kpi.review
    if review is not None and start < target.deadline and not start <= review.next_on <= target.deadline:
        message = Phrase(
            'KPI "{kpi}": the review of {day} lies outside {start} to {deadline}',
            kpi=name,
            day=review.next_on,
            start=start,
            deadline=target.deadline,
        )
        hint = Phrase("review it once more by the deadline at the latest")
        yield Finding("T", "CFG043", message, ("review", "next_on"), hint)


def complete_weeks(calendar: CompanyCalendar, first: date, last: date) -> int:
    """Return how many of the company's weeks lie wholly between two days, both included."""
    start = calendar.period_of("week", first).start
    if start < first:
        start += timedelta(weeks=1)
    return max(0, (calendar.period_of("week", last + ONE_DAY).start - start) // timedelta(weeks=1))


def _enough_weeks(commitment: Commitment) -> Iterator[Finding]:
    target, impact = commitment.kpi.target, commitment.kpi.impact
    assert target is not None
    if commitment.calendar is None:
        return
    weeks = complete_weeks(commitment.calendar, commitment.kpi.effective_from, target.deadline)
    lag = impact.lag_weeks if impact else 0
    in_a_row = target.success_rule.consecutive_weeks
    needed = max(FEWEST_WEEKS, lag, in_a_row)
    if weeks < needed:
        message = Phrase(
            'KPI "{kpi}": complete weeks until the deadline {deadline}: {weeks}; needed: {needed}',
            kpi=commitment.kpi_id,
            deadline=target.deadline,
            weeks=weeks,
            needed=needed,
        )
        hint = Phrase(
            "at least {fewest}, the lag of the effect ({lag}) and those of the success rule ({in_a_row})",
            fewest=FEWEST_WEEKS,
            lag=lag,
            in_a_row=in_a_row,
        )
        yield Finding("T", "CFG042", message, ("target", "deadline"), hint)
