"""The model of ``config/kpis/<function>.yaml``: a metric that somebody has committed to.

Here: the parts of a commitment. Which of them may be missing, and what is then shown, belongs to ``commitment``; what
the number means belongs to ``metric``.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from kpi_pipeline.config.model import Identifier, Model, Text


class Baseline(Model):
    """Where the KPI stood when the target was set; the weeks are given by their first days."""

    value: float
    from_week: date
    to_week: date


class SuccessRule(Model):
    """When the target counts as reached."""

    comparator: Literal[">=", "<="]
    consecutive_weeks: int = Field(ge=1, le=52)


class Target(Model):
    """The SMART target, in the metric's unit (7 means 7 % for a percentage)."""

    baseline: Baseline
    value: float
    deadline: date
    path: Literal["linear", "geometric"] = "linear"
    success_rule: SuccessRule


class Who(Model):
    """Everyone involved; exactly one is accountable."""

    accountable: Identifier
    responsible: tuple[Identifier, ...]
    consulted: tuple[Identifier, ...] = ()
    informed: tuple[Identifier, ...] = ()


class When(Model):
    """What the target rests on."""

    assumptions: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()
    opportunities: tuple[str, ...] = ()


class How(Model):
    """The work that is to move the KPI."""

    tasks: tuple[str, ...]
    after_completion: str = "review"


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
    """What is known about the KPI's effect on its objective."""

    objective_metric: Identifier
    expected_sign: Literal[-1, 1]
    lag_weeks: int = Field(ge=0, le=8)
    evidence: Literal["measured", "identity", "self", "hypothesis"]
    expires_on: date | None = None


class Kpi(Model):
    """One commitment. Its audience is not written here: it follows from the objective's level."""

    metric: Identifier
    version: int = Field(ge=1)
    effective_from: date
    status: Literal["draft", "metric", "active", "retired"]
    objective: Identifier | None = None
    success_factor: Identifier | None = None
    criterion: Identifier | None = None
    answers: tuple[Identifier, ...] = ()
    why: Text | None = None
    what: tuple[str, ...] = ()
    who: Who | None = None
    where: str | None = None
    when: When = When()
    how: How | None = None
    target: Target | None = None
    review: Review | None = None
    impact: Impact | None = None
    actions: tuple[Action, ...] = ()
