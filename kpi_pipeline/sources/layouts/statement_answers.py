"""Profit and loss reports that accounting programs answer with, instead of exporting them.

Here: what their APIs share: whole months, one row per account and month, and every sum that the program states compared
with its accounts. How a program nests its rows belongs to its system; exported reports to ``profit_and_loss``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, rewrite_pull
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.contracts.profit_and_loss_contract import profit_and_loss_contract
from kpi_pipeline.sources.files.header_binding import comparable
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten

Period = tuple[date, date]
# Section → sign, for the rows that a program computes.
GROSS_PROFIT = {"revenue": 1, "cogs": -1}
OPERATING_INCOME = GROSS_PROFIT | {"opex": -1}
OTHER_INCOME = {"other_income": 1, "other_expense": -1}
NET_INCOME = OPERATING_INCOME | OTHER_INCOME | {"tax": -1}
_PER_ACCOUNT = Decimal("0.01")


def statement_contract(name: str, source: Source) -> Contract:
    """Make the contract of answers; the accounts have identifiers there, which exports lack.

    Raises:
        ConfigurationError: as for exported reports.
    """
    # A month that is not over ends later with each answer, but always begins on the same day.
    contract = profit_and_loss_contract(name, source, code="account_code", account_name="account")
    return replace(
        contract,
        fields=(*contract.fields, Field("account_code", ("account code",))),
        rewriter=f"systems.{source.system}",
        refuse_no_rows=True,
    )


def rewrite_statements(file: FileToRewrite, read: Callable[[FileToRewrite, Page], "Statement"]) -> Rewritten:
    """Rewrite stored answers as one row per account and month.

    Args:
        file: the stored pull.
        read: reads one answer.

    Raises:
        RefusedFile: the pull is not complete, or an answer is not understood or does not add up.
    """
    days: list[date] = []

    def records(pull: StoredPull, extracted: Extracted) -> Iterator[Record]:
        days.extend((_month_start(pull.first_day), pull.last_day))
        total = Decimal(0)
        for page in pull.pages:
            statement = read(file, page)
            total += statement.stated_total
            yield from statement.rows
        extracted.control_totals["amount"] = total

    rewritten = rewrite_pull(file, records)
    # A month that is asked for again is replaced as a whole.
    return replace(rewritten, stated_range=(days[0], days[1]))


def declared_roles(contract: Contract) -> dict[str, str]:
    """Return what the source says that titles of its report mean."""
    declared = (line.rpartition("=") for line in contract.option("sections"))
    return {comparable(text): role.strip() for text, _sign, role in declared}


def months(first_day: date, last_day: date) -> Iterator[Period]:
    """Yield the months from the one of ``first_day`` on; the last one ends with ``last_day``."""
    first = _month_start(first_day)
    while first <= last_day:
        following = _month_start(first + timedelta(days=31))
        yield first, min(following - timedelta(days=1), last_day)
        first = following


@dataclass(frozen=True)
class Sums:
    """What some accounts add up to, one amount per column."""

    amounts: tuple[Decimal, ...]
    accounts: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        """Return the sums of both."""
        amounts = (one + more for one, more in zip(self.amounts, other.amounts, strict=True))
        return Sums(tuple(amounts), self.accounts + other.accounts)


@dataclass
class Statement:
    """One report while it is read.

    Attributes:
        file_name: for messages.
        periods: the period of each column.
        basis: accrual or cash.
        rows: what was booked so far, field → text.
    """

    file_name: str
    periods: tuple[Period, ...]
    basis: str
    rows: list[dict[str, str | None]] = field(default_factory=list)
    _totals: dict[str, Sums] = field(default_factory=dict)

    @property
    def nothing(self) -> Sums:
        """No account at all."""
        return Sums((Decimal(0),) * len(self.periods))

    @property
    def stated_total(self) -> Decimal:
        """The sum of all sections, as the program states them."""
        return sum((amount for sums in self._totals.values() for amount in sums.amounts), Decimal(0))

    def book(self, section: str, path: Sequence[str], code: str | None, texts: Sequence[str]) -> Sums:
        """Take an account's amounts; an empty one is no row.

        Raises:
            RefusedFile: there are more or fewer amounts than columns, or one is none.
        """
        sums = self._sums(path[-1], texts)
        for (first, last), text in zip(self.periods, texts, strict=True):
            if text.strip():
                self.rows.append(
                    {
                        "period_start": str(first),
                        "period_end": str(last),
                        "account": path[-1],
                        "account_code": code,
                        "path": ":".join(path),
                        "section": section,
                        "basis": self.basis,
                        "amount": text,
                    }
                )
        return Sums(sums.amounts, accounts=1)

    def compare(self, label: str, found: Sums, texts: Sequence[str]) -> None:
        """Compare what accounts add up to with what the program states.

        Raises:
            RefusedFile: they differ by more than rounding explains.
        """
        stated = self._sums(label, texts)
        for (first, _last), wanted, amount in zip(self.periods, stated.amounts, found.amounts, strict=True):
            if abs(wanted - amount) > _PER_ACCOUNT * max(found.accounts, 1):
                raise self.refuse(f"{label!r} of {wanted:f} in {first:%Y-%m}", f"{amount:f}, as its accounts add up to")

    def close(self, section: str, label: str, found: Sums, texts: Sequence[str]) -> None:
        """Compare a section with its total and keep the total.

        Raises:
            RefusedFile: they differ.
        """
        self.compare(label, found, texts)
        stated = Sums(self._sums(label, texts).amounts, found.accounts)
        self._totals[section] = self._totals.get(section, self.nothing) + stated

    def compare_computed(self, label: str, formula: Mapping[str, int], texts: Sequence[str]) -> None:
        """Compare a row that the program computes with the sections that it is made of.

        Raises:
            RefusedFile: they differ.
        """
        found = self.nothing
        for section, sign in formula.items():
            sums = self._totals.get(section, self.nothing)
            found += Sums(tuple(sign * amount for amount in sums.amounts), sums.accounts)
        self.compare(label, found, texts)

    def refuse(self, found: str, expected: str, advice: str = "") -> RefusedFile:
        """Return the refusal of the report."""
        return RefusedFile(self.file_name, found=found, expected=expected, advice=advice)

    def _sums(self, label: str, texts: Sequence[str]) -> Sums:
        if len(texts) != len(self.periods):
            raise self.refuse(f"{label!r} with {len(texts)} amounts", f"{len(self.periods)}, one per month")
        try:
            return Sums(tuple(Decimal(text.strip().replace(",", "") or 0) for text in texts))
        except InvalidOperation as error:
            raise self.refuse(f"{label!r} of {', '.join(texts)}", "amounts") from error


def _month_start(day: date) -> date:
    return day.replace(day=1)
