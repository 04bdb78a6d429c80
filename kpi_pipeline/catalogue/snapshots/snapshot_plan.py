"""Which tables, rows and columns each audience's file holds: the allow-lists.

Here: one query per published table. Nothing gets into a file that is not named here. Who may see which KPI is decided
in ``audience``; texts that name an internal KPI are withheld in ``withheld_texts``; writing files belongs to
``warehouse.publish``.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from kpi_pipeline.catalogue.commitments.goal_rows import measuring_kpis
from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.exposure.withheld_texts import without_internal_names
from kpi_pipeline.catalogue.findings.driver_exposure import DriverExposure
from kpi_pipeline.catalogue.history.restatement import CORRECTION_DUE
from kpi_pipeline.catalogue.metrics.breaks import neutral_text_sql
from kpi_pipeline.catalogue.metrics.measure_sql import TOTAL
from kpi_pipeline.catalogue.metrics.values import GRAINS
from kpi_pipeline.catalogue.snapshots.analyst_tables import README, analyst_tables, wide_table
from kpi_pipeline.catalogue.snapshots.descriptions import COLUMNS, KPI_TABLES
from kpi_pipeline.catalogue.snapshots.quality import neutral_message_sql
from kpi_pipeline.catalogue.tables.row_tables import CATALOGUE, QUALITY
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.report import Audience
from kpi_pipeline.warehouse.quoting import quoted_text
from kpi_pipeline.warehouse.seeds import SEED_TABLES
from kpi_pipeline.warehouse.snapshot_file import PublishedTable
from kpi_pipeline.warehouse.sql_project import SqlProject
from kpi_pipeline.wording.phrasing import LANGUAGES

ANALYST_SCHEMAS = ("core", "measures", "views")
DESCRIPTIONS = KPI_TABLES | SEED_TABLES
SEEN_LEVELS = "level in ('business', 'external')"
# What executives read about a commitment: nothing that the team writes freely about its work.
EXECUTIVE_CATALOGUE = frozenset(
    {
        *("metric_id", "kpi_id", "name_en", "name_fa", "definition_en", "definition_fa", "formula", "sql", "unit"),
        *("form", "basis", "direction", "decimals", "default_audience", "profiles", "edge_rules", "reference"),
        *("metric_version", "audience", "status", "missing_parts", "class", "function", "scope", "owner"),
        *("owner_name_en", "owner_name_fa", "objective_id", "objective_chain", "question_en", "question_fa"),
        *("why_en", "why_fa", "is_strategy_review_due", "baseline", "baseline_from", "baseline_to", "target"),
        *("target_low", "target_high"),
        *("deadline", "path", "consecutive_weeks", "min_probability", "feasibility", "guardrails", "action_en"),
        *("action_fa", "review_every_weeks", "review_next_on", "is_review_overdue", "evidence"),
        *("evidence_state",),
        *("evidence_expires_on", "max_latency_hours", "min_coverage_pct", "is_replace_candidate", "example"),
        *("sources", "version", "effective_from", "definition_hash"),
    }
)
DRIVERS = ("driver_rank", "finding_en", "finding_fa")
FILE_DETAILS = ("file_name", "line", "column_name", "found", "expected")


def snapshot_tables(configuration: Configuration, project: SqlProject) -> dict[Audience, list[PublishedTable]]:
    """Return the tables of both files.

    Raises:
        ConfigurationError: if the commitments would show executives an internal KPI.
    """
    audiences = Audiences(configuration)
    audiences.check()
    executive = without_internal_names(_executive(audiences, project), audiences)
    return {
        "internal": [*_internal(project), wide_table("internal", audiences)],
        "executive": [*executive, wide_table("executive", audiences)],
    }


def _internal(project: SqlProject) -> Iterator[PublishedTable]:
    yield _snapshot("internal")
    yield _table("kpi.values", replaced={"snapshot_id": "snapshot.snapshot_id"}, joined=", kpi.snapshot as snapshot")
    for name in (
        "weekly_internal",
        "weekly_executive",
        "catalogue",
        "objectives",
        "success_factors",
        "criteria",
        "alignment",
        "owners",
        "smart",
        "scores",
        "efficiency",
        "segments",
        "relations",
        "anomalies",
        "watched",
        "lifetime",
        "lifetime_models",
        "lifetime_calibration",
        "breaks",
        "reported",
        "restatements",
        "lineage",
        "quality",
    ):
        yield _table(f"kpi.{name}")
    yield _contributions("true")
    yield _table("kpi.answers", where="audience = 'internal'")
    yield from analyst_tables("internal")
    for name in SEED_TABLES:
        yield _table(name)
    for file in project.files:
        if file.schema in ANALYST_SCHEMAS:
            columns = ", ".join(file.column_notes)
            query = f"select {columns} from {file.table}"
            yield PublishedTable(file.table, query, file.description, file.column_notes, is_copy=True)


def _executive(audiences: Audiences, project: SqlProject) -> Iterator[PublishedTable]:
    kpis = _among("kpi_id", audiences.executive_kpis)
    metrics = _among("metric_id", audiences.executive_metrics)
    without_sides = _among("metric_id", audiences.metrics_without_sides)
    yield _snapshot("executive")
    yield _table(
        "kpi.values",
        replaced={
            "numerator": f"case when not {without_sides} then numerator end",
            "denominator": f"case when not {without_sides} then denominator end",
            "snapshot_id": "snapshot.snapshot_id",
        },
        joined=", kpi.snapshot as snapshot",
        where=f"{metrics} and dimension = '{TOTAL}' and {_among('grain', GRAINS)}",
    )
    yield _table("kpi.weekly_executive", where=kpis)
    yield _table(
        "kpi.catalogue",
        replaced={
            **{name: f"cast(null as {kind})" for name, kind in CATALOGUE.items() if name not in EXECUTIVE_CATALOGUE},
            "guardrails": _by_id("kpi_id", _executive_guardrails(audiences)),
        },
        where=f"{kpis} and audience = 'executive'",
    )
    yield _table("kpi.objectives", where=SEEN_LEVELS)
    measuring = _executive_measuring_kpis(audiences)
    yield _table(
        "kpi.success_factors",
        replaced={
            "kpi_ids": _by_id("success_factor_id", {name: ", ".join(found) for name, found in measuring.items()}),
            "kpis": _by_id(
                "success_factor_id", {name: str(len(found)) for name, found in measuring.items()}, "integer"
            ),
        },
        where=f"objective_id in (select objective_id from kpi.objectives where {SEEN_LEVELS})",
    )
    yield _table(
        "kpi.smart",
        # The other letters are explained in the words of the configuration, which may name anything.
        replaced={name: f"case when letter in ('M', 'A') then {name} end" for name in ("finding_en", "finding_fa")},
        where=kpis,
    )
    yield _table("kpi.scores", where=kpis)
    yield _table("kpi.answers", where=f"{kpis} and audience = 'executive'")
    yield _table(
        "kpi.breaks",
        replaced={"what_en": neutral_text_sql("en"), "what_fa": neutral_text_sql("fa")},
        where=metrics,
    )
    hidden = _among("kpi_id", _kpis_without_sides(audiences))
    yield _table(
        "kpi.anomalies",
        replaced={
            # How wide a band is, how far from it, and what that amounts to tell how many cases there were.
            **{name: f"case when not {hidden} then {name} end" for name in ("low", "high", "score", "impact")},
            **{
                f"finding_{code}": f"case when {hidden} then brief_{code} else finding_{code} end" for code in LANGUAGES
            },
            # Gaps in the ranks would tell how many alarms executives do not see.
            "priority": "case when event is null then cast(row_number() over (partition by week_start, event is null"
            " order by priority) as integer) end",
        },
        where=f"{kpis} and dimension = '{TOTAL}'",
    )
    yield _contributions(_executive_drivers(DriverExposure(audiences, project)))
    yield _table("kpi.reported", where=f"{kpis} and audience = 'executive'")
    yield _table("kpi.restatements", where=f"{kpis} and audience = 'executive'")
    yield _table("kpi.lineage", where=metrics)
    yield _table(
        "kpi.quality",
        replaced={
            **{name: f"cast(null as {QUALITY[name]})" for name in FILE_DETAILS},
            "message": neutral_message_sql("kind"),
        },
        where=f"{metrics} and kind <> {quoted_text(CORRECTION_DUE)}",
        # Without their details, several facts may say the same.
        select="select distinct",
    )
    for table in analyst_tables("executive"):
        yield (
            table
            if table.name == README
            else replace(table, query=f"select * from ({table.query}) as asked where {kpis}")
        )


def _snapshot(audience: Audience) -> PublishedTable:
    return _table("kpi.snapshot", replaced={"audience": quoted_text(audience)})


def _table(
    name: str, *, replaced: dict[str, str] | None = None, joined: str = "", where: str = "true", select: str = "select"
) -> PublishedTable:
    """The described columns of a table, some of them replaced by an expression."""
    items = [
        f"{replaced[column]} as {column}" if replaced and column in replaced else column for column in COLUMNS[name]
    ]
    query = f"{select} {', '.join(items)} from {name} as published{joined} where {where}"
    return PublishedTable(name, query, DESCRIPTIONS[name], COLUMNS[name])


def _by_id(column: str, texts: Mapping[str, str], data_type: str = "varchar") -> str:
    """The SQL that says for each id what is given for it, and nothing for others."""
    whens = " ".join(
        f"when {quoted_text(name)} then cast({quoted_text(text)} as {data_type})"
        for name, text in texts.items()
        if text
    )
    return f"case {column} {whens} end" if whens else f"cast(null as {data_type})"


def _executive_guardrails(audiences: Audiences) -> dict[str, str]:
    kpis, seen = audiences.configuration.kpis, audiences.executive_kpis
    return {kpi_id: ", ".join(name for name in kpis[kpi_id].guardrails if name in seen) for kpi_id in seen}


def _kpis_without_sides(audiences: Audiences) -> list[str]:
    kpis = audiences.configuration.kpis
    return [name for name in audiences.executive_kpis if kpis[name].metric in audiences.metrics_without_sides]


def _contributions(where: str) -> PublishedTable:
    """Drivers of the dimension that explains most of those that are seen; of other dimensions the effects alone."""
    first = "dimension_rank = min(dimension_rank) over (partition by kpi_id, week_start)"
    told = {name: f"case when dimension_rank is null or {first} then {name} end" for name in DRIVERS}
    place = "dense_rank() over (partition by kpi_id, week_start order by dimension_rank nulls last)"
    told["dimension_rank"] = f"case when dimension_rank is not null then cast({place} as integer) end"
    return _table("kpi.contributions", replaced=told, where=where)


def _executive_drivers(exposure: DriverExposure) -> str:
    """What moved a KPI, by the dimensions that executives may see it split by."""
    splits = [
        f"({_among('kpi_id', [kpi_id])} and {_among('dimension', dimensions)})"
        for kpi_id, dimensions in exposure.shown().items()
        if dimensions
    ]
    return f"({' or '.join(splits)})" if splits else "(false)"


def _executive_measuring_kpis(audiences: Audiences) -> dict[str, list[str]]:
    factors, seen = audiences.configuration.goals.success_factors, audiences.executive_kpis
    return {
        name: [kpi_id for kpi_id in measuring_kpis(name, factor, audiences) if kpi_id in seen]
        for name, factor in factors.items()
    }


def _among(column: str, names: Collection[str]) -> str:
    if not names:
        return "(false)"
    return f"({column} in ({', '.join(quoted_text(name) for name in sorted(names))}))"
