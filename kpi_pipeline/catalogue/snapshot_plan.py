"""Which tables, rows and columns each audience's file holds: the allow-lists.

Here: one query per published table. Nothing gets into a file that is not named here. Who may see which KPI is decided
in ``audience``; writing files belongs to ``warehouse.publish``.
"""

from collections.abc import Collection, Iterator

from kpi_pipeline.catalogue.audience import Audiences
from kpi_pipeline.catalogue.descriptions import COLUMNS, KPI_TABLES
from kpi_pipeline.catalogue.measure_sql import TOTAL, Selection
from kpi_pipeline.catalogue.metric_plan import plan_metric
from kpi_pipeline.catalogue.metric_sql import metric_sql
from kpi_pipeline.catalogue.quality import neutral_message_sql
from kpi_pipeline.catalogue.row_tables import QUALITY
from kpi_pipeline.catalogue.values import GRAINS
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.report import Audience
from kpi_pipeline.warehouse.quoting import quoted_text
from kpi_pipeline.warehouse.seeds import SEED_TABLES
from kpi_pipeline.warehouse.snapshot_file import PublishedTable
from kpi_pipeline.warehouse.sql_project import SqlProject

ANALYST_SCHEMAS = ("core", "measures", "views")
DESCRIPTIONS = KPI_TABLES | SEED_TABLES
FILE_DETAILS = ("file_name", "line", "column_name", "found", "expected")


def snapshot_tables(configuration: Configuration, project: SqlProject) -> dict[Audience, list[PublishedTable]]:
    """Return the tables of both files.

    Raises:
        ConfigurationError: if the commitments would show executives an internal KPI.
    """
    audiences = Audiences(configuration)
    audiences.check()
    return {"internal": list(_internal(project)), "executive": list(_executive(audiences, project))}


def _internal(project: SqlProject) -> Iterator[PublishedTable]:
    yield _snapshot("internal")
    yield _table("kpi.values", replaced={"snapshot_id": "snapshot.snapshot_id"}, joined=", kpi.snapshot as snapshot")
    for name in ("weekly_internal", "weekly_executive", "catalogue", "objectives", "reported", "lineage", "quality"):
        yield _table(f"kpi.{name}")
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
    without_formula = _among("metric_id", _metrics_naming_internal(audiences, project))
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
        replaced={name: f"case when not {without_formula} then {name} end" for name in ("formula", "sql")},
        where=f"{kpis} and audience = 'executive'",
    )
    yield _table("kpi.objectives", where="level in ('business', 'external')")
    yield _table("kpi.reported", where=f"{kpis} and audience = 'executive'")
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


def _among(column: str, names: Collection[str]) -> str:
    if not names:
        return "(false)"
    return f"({column} in ({', '.join(quoted_text(name) for name in sorted(names))}))"


def _metrics_naming_internal(audiences: Audiences, project: SqlProject) -> list[str]:
    found = []
    for metric_id in audiences.executive_metrics:
        plan = plan_metric(metric_id, audiences.configuration, project)
        statement = metric_sql(plan, Selection(("week",), (None,)))
        if audiences.names_internal(f"{plan.formula.text}\n{statement}"):
            found.append(metric_id)
    return found
