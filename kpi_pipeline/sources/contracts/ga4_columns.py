"""Google Analytics 4: the columns that reports and explorations of the user interface share, and what they deliver.

Here: the names of the columns and the mapping to each subject that a source may choose. Users are distinct counts: they
stay in the columns for users, and a table of users has one row per day. How the files are laid out belongs to
``systems/ga4_exploration`` and ``systems/ga4_report``.
"""

from dataclasses import replace

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import listed_names
from kpi_pipeline.sources.contracts.contract import Contract, RowRule, contract_table, source_error
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

SUBJECT_OPTION = "subject"
_SESSIONS, _USERS, _EVENTS = "web_sessions_daily", "web_users_daily", "web_events_daily"
_DAYS = ("day", "hour", "nth_day")
_USER_COUNTS = ("active_users", "users", "new_users", "users_1_day", "users_7_days", "users_28_days")
_REQUIRED = {_SESSIONS: ("sessions",), _USERS: (), _EVENTS: ("event_name", "events")}
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
    Field("event_name", ("Event name",)),
    Field(
        "page",
        (
            "Page path and screen class",
            "Page path + query string",
            "Page title and screen class",
            "Page path",
            "Page title",
            "Item name",
        ),
    ),
    Field("sessions", ("Sessions",), "integer"),
    Field("engaged_sessions", ("Engaged sessions",), "integer"),
    Field("events", ("Event count",), "integer"),
    Field("key_events", ("Key events", "Conversions"), "double"),
    Field("users", ("Total users",), "integer"),
    Field("active_users", ("Active users", "Users"), "integer"),
    Field("new_users", ("New users",), "integer"),
    Field("users_1_day", ("1 day",), "integer"),
    Field("users_7_days", ("7 days",), "integer"),
    Field("users_28_days", ("28 days",), "integer"),
    Field("add_to_carts", ("Add to carts",), "integer"),
    Field("checkouts", ("Checkouts",), "integer"),
    Field("purchases", ("Ecommerce purchases",), "integer"),
    Field("revenue", ("Purchase revenue",), "decimal", rounding=True),
)
_IGNORED = """
    30 days; Views; Views per active user; Average engagement time; Average engagement time per session; Average
    engagement time per active user; Average session duration; Engaged sessions per user; Engaged sessions per active
    user; Events per session; Event count per user; Event count per active user; Engagement rate; Bounce rate; Exits;
    Transactions; Total revenue
"""
_DAY = "coalesce(day, cast(hour as date), file_first_day + cast(nth_day as integer), file_day)"
_ROWS_OF_DAY = "rows of the day"
_ONE_PAGE_PER_SESSION = RowRule(
    predicate="page is null and event_name is null",
    shown="page",
    expected="no dimension that one session has several values of: its sessions would be counted several times",
    advice="Remove the dimension from the report and export it again.",
)
_REVENUE_HAS_CURRENCY = RowRule(
    predicate="coalesce(revenue, 0) = 0 or file_currency is not null",
    shown="revenue",
    expected="amounts whose currency is known; the file does not say it",
    advice="Say it in the source's configuration: currency: EUR.",
)
_ONE_ROW_PER_DAY = RowRule(
    predicate=f'"{_ROWS_OF_DAY}" = 1 and coalesce(channel, source_name, medium, campaign_name, device, country,'
    " event_name, page) is null",
    shown=_ROWS_OF_DAY,
    expected="one row per day and no other dimension: users of several rows must never be added up",
    advice="Remove all dimensions but the day from the report and export it again.",
)


def ga4_contract(name: str, source: Source) -> Contract:
    """Make the part of a contract that reports and explorations share.

    Raises:
        ConfigurationError: the source wants a subject that such files do not deliver.
    """
    subject = source.options.get(SUBJECT_OPTION, _SESSIONS)
    if subject not in _REQUIRED:
        problem = f"{subject!r} is none of {', '.join(_REQUIRED)}"
        raise source_error(name, f"options.{SUBJECT_OPTION}", problem)
    if subject == _USERS and source.undated_rows == "period_end":
        raise source_error(name, "undated_rows", "the users of several days are not those of their last day")
    chosen = str(subject)
    return Contract(
        source=name,
        system=source.system,
        formats=("csv",),
        fields=tuple(replace(field, required=field.name in _REQUIRED[chosen]) for field in _FIELDS),
        tables=(contract_table(chosen, _columns(source)[chosen]),),
        row_query=f'select typed_rows.*, count(*) over (partition by {_DAY}) as "{_ROWS_OF_DAY}" from typed_rows'
        if chosen == _USERS
        else None,
        row_rules={
            _SESSIONS: (_ONE_PAGE_PER_SESSION, _REVENUE_HAS_CURRENCY),
            _USERS: (_ONE_ROW_PER_DAY,),
            _EVENTS: (),
        }[chosen],
        one_of=(_USER_COUNTS,) if chosen == _USERS else (),
        dated_by=_DAYS,
        undated_rows=source.undated_rows,
        ignored_headers=listed_names(_IGNORED),
    )


def _columns(source: Source) -> dict[str, dict[str, str]]:
    common = {"day": _DAY, "account_id": literal(source.account_id)}
    sessions = {field.name: field.name for field in _FIELDS} | {
        "time_zone": literal(source.time_zone or ""),
        "currency": "case when revenue is not null then file_currency end",
    }
    return {
        _SESSIONS: sessions | common,
        _USERS: {
            # The users whom GA4 calls active on a day are those of a window of one day.
            "users_1_day": "coalesce(users_1_day, active_users)",
            "users_7_days": "users_7_days",
            "users_28_days": "users_28_days",
            "users": "users",
            "new_users": "new_users",
            **common,
        },
        _EVENTS: {
            "event_name": "event_name",
            "events": "events",
            "users": "users",
            "key_events": "key_events",
            **common,
        },
    }
