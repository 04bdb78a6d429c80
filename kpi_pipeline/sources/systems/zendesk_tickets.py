"""Zendesk: the CSV that a ticket view exports.

Here: its columns and its mapping to tickets as they stand. A duration that is empty has not happened yet and is never
zero. The requester's address is kept as a keyed hash; names, subjects and tags are not read. Reports of Explore have
other names and do not belong here.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_number_style, declared_options, listed_names
from kpi_pipeline.sources.contracts.contract import Contract, contract_table
from kpi_pipeline.sources.contracts.entity_rules import declared_time_zone, filled_in, identified_rows, row_identity
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

_FIELDS = (
    Field("ticket_id", ("Id",), required=True),
    Field("requester_id", ("Requester id",)),
    Field("requester_email", ("Requester email",), personal=True),
    Field("assignee", ("Assignee",), free_text=True),
    Field("group_name", ("Group",)),
    Field("status", ("Status",), required=True),
    Field("priority", ("Priority",)),
    Field("channel", ("Via",)),
    Field("created", ("Created at",), "timestamp", required=True),
    Field("updated", ("Updated at",), "timestamp"),
    Field("solved", ("Solved at",), "timestamp"),
    Field("satisfaction", ("Satisfaction Score",)),
    Field("reopens", ("Reopens",), "integer"),
    Field("replies", ("Replies",), "integer"),
    Field("first_reply_minutes", ("First reply time in minutes",), "double"),
    Field("first_reply_business_minutes", ("First reply time in minutes within business hours",), "double"),
    Field("first_resolution_minutes", ("First resolution time in minutes",), "double"),
    Field("full_resolution_minutes", ("Full resolution time in minutes",), "double"),
)
_IGNORED = """
    Summation column; Requester; Requester external id; Requester domain; Submitter; Subject; Tags; Ticket type;
    Assigned at; Organization; Due date; Initially assigned at; Resolution time; Group stations; Assignee stations;
    First resolution time in minutes within business hours; Full resolution time in minutes within business hours;
    Agent wait time in minutes; Agent wait time in minutes within business hours; Requester wait time in minutes;
    Requester wait time in minutes within business hours; On hold time in minutes; On hold time in minutes within
    business hours
"""


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Zendesk account's ticket view.

    Raises:
        ConfigurationError: the source does not say its time zone.
    """
    columns = {field.name: field.name for field in _FIELDS} | {
        "ticket_id": "trim(ticket_id)",
        "day": "cast(created as date)",
        "created_at": "created_utc",
        "solved_at": "solved_utc",
        "solved_day": "cast(solved as date)",
        "status": "lower(trim(status))",
        "priority": "lower(nullif(trim(priority), ''))",
        "customer_key": "coalesce(requester_email, 'requester:' || nullif(trim(requester_id), ''))",
        "satisfaction": "lower(nullif(trim(satisfaction), ''))",
        "updated_at": "updated_utc",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="zendesk_tickets",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("support_tickets", columns),),
        row_query=identified_rows("ticket_id"),
        row_rules=(*row_identity("ticket_id"), filled_in("created")),
        ignored_headers=listed_names(_IGNORED),
        options=declared_options(name, source, ()),
        number_style=declared_number_style(source, thousands_separator=","),
        time_zone=declared_time_zone(name, source),
    )
