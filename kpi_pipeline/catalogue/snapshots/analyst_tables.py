"""Tables that a published file has for people who query it: where to begin, KPIs side by side, common questions.

Here: what can only be written when it is known which KPIs the file may show. Each is a query on tables of ``kpi``, so
that nothing stands in them that those do not hold. Questions about what was sold or visited are SQL files in
``sql/views``.
"""

from collections.abc import Iterator

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.config.report import Audience
from kpi_pipeline.warehouse.quoting import quoted_name, quoted_text
from kpi_pipeline.warehouse.snapshot_file import PublishedTable
from kpi_pipeline.wording.language import load_language
from kpi_pipeline.wording.phrasing import LANGUAGES

README, WIDE = "kpi.readme", "kpi.weekly_wide"
TARGET_PROGRESS, AS_REPORTED = "views.target_progress", "views.as_reported"
ANALYST_TABLES = frozenset({README, WIDE, TARGET_PROGRESS, AS_REPORTED})
TOPICS = ("what", "begin", "wide", "ratios", "no_value", "status", "targets", "as_reported", "comments", "snapshot")
# What texts call by its name in the database, in whatever language they are.
NAMES = {
    **{name: f"kpi.{name}" for name in ("catalogue", "values", "restatements", "snapshot")},
    **{name: name for name in ("core", "measures", "views", "null_reason", "as_of", "final", "provisional", "partial")},
    "null": "NULL",
    "wide": WIDE,
    "target_progress": TARGET_PROGRESS,
    "as_reported": AS_REPORTED,
    "comments": "select table_name, column_name, comment from duckdb_columns() where schema_name = 'kpi'",
}
# The key of the wide table. A KPI of this name stands in the other tables alone.
WEEK = "week_start"

PROGRESS_COLUMNS = {
    "week_start": "first day of the company's week",
    "kpi_id": "id of the KPI, see kpi.catalogue",
    "name_en": "name in English",
    "name_fa": "name in Persian",
    "unit": "percent, points, currency, count, ratio, minutes, hours, days or months",
    "direction": "higher_better or lower_better",
    "value": "value of the week",
    "status": "final; provisional while a source may still change it; partial while days are missing",
    "baseline": "where the KPI stood when the target was set",
    "target": "what it is to reach; NULL where it is to stay inside a band",
    "target_low": "lower end of the band that it is to stay inside; NULL where there is no band",
    "target_high": "upper end of that band",
    "deadline": "by when",
    "weeks_left": "whole weeks from the end of this one to the deadline; 0 when it has passed",
    "path_value": "where it should be this week; NULL up to the end of the baseline",
    "gap_to_path": "value less path value, in the KPI's unit",
    "attainment": "share of the way from the baseline to the target, 1 at the target or inside the band",
    "forecast_at_deadline": "where it will be in the deadline's week if it goes on as until now",
    "probability": "how likely the target is reached in the deadline's week, 0 to 1",
    "pace_status": "on_track, at_risk, off_track, achieved, missed or unknown",
}
AS_REPORTED_COLUMNS = {
    "week_start": "first day of the company's week",
    "kpi_id": "id of the KPI, see kpi.catalogue",
    "first_value": "the value that was published first; NULL if it was none",
    "first_status": "final, provisional or partial at that time",
    "first_published_at": "when that was, UTC",
    "value": "the value as of now; NULL if there is none",
    "status": "final, provisional or partial as of now",
    "change": "value less first value, in the KPI's unit; NULL where one of them is",
    "times_published": "how often something new was said: value, status or meaning; see kpi.reported",
    "is_same_definition": "whether it is counted today as it was at first",
}


