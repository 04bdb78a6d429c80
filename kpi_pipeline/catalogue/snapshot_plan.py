"""Which tables, rows and columns each audience's file holds: the allow-lists.

Here: one query per published table. Nothing gets into a file that is not named here. Who may see which KPI is decided
in ``audience``; texts that name an internal KPI are withheld in ``withheld_texts``; writing files belongs to
``warehouse.publish``.
"""

from collections.abc import Collection, Iterator, Mapping

from kpi_pipeline.catalogue.audience import Audiences
from kpi_pipeline.catalogue.breaks import neutral_text_sql
from kpi_pipeline.catalogue.descriptions import COLUMNS, KPI_TABLES
from kpi_pipeline.catalogue.goal_rows import measuring_kpis
from kpi_pipeline.catalogue.measure_sql import TOTAL
from kpi_pipeline.catalogue.quality import neutral_message_sql
from kpi_pipeline.catalogue.row_tables import CATALOGUE, QUALITY
from kpi_pipeline.catalogue.values import GRAINS
from kpi_pipeline.catalogue.withheld_texts import without_internal_names
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.report import Audience
from kpi_pipeline.warehouse.quoting import quoted_text
from kpi_pipeline.warehouse.seeds import SEED_TABLES
from kpi_pipeline.warehouse.snapshot_file import PublishedTable
from kpi_pipeline.warehouse.sql_project import SqlProject

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
        *("deadline", "path", "consecutive_weeks", "min_probability", "feasibility", "guardrails", "action_en"),
        *("action_fa", "review_every_weeks", "review_next_on", "is_review_overdue", "evidence"),
        *("evidence_expires_on", "max_latency_hours", "min_coverage_pct", "is_replace_candidate", "example"),
        *("sources", "version", "effective_from", "definition_hash"),
    }
)
FILE_DETAILS = ("file_name", "line", "column_name", "found", "expected")


def snapshot_tables(configuration: Configuration, project: SqlProject) -> dict[Audience, list[PublishedTable]]:
    """Return the tables of both files.

    Raises:
        ConfigurationError: if the commitments would show executives an internal KPI.
    """
    audiences = Audiences(configuration)
    audiences.check()
    executive = without_internal_names(_executive(audiences), audiences)
    return {"internal": list(_internal(project)), "executive": list(executive)}


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
        "contributions",
        "breaks",
        "reported",
        "restatements",
        "lineage",
        "quality",
    ):
        yield _table(f"kpi.{name}")
    yield _table("kpi.answers", where="audience = 'internal'")
    for name in SEED_TABLES:
        yield _table(name)
    for file in project.files:
        if file.schema in ANALYST_SCHEMAS:
            columns = ", ".join(file.column_notes)
            query = f"select {columns} from {file.table}"
            yield PublishedTable(file.table, query, file.description, file.column_notes, is_copy=True)


def _executive(audiences: Audiences) -> Iterator[PublishedTable]:
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
    yield _table("kpi.anomalies", where=f"{kpis} and dimension = '{TOTAL}'")
    yield _table("kpi.contributions", where=_executive_drivers(audiences))
    yield _table("kpi.reported", where=f"{kpis} and audience = 'executive'")
    yield _table("kpi.restatements", where=f"{kpis} and audience = 'executive'")
    yield _table("kpi.lineage", where=metrics)
    yield _table(
        "kpi.quality",
        replaced={
            **{name: f"cast(null as {QUALITY[name]})" for name in FILE_DETAILS},
            "message": neutral_message_sql("kind"),
        },
        where=metrics,
        # Without their details, several facts may say the same.
        select="select distinct",
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


def _executive_drivers(audiences: Audiences) -> str:
    """What moved a KPI whose sides may be shown, by the dimensions that the reports of executives name."""
    configuration = audiences.configuration
    kpis = [
        kpi_id
        for kpi_id in audiences.executive_kpis
        if configuration.kpis[kpi_id].metric not in audiences.metrics_without_sides
    ]
    named = {
        name for report in configuration.reports.values() if report.audience == "executive" for name in report.drivers
    }
    return f"{_among('kpi_id', kpis)} and {_among('dimension', named)}"


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
