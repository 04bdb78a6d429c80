"""Profit and loss reports of accounting programs: a tree of accounts.

Here: from the tree to one row per account and period. Only accounts are passed on; every subtotal, total and computed
row is compared with them, and a report without its last computed row counts as cut. The table itself belongs to
``statement_table``, codes and purposes of accounts to the systems.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from kpi_pipeline.sources.files.header_binding import comparable
from kpi_pipeline.sources.files.opened_file import FileNote
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten, write_rows
from kpi_pipeline.sources.layouts.statement_table import (
    Line,
    Statement,
    differs,
    length_notes,
    read_statement,
    refuse,
    refuse_sum,
)

HEADER = ("period start", "period end", "account", "path", "section", "basis", "amount")
SECTIONS = ("revenue", "cogs", "opex", "other_income", "other_expense", "tax")
ROLES = (*SECTIONS, "total", "computed", "net")

_KNOWN = {
    "income": "revenue",
    "trading income": "revenue",
    "cost of goods sold": "cogs",
    "cost of sales": "cogs",
    "expenses": "opex",
    "operating expenses": "opex",
    "other income": "other_income",
    "other expenses": "other_expense",
    "gross profit": "computed",
    "net operating income": "computed",
    "net other income": "computed",
    "net income": "net",
    "net profit": "net",
    "total for": "total",
    "total": "total",
}
# Section → sign; a computed row that is not named here is not compared.
_FORMULAS = {
    "gross profit": {"revenue": 1, "cogs": -1},
    "net operating income": {"revenue": 1, "cogs": -1, "opex": -1},
    "net other income": {"other_income": 1, "other_expense": -1},
}
_NET = {"revenue": 1, "cogs": -1, "opex": -1, "other_income": 1, "other_expense": -1, "tax": -1}


@dataclass
class _Group:
    """A section or a group of accounts that is not closed yet, with the sums of what was booked in it."""

    name: str
    sums: list[Decimal]
    accounts: int = 0


@dataclass
class _Tree:
    """What is known of a report while it is read; the first group is the section, the others stand in each other."""

    file: FileToRewrite
    statement: Statement
    roles: dict[str, str]
    has_sums: bool = True
    section: str = ""
    groups: list[_Group] = field(default_factory=list)
    rows: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    totals: dict[str, list[Decimal]] = field(default_factory=dict)

    def no_sums(self) -> list[Decimal]:
        return [Decimal(0)] * len(self.statement.columns)

    def is_total(self, label: str, name: str) -> bool:
        words = [word for word, role in self.roles.items() if role == "total"]
        return label in {comparable(f"{word} {name}") for word in words}


def rewrite(file: FileToRewrite) -> Rewritten:
    """Write one row per account and period.

    Raises:
        RefusedFile: the report has rows or columns that are not known, or does not add up.
    """
    statement = read_statement(file)
    declared = (line.rpartition("=") for line in file.contract.option("sections"))
    tree = _Tree(file, statement, _KNOWN | {comparable(text): role.strip() for text, _sign, role in declared})
    tree.has_sums = _has_sums(tree)
    _read(tree)
    notes = length_notes(file, statement)
    if tree.rows and not tree.has_sums:
        notes += (
            FileNote("unverified_totals", "totals that are all 0", "The report was not compared with its totals."),
        )
    basis = statement.basis or "".join(file.contract.option("basis"))
    write_rows(file.target, HEADER, ((line, (*cells[:5], basis, cells[5])) for line, cells in tree.rows))
    stated = sum(
        (
            amount
            for sums in tree.totals.values()
            for amount, period in zip(sums, statement.periods, strict=True)
            if period
        ),
        Decimal(0),
    )
    return Rewritten(
        stated_range=statement.range,
        control_totals={"amount": stated} if tree.has_sums else {},
        is_end_verifiable=True,
        notes=notes,
    )


def _has_sums(tree: _Tree) -> bool:
    """Tell whether any total is not 0: in Xero's workbooks they are formulas that nobody has computed."""
    words = tuple(f"{word} " for word, role in tree.roles.items() if role == "total")
    sums = [
        line
        for line in tree.statement.lines
        if line.key.startswith(words) or tree.roles.get(line.key) in ("computed", "net")
    ]
    return any(amount and amount.value for line in sums for amount in line.amounts)


