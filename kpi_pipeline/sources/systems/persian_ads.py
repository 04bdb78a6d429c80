"""Iranian advertising platforms: tables with Persian headers.

Here: the usual Persian names of an advertising report's columns. No platform's own layout is attested, so this is a
dictionary of words, not a vendor's format. Amounts become rial; where neither the header nor the source says whether
they are toman or rial, the file is refused, since a factor of ten cannot be seen in the figures.
"""

from itertools import product

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_options, declared_style, listed_names
from kpi_pipeline.sources.contracts.contract import (
    Contract,
    NotedAbsence,
    RowRule,
    TotalRows,
    contract_table,
    source_error,
)
from kpi_pipeline.sources.contracts.field import Field, NumberStyle
from kpi_pipeline.sources.values.sql_text import literal

_RIAL_IN = {"toman": "10", "rial": "1"}
_UNITS = {"toman": "تومان", "rial": "ریال"}
_EMPTY = ("-", "—", "ـ")
_COSTS = ("هزینه", "مبلغ مصرف شده")
_VALUES = ("درآمد", "فروش")
_IGNORED = "نرخ کلیک; ردیف"
_TOTAL = r"^\s*(جمع|مجموع)( کل)?\s*$"


def build(name: str, source: Source) -> Contract:
    """Make the contract of an account at an Iranian advertising platform.

    Raises:
        ConfigurationError: the unit is neither toman nor rial.
    """
    unit = source.options.get("unit")
    if unit is not None and unit not in _RIAL_IN:
        raise source_error(name, "options.unit", f"{unit!r} is neither toman nor rial")
    platform = source.options.get("platform", name)
    fields = (
        Field(
            "day",
            _spellings("تاریخ", "روز"),
            "date",
            required=True,
            styles=declared_style(source, ("jalali", "iso")),
        ),
        Field("campaign_id", _spellings("شناسه کمپین")),
        Field("campaign_name", _spellings("کمپین", "نام کمپین"), required=True),
        Field("ad_group_name", _spellings("گروه تبلیغاتی")),
        Field("ad_name", _spellings("تبلیغ", "آگهی", "بنر")),
        Field(
            "impressions",
            _spellings("نمایش", "تعداد نمایش", "ایمپرشن"),
            "integer",
            required=True,
            empty_as=_EMPTY,
        ),
        Field("clicks", _spellings("کلیک", "تعداد کلیک"), "integer", empty_as=_EMPTY),
        Field("conversions", _spellings("تبدیل", "کانورژن"), "double", empty_as=_EMPTY),
        *_amounts("cost", _COSTS, unit),
        *_amounts("value", _VALUES, unit),
    )
    columns = {field.name: field.name for field in fields} | {
        "platform": literal(str(platform)),
        "time_zone": literal(source.time_zone or "Asia/Tehran"),
        "campaign_id": "coalesce(campaign_id, 'name:' || campaign_name)",
        "cost": "coalesce(cost_toman, cost_rial, cost_without_unit)",
        "conversion_value": "coalesce(value_toman, value_rial, value_without_unit)",
        "currency": "'IRR'",
        "account_id": literal(source.account_id),
    }
    sums = [("impressions", "impressions"), ("clicks", "clicks"), ("conversions", "conversions")]
    sums += [("cost", f"cost_{written}") for written in ("toman", "rial", "without_unit")]
    return Contract(
        source=name,
        system="persian_ads",
        formats=("csv",),
        fields=fields,
        tables=(contract_table("ad_performance", columns),),
        row_rules=() if unit else (_unit_is_known("cost"), _unit_is_known("value")),
        one_of=(("cost_toman", "cost_rial", "cost_without_unit"),),
        noted_absences=(
            NotedAbsence("campaign_id", "name_as_id", "Campaigns are told apart by name; a renamed one counts as new."),
        ),
        ignored_headers=listed_names(_IGNORED),
        totals=TotalRows(place="last_rows", label=_TOTAL, sums=tuple(sums)),
        options=declared_options(name, source, ("unit", "platform", "date_style")),
        number_style=NumberStyle(source.decimal_separator, source.thousands_separator or ","),
        currency="IRR",
    )


def _amounts(name: str, headers: tuple[str, ...], unit: object) -> tuple[Field, ...]:
    """Return one field per unit that the header may state, and one for a header that states none."""
    stated = tuple(
        Field(
            f"{name}_{written}",
            _spellings(*(f"{header} ({word})" for header in headers)),
            "decimal",
            empty_as=_EMPTY,
            scale=_RIAL_IN[written],
        )
        for written, word in _UNITS.items()
    )
    scale = _RIAL_IN.get(str(unit), "1")
    return (
        *stated,
        Field(f"{name}_without_unit", _spellings(*headers), "decimal", empty_as=_EMPTY, scale=scale),
    )


def _unit_is_known(name: str) -> RowRule:
    return RowRule(
        predicate=f"{name}_without_unit is null",
        shown=f"{name}_without_unit",
        expected="amounts whose unit the header states, such as 'هزینه (تومان)'",
        advice="Say it in the source's configuration: options: {unit: toman}, or {unit: rial}.",
    )


def _spellings(*names: str) -> tuple[str, ...]:
    """Return names with each of their spaces and without: a joiner stands there in many files, which does not count."""
    return tuple(
        "".join(piece for pair in zip(words, (*gaps, ""), strict=True) for piece in pair)
        for words in (name.split(" ") for name in names)
        for gaps in product(*[(" ", "")] * (len(words) - 1))
    )
