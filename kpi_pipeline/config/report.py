"""The model of ``config/reports.yaml``: which weekly reports are made.

Here: what a user can say about a report. How it looks belongs to ``reports``; which KPIs it may show follows from the
catalogue.
"""

from typing import Literal

from pydantic import Field

from kpi_pipeline.config.model import Identifier, Language, Model, Text

Audience = Literal["internal", "executive"]


class Report(Model):
    """One weekly report."""

    audience: Audience
    title: Text
    languages: tuple[Language, ...] = Field(min_length=1)
    max_kpis: int = Field(default=12, ge=1)


class Reports(Model):
    """Everything in ``reports.yaml``, by report id."""

    reports: dict[Identifier, Report]
