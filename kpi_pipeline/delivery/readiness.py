"""Whether everything that a report of a week is made from has arrived.

Here: the question, put to one snapshot, or to the current one before a report is made. What counts as missing belongs
to ``gate``; how long a report waits for it is said in ``delivery.yaml``.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.report import Audience
from kpi_pipeline.delivery.gate import gaps
from kpi_pipeline.errors import PublishError, ReportError
from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.kpi_weeks import kpi_weeks
from kpi_pipeline.reports.snapshot_reading import read_snapshot
from kpi_pipeline.warehouse.snapshot import current_snapshot
from kpi_pipeline.wording.language import Language, load_language


def snapshot_gaps(
    snapshot: Path, audience: Audience, week_start: date, kpis: Sequence[str] | None, words: Language
) -> tuple[str, ...]:
    """Return what a snapshot lacks for the KPIs of a week, all of its audience when none are named.

    Raises:
        ReportError: if the snapshot does not know the week.
    """
    rows = read_snapshot(snapshot, audience, week_start)
    edition = Edition(audience, words, week_start, rows.snapshot.as_of, rows.snapshot.money_shown_in)
    return gaps(kpi_weeks(rows, edition, kpis), rows, edition)


def missing_inputs(configuration: Configuration, paths: Paths, report_id: str, week_start: date) -> tuple[str, ...]:
    """Return what is missing for a report by now, one sentence each; nothing if it can be made from complete inputs."""
    report = configuration.reports[report_id]
    chosen = report.chosen(configuration.kpis)
    try:
        snapshot = current_snapshot(paths.published, report.audience)
        return snapshot_gaps(snapshot, report.audience, week_start, chosen, load_language("en"))
    except (PublishError, ReportError) as error:
        return (str(error),)
