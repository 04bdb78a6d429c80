"""The watchdog: what is looked at every few minutes, and what of it somebody has to know at once.

Here: which checks there are and what kind of incident each finds. It takes no lock, opens no warehouse and does not ask
the orchestrator. Telling the team belongs to ``alerts``.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from kpi_pipeline.alerts.incident import Incident, Kind
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.doctor.examination import BESIDE_RUNS, Check
from kpi_pipeline.doctor.finding import Examined, Finding
from kpi_pipeline.doctor.liveness import daemon, stuck_run
from kpi_pipeline.doctor.publications import last_run, reports
from kpi_pipeline.doctor.punctuality import daily_run, late_reports, late_sources
from kpi_pipeline.doctor.setting import configuration
from kpi_pipeline.errors import KpiPipelineError, RunActiveError

SCOPE = "watch"
# What these two say is told here by the clock: against the time at which it was due.
TOLD_BY_THE_CLOCK = (last_run, reports)
WITHOUT_CONFIGURATION = tuple(check for check in BESIDE_RUNS if check not in TOLD_BY_THE_CLOCK)
WATCHED: Mapping[Check, Kind] = {
    **dict.fromkeys(WITHOUT_CONFIGURATION, "watch"),
    stuck_run: "stuck",
    daemon: "watch",
    daily_run: "watch",
    late_reports: "late_report",
    late_sources: "late_source",
}


@dataclass(frozen=True)
class Watched:
    """What one look brought.

    Attributes:
        is_everything: False where something could not be looked at, so that nobody knows whether it is still wrong.
    """

    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    is_everything: bool


def watch(examined: Examined) -> Watched:
    """Look at everything; a check that cannot be made is a finding too."""
    findings: list[Finding] = []
    incidents: dict[str, Incident] = {}
    is_everything = True
    for check, kind in _checks(examined).items():
        try:
            found = list(check(examined))
        except RunActiveError:
            is_everything = False
            continue
        except (KpiPipelineError, OSError, sqlite3.Error, duckdb.Error) as error:
            is_everything = False
            name = check.__name__.replace("_", " ")
            message = Phrase("{check} cannot be looked at: {error}", check=name, error=error)
            found = [Finding(name, "problem", message, Phrase("kpi doctor says what else is wrong"))]
        findings += found
        for one in found:
            if one.level == "problem":
                incidents[one.subject] = Incident(one.subject, kind, one.message, one.advice)
    return Watched(tuple(findings), tuple(incidents.values()), is_everything)


def _checks(examined: Examined) -> Mapping[Check, Kind]:
    """Without a configuration nobody knows what is due; that it is broken is told by its own check."""
    if any(finding.level == "problem" for finding in configuration(examined)):
        return dict.fromkeys(WITHOUT_CONFIGURATION, "watch")
    return WATCHED
