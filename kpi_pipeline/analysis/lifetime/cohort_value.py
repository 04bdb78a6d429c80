"""What the customers of one cohort have brought by age: the row of a cohort triangle.

Here: value to date and payback, over ages that every customer of the cohort has passed. An age is a month; age 0 starts
with the first order. Which months are complete is known to ``catalogue``; what is still to come to ``lifetime_value``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MONTHS_OF_YEAR = 12


@dataclass(frozen=True)
class Cohort:
    """Customers who first ordered in the same period.

    Attributes:
        customers: how many, at least one.
        margins: gross margin at each complete age; None where it is not known.
    """

    customers: int
    margins: Sequence[float | None]

    def value_by_age(self, discount_rate: float = 0.0) -> list[float | None]:
        """Return the gross margin per customer up to the end of each age, discounted at a yearly rate to age 0.

        After an age whose margin is unknown nothing is known any more.
        """
        monthly = (1 + discount_rate) ** (1 / MONTHS_OF_YEAR)
        values: list[float | None] = []
        value: float | None = 0.0
        for age, margin in enumerate(self.margins):
            value = None if value is None or margin is None else value + margin / self.customers / monthly**age
            values.append(value)
        return values

    def payback_month(self, acquisition_cost: float) -> int | None:
        """Return the first month, 1 for age 0, up to which a customer has brought what one cost; None if not yet."""
        reached = (
            age + 1 for age, value in enumerate(self.value_by_age()) if value is not None and value >= acquisition_cost
        )
        return next(reached, None)
