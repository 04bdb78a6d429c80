"""Meta Ads: the insights of the Marketing API.

Here: figures by day for campaigns, ad sets or ads, page by page behind a cursor, and the vendor's way to word errors
and to say how much of its quota is used up. The export of Ads Manager belongs to ``meta_ads``.

Meta lists the same purchase under several types of action; the first one that a row has of a preferred list is counted,
never their sum. Counted are the attribution windows that the source asks for, which must not overlap. Reach is kept as
stated and never adds up.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.halving import TooMuchAtOnce, in_halves
from kpi_pipeline.sources.api.http_client import HttpClient, parse_json
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, plain_number, rewrite_pull
from kpi_pipeline.sources.api.paging import Paging
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, TryAgain, Verdict
from kpi_pipeline.sources.contracts.common_rules import declared_choice, declared_options
from kpi_pipeline.sources.contracts.contract import Contract, contract_table, source_error
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(
    version="v26.0",
    sunset=date(2027, 7, 29),  # not announced; versions of the Marketing API live about a year
    endpoint="https://graph.facebook.com",
    secrets=("access_token",),
    asks_for="days",
)
_DAYS_PER_QUESTION = 30
_ROWS_PER_PAGE = "500"
_LEVELS = ("campaign", "adset", "ad")
_PURCHASES = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase")
_LEADS = ("lead", "offsite_conversion.fb_pixel_lead")
_WINDOWS = ("7d_click", "1d_view")
_CLICK_WINDOWS = ("1d_click", "7d_click", "28d_click")
_FIELDS = (
    Field("day", ("date_start",), "date", required=True),
    Field("account_name", ("account_name",)),
    Field("currency", ("account_currency",), required=True),
    Field("campaign_id", ("campaign_id",), required=True),
    Field("campaign_name", ("campaign_name",)),
    Field("ad_group_id", ("adset_id",)),
    Field("ad_group_name", ("adset_name",)),
    Field("ad_id", ("ad_id",)),
    Field("ad_name", ("ad_name",)),
    Field("impressions", ("impressions",), "integer", required=True),
    Field("reach", ("reach",), "integer"),
    Field("clicks", ("clicks",), "integer", when_empty="0"),
    Field("link_clicks", ("inline_link_clicks",), "integer", when_empty="0"),
    Field("cost", ("spend",), "decimal", required=True, rounding=True),
    Field("purchases", ("purchases",), "double", required=True),
    Field("purchase_value", ("purchase_value",), "decimal", required=True, rounding=True),
    Field("leads", ("leads",), "double", required=True),
)
_KEY = ("date_start", "campaign_id", "adset_id", "ad_id")
_MADE_HERE = ("purchases", "purchase_value", "leads")
_DEEPER = {"campaign": ("adset_", "ad_"), "adset": ("ad_",), "ad": ()}
_PASSING_CODES = {1, 2, 4, 17, 32, 613, *range(80000, 80015)}
_PASSING_SUBCODE = 99
_REDUCE = "reduce the amount of data"
_ADVICE = {
    190: "The access token is no longer valid; make a new one.",
    10: "The token lacks the permission ads_read for this account.",
    200: "The token lacks the permission ads_read for this account.",
    100: "Meta does not know one of the fields; compare pull.version with docs/apis.md.",
}
_USAGE_HEADERS = (
    "x-fb-ads-insights-throttle",
    "x-business-use-case-usage",
    "x-ad-account-usage",
    "x-fb-ads-insights-reach-throttle",
)
_USAGES = ("_pct", "call_count", "total_cputime", "total_time")
_REGAIN_MINUTES = "estimated_time_to_regain_access"
_SLOW_ABOVE, _STOP_ABOVE = 75, 95
_SLOW_SECONDS = 30.0


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Meta ad account's answers."""
    if not source.account_id:
        raise source_error(name, "account_id", "is missing; it is the number behind act_")
    declared_choice(name, source, "level", _LEVELS)
    windows = _declared(source, "attribution_windows", _WINDOWS)
    if sum(window in _CLICK_WINDOWS for window in windows) > 1:
        problem = "names several windows of clicks; the longer one holds the shorter one, so their sum counts twice"
        raise source_error(name, "options.attribution_windows", problem)
    columns = {field.name: field.name for field in _FIELDS} | {
        "platform": "'meta_ads'",
        "time_zone": literal(source.time_zone or ""),
        "conversions": "purchases",
        "conversion_value": "purchase_value",
        "attribution": literal(" + ".join(windows)),
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="meta_ads_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("ad_performance", columns),),
        rewriter="systems.meta_ads_api",
        options=declared_options(name, source, ("level", "purchases", "leads", "attribution_windows")),
        refuse_no_rows=True,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for thirty days at a time, or for fewer where that is too much, page by page."""
    level = declared_choice(request.name, request.source, "level", _LEVELS)
    client = request.client(
        path=f"/{request.version}/act_{request.source.account_id.removeprefix('act_')}",
        headers={"Authorization": f"Bearer {request.secret('access_token')}"},
        judge=_judge,
    )
    windows = _declared(request.source, "attribution_windows", _WINDOWS)
    fixed = {
        "level": level,
        "time_increment": "1",
        "fields": ",".join([*_asked_fields(level), "actions", "action_values"]),
        "action_attribution_windows": json.dumps(windows),
        "limit": _ROWS_PER_PAGE,
    }
    throttle = _Throttle(client)
    for first, last in request.spans(_DAYS_PER_QUESTION):
        yield from in_halves(client, first, last, partial(_ask, client, throttle, request.page_limit, fixed))


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per campaign, ad set or ad and day."""
    contract = file.contract
    windows = contract.option("attribution_windows") or _WINDOWS
    purchases = contract.option("purchases") or _PURCHASES
    leads = contract.option("leads") or _LEADS
    return rewrite_pull(file, partial(_records, windows, purchases, leads))


def _ask(
    client: HttpClient, throttle: "_Throttle", page_limit: int, fixed: Mapping[str, str], first: date, last: date
) -> list[Page]:
    paging = Paging(client, page_limit)
    days = {"since": str(first), "until": str(last)}
    pages: list[Page] = []
    seen: set[tuple[str | None, ...]] = set()
    cursor: str | None = ""
    while cursor is not None:
        paging.follow(cursor)
        throttle.wait()
        after = {"after": cursor} if cursor else {}
        answer = client.get("/insights", {**fixed, "time_range": json.dumps(days), **after})
        throttle.note(answer)
        if answer.body["data"]:
            paging.take(answer)
        for row in answer.body["data"]:
            if (key := tuple(row.get(name) for name in _KEY)) in seen:
                raise client.refuse(
                    f"the row of {key[0]} and campaign {key[1]} on two pages",
                    "Figures moved; the next run tries again.",
                )
            seen.add(key)
        # The link to the next page holds the token: it is taken out before the answer is kept, and only the cursor is
        # followed. An empty answer has neither.
        content = client.secrets.redact(answer.content.decode())
        pages.append(Page({"first_day": days["since"], "last_day": days["until"]}, content))
        links = answer.body.get("paging", {})
        cursor = links["cursors"]["after"] if "next" in links else None
    return pages


def _asked_fields(level: str) -> list[str]:
    names = [field.headers[0] for field in _FIELDS if field.name not in (*_MADE_HERE, "day")]
    return [name for name in names if not name.startswith(_DEEPER[level])]


def _declared(source: Source, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = source.options.get(key, default)
    return (value,) if isinstance(value, str) else tuple(value)


def _records(
    windows: tuple[str, ...],
    purchase_types: tuple[str, ...],
    lead_types: tuple[str, ...],
    pull: StoredPull,
    _extracted: Extracted,
) -> Iterator[Record]:
    names = {field.headers[0]: field.name for field in _FIELDS if field.name not in _MADE_HERE}
    has_actions = has_windows = False
    for page in pull.pages:
        for entry in page.body["data"]:
            if entry["date_start"] != entry["date_stop"]:
                raise ValueError("more than one day in a row")
            # Lists without entries are left out.
            actions, values = _by_type(entry.get("actions", ())), _by_type(entry.get("action_values", ()))
            has_actions |= bool(actions)
            has_windows |= any(window in action for action in actions.values() for window in windows)
            purchase = _preferred(purchase_types, actions)
            lead = _preferred(lead_types, actions)
            yield {name: entry.get(key) for key, name in names.items()} | {
                "purchases": _counted(actions.get(purchase), windows),
                "purchase_value": _counted(values.get(purchase), windows),
                "leads": _counted(actions.get(lead), windows),
            }
    if has_actions and not has_windows:
        raise ValueError("no action with an attribution window, although they were asked for")


def _by_type(entries: Any) -> dict[str, dict[str, str]]:
    return {entry["action_type"]: entry for entry in entries}


def _preferred(types: tuple[str, ...], actions: Mapping[str, Any]) -> str:
    return next((name for name in types if name in actions), "")


def _counted(action: Mapping[str, str] | None, windows: tuple[str, ...]) -> str | None:
    """Add up the windows, which do not overlap; those in which nothing happened are missing."""
    try:
        return plain_number(str(sum((Decimal((action or {}).get(window, "0")) for window in windows), Decimal(0))))
    except InvalidOperation as error:
        raise ValueError("an action whose number is none") from error


def _judge(answer: Answer) -> Verdict:
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    if not isinstance(error, dict):
        return None
    code, subcode = int(error.get("code", 0)), int(error.get("error_subcode", 0))
    said = f"code {code}" + (f", {subcode}" if subcode else "") + f": {error.get('message')}"
    if _REDUCE in str(error.get("message")):
        raise TooMuchAtOnce(said, "Ask for level: campaign.")
    if error.get("is_transient") is True or code in _PASSING_CODES or subcode == _PASSING_SUBCODE:
        return TryAgain(said, 60.0 * minutes if (minutes := _regain_minutes(answer)) else None)
    return GiveUp(said, _ADVICE.get(code, ""))


def _regain_minutes(answer: Answer) -> float:
    return max((value for name, value in _usage(answer) if name == _REGAIN_MINUTES), default=0.0)


def _usage(answer: Answer) -> Iterator[tuple[str, float]]:
    """Yield every number in the headers that say how much of a quota is used, by name; they may all be missing."""

    def numbers(name: str, value: Any) -> Iterator[tuple[str, float]]:
        if isinstance(value, dict):
            for key, part in value.items():
                yield from numbers(key, part)
        elif isinstance(value, list):
            for part in value:
                yield from numbers(name, part)
        elif isinstance(value, str) and value.replace(".", "", 1).isdigit():
            yield name, float(value)

    for header in _USAGE_HEADERS:
        yield from numbers(header, parse_json(answer.headers.get(header, "")))


class _Throttle:
    """How much of Meta's quota is used up, as the last answer said: slower above 75 %, no further above 95 %."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._used = 0.0

    def note(self, answer: Answer) -> None:
        self._used = max((value for name, value in _usage(answer) if name.endswith(_USAGES)), default=0.0)

    def wait(self) -> None:
        """Wait before the next question.

        Raises:
            RefusedFile: nearly the whole quota is used up.
        """
        if self._used > _STOP_ABOVE:
            raise self._client.refuse(
                f"that {self._used:g} % of Meta's quota is used up", "The next run tries again.", "room for a question"
            )
        if self._used > _SLOW_ABOVE:
            self._client.pacing.sleep(_SLOW_SECONDS)
