"""Which measures hold refunds: found by following their columns through the SQL files.

Here: that one question. What else a measure is made from is known by whole tables, see ``SqlProject.ancestors``.
"""

from collections.abc import Iterator
from functools import lru_cache

import sqlglot
from sqlglot import exp

from kpi_pipeline.warehouse.sql_project import SqlProject

REFUNDS = "raw.refunds"


def holds_refunds(project: SqlProject, table: str, column: str) -> bool:
    """Tell whether a column is computed from anything that refunds deliver, and not only from what they were for."""
    pending, seen = [(table, column)], set[tuple[str, str]]()
    while pending:
        place = pending.pop()
        if place in seen:
            continue
        seen.add(place)
        if place[0] == REFUNDS:
            return True
        if place[0] not in project.external_tables and REFUNDS in project.ancestors(place[0]):
            pending.extend(_read_from(project.file(place[0]).query, place[1]))
    return False


@lru_cache(maxsize=256)
def _read_from(query: str, column: str) -> tuple[tuple[str, str], ...]:
    """The columns of other tables that a column of a query is computed from, as (table, column)."""
    parsed = _parsed(query)
    inner = {cte.alias for cte in parsed.find_all(exp.CTE)}
    found: list[tuple[str, str]] = []
    wanted, done = [("", column)], set[tuple[str, str]]()
    while wanted:
        origin, name = wanted.pop()
        if (origin, name) in done:
            continue
        done.add((origin, name))
        for select in _selects(parsed, origin):
            aliases = {one.alias_or_name: one for one in select.find_all(exp.Table) if one.parent_select is select}
            for item in select.selects:
                if item.alias_or_name == name:
                    for read in item.find_all(exp.Column):
                        source = aliases.get(read.table)
                        if source is not None and source.name in inner and not source.db:
                            wanted.append((source.name, read.name))
                        elif source is not None:
                            found.append((f"{source.db}.{source.name}", read.name))
    return tuple(found)


@lru_cache(maxsize=64)
def _parsed(query: str) -> exp.Expr:
    return sqlglot.parse_one(query, dialect="duckdb")


def _selects(parsed: exp.Expr, name: str) -> Iterator[exp.Select]:
    """The SELECTs of a common table, or of the query itself."""
    tables = parsed.find_all(exp.CTE)
    body = next(table.this for table in tables if table.alias == name) if name else parsed
    if isinstance(body, exp.Select):
        yield body
    elif isinstance(body, exp.SetOperation):
        yield from (
            select
            for select in body.find_all(exp.Select)
            if select.find_ancestor(exp.CTE) is body.find_ancestor(exp.CTE)
        )
