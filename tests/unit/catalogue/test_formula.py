import pytest

from kpi_pipeline.catalogue.formulas.formula import check_names, formula_sql, parse_formula, ratio_sql
from kpi_pipeline.errors import FormulaError


def sides(text: str) -> tuple[str, str | None]:
    formula = parse_formula(text, "here")
    denominator = None if formula.denominator is None else formula_sql(formula.denominator, "t")
    return formula_sql(formula.numerator, "t"), denominator


@pytest.mark.parametrize(
    ("text", "numerator", "denominator"),
    [
        ("clicks / impressions", "t.clicks", "t.impressions"),
        ("(clicks / impressions)", "t.clicks", "t.impressions"),
        ("(gross - discounts) / orders", "t.gross - t.discounts", "t.orders"),
        ("1000 * cost / impressions", "1000 * t.cost", "t.impressions"),
        ("1000 * (cost / impressions)", "1000 * t.cost", "t.impressions"),
        ("(cost - gift) / orders * 0.5", "0.5 * (t.cost - t.gift)", "t.orders"),
        ("gross - discounts - returns", "t.gross - t.discounts - t.returns", None),
        ("gross - (discounts - returns)", "t.gross - (t.discounts - t.returns)", None),
        ("- -gross", "- - t.gross", None),
    ],
)
def test_formula_is_split_at_its_last_division(text: str, numerator: str, denominator: str | None) -> None:
    assert sides(text) == (numerator, denominator)


def test_every_division_is_in_doubles_and_never_by_zero() -> None:
    formula = parse_formula("gross / orders - cost / clicks", "here")

    assert formula_sql(formula.numerator, "t") == (
        "cast(t.gross as double) / nullif(cast(t.orders as double), 0)"
        " - cast(t.cost as double) / nullif(cast(t.clicks as double), 0)"
    )
    assert [formula_sql(divisor, "t") for divisor in formula.divisors] == ["t.orders", "t.clicks"]


def test_divisors_inside_the_sides_are_found_as_well() -> None:
    formula = parse_formula("(gross / orders) / (cost / clicks)", "here")

    assert {formula_sql(divisor, "t") for divisor in formula.divisors} == {
        "t.orders",
        "t.clicks",
        ratio_sql(*[side.unnest() for side in (formula.denominator.this, formula.denominator.expression)], "t"),  # type: ignore[union-attr]
    }


def test_measures_are_listed_once_in_the_order_of_reading() -> None:
    assert parse_formula("(b - a) / (a + c)", "here").measures == ("b", "a", "c")


def test_first_age_compares_two_measures() -> None:
    first_age = parse_formula("first_age(margin >= cost)", "here").first_age

    assert first_age is not None
    assert (first_age.gained, first_age.needed) == ("margin", "cost")


@pytest.mark.parametrize(
    "text",
    [
        "sum(clicks)",
        "avg(clicks) / impressions",
        "case when clicks > 1 then 1 end",
        "clicks > impressions",
        "clicks // impressions",
        "clicks % impressions",
        "clicks::integer",
        "ads.clicks",
        '"clicks"',
        "clicks as c",
        "clicks; impressions",
        "'clicks'",
        "(select 1)",
        "current_date",
        "null + clicks",
        "clicks /",
        "",
        "1 + 1",
        "first_age(margin > cost)",
        "first_age(margin >= 2)",
        "1 + first_age(margin >= cost)",
    ],
)
def test_anything_but_arithmetic_on_measures_is_refused(text: str) -> None:
    with pytest.raises(FormulaError, match="here: "):
        parse_formula(text, "here")


def test_unknown_measure_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(FormulaError, match='names "ad_click", which is no measure; did you mean "ad_clicks"'):
        check_names(parse_formula("ad_click / orders", "metric ctr"), {"ad_clicks", "orders"}, "metric ctr")
