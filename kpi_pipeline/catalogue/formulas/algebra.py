"""What a formula says, however it is spelt: exact arithmetic with names in place of numbers.

Here: one form for all spellings of a quotient, such as ``a * b`` and ``b * a``, ``a - b`` and ``-(b - a)``,
``a / (b / c)`` and ``a * c / b``. What may stand in a formula belongs to ``formula``; which numbers two formulas are
about, and who may see them, to ``audience`` and ``derivation``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from operator import mul

from sqlglot import exp

Monomial = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Polynomial:
    """A sum of multiples of products of names.

    Attributes:
        terms: each product with the multiple of it, in order, none of them zero.
    """

    terms: tuple[tuple[Monomial, Fraction], ...]

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # Fractions are slow to hash, and polynomials are looked up often.
        return hash(self.terms)

    @classmethod
    def of(cls, terms: Iterable[tuple[Monomial, Fraction]]) -> "Polynomial":
        """Add up terms of which several may be of the same product."""
        added: dict[Monomial, Fraction] = {}
        for monomial, multiple in terms:
            added[monomial] = added.get(monomial, Fraction()) + multiple
        return cls(tuple(sorted((monomial, multiple) for monomial, multiple in added.items() if multiple)))

    @classmethod
    def constant(cls, value: Fraction) -> "Polynomial":
        """Return a number."""
        return cls.of([((), value)])

    def __add__(self, other: "Polynomial") -> "Polynomial":
        return Polynomial.of((*self.terms, *other.terms))

    def __mul__(self, other: "Polynomial") -> "Polynomial":
        return Polynomial.of(
            (_times(one, another), multiple * factor) for one, multiple in self.terms for another, factor in other.terms
        )

    def scaled(self, factor: Fraction) -> "Polynomial":
        """Return the polynomial times a number."""
        return Polynomial.of((monomial, multiple * factor) for monomial, multiple in self.terms)

    @property
    def names(self) -> frozenset[str]:
        """The names that stand in it."""
        return frozenset(name for monomial, _ in self.terms for name, _ in monomial)


@dataclass(frozen=True)
class Product:
    """A number times powers of sums; below zero where they divide.

    Attributes:
        multiple: the number; zero makes everything zero.
        factors: sums that have no number and no single name as a common factor, each with its exponent.
    """

    multiple: Fraction
    factors: frozenset[tuple[Polynomial, int]] = frozenset()

    @cached_property
    def powers(self) -> Mapping[Polynomial, int]:
        """Factor → exponent."""
        return dict(self.factors)

    @classmethod
    def of(cls, polynomial: Polynomial) -> "Product":
        """Take the common number and names out of a sum."""
        if not polynomial.terms:
            return cls(Fraction())
        shared = reduce(_shared, (monomial for monomial, _ in polynomial.terms))
        multiple = polynomial.terms[-1][1]
        rest = Polynomial.of((_without(monomial, shared), each / multiple) for monomial, each in polynomial.terms)
        powers = {Polynomial.of([(((name, 1),), Fraction(1))]): exponent for name, exponent in shared}
        return cls(multiple, frozenset((powers | ({rest: 1} if rest.names else {})).items()))

    def times(self, other: "Product", exponent: int = 1) -> "Product":
        """Return the product with a power of another; what divides by zero is zero, because it never has a value."""
        if not self.multiple or not other.multiple:
            return Product(Fraction())
        powers = dict(self.powers)
        for factor, power in other.powers.items():
            powers[factor] = powers.get(factor, 0) + exponent * power
        return Product(self.multiple * other.multiple**exponent, _present(powers))

    def plus(self, other: "Product") -> "Product":
        """Return the sum of both, over their common denominator."""
        if not self.multiple or not other.multiple:
            return self if self.multiple else other
        below = {
            factor: max(-self.powers.get(factor, 0), -other.powers.get(factor, 0), 0)
            for factor in {*self.powers, *other.powers}
        }
        common = Product(Fraction(1), _present(below))
        above = self.times(common).numerator + other.times(common).numerator
        return Product.of(above).times(common, -1)

    @cached_property
    def numerator(self) -> Polynomial:
        """What stands above the division, multiplied out."""
        return self._multiplied(1).scaled(self.multiple)

    @cached_property
    def denominator(self) -> Polynomial:
        """What stands below the division, multiplied out; the number 1 where nothing does."""
        return self._multiplied(-1)

    @property
    def names(self) -> frozenset[str]:
        """The names that stand in it."""
        return frozenset(name for factor in self.powers for name in factor.names)

    def is_multiple_of(self, other: "Product") -> bool:
        """Tell whether both are the same up to a number that is not zero."""
        one, another = self.numerator * other.denominator, other.numerator * self.denominator
        return bool(one.terms) and Product.of(one).powers == Product.of(another).powers

    def _multiplied(self, sign: int) -> Polynomial:
        factors = (factor for factor, power in self.powers.items() for _ in range(sign * power))
        return reduce(mul, factors, Polynomial.constant(Fraction(1)))


def product_of(expression: exp.Expr, name_of: Callable[[str], str | None]) -> Product:
    """Return what an expression over columns says.

    Args:
        expression: a part of a parsed formula.
        name_of: the name of the number behind a column; None where it is always zero.
    """
    match expression:
        case exp.Column():
            name = name_of(expression.name)
            return Product.of(Polynomial.of([(((name, 1),), Fraction(1))] if name else []))
        case exp.Literal():
            return Product.of(Polynomial.constant(Fraction(str(expression.this))))
        case exp.Neg():
            return product_of(expression.this, name_of).times(Product(Fraction(-1)))
        case exp.Add() | exp.Sub() | exp.Mul() | exp.Div():
            left, right = (product_of(side, name_of) for side in (expression.this, expression.expression))
            if isinstance(expression, exp.Mul | exp.Div):
                return left.times(right, 1 if isinstance(expression, exp.Mul) else -1)
            return left.plus(right if isinstance(expression, exp.Add) else right.times(Product(Fraction(-1))))
        case exp.Paren():
            return product_of(expression.this, name_of)
    # A function that is no arithmetic is a number of its own, which only itself tells.
    return Product.of(Polynomial.of([(((" ".join(_named(expression, name_of)), 1),), Fraction(1))]))


def _present(powers: Mapping[Polynomial, int]) -> frozenset[tuple[Polynomial, int]]:
    return frozenset((factor, power) for factor, power in powers.items() if power)


def _named(call: exp.Expr, name_of: Callable[[str], str | None]) -> Iterator[str]:
    yield call.name.lower()
    yield from (name_of(column.name) or "0" for column in call.find_all(exp.Column, bfs=False))


def _times(one: Monomial, other: Monomial) -> Monomial:
    powers = dict(one)
    for name, exponent in other:
        powers[name] = powers.get(name, 0) + exponent
    return tuple(sorted(powers.items()))


def _shared(one: Monomial, other: Monomial) -> Monomial:
    powers = dict(other)
    return tuple((name, min(exponent, powers[name])) for name, exponent in one if name in powers)


def _without(monomial: Monomial, shared: Monomial) -> Monomial:
    powers = dict(shared)
    left = ((name, exponent - powers.get(name, 0)) for name, exponent in monomial)
    return tuple((name, exponent) for name, exponent in left if exponent)
