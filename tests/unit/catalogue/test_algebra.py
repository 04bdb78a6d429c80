"""One form for all spellings of a formula; checked against plain arithmetic with fractions."""

from fractions import Fraction
from random import Random

import pytest

from kpi_pipeline.catalogue.formulas.algebra import Product, product_of
from kpi_pipeline.catalogue.formulas.formula import parse_formula

NUMBERS = {"a": Fraction(7), "b": Fraction(-3, 5), "c": Fraction(11, 4), "d": Fraction(13)}

CONSTANTS = {"half": Fraction(1, 2), "two": Fraction(2)}


def said(text: str) -> Product:
    return product_of(parse_formula(text, "here").expression, lambda name: name)


def value(product: Product) -> Fraction:
    found = product.multiple
    for polynomial, power in product.powers.items():
        added = Fraction()
        for monomial, multiple in polynomial.terms:
            for name, exponent in monomial:
                multiple *= NUMBERS[name] ** exponent
            added += multiple
        found *= added**power
    return found


@pytest.mark.parametrize(
    "spellings",
    [
        ["a * b", "b * a", "2 * b * (a)", "a / (1 / b)"],
        ["a + b", "b + a", "a  +  b /* why */", "-(-a - b)", "3 * (b + a) / 4", "a - b + 2 * b"],
        ["a - b", "-(b - a)", "(b - a) * -1"],
        ["a / b", "100 * (a / b)", "1 / (b / a)", "a * c / (b * c)", "(a / c) / (b / c)", "a / b * 1000"],
        ["(a - b) / a", "1 - b / a", "(b - a) / -a"],
        ["a * (b + c)", "a * b + c * a", "(b + c) / (1 / a)"],
        ["(a + b) * (a - b)", "a * a - b * b"],
        ["a", "(a * a - a * b) / (a - b)", "0.5 * a + a / 2"],
        ["a / b + c / d", "(d * a + b * c) / (d * b)"],
        ["a - previous(a)", "-(previous(a) - a)"],
        ["first_age(a >= b)", "first_age( a >= b )"],
    ],
)
def test_spellings_of_one_number_are_recognized(spellings: list[str]) -> None:
    for spelling in spellings:
        assert said(spelling).is_multiple_of(said(spellings[0])), spelling


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a / b", "b / a"),
        ("a - b", "a + b"),
        ("a", "a + 1"),
        ("a * a", "a"),
        ("a", "previous(a)"),
        ("a - a", "a"),
        ("a - a", "b - b"),
        ("first_age(a >= b)", "first_age(b >= a)"),
        ("a / (b - b)", "a"),
    ],
)
def test_different_numbers_stay_different(one: str, other: str) -> None:
    assert not said(one).is_multiple_of(said(other))


def made_up(random: Random, depth: int) -> str:
    if depth == 0:
        return random.choice((*NUMBERS, "2", "0.5"))
    sides = made_up(random, depth - 1), made_up(random, random.randrange(depth))
    return f"({sides[0]} {random.choice('+-*/')} {sides[1]})"


def test_the_form_is_worth_what_the_formula_is_worth() -> None:
    random, tried = Random(4), 0
    while tried < 300:
        formula = f"a + {made_up(random, 3)}"
        try:
            plain = eval(formula.replace("0.5", "half").replace("2", "two"), CONSTANTS, NUMBERS)
        except ZeroDivisionError:
            continue
        product = said(formula)
        # What divides by zero whatever the numbers are never has a value, and stands as zero.
        if product.multiple:
            assert value(product) == plain, formula
            assert value(Product.of(product.numerator)) / value(Product.of(product.denominator)) == plain, formula
        tried += 1
