"""Finding metrics by words, in both languages.

Here: what counts as the same word, and which metrics come first. What is shown of a metric belongs to
``metric_overview``.
"""

import unicodedata
from collections.abc import Sequence

from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.metric import Metric, Profile

ZERO_WIDTH_NON_JOINER = "\u200c"
# Letters of Arabic keyboards, what is left of a written izafe, and the digits of both scripts.
SAME_LETTERS = str.maketrans("يكةە۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "یکهه01234567890123456789")
COMBINING = "Mn"
NO_MATCH = 9


def searchable(text: str) -> str:
    """Return a text in the one spelling that is compared: small letters, Persian ones, ASCII digits, no vowel marks."""
    decomposed = unicodedata.normalize("NFKD", text).casefold().translate(SAME_LETTERS)
    return "".join(letter for letter in decomposed if unicodedata.category(letter) != COMBINING)


def search_metrics(words: Sequence[str], configuration: Configuration, profile: Profile | None = None) -> list[str]:
    """Return the metrics that all words occur in, best first: in the id, then in a name, then in a definition.

    Args:
        words: parts of words are enough; without words, every metric.
        configuration: the configuration.
        profile: only metrics of this kind of business.
    """
    wanted = [searchable(word) for given in words for word in given.split()]
    ranked = []
    for position, (metric_id, metric) in enumerate(configuration.metrics.items()):
        if profile is None or profile in metric.profiles:
            rank = max((_rank(word, metric_id, metric) for word in wanted), default=0)
            if rank != NO_MATCH:
                ranked.append((rank, position, metric_id))
    return [metric_id for _, _, metric_id in sorted(ranked)]


def _rank(word: str, metric_id: str, metric: Metric) -> int:
    definitions = (metric.definition.en, metric.definition.fa) if metric.definition else ()
    places: tuple[tuple[str, ...], ...] = (
        (metric_id, metric_id.replace("_", " ")),
        (metric.name.en, metric.name.fa),
        (*definitions, metric.formula),
    )
    for rank, texts in enumerate(places):
        if any(_occurs(word, searchable(text)) for text in texts):
            return rank
    return NO_MATCH


def _occurs(word: str, text: str) -> bool:
    if word.isascii():
        return word in text
    # Persian compounds are written together, with a space, or with a non-joiner between them.
    return _joined(word) in _joined(text)


def _joined(text: str) -> str:
    return text.replace(ZERO_WIDTH_NON_JOINER, "").replace(" ", "")
