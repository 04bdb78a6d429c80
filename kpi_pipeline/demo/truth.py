"""The true values of the demo company's metrics, and where its planted events are.

Here: the metrics' definitions once more, in plain Python over the simulation's own counts, so that the pipeline can be
compared with something that is not its own SQL. Add a metric here when the library gets one that the simulation can
know. Counting belongs to ``tally``.

``truth.json`` holds ``values``: one entry per metric, week, dimension and member, with ``numerator``, ``denominator``
and ``value`` as the published tables have them. Counts are numbers, money and quotients are texts, and ``null`` stands
where there is no value. A week is listed only if everything that its value needs lies inside the history. ``planted``
and ``faults`` say what an analysis and the quarantine should find.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from kpi_pipeline.demo.company import (
    ATTRIBUTIONS,
    CHANNELS,
    DEVICES,
    META,
    MOBILE,
    PAID_SEARCH,
    PAID_SOCIAL,
    PLATFORMS,
    campaigns,
)
from kpi_pipeline.demo.exchange import IntArray
from kpi_pipeline.demo.tally import MEMBERS, MONEY, Measure, Tally
from kpi_pipeline.demo.timeline import Timeline

DAYS_PER_MONTH_OF_AGE = 30
VALUE_PLACES = Decimal("0.0000000001")
MONEY_PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class Definition:
    """One metric.

    Attributes:
        numerator: measures with their factors; the plain value if there is no denominator.
        is_first_age: the value is the month of 30 days in which the cohorts' numerator first reaches the denominator.
        lagged: the measures that are taken ``lag_weeks`` earlier.
    """

    metric_id: str
    numerator: tuple[tuple[str, int], ...]
    denominator: str | None = None
    percent: bool = False
    is_first_age: bool = False
    has_total: bool = True
    dimensions: tuple[str, ...] = ()
    trailing_weeks: int = 1
    shift_weeks: int = 0
    lag_weeks: int = 0
    lagged: tuple[str, ...] = ()


def _definitions() -> tuple[Definition, ...]:
    def plain(metric_id: str, measure: str, *dimensions: str) -> Definition:
        return Definition(metric_id, ((measure, 1),), dimensions=dimensions)

    def share(metric_id: str, part: str, whole: str, *dimensions: str) -> Definition:
        return Definition(metric_id, ((part, 1),), whole, percent=True, dimensions=dimensions)

    def cohort(metric_id: str, denominator: str) -> Definition:
        return Definition(metric_id, (("cohort_gross_margin", 1),), denominator, trailing_weeks=4, shift_weeks=13)

    def cost_of_customer(metric_id: str, cost: str, customers: str) -> Definition:
        return Definition(metric_id, ((cost, 1),), customers, trailing_weeks=4, lag_weeks=1, lagged=(cost,))

    return (
        share("ctr_ads", "ad_clicks", "ad_impressions", "platform"),
        Definition("cpc", (("ad_cost", 1),), "ad_clicks", dimensions=("platform",)),
        Definition("cpm", (("ad_cost", 1000),), "ad_impressions", dimensions=("platform",)),
        plain("ad_cost", "ad_cost", "platform"),
        plain("impressions", "ad_impressions", "platform"),
        Definition("roas", (("ad_conversion_value", 1),), "claimant_cost", has_total=False, dimensions=("claimed_by",)),
        plain("sessions", "sessions", "channel", "device"),
        share("engagement_rate", "engaged_sessions", "sessions", "channel", "device"),
        share("conversion_rate_session", "sessions_with_purchase", "sessions", "channel", "device"),
        share("cart_abandonment_session", "sessions_abandoning_cart", "sessions_with_cart", "channel", "device"),
        share("checkout_abandonment", "sessions_abandoning_checkout", "sessions_with_checkout", "channel", "device"),
        plain("orders_valid", "orders", "channel"),
        plain("gross_sales", "gross_sales", "channel"),
        Definition("revenue", (("gross_sales", 1), ("discounts", -1), ("returns", -1))),
        Definition("aov", (("gross_sales", 1), ("discounts", -1)), "orders", dimensions=("channel",)),
        plain("new_customers", "new_customers", "channel"),
        plain("returning_customers", "returning_customers"),
        plain("buying_customers", "buying_customers"),
        share("refund_rate", "orders_refunded", "orders", "channel"),
        cost_of_customer("cac_blended", "acquisition_cost", "new_customers"),
        cost_of_customer("cac_paid", "ad_cost", "new_customers_paid"),
        cohort("ltv_cohort_gm", "new_customers"),
        cohort("ltv_cac", "acquisition_cost"),
        replace(cohort("cac_payback", "acquisition_cost"), is_first_age=True),
    )


def true_values(tally: Tally, timeline: Timeline) -> Iterator[dict[str, object]]:
    """Yield the value of every metric in every complete week, in total and by its dimensions."""
    complete_weeks = timeline.days // 7
    for definition in _definitions():
        earliest = definition.trailing_weeks - 1 + definition.shift_weeks + definition.lag_weeks
        dimensions = ((None,) if definition.has_total else ()) + definition.dimensions
        for dimension in dimensions:
            for week in range(earliest, complete_weeks):
                start = timeline.day(7 * week)
                for member, numbers in _members(definition, tally.measures, week, dimension):
                    yield {
                        "metric_id": definition.metric_id,
                        "week_start": start.isoformat(),
                        "week_end": (start + timedelta(days=6)).isoformat(),
                        "dimension": dimension or "total",
                        "member": member,
                        **numbers,
                    }


def _members(
    definition: Definition, measures: dict[str, Measure], week: int, dimension: str | None
) -> Iterator[tuple[str, dict[str, object]]]:
    if definition.is_first_age:
        yield "total", _first_age(definition, measures, week)
        return
    names = [name for name, _ in definition.numerator] + ([definition.denominator] if definition.denominator else [])
    sums = {name: _window(definition, measures[name].by(dimension), name, week) for name in names}
    members = MEMBERS[dimension] if dimension else ("total",)
    for position, member in enumerate(members):
        numbers = {name: int(total[position]) if dimension else int(total) for name, total in sums.items()}
        if dimension and not any(numbers.values()):
            continue  # such a member has no rows
        yield member, _evaluated(definition, numbers)


def _first_age(definition: Definition, measures: dict[str, Measure], week: int) -> dict[str, object]:
    (gained, _), needed = definition.numerator[0], definition.denominator
    assert needed is not None
    by_age = _window(definition, measures[gained].by("age_days"), gained, week).cumsum()
    reached = (by_age >= int(_window(definition, measures[needed].by(None), needed, week))).nonzero()[0]
    month = int(reached[0]) // DAYS_PER_MONTH_OF_AGE + 1 if len(reached) else None
    return {"numerator": month, "denominator": None, "value": month}


def _window(definition: Definition, weekly: IntArray, name: str, week: int) -> IntArray:
    last = week - definition.shift_weeks - (definition.lag_weeks if name in definition.lagged else 0)
    window: IntArray = weekly[last - definition.trailing_weeks + 1 : last + 1].sum(axis=0)
    return window


def _evaluated(definition: Definition, numbers: dict[str, int]) -> dict[str, object]:
    numerator = sum((factor * _amount(name, numbers[name]) for name, factor in definition.numerator), Decimal(0))
    is_money = definition.numerator[0][0] in MONEY
    shown: dict[str, object] = {"numerator": _shown(numerator, is_money=is_money), "denominator": None}
    if definition.denominator is None:
        return {**shown, "value": shown["numerator"]}
    denominator = _amount(definition.denominator, numbers[definition.denominator])
    shown["denominator"] = _shown(denominator, is_money=definition.denominator in MONEY)
    if not denominator:
        return {**shown, "value": None}
    value = numerator / denominator * (100 if definition.percent else 1)
    return {**shown, "value": str(value.quantize(VALUE_PLACES))}


def _amount(name: str, number: int) -> Decimal:
    return Decimal(number).scaleb(-4) if name in MONEY else Decimal(number)


def _shown(number: Decimal, *, is_money: bool) -> object:
    return str(number.quantize(MONEY_PLACES)) if is_money else int(number)


def planted(timeline: Timeline) -> dict[str, object]:
    """Describe what an analysis of the exports should find."""

    def week_of(day: date) -> str:
        return timeline.day(timeline.index(day) // 7 * 7).isoformat()

    incident, launch, change = timeline.incident_days, timeline.launch_day, timeline.attribution_change_day
    return {
        "incident": {
            "what": "checkout broken on mobile devices",
            "week_start": week_of(incident[0]),
            "first_day": incident[0].isoformat(),
            "last_day": incident[-1].isoformat(),
            "metrics": ["conversion_rate_session", "checkout_abandonment"],
            "dimension": "device",
            "member": DEVICES[MOBILE],
        },
        "campaign_launch": {
            "platform": PLATFORMS[META],
            "campaign": next(campaign.name for campaign in campaigns() if campaign.is_launch),
            "week_start": week_of(launch),
            "first_day": launch.isoformat(),
        },
        "definition_change": {
            "platform": PLATFORMS[META],
            "what": "attribution setting",
            "from": ATTRIBUTIONS[0],
            "to": ATTRIBUTIONS[1],
            "week_start": week_of(change),
            "first_day": change.isoformat(),
        },
        # To be looked for in changes from week to week; the levels of the decoy correlate, because both have a trend.
        "drivers": [
            {"cause": "ctr_ads", "effect": "new_customers", "members": {}, "lag_weeks": 1, "sign": 1},
            {
                "cause": "ctr_ads",
                "effect": "sessions",
                "members": {"channel": [CHANNELS[PAID_SEARCH], CHANNELS[PAID_SOCIAL]]},
                "lag_weeks": 0,
                "sign": 1,
            },
        ],
        "decoy": {"cause": "engagement_rate", "effect": "cpc", "lag_weeks": 0, "sign": -1},
    }
