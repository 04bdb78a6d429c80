"""What should have been seen in a period, and whether it was.

Here: one function per group of questions. Expected values follow from the story and from plain arithmetic over what the
company's programs wrote; none comes from the pipeline.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.weeks.company import ONE_DAY, OWNER, RECIPIENTS, true_week
from benchmarks.weeks.mailbox import RECIPIENT
from benchmarks.weeks.story import Period, monday
from benchmarks.weeks.traces import Traces
from kpi_pipeline.defs.jobs import DAILY

RELATIVE_ERROR = 1e-9
PARTITION, SCHEDULE, SENSOR = "dagster/partition", "dagster/schedule_name", "dagster/sensor_name"


@dataclass(frozen=True)
class Check:
    """One question and its answer.

    Attributes:
        is_met: whether ``seen`` is what was expected.
    """

    question: str
    expected: str
    seen: str
    is_met: bool


def checks(period: Period, traces: Traces) -> list[Check]:
    """Return every question that the period's story answers."""
    return [
        *_runs(period, traces),
        *_copies(period, traces),
        *_values(period, traces),
        *(_lost(period, traces) if period.lost else ()),
        *(_restated(period, traces) if period.late_posting else ()),
    ]


def _check(question: str, expected: object, seen: object, words: str | None = None) -> Check:
    """Compare; where both are the same and long, ``words`` stand for them."""
    is_met = expected == seen
    return Check(question, words or str(expected), words if words and is_met else str(seen), is_met)


def _runs(period: Period, traces: Traces) -> Iterator[Check]:
    daily = Counter(run.tags[PARTITION] for run in traces.runs if run.tags.get(SCHEDULE))
    yield _check(
        "runs that the schedule started, for each local day",
        {day.isoformat(): 1 for day in period.days},
        dict(daily),
        f"1 for each of the {len(period.days)} days",
    )
    others = [run for run in traces.runs if run.job_name == DAILY and not run.tags.get(SCHEDULE)]
    expected = [(period.odd_hour.isoformat(), "dropped_files")] if period.odd_hour else []
    yield _check(
        "other daily runs: day and what started it",
        expected,
        [(run.tags.get(PARTITION), run.tags.get(SENSOR)) for run in others],
        "; ".join(map(" ".join, expected)) or "none",
    )
    ends = dict(Counter(run.status.value for run in traces.runs))
    yield _check("how all runs ended", {"SUCCESS": len(traces.runs)}, ends, f"{len(traces.runs)} well")
    yield _check("looks of the schedule and of sensors that failed", 0, traces.failed_looks)


def _copies(period: Period, traces: Traces) -> Iterator[Check]:
    """By the ledger and by what the mail server took: first editions, corrections, and nothing else."""
    expected = _expected_copies(period)
    first = sum(revision == 0 for _, _, revision, _ in expected)
    sent = Counter(
        (entry.week_start.isoformat(), entry.report, entry.revision, entry.recipient)
        for entry in traces.deliveries
        if entry.state == "sent" and entry.channel != "alert"
    )
    yield _check(
        "accepted copies by week, report, revision and reader, in the ledger",
        expected,
        sent,
        f"{first} first editions and {len(expected) - first} corrections, one of each",
    )
    yield _check("entries in another state", [], [entry.place for entry in traces.deliveries if entry.state != "sent"])
    reports = Counter(mail[RECIPIENT] for mail in traces.mails if mail[RECIPIENT] != OWNER)
    yield _check(
        "reports that the mail server took, by reader",
        dict(Counter(to for *_, to in expected)),
        dict(sorted(reports.items())),
    )
    copies = Counter((mail[RECIPIENT], mail["Message-ID"]) for mail in traces.mails)
    yield _check("mails that came twice", 0, sum(count - 1 for count in copies.values()))


def _expected_copies(period: Period) -> Counter[tuple[str, str, int, str]]:
    editions = {(week, one["report"], 0) for week in period.weeks for one in RECIPIENTS}
    if period.lost:
        # The executive edition was held back, so nobody but the team was told a number that is another one now.
        editions.add((monday(min(period.lost)), "weekly_internal", 1))
    if period.late_posting:
        editions |= {(monday(period.late_posting.day), one["report"], 1) for one in RECIPIENTS}
    readers = sorted((one["report"], one["to"]) for one in RECIPIENTS)
    return Counter(
        (week.isoformat(), report, revision, to)
        for report, to in readers
        for week, of_report, revision in editions
        if of_report == report
    )


def _values(period: Period, traces: Traces) -> Iterator[Check]:
    late = {period.late_posting.day: period.late_posting.euros} if period.late_posting else {}
    truths = {(week, kpi): truth for week in period.weeks for kpi, truth in true_week(week, late).items()}
    wrong = {
        place: (traces.values.get(place), truth)
        for place, truth in truths.items()
        if abs((traces.values.get(place) or 0) - truth) > RELATIVE_ERROR * truth
    }
    yield _check(
        f"of {len(truths)} values of finished weeks, those that plain arithmetic gives otherwise", {}, wrong, "none"
    )


def _lost(period: Period, traces: Traces) -> Iterator[Check]:
    stamped = {day.isoformat(): metrics for day, metrics in traces.stamped.items() if metrics}
    days = sorted(period.lost)
    yield _check(
        "days after whose run something is missing, and the KPIs that say so",
        {day.isoformat(): ["click_price"] for day in days},
        stamped,
        f"{days[0]} to {days[-1]}: click_price",
    )
    told = Counter(alert.event for alert in traces.alerts if "source ads: late" in alert.what)
    yield _check(
        "how often the team was told that the source is late, and that it is over",
        (1, 1),
        (told["began"], told["ended"]),
        "once each",
    )
    week = monday(days[0])
    held = [entry.week_start for entry in traces.deliveries if entry.channel == "alert"]
    yield _check("weeks of which the owner was told that an edition is held back", [week], held, str(week))
    sent = {
        entry.changed_at.date()
        for entry in traces.deliveries
        if entry.week_start == week and entry.report == "weekly_executive" and entry.channel != "alert"
    }
    yield _check("when that edition went out", {days[-1] + ONE_DAY}, sent, str(days[-1] + ONE_DAY))


def _restated(period: Period, traces: Traces) -> Iterator[Check]:
    late = period.late_posting
    assert late is not None
    week = monday(late.day)
    old, new = (true_week(week, extra)["running_costs"] for extra in ({}, {late.day: late.euros}))
    rows = [row for row in traces.restatements if row[:2] == (week, "running_costs")]
    yield _check(
        "what kpi.restatements says of the week of the late posting",
        [(week, "running_costs", "late_data", old, new)],
        rows,
        f"running_costs, late_data, {old:,.2f} → {new:,.2f}",
    )
