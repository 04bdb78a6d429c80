"""The textbook value of a customer who stays with the same probability year after year: a rule of thumb.

Here: the closed form. It takes for granted that everybody leaves at one constant rate, and flatters young customers;
it never stands beside a fitted model without being called a rule of thumb.
"""


def constant_retention_value(
    margin: float, retention: float, discount_rate: float, *, first_margin_at_once: bool
) -> float:
    """Return the discounted margin of a customer for ever.

    Args:
        margin: of one year.
        retention: share of customers who stay for another year, 0 to 1.
        discount_rate: of one year, above ``retention - 1``.
        first_margin_at_once: whether the first year's margin is certain and undiscounted.
    """
    received = (1 + discount_rate) if first_margin_at_once else retention
    return margin * received / (1 + discount_rate - retention)
