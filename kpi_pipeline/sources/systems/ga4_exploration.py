"""Google Analytics 4: the CSV of an exploration or of a detail report.

Here: its columns, its grand-total row and its mapping to sessions per day. Only the event count is compared with the
grand total: sessions are estimates, and one session stands in the rows of several pages. The event export belongs to
``ga4_events``.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.common_rules import listed_names
from kpi_pipeline.sources.contract import Contract, TotalRows, contract_table
from kpi_pipeline.sources.field import Field
from kpi_pipeline.sources.sql_text import literal

_FIELDS = (
    Field("day", ("Date",), "date", style="%Y%m%d"),
    Field("hour", ("Date + hour (YYYYMMDDHH)",), "timestamp", style="%Y%m%d%H"),
    Field("nth_day", ("Nth day",), "integer"),
    Field(
        "channel",
        (
            "Session primary channel group (Default channel group)",
            "Session default channel group",
            "Session primary channel group",
            "Default channel group",
        ),
    ),
    Field("source_name", ("Session source",)),
    Field("medium", ("Session medium",)),
    Field("campaign_name", ("Session campaign",)),
    Field("device", ("Device category",)),
    Field("country", ("Country",)),
    Field("sessions", ("Sessions",), "integer", required=True),
    Field("engaged_sessions", ("Engaged sessions",), "integer"),
    Field("events", ("Event count",), "integer"),
)
_IGNORED = """
    Users; Total users; Active users; New users; Average engagement time per session; Engaged sessions per user;
    Events per session; Engagement rate; Bounce rate; Key events; Conversions; Total revenue; Purchase revenue
"""


def build(name: str, source: Source) -> Contract:
    """Make the contract of a GA4 property's explorations."""
    columns = {field.name: field.name for field in _FIELDS} | {
        "day": "coalesce(day, cast(hour as date), file_first_day + cast(nth_day as integer), file_day)",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="ga4_exploration",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("web_sessions_daily", columns),),
        dated_by=("day", "hour", "nth_day"),
        undated_rows=source.undated_rows,
        undated_advice="Add the dimension Date to the exploration and export it again.",
        ignored_headers=listed_names(_IGNORED),
        totals=TotalRows(place="extra_cell", label="Grand total", sums=(("events", "events"),)),
        has_preamble=True,
        final_line_break=False,  # GA4 ends its files right after the last cell
        encoding=source.encoding,
        delimiter=source.delimiter,
        time_zone=source.time_zone,
        coverage=source.coverage,
    )
