"""Everything in the schema ``kpi``, made in one transaction for one snapshot.

Here: the order in which the tables are made, and the id of a snapshot. Add a table here, in ``row_tables`` or with its
own ``refresh`` function, in ``descriptions`` and in ``snapshot_plan``. What stands in a table belongs to its own
module.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import cast

from kpi_pipeline.catalogue.commitments.catalogue_table import catalogue_rows, objective_rows
from kpi_pipeline.catalogue.commitments.goal_rows import measurable_objectives
from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.findings.relation_facts import objective_metric_of
from kpi_pipeline.catalogue.history.like_for_like import SameAge
from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger, ReportedValue
from kpi_pipeline.catalogue.history.restatement_finding import made_from
from kpi_pipeline.catalogue.history.restatement_rows import correction_rows, restatement_rows
from kpi_pipeline.catalogue.judgement import RunFacts, measurable_metrics, refresh_judgements
from kpi_pipeline.catalogue.metrics.breaks import break_rows, metric_breaks, platforms_in_use
from kpi_pipeline.catalogue.metrics.definition import definition_hash
from kpi_pipeline.catalogue.metrics.delivered import source_subjects
from kpi_pipeline.catalogue.metrics.lineage import metric_subjects, refresh_lineage
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan, plan_metric
from kpi_pipeline.catalogue.metrics.value_notes import suspected_units
from kpi_pipeline.catalogue.metrics.values import refresh_values
from kpi_pipeline.catalogue.metrics.weeks import read_weeks
from kpi_pipeline.catalogue.snapshots.quality import Reach, quality_rows
from kpi_pipeline.catalogue.snapshots.weekly import refresh_weekly
from kpi_pipeline.catalogue.tables.row_tables import (
    BREAKS,
    CATALOGUE,
    OBJECTIVES,
    QUALITY,
    REPORTED,
    RESTATEMENTS,
    SNAPSHOT,
    Row,
    write_rows,
)
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.source_state import SourceState, source_states
from kpi_pipeline.sources.loading.raw_tables import COVERED_DAYS, loaded_batches
from kpi_pipeline.warehouse.canonical_hash import canonical_hash
from kpi_pipeline.warehouse.changes import record_snapshot
from kpi_pipeline.warehouse.checks import standing_warnings
from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.warehouse.sql_project import SqlProject

HASH_LENGTH = 12


def snapshot_id(
    engine: Engine, configuration: Configuration, project: SqlProject, custody: CustodyLedger, as_of: date
) -> str:
    """Return the id of what would be published now: equal inputs have equal ids.

    Raises:
        FormulaError: if a metric cannot be compiled.
    """
    plans = _plans(configuration, project)
    parts = [
        as_of.isoformat(),
        configuration.fingerprint,
        project.fingerprint,
        *(f"{metric_id} {definition_hash(plan, project)}" for metric_id, plan in plans.items()),
        *sorted(loaded_batches(engine)),
        canonical_hash(engine, COVERED_DAYS),
        *(
            f"{state.source} {file.file_name} {file.sha256}"
            for state in _states(engine, configuration, custody, as_of)
            for file in state.quarantine
        ),
        *(f"{source} {failure}" for source, failure in sorted(custody.failures().items())),
    ]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"{as_of:%Y%m%d}-{digest[:HASH_LENGTH]}"


def refresh_kpi_tables(
    engine: Engine,
    configuration: Configuration,
    project: SqlProject,
    *,
    as_of: date,
    snapshot_id: str,
    published_at: datetime,
    custody: CustodyLedger,
    publications: PublicationLedger,
) -> bool:
    """Make all tables of ``kpi`` for one snapshot and enter its new values into the publication ledger.

    Args:
        engine: the warehouse with all SQL tables built, outside a transaction.
        configuration: the company's configuration.
        project: the SQL files.
        as_of: the day of the run.
        snapshot_id: from the function ``snapshot_id``.
        published_at: an instant with time zone.
        custody: says which files wait in quarantine and what was noted on the others.
        publications: every value that was published until now.

    Returns:
        False if the warehouse holds exactly this snapshot already, so that nothing was done.

    Raises:
        ConfigurationError: if the commitments would show executives an internal KPI.
        FormulaError: if a metric cannot be compiled.
    """
    last_id, last_made_at = publications.last_publication() or (None, None)
    if last_id == snapshot_id == _held_snapshot(engine):
        return False
    audiences = Audiences(configuration)
    audiences.check()
    plans = _plans(configuration, project)
    reach = Reach(project, plans, metric_subjects(plans, project), source_subjects(configuration))
    # Made again after a loss, a snapshot keeps the time at which it was first made.
    made_at = published_at.astimezone(UTC).replace(tzinfo=None)
    if last_id == snapshot_id and last_made_at is not None:
        made_at = last_made_at
    with engine.transaction():
        refresh_values(engine, configuration, project, as_of)
        weeks = read_weeks(engine, _judged_metrics(configuration))
        breaks = metric_breaks(plans, configuration, platforms_in_use(engine))
        meanings = {
            kpi_id: definition_hash(plans[configuration.kpis[kpi_id].metric], project) for kpi_id in audiences.of_kpi
        }
        before = publications.values()
        same_age = SameAge.of(before, audiences, meanings, as_of)
        weekly = refresh_weekly(
            engine, plans, audiences, weeks, breaks=breaks, snapshot_id=snapshot_id, same_age=same_age
        )
        write_rows(engine, "kpi.breaks", BREAKS, break_rows(breaks))
        current = _reported(weekly, audiences=audiences, meanings=meanings, as_of=as_of, made_at=made_at)
        news = publications.news(current)
        made = made_from(engine, configuration, project, plans, publications, news, as_of)
        reported = [*before, *news]
        write_rows(engine, "kpi.reported", REPORTED, [vars(value) for value in reported])
        restatements = [*publications.restatements(), *made.restatements]
        write_rows(engine, "kpi.restatements", RESTATEMENTS, list(restatement_rows(restatements, configuration)))
        states = _states(engine, configuration, custody, as_of)
        measurable = measurable_metrics(engine)
        run = RunFacts(
            audiences=audiences,
            plans=plans,
            reach=reach,
            breaks=breaks,
            weeks=weeks,
            weekly=weekly,
            reported=reported,
            states=states,
            as_of=as_of,
        )
        judgements = refresh_judgements(engine, run, measurable)
        sources = {metric_id: reach.sources_of(metric_id) for metric_id in plans}
        catalogue = catalogue_rows(project, plans, audiences, sources, as_of=as_of, judgements=judgements)
        write_rows(engine, "kpi.catalogue", CATALOGUE, catalogue)
        objectives = objective_rows(
            configuration.goals.objectives, measurable_objectives(configuration, measurable), as_of
        )
        write_rows(engine, "kpi.objectives", OBJECTIVES, objectives)
        refresh_lineage(engine, reach.subjects_of_metrics)
        arrivals = [each for each in custody.arrivals() if each.file.source in configuration.sources]
        notes = quality_rows(states, arrivals, standing_warnings(engine), reach=reach, as_of=as_of)
        corrections = correction_rows(publications.sent(), current, configuration)
        suspected = suspected_units(engine, configuration.metrics)
        write_rows(engine, "kpi.quality", QUALITY, [*notes, *suspected, *corrections])
        write_rows(engine, "kpi.snapshot", SNAPSHOT, [_snapshot(configuration, snapshot_id, as_of, made_at)])
        record_snapshot(engine, snapshot_id)
    publications.enter(snapshot_id, as_of, made_at, news, made)
    return True


def _judged_metrics(configuration: Configuration) -> set[str]:
    """The metrics of all KPIs, and those that their objectives are measured by."""
    kpis = configuration.kpis.values()
    objectives = {objective_metric_of(kpi, configuration) for kpi in kpis}
    return {kpi.metric for kpi in kpis} | {metric_id for metric_id in objectives if metric_id is not None}


def _plans(configuration: Configuration, project: SqlProject) -> dict[str, MetricPlan]:
    return {metric_id: plan_metric(metric_id, configuration, project) for metric_id in configuration.metrics}


def _states(engine: Engine, configuration: Configuration, custody: CustodyLedger, as_of: date) -> list[SourceState]:
    return source_states(
        configuration.sources, engine=engine, ledger=custody, calendar=configuration.calendar, as_of=as_of
    )


def _held_snapshot(engine: Engine) -> str | None:
    if not engine.exists("kpi.snapshot"):
        return None
    found = engine.read("select snapshot_id from kpi.snapshot").column("snapshot_id").to_pylist()
    return found[0] if found else None


def _reported(
    weekly: Sequence[Row], *, audiences: Audiences, meanings: Mapping[str, str], as_of: date, made_at: datetime
) -> list[ReportedValue]:
    return [
        ReportedValue(
            kpi_id=(kpi_id := cast(str, row["kpi_id"])),
            week_start=cast(date, row["week_start"]),
            audience=audiences.of_kpi[kpi_id],
            value=cast(float | None, row["value"]),
            null_reason=cast(str | None, row["null_reason"]),
            status=cast(str, row["status"]),
            snapshot_id=cast(str, row["snapshot_id"]),
            published_at=made_at,
            definition_hash=meanings[kpi_id],
            data_age_days=(as_of - cast(date, row["week_end"])).days,
        )
        for row in weekly
    ]


def _snapshot(configuration: Configuration, snapshot_id: str, as_of: date, made_at: datetime) -> Row:
    company = configuration.company
    return {
        "snapshot_id": snapshot_id,
        "as_of": as_of,
        "published_at": made_at,
        "company_name_en": company.name.en,
        "company_name_fa": company.name.fa,
        "reporting_currency": company.reporting_currency,
        "money_shown_in": company.money,
        "week_start": company.week_start,
        "month_calendar": company.month_calendar,
        "time_zone": company.time_zone,
    }
