"""What ``kpi explain`` prints: one KPI from its definition to the files behind its value.

Here: reading one KPI from an internal snapshot and laying it out for a terminal. The texts were made when the snapshot
was published.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
from rich.text import Text

from kpi_pipeline.config.problems import did_you_mean
from kpi_pipeline.console.metrics import REASONS, number_text
from kpi_pipeline.console.runs import print_facts, print_rows, terminal
from kpi_pipeline.errors import QueryError

Row = Mapping[str, Any]
VERDICT_MARKS = {"pass": "✔", "warning": "▲", "fail": "■", "not_judged": "–"}
PASSED_MARKS = {True: "✔", False: "■", None: "–"}
# Title, table, the column that names what is judged, and the order to show it in.
JUDGEMENTS = (
    ("SMART", "smart", "letter", ("S", "M", "A", "R", "T")),
    ("A good KPI is", "scores", "property", ("accessible", "impactful", "relevant", "actionable", "timely")),
)
REPORTED_LINES = 3
# They tell what customers have brought; what they are going to bring stands in kpi.lifetime.
LIFETIME_METRICS = frozenset({"ltv_cohort_gm", "ltv_simple", "ltv_cac"})


def print_explanation(connection: duckdb.DuckDBPyConnection, kpi_id: str, week: date | None) -> None:
    """Print what a KPI is, how good a KPI it is, its value in a week, and where that comes from.

    Args:
        connection: an internal snapshot.
        kpi_id: the KPI.
        week: a day of the week to explain; the last complete week if absent.

    Raises:
        QueryError: if the snapshot holds no such KPI or week.
    """
    kpi = read_kpi(connection, kpi_id)
    owners = dict(connection.execute("select owner_id, name_en from kpi.owners").fetchall())
    objectives = dict(connection.execute("select objective_id, statement_en from kpi.objectives").fetchall())
    console = terminal()
    console.print(Text.assemble((kpi_id, "bold"), f"   {kpi['name_en']}   {kpi['name_fa']}"))
    if kpi["definition_en"]:
        console.print(Text(kpi["definition_en"]))
    console.print()
    print_facts(console, _definition(kpi))
    console.print()
    print_facts(console, _commitment(kpi, owners, objectives))
    for title, table, column, order in JUDGEMENTS:
        judged = _rows(connection, f"select * from kpi.{table} where kpi_id = ?", [kpi_id])
        if judged:
            console.print(Text(f"\n{title}", style="bold"))
            print_facts(console, [_judged(row) for row in sorted(judged, key=lambda row: order.index(row[column]))])
    for relation in _rows(connection, "select * from kpi.relations where kpi_id = ?", [kpi_id]):
        console.print(Text("\nMoves with its objective?", style="bold"))
        print_facts(console, _relation(relation, kpi))
    row = _week(connection, kpi_id, week)
    console.print(Text(f"\nWeek {row['week_start']} … {row['week_end']}: {_value(row, kpi)}", style="bold"))
    print_facts(
        console,
        [
            *_made_of(row, kpi),
            *_drivers(connection, row),
            *unusual_facts(connection, row),
            *_reported(connection, kpi, row),
            *_breaks(connection, kpi),
            *_prediction(connection, kpi),
        ],
    )
    console.print()
    files = connection.execute(
        "select source, file_name, exported_at, first_day, last_day, left(sha256, 12) as sha256 from kpi.lineage "
        "where metric_id = ? and first_day <= ? and last_day >= ? order by source, exported_at desc",
        [kpi["metric_id"], row["week_end"], row["week_start"]],
    )
    print_rows([column[0] for column in files.description or ()], files.fetchall(), "table")


def read_kpi(connection: duckdb.DuckDBPyConnection, kpi_id: str) -> Row:
    """Return a KPI's row of the catalogue with the reporting currency.

    Raises:
        QueryError: if the snapshot holds no such KPI.
    """
    found = _rows(
        connection,
        "select catalogue.*, snapshot.reporting_currency from kpi.catalogue as catalogue, kpi.snapshot as snapshot"
        " where catalogue.kpi_id = ?",
        [kpi_id],
    )
    if found:
        return found[0]
    rows = _rows(connection, "select distinct kpi_id, metric_id from kpi.catalogue", [])
    known = sorted(row["kpi_id"] for row in rows if row["kpi_id"] is not None)
    if kpi_id in {row["metric_id"] for row in rows}:
        raise QueryError(f"{kpi_id} is a metric that no KPI is about; see: kpi metrics {kpi_id}")
    hint = did_you_mean(kpi_id, known)
    raise QueryError(f"no KPI {kpi_id}; {f'{hint} ' if hint else ''}there are: {', '.join(known)}")


def _definition(kpi: Row) -> list[tuple[str, str | Sequence[str]]]:
    return [
        ("metric", f"{kpi['metric_id']}, version {kpi['metric_version']}"),
        ("formula", kpi["formula"]),
        ("day", kpi["basis"] or ""),
        ("edge cases", (kpi["edge_rules"] or "").replace("_", " ")),
        ("sources", kpi["sources"] or ""),
        ("defined by", kpi["reference"] or ""),
    ]


def _commitment(
    kpi: Row, owners: Mapping[str, str], objectives: Mapping[str, str]
) -> list[tuple[str, str | Sequence[str]]]:
    status = f"{kpi['status']}, version {kpi['version']} from {kpi['effective_from']}"
    missing = f"{kpi['missing_parts']}; until then it is shown as a metric" if kpi["missing_parts"] else ""
    function = f", {kpi['function']}" if kpi["function"] else ""
    return [
        ("status", status),
        ("missing", missing),
        ("audience", kpi["audience"]),
        ("class", f"{kpi['class']}{function}, scope {kpi['scope']}"),
        (
            "objectives",
            [f"{objectives[name]} ({name})" for name in (kpi["objective_chain"] or "").split(" > ") if name],
        ),
        ("question", kpi["question_en"] or ""),
        ("why", kpi["why_en"] or ""),
        ("accountable", kpi["owner_name_en"] or ""),
        ("responsible", _named(kpi["responsible"], owners)),
        ("consulted", _named(kpi["consulted"], owners)),
        ("informed", _named(kpi["informed"], owners)),
        ("target", _target(kpi)),
        ("guardrails", kpi["guardrails"] or ""),
        ("when off track", kpi["action_en"] or ""),
        ("next review", f"{kpi['review_next_on']}{', overdue' if kpi['is_review_overdue'] else ''}"),
    ]


def _named(ids: str | None, owners: Mapping[str, str]) -> str:
    return ", ".join(owners.get(name, name) for name in (ids or "").split(", ") if name)


def _target(kpi: Row) -> str:
    names = ("target", "target_low", "target_high")
    ends = [_written(kpi[name], kpi) for name in names if kpi.get(name) is not None]
    if not ends:
        return ""
    return f"{_written(kpi['baseline'], kpi)} → {' to '.join(ends)} by {kpi['deadline']}, {kpi['path']} path"


def _written(value: float | None, kpi: Row) -> str:
    return number_text(value, kpi["unit"], kpi["decimals"], kpi["reporting_currency"])


def _judged(row: Row) -> tuple[str, str]:
    if "letter" in row:
        code = f"{row['code']}  " if row["code"] else ""
        return f"{VERDICT_MARKS[row['verdict']]} {row['letter']}", f"{code}{row['finding_en']}"
    score = "" if row["score"] is None else f"{Decimal(str(row['score'])).quantize(Decimal('0.01'), ROUND_HALF_UP)}  "
    return f"{PASSED_MARKS[row['is_passed']]} {row['property']}", f"{score}{row['finding_en']}"


def _relation(row: Row, kpi: Row) -> list[tuple[str, str]]:
    indicative = "indicative, " if row["is_indicative"] else ""
    way = "rises" if row["expected_sign"] > 0 else "falls"
    lag = row["lag_weeks"]
    later = f"{lag} week{'' if lag == 1 else 's'} later" if lag else "in the same week"
    return [
        ("declared", f"{row['objective_metric']} {way} {later}; evidence: {kpi['evidence']}"),
        ("verdict", f"{indicative}{row['verdict']}; evidence {kpi['evidence_state']}".replace("_", " ")),
        ("finding", row["finding_en"]),
    ]


def _week(connection: duckdb.DuckDBPyConnection, kpi_id: str, week: date | None) -> Row:
    found = _rows(
        connection,
        "select * from kpi.weekly_internal where kpi_id = $kpi and ($week is null or $week between week_start and"
        " week_end) and week_end < (select as_of from kpi.snapshot) order by week_start desc limit 1",
        {"kpi": kpi_id, "week": week},
    )
    if not found:
        raise QueryError(f"the snapshot has no complete week{f' around {week}' if week else ''} of {kpi_id}")
    return found[0]


def _value(row: Row, kpi: Row) -> str:
    if row["value"] is None:
        return f"no value ({REASONS.get(row['null_reason'], row['null_reason'])}), {row['status']}"
    return f"{_written(row['value'], kpi)}, {row['status']}"


def _made_of(row: Row, kpi: Row) -> list[tuple[str, str]]:
    facts = []
    if row["denominator"] is not None:
        sides = ("–" if row[name] is None else f"{row[name]:,.2f}".removesuffix(".00") for name in _SIDES)
        facts.append(("made of", " / ".join(sides)))
    if row["path_value"] is not None:
        pace = row["pace_status"].replace("unknown", "not judged").replace("_", " ")
        held = ", held back by a guardrail" if row.get("is_held_back") else ""
        facts.append(("plan", f"{_written(row['path_value'], kpi)} this week: {pace}{held}"))
    if row["probability"] is not None:
        facts.append(("chance", f"{round(100 * row['probability'])} % that the target is reached in its week"))
    return facts


_SIDES = ("numerator", "denominator")


def _drivers(connection: duckdb.DuckDBPyConnection, row: Row) -> list[tuple[str, str]]:
    """What accounts for the change of the week, and where members and total moved in opposite directions."""
    found = _rows(
        connection,
        "select * from kpi.contributions where kpi_id = ? and week_start = ?"
        " order by driver_rank nulls last, dimension",
        [row["kpi_id"], row["week_start"]],
    )
    facts = [(f"by {one['dimension']}", one["finding_en"]) for one in found if one["finding_en"]]
    if found and not facts:
        facts.append(("moved by", "no member or factor of which more than chance can be told"))
    opposite = dict.fromkeys(one["dimension"] for one in found if one["is_simpson"])
    return [*facts, *((f"by {name}", "all members moved one way and the total the other") for name in opposite)]


def unusual_facts(connection: duckdb.DuckDBPyConnection, row: Row) -> list[tuple[str, str]]:
    """What is unusual in the week, alarms first, and how many alarms would come without any cause."""
    found = _rows(
        connection,
        "select * from kpi.anomalies where kpi_id = ? and week_start = ?"
        " order by priority nulls last, dimension, member",
        [row["kpi_id"], row["week_start"]],
    )
    facts = [("unusual" if one["event"] is None else "explained", one["finding_en"]) for one in found]
    for one in _rows(connection, "select * from kpi.watched where kpi_id = ? and weeks > 0", [row["kpi_id"]]):
        facts.append(
            (
                "watched",
                f"{one['series']} series, {one['weeks']} values of 13 weeks by {one['method']}: {one['alarms']} alarms,"
                f" {one['expected_false_alarms']:.1f} expected by chance",
            )
        )
    return facts


def _reported(connection: duckdb.DuckDBPyConnection, kpi: Row, row: Row) -> list[tuple[str, str]]:
    """What readers were told about this week, newest first, and what is different now."""
    told = _rows(
        connection,
        "select * from kpi.reported where kpi_id = ? and week_start = ? order by published_at desc",
        [row["kpi_id"], row["week_start"]],
    )
    if not told:
        return [("reported", "never until now")]
    facts = [
        ("reported" if each is told[0] else "before", f"{_value(each, kpi)} (snapshot {each['snapshot_id']})")
        for each in told[:REPORTED_LINES]
    ]
    last = told[0]
    changes = []
    if last["value"] != row["value"] or last["null_reason"] != row["null_reason"]:
        changes.append("the value")
    if last["definition_hash"] != kpi["definition_hash"]:
        changes.append("the definition")
    if last["status"] != row["status"]:
        changes.append(f"the status, {last['status']} before")
    facts.append(("since then", f"changed: {'; '.join(changes)}" if changes else "nothing changed"))
    return facts


def _breaks(connection: duckdb.DuckDBPyConnection, kpi: Row) -> list[tuple[str, str]]:
    found = _rows(connection, "select * from kpi.breaks where metric_id = ? order by on_day", [kpi["metric_id"]])
    return [("break", f"{each['on_day']} ({each['kind']}): {each['what_en']}") for each in found]


def _prediction(connection: duckdb.DuckDBPyConnection, kpi: Row) -> list[tuple[str, str]]:
    """Whether anything is said about the coming year of these customers."""
    if kpi["metric_id"] not in LIFETIME_METRICS:
        return []
    found = _rows(connection, "select status, finding_en from kpi.lifetime_models", [])
    return [("prediction", f"{row['status'].replace('_', ' ')}: {row['finding_en']}") for row in found]


def _rows(
    connection: duckdb.DuckDBPyConnection, statement: str, parameters: Sequence[Any] | Mapping[str, Any]
) -> list[Row]:
    result = connection.execute(statement, parameters)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
