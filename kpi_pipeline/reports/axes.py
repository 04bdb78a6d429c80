"""Where an axis is marked: round numbers that span the values, and weeks that leave room for their dates.

Here: choosing the places. Writing what stands there belongs to those who know the unit or the calendar.
"""

import math

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def value_marks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Return about as many round numbers as wanted; the first and last enclose the values.

    Args:
        low: the smallest value.
        high: the largest value; may be equal.
        wanted: how many intervals there should be at most.
    """
    if not high > low:
        reach = abs(high) / 2 or 1.0
        low, high = low - reach, high + reach
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(step * power for step in STEPS if step * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(position * step, 12) for position in range(first, last + 1)]


def week_marks(weeks: int, wanted: int = 6) -> list[int]:
    """Return positions of weeks at even distances, from the first week on."""
    step = max(math.ceil(weeks / wanted), 1)
    return list(range(0, weeks, step))
