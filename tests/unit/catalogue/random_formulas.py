"""Random formulas, the same ones in disguise, and what they mean, worked out in numbers.

Here: formulas as trees, so that they can be respelt and evaluated without asking the code that is tested. Which metrics
are made of them belongs to ``random_catalogues``.
"""

from collections.abc import Mapping
from random import Random

SUMS = ("visits", "sales", "basket_items", "cost", "calls")
Tree = str | int | tuple[str, "Tree", "Tree"]


def spelt(tree: Tree) -> str:
    """Return a formula as text."""
    if not isinstance(tree, tuple):
        return str(tree)
    operator, left, right = tree
    if operator in ("previous", "trailing"):
        return f"{operator}({spelt(left)}{f', {right}' if operator == 'trailing' else ''})"
    return f"({spelt(left)} {operator} {spelt(right)})"


def worth(tree: Tree, numbers: Mapping[str, float], inside: str = "") -> float:
    """Work a formula out for made-up numbers of its measures; in another window they are others."""
    if isinstance(tree, int):
        return tree
    if isinstance(tree, str):
        return numbers[tree] ** (1 + len(inside) / 7)
    operator, left, right = tree
    if operator in ("previous", "trailing"):
        return worth(left, numbers, f"{operator}{right}")
    one, other = worth(left, numbers, inside), worth(right, numbers, inside)
    return {"+": one + other, "-": one - other, "*": one * other, "/": one / other if other else 0.0}[operator]


def windows_of(tree: Tree, inside: str = "") -> set[str]:
    """The windows that the measures of a formula are taken from."""
    if isinstance(tree, int):
        return set()
    if isinstance(tree, str):
        return {inside}
    operator, left, right = tree
    if operator in ("previous", "trailing"):
        return windows_of(left, operator)
    return windows_of(left, inside) | windows_of(right, inside)


def without_windows(tree: Tree) -> Tree:
    """The same formula about the period itself."""
    if not isinstance(tree, tuple):
        return tree
    operator, left, right = tree
    left, right = without_windows(left), without_windows(right)
    return left if operator in ("previous", "trailing") else (operator, left, right)


def random_sum(random: Random) -> Tree:
    """A measure, a multiple of one, or a sum or difference of two."""
    one, other = random.sample(SUMS, 2)
    added: Tree = (random.choice("+-"), one, other)
    return random.choice((one, one, added, ("*", 2, one)))


def disguised(random: Random, tree: Tree) -> Tree:
    """The same number, up to a constant factor, in other words."""
    if isinstance(tree, tuple):
        operator, left, right = tree
        if operator in "+-*/":
            left, right = _respelt(random, left), _respelt(random, right)
        tree = (operator, left, right)
    disguises: tuple[Tree, ...] = (("*", 3, tree), ("/", tree, 7), ("*", tree, 1000), tree)
    return random.choice(disguises)


def _respelt(random: Random, tree: Tree) -> Tree:
    match tree:
        case ("+", left, right):
            spellings: tuple[Tree, ...] = (("+", right, left), ("-", left, ("*", -1, right)))
        case ("-", left, right):
            spellings = (("*", -1, ("-", right, left)), ("+", ("*", -1, right), left))
        case ("*", left, right):
            spellings = (("*", right, left), ("/", right, ("/", 1, left)))
        case _:
            spellings = (("/", ("*", tree, 5), 5), ("-", ("*", 2, tree), tree), tree)
    return random.choice(spellings)


def meaning(tree: Tree, is_filtered: bool) -> object:
    """The same for all that is the same up to a factor; None where it does not depend on anything."""
    random = Random(1)
    # A window of its own only moves a whole series in time, or adds up its weeks.
    tree = without_windows(tree) if len(windows_of(tree)) == 1 else tree
    columns = (*SUMS, "members", "waiting")
    found = [worth(tree, {column: random.uniform(2, 9) for column in columns}) for _ in range(3)]
    ratios = [f"{each / found[0]:.8f}" for each in found[1:]] if found[0] else []
    return None if not ratios or set(ratios) == {"1.00000000"} else (*ratios, is_filtered)


def meanings_of_sides(tree: Tree, is_filtered: bool) -> tuple[object, object]:
    """What stands above and below the last division means."""
    match tree:
        case ("/", above, below) | ("*", int(), ("/", above, below)) | ("*", ("/", above, below), int()):
            return meaning(above, is_filtered), meaning(below, is_filtered)
    return meaning(tree, is_filtered), None


def meanings_of_changes(tree: Tree, is_filtered: bool) -> tuple[object, ...]:
    """What the step and the growth from the period before mean; nothing where the formula compares periods itself."""
    if windows_of(tree) not in ({""}, {"previous"}):
        return ()
    tree = without_windows(tree)
    before: Tree = ("previous", tree, 0)
    step: Tree = ("-", tree, before)
    return meaning(step, is_filtered), meaning(("/", step, before), is_filtered)


def is_arithmetic(tree: Tree) -> bool:
    """Whether a formula holds nothing but sums of the period itself."""
    return windows_of(tree) == {""} and "waiting" not in spelt(tree)
