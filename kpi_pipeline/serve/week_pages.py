"""The list of weeks, and the scorecard of one.

Here: which weeks are shown with what. The scorecard is the report itself, with links; its parts belong to ``reports``.
"""

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from kpi_pipeline.reports.document import TallyItem
from kpi_pipeline.reports.headline import headline, tally
from kpi_pipeline.reports.html import defined_terms
from kpi_pipeline.reports.kpi_weeks import kpi_weeks
from kpi_pipeline.reports.model import report_model
from kpi_pipeline.reports.scorecard import objective_groups
from kpi_pipeline.serve.published import Published
from kpi_pipeline.serve.site import Site
from kpi_pipeline.wording.dates import format_days

WEEKS_SHOWN = 13


@dataclass(frozen=True)
class WeekLine:
    """One week of the list."""

    address: str
    title: str
    headline: tuple[str, ...]
    tally: tuple[TallyItem, ...]
    note: str


def weeks_page(published: Published, site: Site, weeks: list[date], until: date | None = None) -> dict[str, Any]:
    """Return the newest weeks up to ``until``, with a link to those before them."""
    shown = [week for week in weeks if until is None or week <= until]
    lines: list[WeekLine] = []
    if shown:
        rows = published.week_rows(shown[0])
        for week in shown[:WEEKS_SHOWN]:
            edition = site.edition(week)
            # Statuses and changes are all that a headline says; what belongs to the newest week alone is left out.
            known = [row for row in rows.weekly if row.week_start <= week]
            of_week = replace(rows, weekly=known, answers=[], quality=[], contributions=[])
            kpis = kpi_weeks(of_week, edition)
            scored = [line for group in objective_groups(kpis, of_week, edition) for line in group.kpis]
            note = "" if edition.week_is_over else site.language.text("notice.week_open", day=edition.data_until)
            title = site.language.text("page.week", range=format_days(week, edition.week_end, site.language))
            counts = tally(scored, site.language)
            lines.append(WeekLine(site.week_address(week), title, headline(kpis, scored, edition), counts, note))
    older = shown[WEEKS_SHOWN:]
    return {"weeks": lines, "older": site.address(f"?until={older[0].isoformat()}") if older else ""}


def scorecard_page(published: Published, site: Site, week: date) -> dict[str, Any]:
    """Return the report of a week as its own template takes it, with the addresses of its KPIs."""
    report = json.loads(report_model(published.path, published.audience, week, site.language.code).as_json())
    return {
        "report": report,
        "terms": defined_terms(report),
        "kpi_address": lambda kpi_id: site.kpi_address(kpi_id, week),
    }
