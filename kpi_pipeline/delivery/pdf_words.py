"""Finding Persian names in the text of a PDF, which keeps shapes and places but not the order of letters.

Here: comparing words by their letters in any order. A line that is read from right to left comes out with its words
reversed, joined letters turned round and marks beside their letters, so that no exact comparison finds a name.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

_PERSIAN_WORD = re.compile(r"[\u0600-\u06ff]+")
# Marks that extraction repeats, and letters of a neighbour that it glues on.
_EXTRA_LETTERS = 2


def names_on_page(page: str, internal: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    """Yield the internal names that stand on one line of a page, other than inside a known name."""
    persian = {name: words for name in (*internal, *known) if (words := _words(name))}
    longest_first = sorted(persian, key=lambda name: -len(persian[name]))
    for line in unicodedata.normalize("NFKC", page).splitlines():
        left = _words(line)
        for name in longest_first:
            while (start := _place(persian[name], left)) is not None:
                # Taken out, so that a shorter name is not found inside a longer one.
                left[start : start + len(persian[name])] = [Counter("\0")]
                if name in internal:
                    yield name


def _words(text: str) -> list[Counter[str]]:
    without_joiners = text.replace("\u200c", "")
    words = (
        Counter(one for one in word if unicodedata.category(one)[0] == "L")
        for word in _PERSIAN_WORD.findall(without_joiners)
    )
    return [word for word in words if word]


def _place(name: Sequence[Counter[str]], line: Sequence[Counter[str]]) -> int | None:
    size = len(name)
    for start in range(len(line) - size + 1):
        window = line[start : start + size]
        for order in (window, window[::-1]):
            if all(_is_same(wanted, found) for wanted, found in zip(name, order, strict=True)):
                return start
    return None


def _is_same(wanted: Counter[str], found: Counter[str]) -> bool:
    return wanted <= found and found.total() - wanted.total() <= _EXTRA_LETTERS
