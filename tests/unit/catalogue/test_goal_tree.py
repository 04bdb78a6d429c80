"""The tree of objectives, read from a published file and drawn."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import duckdb
import pytest

from kpi_pipeline.catalogue.commitments.goal_tree import read_goal_tree
from kpi_pipeline.catalogue.tables import catalogue_columns
from kpi_pipeline.catalogue.tables.row_tables import SNAPSHOT, WEEKLY
from kpi_pipeline.console.goals import print_goals
from kpi_pipeline.errors import QueryError

Row = dict[str, Any]
TABLES: dict[str, Mapping[str, str]] = {
    "snapshot": {**SNAPSHOT, "audience": "varchar"},
    "weekly_internal": WEEKLY,
    **{
        name: catalogue_columns.types(columns)
        for name, columns in (
            ("catalogue", catalogue_columns.CATALOGUE),
            ("objectives", catalogue_columns.OBJECTIVES),
            ("success_factors", catalogue_columns.SUCCESS_FACTORS),
            ("criteria", catalogue_columns.CRITERIA),
            ("alignment", catalogue_columns.ALIGNMENT),
            ("owners", catalogue_columns.OWNERS),
            ("answers", catalogue_columns.ANSWERS),
        )
    },
}


def objective(name: str, level: str, parent: str | None, position: int) -> Row:
    return {
        "objective_id": name,
        "level": level,
        "parent": parent,
        "statement_en": f"Want {name}",
        "statement_fa": f"خواست {name}",
        "owner": "ceo",
        "is_measurable": name != "inner",
        "position": position,
    }


def commitment(kpi_id: str, objective_id: str, **parts: Any) -> Row:
    return {
        "metric_id": kpi_id,
        "kpi_id": kpi_id,
        "objective_id": objective_id,
        "name_en": f"Name of {kpi_id}",
        "name_fa": f"نام {kpi_id}",
        "unit": "percent",
        "decimals": 1,
        "owner": "cmo",
        "owner_name_en": "Marketing",
        "owner_name_fa": "بازاریابی",
        "target": 7.0,
        "deadline": date(2026, 3, 1),
        **parts,
    }


def answer(question: str, objective_id: str, kpi_id: str | None, audience: str = "internal") -> Row:
    return {
        "question_id": question,
        "objective_id": objective_id,
        "kind": "how",
        "question_en": f"How {question}?",
        "question_fa": f"چگونه {question}؟",
        "kpi_id": kpi_id,
        "answer_en": f"\u2066Answer\u2069 of {kpi_id}",
        "answer_fa": f"پاسخ {kpi_id}",
        "audience": audience,
    }


def week(kpi_id: str, start: date, end: date, value: float | None) -> Row:
    return {"kpi_id": kpi_id, "week_start": start, "week_end": end, "value": value, "pace_status": "at_risk"}


ROWS: dict[str, list[Row]] = {
    "snapshot": [
        {
            "as_of": date(2026, 1, 19),
            "audience": "internal",
            "company_name_en": "Shop",
            "company_name_fa": "فروشگاه",
            "reporting_currency": "EUR",
            "money_shown_in": "EUR",
        }
    ],
    "objectives": [
        objective("grow", "business", None, 1),
        objective("inner", "internal", "convert", 3),
        objective("convert", "external", "grow", 2),
    ],
    "catalogue": [
        commitment("rate", "convert"),
        commitment("clicks", "convert"),
        commitment("unfinished", "grow", missing_parts="target", target=None),
        {"metric_id": "metric", "name_en": "No commitment", "unit": "count", "decimals": 0},
    ],
    "answers": [
        answer("first", "convert", "rate"),
        answer("first", "convert", "rate", "executive"),
        answer("nobody", "grow", None),
    ],
    "weekly_internal": [
        week("rate", date(2026, 1, 5), date(2026, 1, 11), 4.0),
        week("rate", date(2026, 1, 12), date(2026, 1, 18), 5.25),
        week("rate", date(2026, 1, 19), date(2026, 1, 25), 9.0),  # not over on the day of the run
        week("clicks", date(2026, 1, 12), date(2026, 1, 18), None),
    ],
    "success_factors": [
        {"objective_id": "grow", "statement_en": "Demand", "statement_fa": "تقاضا", "is_covered": False},
        {"objective_id": "convert", "statement_en": "Ease", "kpi_ids": "rate", "kpis": 1, "is_covered": True},
    ],
    "criteria": [{"name_en": "Loyalty", "name_fa": "وفاداری", "measured_by": "rate", "is_assessable": True}],
    "owners": [{"owner_id": "ceo", "name_en": "The boss", "name_fa": "رئیس"}],
    "alignment": [
        {
            "department": "marketing",
            "internal_objectives": 1,
            "external_objectives": 2,
            "internal_kpis": 3,
            "external_kpis": 4,
            "is_aligned": True,
        }
    ],
}


@pytest.fixture
def snapshot() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema kpi").fetchall()
        for table, columns in TABLES.items():
            listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            connection.execute(f"create table kpi.{table} ({listed})").fetchall()
            for row in ROWS[table]:
                names = ", ".join(f'"{name}"' for name in row)
                marks = ", ".join("?" for _ in row)
                connection.execute(f"insert into kpi.{table} ({names}) values ({marks})", list(row.values())).fetchall()
        yield connection


def test_tree_leads_from_the_business_down_to_kpis_with_their_last_complete_week(
    snapshot: duckdb.DuckDBPyConnection,
) -> None:
    tree = read_goal_tree(snapshot, "en")

    assert (tree.company, tree.week_start, tree.week_end) == ("Shop", date(2026, 1, 12), date(2026, 1, 18))
    (grow,) = tree.objectives
    (convert,) = grow.children
    assert [child.objective_id for child in convert.children] == ["inner"]
    assert (grow.owner, grow.is_measurable, convert.children[0].is_measurable) == ("The boss", True, False)
    (first,) = convert.questions
    assert [(one.kpi_id, one.value, one.pace_status) for one in first.kpis] == [("rate", 5.25, "at_risk")]
    assert [one.kpi_id for one in convert.other_kpis] == ["clicks"]
    assert [(one.kpi_id, one.missing_parts) for one in grow.other_kpis] == [("unfinished", "target")]
    assert [(one.question_id, one.kpis) for one in grow.questions] == [("nobody", ())]
    assert [(one.statement, one.is_covered) for one in grow.factors] == [("Demand", False)]
    assert [(one.name, one.measured_by, one.is_assessable) for one in tree.criteria] == [("Loyalty", "rate", True)]
    assert [(one.internal_objectives, one.external_kpis) for one in tree.departments] == [(1, 4)]


def test_tree_is_drawn_with_values_as_the_reports_write_them(
    snapshot: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    print_goals(read_goal_tree(snapshot, "en"), "en")
    drawn = capsys.readouterr().out
    for line in (
        "Shop: 12–18 Jan 2026 (internal)",
        "▲ Name of rate   5.3%   At risk   target 7.0% by 1 Mar 2026   Marketing",
        "▲ Name of clicks   no value   At risk",
        "○ Name of unfinished   shown as a metric; missing: target",
        "How nobody?   no KPI answers it",
        "must go right: Demand   no KPI measures it",
        "Want inner   Internal objective   The boss   not measurable yet",
        "└── Answer of rate",
    ):
        assert line in drawn
    print_goals(read_goal_tree(snapshot, "fa"), "fa")
    drawn = capsys.readouterr().out
    assert "۵٫۳٪   در خطر   مقدار هدف ۷٫۰٪ تا ۱۰ اسفند ۱۴۰۴   بازاریابی" in drawn
    assert not {"\u2066", "\u2067", "\u2068", "\u2069"} & set(drawn)


def test_band_is_drawn_by_both_ends(
    snapshot: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    snapshot.execute("update kpi.catalogue set target = null, target_low = 6, target_high = 8").fetchall()
    print_goals(read_goal_tree(snapshot, "en"), "en")

    assert "target 6.0% … 8.0% by 1 Mar 2026" in capsys.readouterr().out


def test_objective_stands_at_the_top_where_its_parent_is_not_in_the_file(
    snapshot: duckdb.DuckDBPyConnection,
) -> None:
    snapshot.execute("delete from kpi.objectives where objective_id = 'grow'").fetchall()
    assert [one.objective_id for one in read_goal_tree(snapshot, "en").objectives] == ["convert"]


def test_snapshot_of_an_earlier_release_is_refused(snapshot: duckdb.DuckDBPyConnection) -> None:
    snapshot.execute("drop table kpi.answers").fetchall()
    with pytest.raises(QueryError, match="run: kpi run"):
        read_goal_tree(snapshot, "en")
