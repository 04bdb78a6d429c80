"""The SQL that turns one file into canonical rows.

Here: the layers of the query (file rows, typed rows, rows, one SELECT per subject) and the query for the first defect,
which walks the same layers. The expressions for single values belong to ``conversion``, the tables to the contract.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from kpi_pipeline.sources.contracts.contract import Contract, ContractTable
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.sources.values.conversion import is_empty, strict_value, value_or_null
from kpi_pipeline.sources.values.personal_data import hashed, masked
from kpi_pipeline.sources.values.sql_text import literal, quoted
from kpi_pipeline.sources.values.time_conversion import instant

FIRST_POSSIBLE_DAY = "1990-01-01"
LAST_POSSIBLE_DAY = "2040-12-31"
_DAY_COLUMNS = ("day", "event_day")


@dataclass(frozen=True)
class FileFacts:
    """What a file states about all of its rows.

    Attributes:
        currency: stated in its header, else declared for the source.
        first_day: of its stated range.
        only_day: the day of all rows, where it has no column for it.
    """

    currency: str | None = None
    first_day: date | None = None
    only_day: date | None = None


@dataclass(frozen=True)
class FileQuery:
    """The queries for one file.

    Attributes:
        file_rows: a FROM item that gives the file's columns.
        cells: field → expression of its text; fields that the file does not have are absent.
        dropped: predicate on fields of the rows that are totals; they must be text fields.
    """

    contract: Contract
    file_rows: str
    cells: Mapping[str, str]
    facts: FileFacts
    dropped: str | None = None

    def table(self, table: ContractTable) -> str:
        """Return the SELECT of one subject's rows."""
        subject = SUBJECTS[table.subject]
        types = {**subject.columns, "account_id": "varchar"}
        return self._select(
            table,
            [
                f"{_checked(expression, types[column], column, column in subject.required)} as {quoted(column)}"
                for column, expression in table.columns
            ],
        )

    def probe(self, table: ContractTable, expressions: list[str]) -> str:
        """Return the SELECT of some expressions over the rows that a table takes."""
        return self._select(table, [f"{expression} as probe_{index}" for index, expression in enumerate(expressions)])

    def _select(self, table: ContractTable, items: list[str]) -> str:
        conditions = [f"({condition})" for condition in (self._rules(), table.where) if condition]
        where = f"\nwhere {' and '.join(conditions)}" if conditions else ""
        group_by = f"\ngroup by {', '.join(map(quoted, table.group_by))}" if table.group_by else ""
        rows = self._rows(self._needs_row_numbers())
        columns = ",\n    ".join(items)
        return f"{rows}\nselect\n    {columns}\nfrom rows{where}{group_by}"

    def _rows(self, numbered: bool) -> str:
        """Return the WITH clause up to ``rows``, which holds every name that a contract's expressions may use."""
        columns = ",\n        ".join(self._typed_columns(numbered))
        typed_rows = f"select\n        {columns}\n    from file_rows{self._kept()}"
        rows = self.contract.row_query or "select typed_rows.* from typed_rows"
        return f"with {self._file_rows(numbered)},\ntyped_rows as (\n    {typed_rows}\n),\nrows as (\n    {rows}\n)"

    def defects(self) -> str:
        """Return the SELECT of each field's first row whose text is not a value, one column per field, NULL if none."""
        items = []
        for entry in self._present():
            cell = self.cells[entry.name]
            value = value_or_null(entry, cell, self.contract.number_style)
            if entry.kind != "text":
                items.append(_first_row(cell, f"{value} is null and not {is_empty(entry, cell)}", entry.name))
        columns = ", ".join(items) or "null as nothing"
        return f"with {self._file_rows(numbered=True)}\nselect {columns} from file_rows{self._kept()}"

    def broken_rules(self) -> str:
        """Return the SELECT of each row rule's first broken row, one column per rule, NULL if none."""
        items = [
            _first_row(quoted(rule.shown), f"not coalesce({rule.predicate}, false)", f"rule_{number}")
            for number, rule in enumerate(self.contract.row_rules)
        ]
        return f"{self._rows(numbered=True)}\nselect {', '.join(items) or 'null as nothing'} from rows"

    def missing_values(self, table: ContractTable) -> str:
        """Return the SELECT of the first row that lacks each required column, one column each, NULL if none."""
        subject = SUBJECTS[table.subject]
        items = [
            _first_row(expression, f"{_usable(expression, subject.columns[column], column)} is null", column)
            for column, expression in table.columns
            if column in subject.required
        ]
        where = f" where {table.where}" if table.where else ""
        return f"{self._rows(numbered=True)}\nselect {', '.join(items)} from rows{where}"

    def totals(self, row: str, names: tuple[str, ...]) -> str:
        """Return the SELECT of some fields' values from another FROM item, such as a total row as literals."""
        items = ", ".join(
            f"{value_or_null(entry, self.cells[entry.name], self.contract.number_style)} as {quoted(entry.name)}"
            for entry in self._present()
            if entry.name in names
        )
        return f"select {items} from {row}"

    def _present(self) -> list[Field]:
        return [entry for entry in self.contract.fields if entry.name in self.cells]

    def _needs_row_numbers(self) -> bool:
        """Tell whether expressions use ``file_row``; numbering rows makes DuckDB read a file with one thread."""
        texts = [self.contract.row_query or ""]
        for table in self.contract.tables:
            texts += [table.where or "", *(expression for _column, expression in table.columns)]
        return any("file_row" in text for text in texts)

    def _file_rows(self, numbered: bool) -> str:
        number = "row_number() over () as file_row, " if numbered else ""
        return f"file_rows as (\n    select {number}* from {self.file_rows}\n)"

    def _kept(self) -> str:
        return f" where not coalesce({self.dropped}, false)" if self.dropped else ""

    def _typed_columns(self, numbered: bool) -> list[str]:
        columns = [
            *(["file_row"] if numbered else []),
            *(quoted(column.name) for column in self.contract.nested_columns),
        ]
        for entry in self.contract.fields:
            cell = self.cells.get(entry.name)
            value = f"cast(null as {entry.sql_type})" if cell is None else self._value(entry, cell)
            columns.append(f"{value} as {quoted(entry.name)}")
            if entry.kind == "timestamp":
                utc = value if cell is None else instant(entry, cell, value, self.contract.time_zone)
                columns.append(f"{utc} as {quoted(entry.name + '_utc')}")
        columns.append(f"{_constant(self.facts.currency, 'varchar')} as file_currency")
        columns.append(f"{_constant(self.facts.first_day, 'date')} as file_first_day")
        columns.append(f"{_constant(self.facts.only_day, 'date')} as file_day")
        return columns

    def _value(self, entry: Field, cell: str) -> str:
        value = strict_value(entry, cell, self.contract.number_style)
        if entry.personal:
            return hashed(value)
        return masked(value) if entry.free_text else value

    def _rules(self) -> str | None:
        if not self.contract.row_rules:
            return None
        cases = " ".join(
            f"when not coalesce({rule.predicate}, false)"
            f" then cast(error({literal(f'expected {rule.expected}')}) as boolean)"
            for rule in self.contract.row_rules
        )
        return f"case {cases} else true end"


def _first_row(shown: str, defect: str, name: str) -> str:
    """Return the aggregate for the first row with a defect, and the text that it shows."""
    row = f"{{'file_row': file_row, 'text': cast({shown} as varchar)}}"
    return f"min_by({row}, file_row) filter ({defect}) as {quoted(name)}"


def _checked(expression: str, data_type: str, column: str, required: bool) -> str:
    usable = _usable(expression, data_type, column)
    is_constant = expression.startswith("'") and expression.endswith("'") and "'" not in expression[1:-1]
    if not required or is_constant:
        return usable
    outside = f" or outside {FIRST_POSSIBLE_DAY} to {LAST_POSSIBLE_DAY}" if column in _DAY_COLUMNS else ""
    return f"coalesce({usable}, cast(error({literal(f'{column} is empty{outside}')}) as {data_type}))"


def _usable(expression: str, data_type: str, column: str) -> str:
    value = f"cast({expression} as {data_type})"
    if column not in _DAY_COLUMNS:
        return value
    return f"case when {value} between date '{FIRST_POSSIBLE_DAY}' and date '{LAST_POSSIBLE_DAY}' then {value} end"


def _constant(value: object, data_type: str) -> str:
    return f"cast({'null' if value is None else literal(str(value))} as {data_type})"