def _read(tree: _Tree) -> None:
    lines = tree.statement.lines
    is_finished = False
    for index, line in enumerate(lines):
        if is_finished:
            refuse(tree.file, line.number, found=repr(line.label), expected="nothing below the net income")
        is_finished = _take(tree, line, lines[index + 1 :])
    if not is_finished:
        refuse(
            tree.file,
            lines[-1].number if lines else None,
            found=f"the end of the report after {lines[-1].label!r}" if lines else "a report without rows",
            expected="'Net Income' or 'Net Profit' as its last row",
            advice="The file may be cut; export it again.",
        )


def _take(tree: _Tree, line: Line, following: Sequence[Line]) -> bool:
    """Take one line in, and tell whether it is the report's last."""
    if tree.groups and tree.is_total(line.key, tree.groups[-1].name):
        _close(tree, line)
        return False
    role = tree.roles.get(line.key, "")
    if tree.groups and role and not any(tree.is_total(later.key, tree.groups[0].name) for later in following):
        if len(tree.groups) > 1 or tree.groups[0].accounts:
            _refuse_open(tree, line)
        tree.groups.pop()  # a section without accounts has no total either
    if not tree.groups:
        return _take_between_sections(tree, line, role)
    if any(tree.is_total(line.key, group.name) for group in tree.groups):
        _refuse_open(tree, line)
    is_group = _opens_group(tree, line, following)
    if is_group:
        tree.groups.append(_Group(line.label, tree.no_sums()))
    _book(tree, line, path=[group.name for group in tree.groups[1:]] + ([] if is_group else [line.label]))
    return False


def _take_between_sections(tree: _Tree, line: Line, role: str) -> bool:
    if role in SECTIONS and line.is_title:
        tree.section = role
        tree.groups.append(_Group(line.label, tree.no_sums()))
    elif role in ("computed", "net"):
        _check_computed(tree, line, role)
    else:
        refuse(
            tree.file,
            line.number,
            found=f"the row {line.label!r}",
            expected="a section such as Income or Expenses",
            advice="Say what it is: options: {sections: [Turnover = revenue]}, or computed, net, total.",
        )
    return role == "net"


def _opens_group(tree: _Tree, line: Line, following: Sequence[Line]) -> bool:
    """Tell whether a total of this row's name follows before what it stands in is closed."""
    for later in following:
        if tree.is_total(later.key, line.label):
            return True
        if tree.is_total(later.key, tree.groups[-1].name):
            return False
    return False


def _book(tree: _Tree, line: Line, *, path: list[str]) -> None:
    group = tree.groups[-1]
    group.accounts += not line.is_title
    for index, (amount, period) in enumerate(zip(line.amounts, tree.statement.periods, strict=True)):
        if amount is None:
            continue
        group.sums[index] += amount.value
        if period:
            first, last = period
            cells = (first.isoformat(), last.isoformat(), line.label, ":".join(path), tree.section, amount.text)
            tree.rows.append((line.number, cells))


def _close(tree: _Tree, line: Line) -> None:
    group = tree.groups.pop()
    for column, amount, total in zip(tree.statement.columns, line.amounts, group.sums, strict=True):
        if tree.has_sums and differs(amount, total):
            refuse_sum(tree.file, line, column, total, amount)
    if tree.groups:
        parent = tree.groups[-1]
        parent.sums = [before + more for before, more in zip(parent.sums, group.sums, strict=True)]
        parent.accounts += group.accounts
        return
    before = tree.totals.get(tree.section, tree.no_sums())
    stated = (amount.value if amount else Decimal(0) for amount in line.amounts)
    tree.totals[tree.section] = [one + more for one, more in zip(before, stated, strict=True)]


def _check_computed(tree: _Tree, line: Line, role: str) -> None:
    formula = _NET if role == "net" else _FORMULAS.get(line.key, {})
    for index, (column, amount) in enumerate(zip(tree.statement.columns, line.amounts, strict=True)):
        parts = [sign * tree.totals[section][index] for section, sign in formula.items() if section in tree.totals]
        if tree.has_sums and formula and differs(amount, sum(parts, Decimal(0))):
            refuse_sum(tree.file, line, column, sum(parts, Decimal(0)), amount)


def _refuse_open(tree: _Tree, line: Line) -> None:
    refuse(tree.file, line.number, found=repr(line.label), expected=f"first the total of {tree.groups[-1].name!r}")
