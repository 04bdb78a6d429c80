"""Warnings about internal KPIs that executives could find out about, each with its file and line.

Here: an internal KPI that follows from executive numbers, and what executives do not get to see because of one: texts
that name it, and splits of which it may be a part. What follows from what is worked out in ``derivation``; withholding
is done in ``withheld_texts`` and ``driver_exposure``.
"""

from collections.abc import Iterator
from typing import Any

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.exposure.derivation import derivable_kpis
from kpi_pipeline.catalogue.exposure.withheld_texts import naming_texts
from kpi_pipeline.catalogue.findings.driver_exposure import DriverExposure
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.draft import Draft, Section
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem
from kpi_pipeline.warehouse.sql_project import SqlProject


def exposure_warnings(draft: Draft, configuration: Configuration, project: SqlProject) -> Iterator[Problem]:
    """Yield the warnings for a configuration whose formulas can all be computed."""
    audiences = Audiences(configuration)
    for one in derivable_kpis(audiences, project):
        message = Phrase(
            'KPI "{kpi}" is internal and can be computed back from what executives see: {kpis}',
            kpi=one.kpi_id,
            kpis=", ".join(one.executive_kpis),
        )
        hint = Phrase("accept that executives can work it out, or give one of these KPIs up")
        yield draft.kpis.entries[one.kpi_id].problem("KPI053", message, "metric", hint=hint, is_warning=True)
    for split in DriverExposure(audiences, project).withheld():
        message = Phrase(
            'executives will not see what moved "{kpi}" by {dimension}: a member may tell internal KPI "{inner}"',
            kpi=split.kpi_id,
            dimension=split.dimension,
            inner=split.internal_kpi,
        )
        hint = Phrase("take the dimension out of drivers, or give the internal KPI up")
        for report in draft.reports.entries.values():
            if report.value.audience == "executive" and split.dimension in report.value.drivers:
                position = report.value.drivers.index(split.dimension)
                yield report.problem("KPI055", message, "drivers", position, hint=hint, is_warning=True)
    # Each section holds entries of another model, which makes no difference here.
    sections: dict[str, Section[Any]] = {
        "kpis": draft.kpis,
        "metrics": draft.metrics,
        "objectives": draft.objectives,
        "questions": draft.questions,
    }
    for text in naming_texts(audiences):
        message = Phrase(
            'executives will not see the {field} of "{id}", because it names an internal KPI',
            field=text.field,
            id=text.entry_id,
        )
        hint = Phrase("say it without that name")
        entry = sections[text.section].entries[text.entry_id]
        yield entry.problem("KPI054", message, text.field, hint=hint, is_warning=True)
