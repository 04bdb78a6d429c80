"""The checks of a table's header, run on the rows that were just built.

Here: how grain, checks and warnings are evaluated. Add a kind of check here and in ``sql_header``. When they run and
what their failure stops belongs to ``build``.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from kpi_pipeline.errors import CheckFailedError
from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.warehouse.quoting import day_condition, quoted_name, quoted_table
from kpi_pipeline.warehouse.sql_file import SqlFile
from kpi_pipeline.warehouse.sql_header import Check

SAMPLE_ROWS = 3


@dataclass(frozen=True)
class CheckWarning:
    """A warning check that does not hold for all rows; the days are None where the table has no day."""

    check: str
    failing_rows: int
    first_day: date | None
    last_day: date | None

    def __str__(self) -> str:
        days = f" from {self.first_day} to {self.last_day}" if self.first_day else ""
        return f"{self.check} does not hold for {self.failing_rows} rows{days}"


class TableCheckError(CheckFailedError):
    """Raised when a blocking check of a table fails; ``check`` is its name, ``grain`` for the grain."""

    def __init__(self, check: str, message: str) -> None:
        super().__init__(message)
        self.check = check


def check_rows(engine: Engine, file: SqlFile, days: Collection[date] | None) -> None:
    """Run the blocking checks of a table, on the rows of ``days`` alone where the others were checked before.

    Raises:
        TableCheckError: for the first check that fails, with some of the failing rows.
    """
    conditions = {"grain": " or ".join(f"{quoted_name(name)} is null" for name in file.grain)} if file.grain else {}
    conditions |= {check.name: _fails(check) for check in file.checks if check.is_blocking}
    if not conditions:
        return
    counts = ", ".join(
        f"count(*) filter (where {failing}) as {quoted_name(name)}" for name, failing in conditions.items()
    )
    rows = f"{quoted_table(file.table)} where {_among(days)}"
    failing_rows = engine.read(f"select {counts} from {rows}").to_pylist()[0]
    for name, failing in conditions.items():
        if failing_rows[name]:
            sample = f"select * from {rows} and ({failing}) order by all limit {SAMPLE_ROWS}"
            raise _failure(engine, file, name, failing_rows[name], sample)
    if file.grain:
        _check_unique(engine, file, days)


def _check_unique(engine: Engine, file: SqlFile, days: Collection[date] | None) -> None:
    # Where the day is no part of the grain, a new row may repeat one of any other day.
    condition = _among(days if "day" in file.grain else None)
    columns = ", ".join(quoted_name(name) for name in file.grain)
    repeated = (
        f"select {columns}, count(*) as number_of_rows from {quoted_table(file.table)} where {condition}"
        f" group by {columns} having count(*) > 1"
    )
    count = engine.read(f"select count(*) as repeated from ({repeated}) as repeated").column("repeated")[0].as_py()
    if count:
        raise _failure(engine, file, "grain", count, f"{repeated} order by all limit {SAMPLE_ROWS}")


def refresh_warnings(engine: Engine, file: SqlFile, days: Collection[date] | None) -> None:
    """Count the rows that fail warning checks and keep the counts per day: they stand until those days are rebuilt."""
    condition = _among(days)
    engine.run(
        f"delete from meta.check_warnings where table_name = $table_name and {condition}", {"table_name": file.table}
    )
    for check in file.checks:
        if not check.is_blocking:
            engine.run(
                f"insert into meta.check_warnings select $table_name, $check_name,"
                f" {'day' if file.has_day else 'cast(null as date)'}, count(*) from {quoted_table(file.table)}"
                f" where {condition} and ({_fails(check)}) group by all having count(*) > 0",
                {"table_name": file.table, "check_name": check.name},
            )


def standing_warnings(engine: Engine) -> dict[str, tuple[CheckWarning, ...]]:
    """Return the warnings of every table that has some."""
    found = engine.read(
        "select table_name, check_name, sum(failing_rows) as failing_rows, min(day) as first_day, max(day) as last_day"
        " from meta.check_warnings group by all order by all"
    )
    warnings: dict[str, tuple[CheckWarning, ...]] = {}
    for row in found.to_pylist():
        warning = CheckWarning(row["check_name"], int(row["failing_rows"]), row["first_day"], row["last_day"])
        warnings[row["table_name"]] = (*warnings.get(row["table_name"], ()), warning)
    return warnings


def _among(days: Collection[date] | None) -> str:
    return day_condition(days) if days else "true"


def _fails(check: Check) -> str:
    # The line break ends a comment behind the predicate.
    return f"not ({check.predicate}\n)"


def _failure(engine: Engine, file: SqlFile, name: str, failing_rows: int, sample: str) -> TableCheckError:
    check = next((check for check in file.checks if check.name == name), None)
    expected = check.predicate if check else f"one row per {', '.join(file.grain)}, none of them NULL"
    line = check.line if check else 1
    rows = "\n".join(
        "  " + ", ".join(f"{column}={value}" for column, value in row.items())
        for row in engine.read(sample).to_pylist()
    )
    return TableCheckError(
        name,
        f"{file.place}:{line}: check {name} fails for {failing_rows} of the new rows of {file.table}, for example\n"
        f"{rows}\nExpected: {expected}. The table keeps its former rows; correct the source, or a wrong check",
    )
