"""Google Analytics 4: reports of the Data API, asked through the official client.

Here: sessions, users and events by day, and users of whole weeks and months. Each kind of figure has a report of its
own, because Google refuses fields of different scope in one: sessions are split by ``session*`` dimensions, with which
the steps to a purchase go together. Users are distinct counts: every period is asked for by itself, nothing is added
up. Exports of the user interface belong to ``ga4_exploration`` and ``ga4_report``, single events to ``ga4_events``.

Where a report has so many rows that Google writes ``(other)`` in place of a date, it is asked for in halves, down to
single days, whose rows need no date.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, cast

from google.analytics.data_v1beta.types import (
    DateRange,
    Dimension,
    Metric,
    OrderBy,
    PropertyQuota,
    RunReportRequest,
    RunReportResponse,
)

from kpi_pipeline.calendar.company_calendar import WEEKDAYS, CompanyCalendar, WeekStart
from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.ga4_client import Ga4Client, shortage
from kpi_pipeline.sources.api.halving import TooMuchAtOnce, in_halves
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, plain_number, rewrite_pull
from kpi_pipeline.sources.api.paging import Paging
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.contracts.common_rules import declared_choice, declared_options
from kpi_pipeline.sources.contracts.contract import Contract, contract_table, source_error
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.opened_file import FileNote
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(
    version="v1beta",
    sunset=None,
    endpoint="https://analyticsdata.googleapis.com",
    secrets=("service_account",),
    asks_for="days",
)
_DAYS_PER_QUESTION = 7
_ROWS_PER_PAGE = 100_000
_OTHER = "(other)"


@dataclass(frozen=True)
class Report:
    """The fields of one kind of question: at most nine dimensions and ten metrics, all of one scope."""

    name: str
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]


_PEOPLE = ("totalUsers", "newUsers", "activeUsers")
_WINDOWS = ("active1DayUsers", "active7DayUsers", "active28DayUsers")
_FUNNEL = ("addToCarts", "checkouts", "ecommercePurchases", "purchaseRevenue")
_SESSION = ("sessionSource", "sessionMedium", "sessionCampaignName", "sessionDefaultChannelGroup")
DAILY_REPORTS = (
    Report(
        "sessions",
        ("date", *_SESSION, "deviceCategory", "country"),
        ("sessions", "engagedSessions", *_PEOPLE, *_FUNNEL, "userEngagementDuration"),
    ),
    Report("users", ("date",), (*_WINDOWS, *_PEOPLE)),
    Report("users_split", ("date", "newVsReturning"), (*_WINDOWS, *_PEOPLE)),
    Report("events", ("date", "eventName"), ("eventCount", "totalUsers", "keyEvents")),
)
PERIOD_REPORTS = (Report("period", (), _PEOPLE), Report("period_split", ("newVsReturning",), _PEOPLE))
_FIELDS = (
    Field("report", ("report",), required=True),
    Field("day", ("date",), "date", required=True, style="%Y%m%d"),
    Field("period_start", ("period_start",), "date"),
    Field("grain", ("grain",)),
    Field("time_zone", ("timeZone",)),
    Field("currency", ("currencyCode",)),
    Field("source_name", ("sessionSource",)),
    Field("medium", ("sessionMedium",)),
    Field("campaign_name", ("sessionCampaignName",)),
    Field("channel", ("sessionDefaultChannelGroup",)),
    Field("device", ("deviceCategory",)),
    Field("country", ("country",)),
    Field("new_or_returning", ("newVsReturning",)),
    Field("event_name", ("eventName",)),
    Field("sessions", ("sessions",), "integer"),
    Field("engaged_sessions", ("engagedSessions",), "integer"),
    Field("users", ("totalUsers",), "integer"),
    Field("new_users", ("newUsers",), "integer"),
    Field("active_users", ("activeUsers",), "integer"),
    Field("users_1_day", ("active1DayUsers",), "integer"),
    Field("users_7_days", ("active7DayUsers",), "integer"),
    Field("users_28_days", ("active28DayUsers",), "integer"),
    Field("add_to_carts", ("addToCarts",), "integer"),
    Field("checkouts", ("checkouts",), "integer"),
    Field("purchases", ("ecommercePurchases",), "integer"),
    Field("revenue", ("purchaseRevenue",), "decimal", rounding=True),
    Field("engagement_seconds", ("userEngagementDuration",), "double"),
    Field("events", ("eventCount",), "integer"),
    Field("key_events", ("keyEvents",), "double"),
    Field("is_sampled", ("is_sampled",), "boolean"),
    Field("is_thresholded", ("is_thresholded",), "boolean"),
    Field("has_other_row", ("has_other_row",), "boolean"),
)
_FIELD_OF = {field.headers[0]: field.name for field in _FIELDS}
_NUMBERS = {name for report in (*DAILY_REPORTS, *PERIOD_REPORTS) for name in report.metrics}
_KNOWN_SPLITS = ("new", "returning")
_IS_KNOWN_SPLIT = "new_or_returning in ('new', 'returning')"
_SUBJECTS = {
    "web_sessions_daily": "report = 'sessions'",
    "web_users_daily": f"report = 'users' or report = 'users_split' and {_IS_KNOWN_SPLIT}",
    "web_users_periods": (
        f"report in ('users', 'period') or report in ('users_split', 'period_split') and {_IS_KNOWN_SPLIT}"
    ),
    "web_events_daily": "report = 'events'",
}
_SAMPLED = FileNote("sampled", "a sample of the events", "Google estimated these figures from a part of the events.")
_THRESHOLDED = FileNote(
    "thresholded", "rows withheld", "Google leaves out rows of few people, so rows may add up to less than the whole."
)
_HAS_OTHER = FileNote("other_row", "rows put together as (other)", "Google put rare values together as (other).")
_UNSPLIT = FileNote(
    "unsplit_users", "people neither new nor returning", "They stand in the figures of all people, in neither part."
)


def build(name: str, source: Source) -> Contract:
    """Make the contract of a GA4 property's answers."""
    if not source.account_id.isdigit():
        raise source_error(name, "account_id", "is missing; it is the number of the property")
    declared_choice(name, source, "week_start", WEEKDAYS)
    columns = {field.name: field.name for field in _FIELDS} | {
        "time_zone": f"coalesce(time_zone, {literal(source.time_zone or '')})",
        "period_start": "coalesce(period_start, day)",
        "grain": "coalesce(grain, 'day')",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="ga4_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=tuple(contract_table(subject, columns, where) for subject, where in _SUBJECTS.items()),
        rewriter="systems.ga4_api",
        options=declared_options(name, source, ("week_start",)),
        refuse_no_rows=True,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for the days, seven at a time, and for each week and month that ends among them."""
    client = Ga4Client(request)
    for report in DAILY_REPORTS:
        client.check(_property(request), report.dimensions, report.metrics)
    for first, last in request.spans(_DAYS_PER_QUESTION):
        for report in DAILY_REPORTS:
            yield from in_halves(client.http, first, last, partial(_ask, client, request, report, ""))
    week_start = declared_choice(request.name, request.source, "week_start", WEEKDAYS)
    calendar = CompanyCalendar("UTC", cast(WeekStart, week_start), "gregorian")
    for grain in ("week", "month"):
        for period in calendar.periods(grain, request.first_day, request.last_day):
            if period.end <= request.last_day:
                for report in PERIOD_REPORTS:
                    yield from _ask(client, request, report, grain, period.start, period.end)


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per report and row, each with what Google says about its quality."""
    return rewrite_pull(file, partial(_records, file.contract.time_zone))


def _property(request: PullRequest) -> str:
    return f"properties/{request.source.account_id}"


def _ask(client: Ga4Client, request: PullRequest, report: Report, grain: str, first: date, last: date) -> list[Page]:
    dimensions = [name for name in report.dimensions if name != "date" or first < last]
    about = {"report": report.name, "grain": grain, "first_day": str(first), "last_day": str(last)}
    paging = Paging(client.http, request.page_limit)
    pages: list[Page] = []
    seen: set[tuple[str, ...]] = set()
    total, offset = 1, 0
    while offset < total:
        paging.follow(offset)
        answer, content = client.run(
            RunReportRequest(
                property=_property(request),
                dimensions=[Dimension(name=name) for name in dimensions],
                metrics=[Metric(name=name) for name in report.metrics],
                date_ranges=[DateRange(start_date=str(first), end_date=str(last))],
                order_bys=[OrderBy(dimension=OrderBy.DimensionOrderBy(dimension_name=name)) for name in dimensions],
                limit=_ROWS_PER_PAGE,
                offset=offset,
                return_property_quota=True,
            )
        )
        if pages and answer.row_count != total:
            raise client.http.refuse(
                f"{answer.row_count} rows of {report.name} after {total}", "Figures moved; the next run tries again."
            )
        _note_rows(client, report, dimensions, answer, seen)
        pages.append(Page(about, content))
        total = answer.row_count
        offset += _ROWS_PER_PAGE
    if len(seen) != total:
        raise client.http.refuse(f"{len(seen)} rows of {report.name}", expected=f"{total}, as the answer says")
    return pages


def _note_rows(
    client: Ga4Client, report: Report, dimensions: list[str], answer: RunReportResponse, seen: set[tuple[str, ...]]
) -> None:
    for row in answer.rows:
        key = tuple(value.value for value in row.dimension_values)
        if "date" in dimensions and key[dimensions.index("date")] == _OTHER:
            raise TooMuchAtOnce(f"the date {_OTHER}")
        if key in seen:
            raise client.http.refuse(
                f"a row of {report.name} a second time", "Figures moved between pages; the next run tries again."
            )
        seen.add(key)


def _records(time_zone: str | None, pull: StoredPull, extracted: Extracted) -> Iterator[Record]:
    for page in pull.pages:
        body, about = page.body, page.about
        metadata = body.get("metadata", {})  # like all that is empty or false, left out of an answer
        every_row = {
            "report": about["report"],
            "day": about["last_day"].replace("-", ""),
            "period_start": about["first_day"] if about["grain"] else None,
            "grain": about["grain"],
            "time_zone": metadata.get("timeZone"),
            "currency": metadata.get("currencyCode"),
            "is_sampled": str(bool(metadata.get("samplingMetadatas"))).lower(),
            "is_thresholded": str(bool(metadata.get("subjectToThresholding"))).lower(),
            "has_other_row": str(bool(metadata.get("dataLossFromOtherRow"))).lower(),
        }
        extracted.notes += _notes(body, metadata, time_zone)
        headers = [*body.get("dimensionHeaders", ()), *body.get("metricHeaders", ())]
        for row in body.get("rows", ()):
            cells = [*row.get("dimensionValues", ()), *row["metricValues"]]
            values = {header["name"]: cell.get("value", "") for header, cell in zip(headers, cells, strict=True)}
            if values.get("newVsReturning", "new") not in _KNOWN_SPLITS:
                extracted.notes.append(_UNSPLIT)
            yield every_row | {
                _FIELD_OF[name]: plain_number(value) if name in _NUMBERS else value for name, value in values.items()
            }


def _notes(body: Mapping[str, Any], metadata: Mapping[str, Any], time_zone: str | None) -> Iterator[FileNote]:
    if metadata.get("samplingMetadatas"):
        yield _SAMPLED
    if metadata.get("subjectToThresholding"):
        yield _THRESHOLDED
    if metadata.get("dataLossFromOtherRow"):
        yield _HAS_OTHER
    if reason := metadata.get("emptyReason"):
        yield FileNote("empty_report", str(reason), "Google says why a report has no rows.")
    if time_zone and (zone := metadata.get("timeZone", time_zone)) != time_zone:
        yield FileNote("time_zone", str(zone), f"The property counts its days there, not in {time_zone}.")
    if quota := body.get("propertyQuota"):
        quota_left = PropertyQuota.from_json(json.dumps(quota), ignore_unknown_fields=True)
        if shortage(quota_left):
            yield FileNote("quota_low", "less than a tenth of a quota", "The next pulls of this property may fail.")
