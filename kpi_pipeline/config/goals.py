"""The model of ``config/goals.yaml``.

Here: owners, criteria, the tree of objectives, success factors and questions, each as it is written. Rules that need
more than one of them belong to ``goal_checks``.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from kpi_pipeline.config.model import Identifier, Model, Text

Level = Literal["business", "external", "internal"]
QuestionKind = Literal["how", "feasibility", "change", "why", "who", "success", "when"]


class Owner(Model):
    """A person or role that answers for objectives and KPIs."""

    name: Text
    group: Literal["executive", "department"]
    department: Identifier | None = None
    active: bool = True
    example: bool = False


class Criterion(Model):
    """A quality one cares about; it never carries a number."""

    name: Text
    measured_by: tuple[Identifier, ...] = ()
    example: bool = False


class Objective(Model):
    """What the company or a department wants. Business objectives have no parent; all others lead up to one."""

    level: Level
    statement: Text
    why: Text
    owner: Identifier
    parent: Identifier | None = None
    department: Identifier | None = None
    approved_by: Identifier | None = None
    approved_on: date | None = None
    review_on: date
    example: bool = False


class SuccessFactor(Model):
    """What must go right for an objective (CSF)."""

    objective: Identifier
    statement: Text
    measured_by: tuple[Identifier, ...] = Field(min_length=1)
    example: bool = False


class Question(Model):
    """A key performance question (KPQ)."""

    objective: Identifier
    kind: QuestionKind
    question: Text
    answered_by: tuple[Identifier, ...] = Field(min_length=1)
    example: bool = False


class Goals(Model):
    """Everything in ``goals.yaml``, each by its id."""

    owners: dict[Identifier, Owner] = Field(default_factory=dict)
    criteria: dict[Identifier, Criterion] = Field(default_factory=dict)
    objectives: dict[Identifier, Objective] = Field(default_factory=dict)
    success_factors: dict[Identifier, SuccessFactor] = Field(default_factory=dict)
    questions: dict[Identifier, Question] = Field(default_factory=dict)
