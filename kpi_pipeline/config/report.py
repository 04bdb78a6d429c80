"""The model of ``config/reports.yaml``: which weekly reports are made.

Here: what a user can say about a report. How it looks belongs to ``reports``; which KPIs it may show follows from their
objectives.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from kpi_pipeline.config.kpi import Kpi, Scope
from kpi_pipeline.config.model import Identifier, Language, Model, Text

Audience = Literal["internal", "executive"]


class Report(Model):
    """One weekly report.

    Attributes:
        kpis: the KPIs that it shows, in this order; all of its audience when absent.
        scopes: only KPIs that measure one of these: individual, team, department, company.
        functions: only KPIs of these departments.
        drivers: dimensions by which a report for executives may say what moved a KPI; none when absent. The internal
            report names all.
    """

    audience: Audience
    title: Text
    languages: tuple[Language, ...] = Field(min_length=1)
    max_kpis: int = Field(default=12, ge=1)
    kpis: tuple[Identifier, ...] | None = Field(default=None, min_length=1)
    scopes: tuple[Scope, ...] | None = Field(default=None, min_length=1)
    functions: tuple[Identifier, ...] | None = Field(default=None, min_length=1)
    drivers: tuple[Identifier, ...] = ()

    def chosen(self, kpis: Mapping[str, Kpi]) -> tuple[str, ...] | None:
        """Return the ids that the report is limited to, in their order; None where it shows all of its audience."""
        if self.kpis is None and self.scopes is None and self.functions is None:
            return None
        return tuple(
            name
            for name in self.kpis or sorted(kpis)
            if name in kpis
            and (self.scopes is None or kpis[name].scope in self.scopes)
            and (self.functions is None or kpis[name].function in self.functions)
        )


class Reports(Model):
    """Everything in ``reports.yaml``, by report id."""

    reports: dict[Identifier, Report]
