"""The tree of objectives as a published file holds it: what is wanted, what is asked about it, and how its KPIs stand.

Here: reading the tree from the tables of one snapshot. What a file holds was decided when it was published, so that the
executive tree can only show what executives may see. How the tree is drawn belongs to the command line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from kpi_pipeline.config.model import Language
from kpi_pipeline.errors import QueryError

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class TreeKpi:
    """A KPI in the last complete week.

    Attributes:
        missing_parts: what keeps it from being a KPI; None where nothing does.
        value: None with a ``null_reason``, or where there is no commitment yet.
    """

    kpi_id: str
    name: str
    unit: str
    decimals: int
    owner: str
    missing_parts: str | None
    value: float | None
    null_reason: str | None
    status: str | None
    pace_status: str
    target: float | None
    target_low: float | None
    target_high: float | None
    deadline: date | None


@dataclass(frozen=True)
class TreeQuestion:
    """A question with the KPIs that answer it; the answers stand in the same order."""

    question_id: str
    kind: str
    question: str
    kpis: tuple[TreeKpi, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True)
class TreeFactor:
    """What must go right for an objective, and the KPIs that measure it."""

    statement: str
    kpis: str
    is_covered: bool


@dataclass(frozen=True)
class TreeObjective:
    """An objective and what serves it.

    Attributes:
        other_kpis: KPIs of the objective that answer none of its questions.
    """

    objective_id: str
    level: str
    department: str | None
    statement: str
    owner: str
    is_measurable: bool
    questions: tuple[TreeQuestion, ...]
    other_kpis: tuple[TreeKpi, ...]
    factors: tuple[TreeFactor, ...]
    children: tuple["TreeObjective", ...]


@dataclass(frozen=True)
class TreeCriterion:
    """A quality that somebody cares about, and what stands for it."""

    name: str
    measured_by: str
    is_assessable: bool


@dataclass(frozen=True)
class TreeDepartment:
    """How many objectives and KPIs of both kinds a department has."""

    department: str
    internal_objectives: int
    external_objectives: int
    internal_kpis: int
    external_kpis: int
    is_aligned: bool


@dataclass(frozen=True)
class GoalTree:
    """Everything; the week is the last complete one, None before there is any."""

    company: str
    audience: str
    money: str
    week_start: date | None
    week_end: date | None
    objectives: tuple[TreeObjective, ...]
    criteria: tuple[TreeCriterion, ...]
    departments: tuple[TreeDepartment, ...]


def read_goal_tree(connection: duckdb.DuckDBPyConnection, language: Language) -> GoalTree:
    """Read the tree in one language.

    Raises:
        QueryError: if the file was made by an earlier release, which did not publish goals.
    """
    snapshot = _rows(connection, "snapshot")[0]
    if not _has(connection, "answers"):
        raise QueryError("this snapshot was made before goals were published with it; run: kpi run")
    reader = _Reader(connection, language, snapshot["audience"])
    return GoalTree(
        company=snapshot[f"company_name_{language}"],
        audience=snapshot["audience"],
        money=snapshot["money_shown_in"],
        week_start=reader.week_start,
        week_end=reader.week_end,
        objectives=reader.children(None),
        criteria=tuple(
            TreeCriterion(row[f"name_{language}"], row["measured_by"] or "", bool(row["is_assessable"]))
            for row in _rows(connection, "criteria")
        ),
        departments=tuple(
            TreeDepartment(**{name: row[name] for name in TreeDepartment.__dataclass_fields__})
            for row in _rows(connection, "alignment")
        ),
    )


class _Reader:
    def __init__(self, connection: duckdb.DuckDBPyConnection, language: Language, audience: str) -> None:
        self._language = language
        self._objectives = _rows(connection, "objectives", order="position")
        self._answers = [row for row in _rows(connection, "answers") if row["audience"] == audience]
        self._factors = _rows(connection, "success_factors")
        catalogue = [row for row in _rows(connection, "catalogue") if row["kpi_id"] is not None]
        # Executives' files hold no owners but those of their KPIs.
        self._owners = {row["owner"]: row[f"owner_name_{language}"] for row in catalogue}
        self._owners |= {row["owner_id"]: row[f"name_{language}"] for row in _rows(connection, "owners")}
        weekly = _rows(connection, f"weekly_{audience}", "week_end < (select as_of from kpi.snapshot)", "week_start")
        last = max((row["week_start"] for row in weekly), default=None)
        weeks = {row["kpi_id"]: row for row in weekly if row["week_start"] == last}
        self.week_start: date | None = last
        self.week_end: date | None = next((row["week_end"] for row in weeks.values()), None)
        self._objective_of = {row["kpi_id"]: row["objective_id"] for row in catalogue}
        self._kpis = {row["kpi_id"]: self._kpi(row, weeks.get(row["kpi_id"], {})) for row in catalogue}

    def children(self, parent: str | None) -> tuple[TreeObjective, ...]:
        known = {row["objective_id"] for row in self._objectives}
        return tuple(
            self._objective(row)
            for row in self._objectives
            # An objective whose parent the readers of this file may not see stands at the top.
            if (row["parent"] if row["parent"] in known else None) == parent
        )

    def _objective(self, row: Mapping[str, Any]) -> TreeObjective:
        objective_id = row["objective_id"]
        questions = tuple(self._questions(objective_id))
        answering = {kpi.kpi_id for question in questions for kpi in question.kpis}
        others = [
            name for name, serves in self._objective_of.items() if serves == objective_id and name not in answering
        ]
        return TreeObjective(
            objective_id=objective_id,
            level=row["level"],
            department=row["department"],
            statement=row[f"statement_{self._language}"],
            owner=self._owners.get(row["owner"], row["owner"]),
            is_measurable=bool(row["is_measurable"]),
            questions=questions,
            other_kpis=tuple(self._kpis[name] for name in others),
            factors=tuple(
                TreeFactor(each[f"statement_{self._language}"], each["kpi_ids"] or "", bool(each["is_covered"]))
                for each in self._factors
                if each["objective_id"] == objective_id
            ),
            children=self.children(objective_id),
        )

    def _questions(self, objective_id: str) -> list[TreeQuestion]:
        found: dict[str, list[Mapping[str, Any]]] = {}
        for row in self._answers:
            if row["objective_id"] == objective_id:
                found.setdefault(row["question_id"], []).append(row)
        questions = []
        for question_id, rows in found.items():
            answering = [row for row in rows if row["kpi_id"] in self._kpis]
            questions.append(
                TreeQuestion(
                    question_id=question_id,
                    kind=rows[0]["kind"],
                    question=rows[0][f"question_{self._language}"],
                    kpis=tuple(self._kpis[row["kpi_id"]] for row in answering),
                    answers=tuple(row[f"answer_{self._language}"] for row in answering),
                )
            )
        return questions

    def _kpi(self, row: Mapping[str, Any], week: Mapping[str, Any]) -> TreeKpi:
        return TreeKpi(
            kpi_id=row["kpi_id"],
            name=row[f"name_{self._language}"],
            unit=row["unit"],
            decimals=row["decimals"],
            owner=row[f"owner_name_{self._language}"] or "",
            missing_parts=row["missing_parts"],
            value=week.get("value"),
            null_reason=week.get("null_reason"),
            status=week.get("status"),
            pace_status=week.get("pace_status", "unknown"),
            target=row["target"],
            target_low=row.get("target_low"),
            target_high=row.get("target_high"),
            deadline=row["deadline"],
        )


def _rows(connection: duckdb.DuckDBPyConnection, table: str, where: str = "true", order: str = "all") -> Rows:
    """The rows of a table of ``kpi``; none where the file does not hold it, as the executive one does not hold all."""
    if not _has(connection, table):
        return []
    found: Rows = (
        connection.sql(f"select * from kpi.{table} where {where} order by {order}").to_arrow_table().to_pylist()
    )
    return found


def _has(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    statement = "select 1 from duckdb_tables() where schema_name = 'kpi' and table_name = ?"
    return bool(connection.execute(statement, [table]).fetchall())
