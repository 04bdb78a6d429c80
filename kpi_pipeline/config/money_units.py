"""Units in which amounts of a currency are spoken of, other than the currency itself.

Here: the table of these units, and turning an amount into one. A new unit is a line of ``MONEY_UNITS`` and a word under
``money_unit`` in every catalogue of ``wording``. Currencies stand in ``currencies``; in what unit a source delivers its
amounts belongs to the source, and every amount is kept in the reporting currency.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class MoneyUnit:
    """One unit.

    Attributes:
        amount: how much of the currency one of it is.
        first_day: the first day on which people count in it; None while that day is not known.
    """

    currency: str
    amount: Decimal
    first_day: date | None


MONEY_UNITS = {
    # Ten rials; never issued, and what shops and payment services count in beside the rial.
    "toman": MoneyUnit("IRR", Decimal(10), date.min),
    # The amendment of article 58 (a) of the law of Iran's central bank: one rial equals 10,000 current rials and 100
    # qiran. In force since the president communicated it (Shafaq News, 2025-11-22). The central bank has two years to
    # prepare and to announce on which day the new rial comes into use, beside the current one for at most three years
    # (notes 2 and 4; text in Mehr News, 2025-10-05). Set that day here once it is announced.
    "new_rial": MoneyUnit("IRR", Decimal(10_000), None),
}


def shown_amount(amount: Decimal, money: str) -> Decimal:
    """Turn an amount of the reporting currency into what it is shown in: a unit's name, or a currency for itself."""
    unit = MONEY_UNITS.get(money)
    return amount if unit is None else amount / unit.amount
