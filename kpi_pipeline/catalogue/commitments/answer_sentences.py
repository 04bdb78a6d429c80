"""The sentences that answer a question of the goals, by the kind of question.

Here: choosing them. They stand in ``wording``. An answer says what is so and what is planned, never a cause; for
executives it holds nothing that may name other KPIs, so none of the texts that are written freely for the team.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from kpi_pipeline.analysis.aim import Aim
from kpi_pipeline.catalogue.commitments.smart_rows import feasibility_sentence, target_text
from kpi_pipeline.catalogue.commitments.target_facts import TargetFacts
from kpi_pipeline.catalogue.tables.row_tables import Row
from kpi_pipeline.config.goals import Owner, QuestionKind
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.model import Direction
from kpi_pipeline.wording.phrasing import Phrasing


@dataclass(frozen=True)
class AnsweringKpi:
    """A KPI in the last complete week, as far as answers need it.

    Attributes:
        row: its row of the weekly table; None where there is none.
        earlier: its row of twelve weeks before.
        facts: what data says about its target; None where it has none.
    """

    kpi: Kpi
    is_committed: bool
    row: Row | None
    earlier: Row | None
    facts: TargetFacts | None
    owners: Mapping[str, Owner]
    for_executives: bool

    @property
    def value(self) -> float | None:
        """The value of the week."""
        return self.number("value")

    def number(self, column: str) -> float | None:
        """Return a number of the week; None where there is none."""
        return cast(float | None, self.row[column]) if self.row else None


def answer(kind: QuestionKind, one: AnsweringKpi, phrasing: Phrasing) -> str:
    """Return the answer to a question of a kind."""
    if not one.is_committed:
        return phrasing.say("answer.not_committed", name=phrasing.name)
    if one.row is None:
        return phrasing.say("answer.no_week", name=phrasing.name)
    if one.value is None:
        reason = phrasing.language.known_text("reason", str(one.row["null_reason"]), str(one.row["null_reason"]))
        return phrasing.say("answer.no_value", name=phrasing.name, reason=reason)
    return " ".join((*SENTENCES[kind](one, phrasing), *_reservation(one, phrasing)))


def _feasibility(one: AnsweringKpi, phrasing: Phrasing) -> Iterator[str]:
    yield _state(one, phrasing)
    if one.facts is not None:
        yield feasibility_sentence(one.facts, phrasing)
    point, low, high = (one.number(f"forecast_{column}") for column in ("at_deadline", "low", "high"))
    if point is not None and low is not None and high is not None:
        ends = {"low": phrasing.value(low), "high": phrasing.value(high)}
        yield phrasing.say("answer.forecast", name=phrasing.name, point=phrasing.value(point), **ends)


def _success(one: AnsweringKpi, phrasing: Phrasing) -> Iterator[str]:
    value, target = one.value, one.kpi.target
    if value is None or target is None or one.facts is None:
        return
    said = {"name": phrasing.name, "value": phrasing.value(value), "target": target_text(target, phrasing)}
    aim = one.facts.course.aim
    if aim.holds(value):
        yield phrasing.say("answer.reached", **said)
        return
    said |= {"distance": phrasing.distance(value, aim.edge(value)), "day": phrasing.day(target.deadline)}
    attainment = one.number("attainment")
    if attainment is None or attainment < 0:
        yield phrasing.say("answer.distance_only", **said)
    else:
        # Rounding must not say that the target is reached.
        yield phrasing.say("answer.distance", share=phrasing.share(min(attainment, 0.99)), **said)


def _change(one: AnsweringKpi, phrasing: Phrasing) -> Iterator[str]:
    value, before = one.value, one.number("previous_value")
    assert one.row is not None and value is not None
    if before is None or one.number("change") is None:
        yield _state(one, phrasing)
    else:
        yield phrasing.say(
            "answer.change",
            name=phrasing.name,
            value=phrasing.value(value),
            change=phrasing.change(value, before),
            verdict=phrasing.say(f"kpi.{_verdict(one, value, before)}"),
        )
    first = one.earlier["value"] if one.earlier else None
    if first is not None:
        yield phrasing.say("answer.since", first=phrasing.value(cast(float, first)))


def _how(one: AnsweringKpi, phrasing: Phrasing) -> Iterator[str]:
    yield _state(one, phrasing)
    if one.kpi.how is not None and not one.for_executives:
        open_tasks = [task.task for task in one.kpi.how.tasks if task.done_on is None]
        tasks = phrasing.say("answer.tasks", tasks=phrasing.listed(open_tasks)) if open_tasks else ""
        yield tasks or phrasing.say("answer.all_done")
    yield from _action(one, phrasing)


def _why(one: AnsweringKpi, phrasing: Phrasing) -> Iterator[str]:
    yield _state(one, phrasing)
    yield phrasing.say("answer.no_cause")
    if one.kpi.why is not None:
        yield phrasing.say("answer.why", why=phrasing.outside(one.kpi.why))


def _who(one: AnsweringKpi, phrasing: Phrasing) -> Iterator[str]:
    yield _state(one, phrasing)
    if one.kpi.who is not None:
        owner = phrasing.outside(one.owners[one.kpi.who.accountable].name)
        responsible = [phrasing.outside(one.owners[name].name) for name in one.kpi.who.responsible]
        yield phrasing.say("answer.who", owner=owner, responsible=phrasing.language.join(responsible))


def _when(one: AnsweringKpi, phrasing: Phrasing) -> Iterator[str]:
    yield _state(one, phrasing)
    target = one.kpi.target
    if target is None or one.row is None:
        return
    said = {"target": target_text(target, phrasing), "day": phrasing.day(target.deadline)}
    weeks = (target.deadline - cast(date, one.row["week_end"])).days // 7
    if weeks < 1:
        yield phrasing.say("answer.was_due" if weeks < 0 else "answer.due_now", **said)
    else:
        yield phrasing.language.plural("answer.due", weeks, weeks=phrasing.count(weeks), **said)


SENTENCES: dict[QuestionKind, Callable[[AnsweringKpi, Phrasing], Iterator[str]]] = {
    "feasibility": _feasibility,
    "success": _success,
    "change": _change,
    "how": _how,
    "why": _why,
    "who": _who,
    "when": _when,
}


def _state(one: AnsweringKpi, phrasing: Phrasing) -> str:
    assert one.row is not None and one.value is not None
    status = phrasing.say(f"pace_in_sentence.{one.row['pace_status']}")
    return phrasing.say("answer.state", name=phrasing.name, value=phrasing.value(one.value), status=status)


def _action(one: AnsweringKpi, phrasing: Phrasing) -> Iterator[str]:
    for action in one.kpi.actions:
        if action.when == "off_track":
            yield phrasing.say("answer.action", action=phrasing.outside(action.do))
            return


def _verdict(one: AnsweringKpi, value: float, before: float) -> str:
    assert one.row is not None
    is_detectable = one.row["change_is_detectable"]
    if not is_detectable:
        return "not_tested" if is_detectable is None else "not_detectable"
    aim = one.facts.course.aim if one.facts else _towards(cast(Direction, one.row["direction"]), before)
    if aim.is_better(value, before):
        return "better"
    return "worse" if aim.is_better(before, value) else "inside_band"


def _towards(direction: Direction, value: float) -> Aim:
    return Aim.at_least(value) if direction == "higher_better" else Aim.at_most(value)


def _reservation(one: AnsweringKpi, phrasing: Phrasing) -> Iterator[str]:
    assert one.row is not None
    if one.row["status"] in ("provisional", "partial"):
        yield phrasing.say(f"answer.{one.row['status']}")
