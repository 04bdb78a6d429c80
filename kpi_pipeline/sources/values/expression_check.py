"""Can the expressions of a mapping run, and do they give what the canonical columns hold?

Here: each expression is parsed, its names are compared with the file's columns, and DuckDB binds it on a file without
rows, so that a mistake shows when the configuration is read and not when a file arrives.
"""

from functools import cache

import duckdb
import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from kpi_pipeline.sources.contracts.contract import Contract, ContractTable, source_error
from kpi_pipeline.sources.files.check_connection import check_cursor
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.sources.values.file_query import FileFacts, FileQuery

_FILE_NAMES = ("file_row", "file_currency", "file_first_day", "file_day")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_ACCEPTED = {
    "bigint": _WHOLE,
    "integer": _WHOLE,
    "decimal": (*_WHOLE, "DECIMAL", "DOUBLE"),
    "double": (*_WHOLE, "DECIMAL", "DOUBLE", "FLOAT"),
    "date": ("DATE", "TIMESTAMP"),
    "timestamp": ("TIMESTAMP", "DATE"),
    "boolean": ("BOOLEAN",),
}


@cache
def check_tables(contract: Contract, *, is_short_form: bool) -> None:
    """Bind every expression of a contract's tables; one that passed is not bound again in this process.

    Raises:
        ConfigurationError: one cannot be parsed, uses an unknown name, or gives another type than its column holds.
    """
    cells = ", ".join(f"cast(null as varchar) as c{index}" for index in range(len(contract.fields)))
    query = FileQuery(
        contract,
        file_rows=f"(select {cells} where false)",
        cells={field.name: f"c{index}" for index, field in enumerate(contract.fields)},
        facts=FileFacts(),
    )
    names = {field.name for field in contract.fields} | set(_FILE_NAMES)
    names |= {f"{field.name}_utc" for field in contract.fields if field.kind == "timestamp"}
    with check_cursor() as connection:
        for table in contract.tables:
            prefix = "columns" if is_short_form else f"tables.{table.subject}.columns"
            given = {f"{prefix}.{column}": (column, text) for column, text in table.columns if text != "null"}
            if table.where:
                _parse(contract, f"tables.{table.subject}.where", table.where, names)
            for key, (_column, expression) in given.items():
                _parse(contract, key, expression, names)
            types = _types(connection, query, table, {key: expression for key, (_column, expression) in given.items()})
            for key, found in types.items():
                _check_type(contract, key, table, given[key][0], found)


def _parse(contract: Contract, key: str, expression: str, names: set[str]) -> None:
    try:
        parsed = [tree for tree in sqlglot.parse(f"select {expression}", dialect="duckdb") if tree]
    except SqlglotError as error:
        raise source_error(contract.source, key, f"{expression!r} is not an expression: {error}") from error
    if len(parsed) != 1 or len(parsed[0].expressions) != 1 or len(list(parsed[0].find_all(exp.Select))) != 1:
        raise source_error(contract.source, key, f"{expression!r} is not a single expression")
    if parsed[0].find(exp.Table):
        raise source_error(contract.source, key, f"{expression!r} reads a table; it may only use the file's columns")
    for used in parsed[0].find_all(exp.Column):
        if used.name not in names:
            known = ", ".join(sorted(names))
            raise source_error(contract.source, key, f"unknown name {used.name!r}; there are {known}")


def _types(
    connection: duckdb.DuckDBPyConnection, query: FileQuery, table: ContractTable, expressions: dict[str, str]
) -> dict[str, str]:
    """Bind all expressions at once, or, if that fails, one by one to find the one that cannot run."""
    statement = query.probe(table, list(expressions.values()))
    parameters = {name: b"" for name in ("inner_key", "outer_key") if f"${name}" in statement}
    try:
        described = connection.execute(statement, parameters).description or []
    except duckdb.Error as error:
        if len(expressions) > 1:
            for key, expression in expressions.items():
                _types(connection, query, table, {key: expression})
        ((key, expression),) = list(expressions.items())[:1]
        message = str(error).splitlines()[0]
        raise source_error(query.contract.source, key, f"{expression!r} cannot run: {message}") from error
    return dict(zip(expressions, (str(column[1]) for column in described), strict=True))


def _check_type(contract: Contract, key: str, table: ContractTable, column: str, found: str) -> None:
    wanted = SUBJECTS[table.subject].columns.get(column, "varchar")
    accepted = _ACCEPTED.get(wanted.split("(")[0])
    if accepted and found.split("(")[0] not in (*accepted, '"NULL"', "NULL"):
        raise source_error(
            contract.source, key, f"gives {found.lower()}, but the column holds {wanted}; declare its type"
        )
