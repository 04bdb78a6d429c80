"""The model of ``config/breaks.yaml``: days from which a platform counts something in another way.

Here: what is said about one such day. What it does to metrics belongs to ``catalogue.metrics.breaks``; a change of
our own definition is said with the metric, under ``earlier``.
"""

from datetime import date

from pydantic import Field

from kpi_pipeline.config.model import Identifier, Model, Sentence, Text


class Break(Model):
    """One change of what a figure means; figures from before and after it are not compared.

    Attributes:
        on_day: the first day that is counted in the new way.
        measures: the measures that mean something else from then on.
        platforms: the platforms that changed; it concerns nobody who has none of them. Everybody when absent.
        source: where it is known from, and how surely.
    """

    on_day: date
    measures: tuple[Identifier, ...] = Field(min_length=1)
    platforms: tuple[Sentence, ...] | None = Field(default=None, min_length=1)
    what: Text
    source: Sentence
