"""The model of ``config/kpis/<function>.yaml``: a metric that somebody has committed to.

Here: the parts of a commitment. Which of them may be missing, and what is then shown, belongs to ``commitment``; what
the number means belongs to ``metric``; whether the parts make sense together to ``smart_rules``.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from kpi_pipeline.config.model import Identifier, Model, Sentence, Text

Evidence = Literal["measured", "identity", "self", "hypothesis"]
KpiClass = Literal["business", "function"]
Scope = Literal["individual", "team", "department", "company"]
Status = Literal["draft", "metric", "active", "retired"]


class Baseline(Model):
    """Where the KPI stood when the target was set; the weeks are given by their first days."""

    value: float
    from_week: date
    to_week: date


class SuccessRule(Model):
    """When the target counts as reached."""

    comparator: Literal[">=", "<=", "within"]
    consecutive_weeks: int = Field(ge=1, le=52)


class Override(Model):
    """Why a target stands although it looks out of reach, and the executive who said so."""

    reason: Sentence
    approved_by: Identifier


class Achievability(Model):
    """How it is judged whether the target can be reached.

    Attributes:
        min_probability: a target that is less likely than this is refused, unless overridden.
        growth_span_weeks: over how many weeks the best growth of the past is taken.
        swot_ref: the analysis of strengths, weaknesses, opportunities and threats that the target rests on.
    """

    method: Literal["forecast"] = "forecast"
    min_probability: float = Field(default=0.10, gt=0, lt=1)
    growth_span_weeks: int = Field(default=4, ge=1, le=26)
    swot_ref: Sentence | None = None
    override: Override | None = None


class Band(Model):
    """The values that the KPI is to stay between, both included."""

    low: float
    high: float


class Target(Model):
    """The SMART target, in the metric's unit (7 means 7 % for a percentage).

    Attributes:
        value: what is to be reached; or ``band``, what is to be kept.
        path: ``seasonal`` follows last year's season; without a full year before the baseline it is a straight line.
    """

    baseline: Baseline
    value: float | None = None
    band: Band | None = None
    deadline: date
    path: Literal["linear", "geometric", "seasonal"] = "linear"
    success_rule: SuccessRule
    achievability: Achievability = Achievability()


class Who(Model):
    """Everyone involved; exactly one is accountable."""

    accountable: Identifier
    responsible: tuple[Identifier, ...] = Field(min_length=1)
    consulted: tuple[Identifier, ...] = ()
    informed: tuple[Identifier, ...] = ()


class Where(Model):
    """Where the effort goes and what it brings.

    Attributes:
        efficiency_metric: the metric or measure that says what came of the effort.
        per: the metric or measure that says how much effort it was.
    """

    scope: Sentence
    efficiency_metric: Identifier
    per: Identifier


class Assumption(Model):
    """Something that the target rests on; ``holds_until`` is the last day for which it was assumed."""

    text: Sentence
    holds_until: date | None = None


def _as_assumption(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


class When(Model):
    """What the target rests on and what may help or hinder; a list may be empty, but somebody must have asked."""

    assumptions: tuple[
        Annotated[Assumption, BeforeValidator(_as_assumption, json_schema_input_type=Sentence | Assumption)], ...
    ]
    risks: tuple[Sentence, ...]
    obstacles: tuple[Sentence, ...]
    opportunities: tuple[Sentence, ...]


class Task(Model):
    """One piece of work that is to move the KPI, and by when."""

    task: Sentence
    due_on: date | None = None
    done_on: date | None = None


def _as_task(value: object) -> object:
    return {"task": value} if isinstance(value, str) else value


class How(Model):
    """The work that is to move the KPI. When all of it is done, the strategy is reviewed."""

    tasks: tuple[Annotated[Task, BeforeValidator(_as_task, json_schema_input_type=Sentence | Task)], ...] = Field(
        min_length=1
    )
    after_completion: Sentence = "review"

    @property
    def is_done(self) -> bool:
        """Whether every task is done, so that a review of the strategy is due."""
        return all(task.done_on is not None for task in self.tasks)


class Review(Model):
    """When the commitment is looked at again."""

    every_weeks: int = Field(ge=1, le=52)
    next_on: date


class Action(Model):
    """What is done, by whom, when the KPI leaves its path."""

    when: Literal["off_track", "at_risk"]
    do: Text
    owner: Identifier


class Impact(Model):
    """What is known about the KPI's effect on its objective.

    Attributes:
        lag_weeks: how many weeks later the effect shows.
        identity: the equation that makes the effect certain, where that is the evidence.
        expires_on: last day on which a hypothesis counts.
    """

    objective_metric: Identifier
    expected_sign: Literal[-1, 1]
    lag_weeks: int = Field(ge=0, le=8)
    evidence: Evidence
    identity: Sentence | None = None
    expires_on: date | None = None


class Quality(Model):
    """What is promised about the number itself.

    Attributes:
        max_latency_hours: within what time after the end of a week its value is final.
        min_coverage_pct: percentage of the days that must be there.
    """

    max_latency_hours: int = Field(ge=1, le=2000)
    min_coverage_pct: float = Field(gt=0, le=100)


class Alerts(Model):
    """How unusual weeks are found; ``k`` is the width of the band in standard deviations.

    Attributes:
        method: ``laney_p`` for so many out of so many, ``robust_z`` for everything else; so also without ``alerts``,
            with a width of 3 and of 3.5.
    """

    method: Literal["laney_p", "robust_z"]
    k: float = Field(ge=1, le=10)


class Kpi(Model):
    """One commitment. Its audience is not written here: it follows from the objective's level.

    Attributes:
        kpi_class: ``class`` in the file: about the business as a whole, or about one function of it.
        function: the department, where the class is function.
        guardrails: KPIs that must not suffer while this one improves.
    """

    metric: Identifier
    version: int = Field(ge=1)
    effective_from: date
    status: Status
    kpi_class: KpiClass = Field(alias="class")
    function: Identifier | None = None
    scope: Scope = "company"
    objective: Identifier | None = None
    success_factor: Identifier | None = None
    criterion: Identifier | None = None
    answers: tuple[Identifier, ...] = ()
    why: Text | None = None
    what: tuple[Sentence, ...] = ()
    who: Who | None = None
    where: Where | None = None
    when: When | None = None
    how: How | None = None
    target: Target | None = None
    review: Review | None = None
    impact: Impact | None = None
    guardrails: tuple[Identifier, ...] = ()
    actions: tuple[Action, ...] = ()
    quality: Quality | None = None
    alerts: Alerts | None = None
    example: bool = False