def analyst_tables(audience: Audience) -> Iterator[PublishedTable]:
    """Yield the tables with the same columns in every configuration; their rows are those of other published tables."""
    yield PublishedTable(
        README,
        _readme(audience),
        "One row per topic: what is in this file, where to begin, and what to mind.",
        {
            "position": "place in the order of reading",
            "topic": "what the text is about",
            **{f"text_{code}": f"the text in {name}" for code, name in (("en", "English"), ("fa", "Persian"))},
        },
    )
    plain = [name for name in PROGRESS_COLUMNS if name not in ("weeks_left", "gap_to_path")]
    computed = {
        "weeks_left": "cast(greatest(date_diff('day', week_end, deadline), 0) // 7 as integer)",
        "gap_to_path": "value - path_value",
    }
    items = [f"{computed[name]} as {name}" if name not in plain else name for name in PROGRESS_COLUMNS]
    yield PublishedTable(
        TARGET_PROGRESS,
        f"select {', '.join(items)} from kpi.weekly_{audience} where target is not null or target_low is not null",
        "One row per KPI with a target and week: where it should be, where it is, and where it is heading.",
        PROGRESS_COLUMNS,
    )
    yield PublishedTable(
        AS_REPORTED,
        _as_reported(audience),
        "One row per KPI and week: the value as it was published first beside the value as of now.",
        AS_REPORTED_COLUMNS,
    )


def wide_table(audience: Audience, audiences: Audiences) -> PublishedTable:
    """Return the table with one column for each KPI that the readers may see, named by its id.

    Its columns are numbers that are named by those who configure KPIs, so that no rule about names of columns holds.
    """
    names = audiences.executive_kpis if audience == "executive" else tuple(sorted(audiences.of_kpi))
    kpis = [name for name in names if name.lower() != WEEK]
    values = [f"max(value) filter (where kpi_id = {quoted_text(name)}) as {quoted_name(name)}" for name in kpis]
    return PublishedTable(
        WIDE,
        f"select {', '.join([WEEK, *values])} from kpi.weekly_{audience} group by {WEEK}",
        "One row per week: the values of all KPIs side by side. Their states and targets are in the other tables.",
        {WEEK: "first day of the company's week", **{name: _column_text(name, audiences) for name in kpis}},
    )


def _column_text(kpi_id: str, audiences: Audiences) -> str:
    metric = audiences.configuration.metrics[audiences.configuration.kpis[kpi_id].metric]
    return f"{metric.name.en}, {metric.unit}; NULL where there is no value"


def _readme(audience: Audience) -> str:
    rows = []
    for position, topic in enumerate(TOPICS, 1):
        cells = (str(position), *map(quoted_text, (topic, *_texts(topic, audience))))
        rows.append(f"({', '.join(cells)})")
    columns = ", ".join(("position", "topic", *(f"text_{code}" for code in LANGUAGES)))
    return f"select {columns} from (values {', '.join(rows)}) as readme ({columns})"


def _texts(topic: str, audience: Audience) -> Iterator[str]:
    names = NAMES | {"weekly": f"kpi.weekly_{audience}"}
    for language in map(load_language, LANGUAGES):
        is_for_one = f"readme.{topic}_{audience}" in language.messages
        yield language.text(f"readme.{topic}_{audience}" if is_for_one else f"readme.{topic}", **names)


def _as_reported(audience: Audience) -> str:
    seen = "audience = 'executive'" if audience == "executive" else "true"
    return f"""select
    weekly.week_start,
    weekly.kpi_id,
    published.first_value,
    published.first_status,
    published.first_published_at,
    weekly.value,
    weekly.status,
    weekly.value - published.first_value as change,
    cast(published.times_published as integer) as times_published,
    published.first_hash = published.last_hash as is_same_definition
from kpi.weekly_{audience} as weekly
inner join (
    select
        kpi_id,
        week_start,
        first(value order by published_at) as first_value,
        first(status order by published_at) as first_status,
        min(published_at) as first_published_at,
        first(definition_hash order by published_at) as first_hash,
        last(definition_hash order by published_at) as last_hash,
        count(*) as times_published
    from kpi.reported
    where {seen}
    group by kpi_id, week_start
) as published using (kpi_id, week_start)"""
