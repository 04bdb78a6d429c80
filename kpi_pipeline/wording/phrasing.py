"""How one metric is spoken of in one language: its numbers, chances and days in sentences.

Here: what several sentences about a metric need, and making a sentence in every language at once. The sentences
themselves stand in ``messages``; choosing one belongs to those who know the facts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import get_args

from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Language as LanguageCode
from kpi_pipeline.config.model import Text, Unit
from kpi_pipeline.wording.dates import format_day
from kpi_pipeline.wording.language import Language, load_language
from kpi_pipeline.wording.numbers import (
    Number,
    NumberStyle,
    format_change,
    format_count,
    format_growth,
    format_share,
    format_step,
    format_value,
)
from kpi_pipeline.wording.outside_text import clean_text, isolate

LANGUAGES: tuple[LanguageCode, ...] = get_args(LanguageCode)
# A forecast is never so sure that 0 % or 100 % would be honest.
SMALLEST_CHANCE, LARGEST_CHANCE = 0.01, 0.99
TEXT_LIMIT = 300


@dataclass(frozen=True)
class Phrasing:
    """One metric in one language; amounts are shown in ``money``."""

    language: Language
    metric: Metric
    money: str

    @cached_property
    def name(self) -> str:
        """The metric's name, to stand inside a sentence."""
        return self.outside(self.metric.name)

    def say(self, key: str, /, **values: str) -> str:
        """Return a sentence."""
        return self.language.text(key, **values)

    def outside(self, text: Text) -> str:
        """Return a text of the configuration, to stand inside a sentence."""
        return self._placed(text.fa if self.language.code == "fa" else text.en)

    def listed(self, texts: Sequence[str]) -> str:
        """Return texts of the configuration that have no translation as a list inside a sentence."""
        return self.language.join([self._placed(text) for text in texts])

    def value(self, value: Number) -> str:
        """Write a value of the metric."""
        return format_value(value, self._style)

    def band(self, low: Number, high: Number) -> str:
        """Write the two ends of a band of values."""
        return self.say("target.band", low=self.value(low), high=self.value(high))

    def change(self, value: Number, before: Number) -> str:
        """Write the step from one value to a later one."""
        return format_change(value, before, self._style)

    def distance(self, value: float, other: float) -> str:
        """Write how far two values are apart."""
        return format_step(abs(value - other), self._style, signed=False)

    def step(self, step: float) -> str:
        """Write a difference of two values with its sign."""
        return format_step(step, self._style)

    def growth(self, growth: float, *, is_relative: bool) -> str:
        """Write what is gained in a week: a share of the week before, or a step in the metric's unit."""
        return format_growth(growth, self.language) if is_relative else self.step(growth)

    def count(self, count: int) -> str:
        """Write a plain whole number."""
        return format_count(count, self.language)

    def number(self, number: float, decimals: int, *, is_percent: bool = False) -> str:
        """Write a number that is none of the metric: a plain one, or so many per cent."""
        unit: Unit = "percent" if is_percent else "ratio"
        return format_value(number, NumberStyle(self.language, unit, decimals, self.money))

    def share(self, share: float) -> str:
        """Write a share (0.56) as whole per cent."""
        return format_share(share, self.language)

    def chance(self, probability: float) -> str:
        """Write a probability, never as certain."""
        shown = format_share(min(max(probability, SMALLEST_CHANCE), LARGEST_CHANCE), self.language)
        if SMALLEST_CHANCE <= probability <= LARGEST_CHANCE:
            return shown
        return self.say("chance.low" if probability < SMALLEST_CHANCE else "chance.high", share=shown)

    def hours(self, hours: float) -> str:
        """Write a time span in whole hours."""
        return format_value(round(hours), NumberStyle(self.language, "hours", 0, self.money))

    def day(self, day: date) -> str:
        """Write a day."""
        return format_day(day, self.language)

    def _placed(self, text: str) -> str:
        # The sentence has a full stop of its own. Only among right-to-left text can a direction spill over.
        cleaned = clean_text(text, TEXT_LIMIT).removesuffix(".")
        return isolate(cleaned) if self.language.direction == "rtl" else cleaned

    @property
    def _style(self) -> NumberStyle:
        return NumberStyle(self.language, self.metric.unit, self.metric.decimals, self.money)


def in_every_language(column: str, metric: Metric, money: str, sentence: Callable[[Phrasing], str]) -> dict[str, str]:
    """Return ``<column>_<language>`` → the sentence in that language."""
    return {f"{column}_{code}": sentence(Phrasing(load_language(code), metric, money)) for code in LANGUAGES}
