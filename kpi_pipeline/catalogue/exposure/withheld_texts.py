"""Texts that name an internal KPI are withheld from executives.

Here: whatever stands in a column of words is shown to executives only if no internal KPI is named in it, by id or by
name in any language; the last gate before a file is written. Which rows and columns the file has at all belongs to
``snapshot_plan``; who may see which KPI to ``audience``. Add a column of words that does not end in a language's code
to ``WORDS``.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.config.model import Text
from kpi_pipeline.warehouse.quoting import quoted_text
from kpi_pipeline.warehouse.snapshot_file import PublishedTable

LANGUAGE_SUFFIXES = ("_en", "_fa")
WORDS = frozenset(
    {
        *("formula", "sql", "basis", "reference", "missing_parts", "sources", "source", "file_name", "message"),
        *("event", "member"),
    }
)
# The company's own name is known to its executives.
KNOWN_WORDS = frozenset({"company_name_en", "company_name_fa"})
# What words are made of, in the notation of the database.
LETTERS = r"\pL\pM\pN_"


def without_internal_names(tables: Iterable[PublishedTable], audiences: Audiences) -> Iterator[PublishedTable]:
    """Yield the tables with NULL in place of each text that names an internal KPI."""
    names = InternalNames(audiences)
    for table in tables:
        columns = [column for column in table.column_notes if holds_words(column)]
        if names.internal and columns:
            items = [
                f"case when not {names.are_in_sql(column)} then {column} end as {column}"
                if column in columns
                else column
                for column in table.column_notes
            ]
            table = replace(table, query=f"select {', '.join(items)} from ({table.query}) as published")
        yield table


def holds_words(column: str) -> bool:
    """Tell whether a column of a table for executives holds words that somebody chose."""
    return column not in KNOWN_WORDS and (column in WORDS or column.endswith(LANGUAGE_SUFFIXES))


@dataclass(frozen=True)
class NamingText:
    """A text of the configuration that executives will not see, because it names an internal KPI."""

    section: Literal["kpis", "metrics", "objectives", "questions"]
    entry_id: str
    field: str


def naming_texts(audiences: Audiences) -> list[NamingText]:
    """Return the texts meant for executives that name an internal KPI."""
    names = InternalNames(audiences)
    return [
        place
        for place, text in _texts_for_executives(audiences)
        if text is not None and (names.are_in(text.en) or names.are_in(text.fa))
    ]


def _texts_for_executives(audiences: Audiences) -> Iterator[tuple[NamingText, Text | None]]:
    configuration = audiences.configuration
    for kpi_id in audiences.executive_kpis:
        kpi = configuration.kpis[kpi_id]
        yield NamingText("kpis", kpi_id, "why"), kpi.why
        for action in kpi.actions:
            yield NamingText("kpis", kpi_id, "actions"), action.do
    for metric_id in audiences.executive_metrics:
        yield NamingText("metrics", metric_id, "definition"), configuration.metrics[metric_id].definition
    seen = {name for name, each in configuration.goals.objectives.items() if each.level != "internal"}
    for name in sorted(seen):
        yield NamingText("objectives", name, "statement"), configuration.goals.objectives[name].statement
        yield NamingText("objectives", name, "why"), configuration.goals.objectives[name].why
    for name, question in configuration.goals.questions.items():
        if question.objective in seen:
            yield NamingText("questions", name, "question"), question.question


class InternalNames:
    """What internal KPIs are called, where executives do not know something else by that name.

    Attributes:
        internal: their ids and names, each as ``as_words`` writes it.
        known: those of executive KPIs.
    """

    def __init__(self, audiences: Audiences) -> None:
        configuration = audiences.configuration

        def called(kpi_ids: Collection[str]) -> set[str]:
            metrics = {configuration.kpis[kpi_id].metric for kpi_id in kpi_ids}
            names = [configuration.metrics[metric].name for metric in metrics]
            texts = (*kpi_ids, *metrics, *(text for name in names for text in (name.en, name.fa)))
            return {words for text in texts if (words := as_words(text))}

        self.known = sorted(called(audiences.executive_kpis))
        self.internal = sorted(called(audiences.internal_kpis) - set(self.known))
        # The longest first: an executive name that holds an internal one names the executive KPI alone.
        self._any = "|".join(sorted({*self.known, *self.internal}, key=len, reverse=True))

    def are_in(self, text: str) -> bool:
        """Tell whether a text names an internal KPI."""
        return bool(self.found_in(text))

    def found_in(self, text: str) -> list[str]:
        """Return the internal KPIs that a text names, by the words that name them."""
        return sorted(set(self.internal).intersection(re.findall(f" ({self._any}) ", f" {as_words(text)} ")))

    def are_in_sql(self, column: str) -> str:
        """Return the same as a condition on a column; where there is no text, nobody is named."""
        words = f"' ' || regexp_replace(lower({column}), '[^{LETTERS}]+', '  ', 'g') || ' '"
        found = f"regexp_extract_all({words}, {quoted_text(f' ({self._any}) ')}, 1)"
        return f"coalesce(list_has_any({found}, [{', '.join(map(quoted_text, self.internal))}]), false)"


def as_words(text: str) -> str:
    """Small letters, with two blanks between words, so that each word has one on either side of its own."""
    return re.sub(" +", "  ", "".join(one if _is_letter(one) else " " for one in text.lower()).strip())


def _is_letter(one: str) -> bool:
    return one == "_" or unicodedata.category(one)[0] in "LMN"
