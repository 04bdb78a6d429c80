"""Numbers as the languages of the product write them: digits, marks, signs, units and currencies.

Here: turning one number into text. A new unit is added to ``COUNTED_UNITS`` and the catalogues, or to ``format_value``
and ``format_change``. Deciding which number is shown, and texts without numbers, do not belong here.
"""

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from kpi_pipeline.config.model import Unit
from kpi_pipeline.config.money_units import MONEY_UNITS, shown_amount
from kpi_pipeline.errors import ReportError
from kpi_pipeline.wording.language import Language
from kpi_pipeline.wording.outside_text import isolate_number

MINUS = "\u2212"
# Units that are a word behind the number.
COUNTED_UNITS = frozenset({"points", "minutes", "hours", "days", "months"})
Number = int | float | Decimal

_MILLION = 10**6
_BILLION = 10**9
# Below this a full number is easier to compare than a scaled one.
_SCALED_FROM = 10 * _MILLION


@dataclass(frozen=True)
class NumberStyle:
    """How the numbers of one metric are written.

    Attributes:
        money: what amounts are shown in: a unit of ``money_units`` or an ISO code; used where the unit is currency, of
            which values are always given in the reporting currency.
    """

    language: Language
    unit: Unit
    decimals: int
    money: str


def format_value(value: Number, style: NumberStyle) -> str:
    """Write a value in its metric's unit."""
    return _in_unit(value, style, signed=False)


def format_change(value: Number, previous: Number, style: NumberStyle) -> str:
    """Write the step from ``previous``: of a percentage or a score in points, of an amount in per cent.

    From zero there is no per cent; the step is then written in the unit.
    """
    step = _exact(value) - _exact(previous)
    if style.unit in {"percent", "points"} or previous == 0:
        return format_step(step, style)
    return _fill(100 * step / abs(_exact(previous)), 1, style.language, "percent", signed=True)


def format_step(step: Number, style: NumberStyle, *, signed: bool = True) -> str:
    """Write a difference of two values in their unit; of two percentages in points."""
    if style.unit == "percent":
        return _fill(step, style.decimals, style.language, "points", signed=signed)
    return _in_unit(step, style, signed=signed)


def format_axis(value: Number, style: NumberStyle) -> str:
    """Write a round number of an axis in the metric's unit, with no more decimals than it has."""
    shown = shown_number(value, style).normalize()
    return _in_unit(value, replace(style, decimals=max(-int(shown.as_tuple().exponent), 0)), signed=False)


def format_share(share: Number, language: Language) -> str:
    """Write a share (0.56) as whole per cent."""
    return _fill(100 * _exact(share), 0, language, "percent")


def format_growth(growth: Number, language: Language) -> str:
    """Write a growth (0.0154) in per cent with its sign, fine enough to compare weeks."""
    return _fill(100 * _exact(growth), 2, language, "percent", signed=True)


def format_part(part: Number | None, whole: Number | None, decimals: int, language: Language) -> str:
    """Write what part of a whole something is, in per cent; nothing where that cannot be said."""
    if part is None or not whole:
        return ""
    return _fill(100 * _exact(part) / _exact(whole), decimals, language, "percent")


def format_decimal(value: Number, decimals: int, language: Language, *, signed: bool = False) -> str:
    """Write a number without a unit."""
    return _fill(value, decimals, language, "plain", signed=signed)


def format_count(count: int, language: Language) -> str:
    """Write a plain whole number with all its digits."""
    return _fill(count, 0, language, "plain")


def shown_number(value: Number, style: NumberStyle) -> Decimal:
    """Return the number that is written for a value: amounts in what they are shown in, all else as it is."""
    exact = _exact(value)
    return shown_amount(exact, style.money) if style.unit == "currency" else exact


def money_name(money: str, language: Language) -> str:
    """Return how an ISO code or a unit of money is called, to stand over a column of amounts."""
    return language.known_text("money_unit", money, money)


def write_digits(text: str, language: Language) -> str:
    """Replace ASCII digits by those of the language."""
    return text.translate(str.maketrans("0123456789", language.digits))


def _in_unit(value: Number, style: NumberStyle, *, signed: bool) -> str:
    language = style.language
    if style.unit in COUNTED_UNITS:
        number = _fill(value, style.decimals, language, "plain", signed=signed)
        return language.plural(f"unit.{style.unit}", 1 if abs(_exact(value)) == 1 else 2, number=number)
    if style.unit == "percent":
        return _fill(value, style.decimals, language, "percent", signed=signed)
    pattern, symbol = _money(style) if style.unit == "currency" else ("plain", "")
    amount, decimals, scale = shown_number(value, style), style.decimals, ""
    if style.unit in {"currency", "count"} and abs(amount) >= _SCALED_FROM:
        in_billions = abs(amount) >= _BILLION
        amount, decimals = amount / (_BILLION if in_billions else _MILLION), 2
        scale = language.patterns["billion" if in_billions else "million"]
    return _fill(amount, decimals, language, pattern, signed=signed, symbol=symbol, scale=scale)


def _money(style: NumberStyle) -> tuple[str, str]:
    """The pattern of an amount, and what stands in it for the money."""
    language = style.language
    if style.money in MONEY_UNITS:
        return "money_unit", language.text(f"money_unit.{style.money}")
    unknown = language.patterns["other_currency"].format(code=style.money)
    return "currency", language.currencies.get(style.money, unknown)


def _fill(
    value: Number,
    decimals: int,
    language: Language,
    pattern: str,
    *,
    signed: bool = False,
    symbol: str = "",
    scale: str = "",
) -> str:
    rounded = _exact(value).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    whole, _, fraction = f"{abs(rounded):,f}".partition(".")
    number = whole.replace(",", language.group_mark) + (language.decimal_mark + fraction if fraction else "")
    number = write_digits(number, language)
    return language.patterns[pattern].format(
        sign=sign,
        number=number,
        signed=isolate_number(sign + number) if sign else number,
        percent=isolate_number(sign + number + language.percent_mark),
        symbol=symbol,
        scale=scale,
    )


def _exact(value: Number) -> Decimal:
    exact = Decimal(str(value))
    if not exact.is_finite():
        raise ReportError(f"value {value}: expected a finite number or NULL with a reason; rebuild the snapshot")
    return exact
