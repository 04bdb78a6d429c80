import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from kpi_pipeline.analysis.anomalies import Observation, judge_amounts
from kpi_pipeline.analysis.false_alarms import false_alarm_rate
from kpi_pipeline.analysis.pace import Status
from kpi_pipeline.catalogue.findings.anomaly_rows import (
    anomaly_rows,
    history_since,
    method_of,
    watch_kpis,
    watched_rows,
)
from kpi_pipeline.catalogue.findings.watched_series import WatchedSeries, read_series, stretches
from kpi_pipeline.catalogue.metrics.breaks import MetricBreak
from kpi_pipeline.catalogue.metrics.weeks import Week
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.events import Event, Span
from kpi_pipeline.config.kpi import Alerts, Band
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Text
from tests.unit.catalogue.hand_made import Warehouse, configuration, goals, kpi, metric, text, week

REVENUE = metric("gross_sales", unit="currency", decimals=0, name=Text(en="Revenue", fa="درآمد"))
RATE = metric("orders / sessions", unit="percent", name=Text(en="Conversion", fa="نرخ تبدیل"))
WEEKS = 40


def config(one: Metric = REVENUE, **changes: Any) -> Configuration:
    events = changes.pop("events", {})
    made = configuration({"sales": one}, goals=goals(), kpis={"sales": kpi("sales", "grow", **changes)})
    return replace(made, events=events)


def one_week(number: int, value: float, status: Status = "final", **sides: Any) -> Week:
    return Week(
        start=week(number),
        end=week(number + 1) - timedelta(days=1),
        value=value,
        numerator=sides.get("numerator", Decimal(round(value, 4))),
        denominator=sides.get("denominator"),
        null_reason=None,
        status=status,
    )


def amounts(weeks: int = WEEKS, **drops: float) -> list[Week]:
    """Around 1000; ``w30=0.5`` halves week 30."""
    random = np.random.Generator(np.random.PCG64(2))
    values = [1000 * math.exp(0.05 * step) for step in random.standard_normal(weeks)]
    return [one_week(number, value * drops.get(f"w{number}", 1)) for number, value in enumerate(values)]


def shares(
    total: int = 20_000, proportion: float = 0.02, weeks: int = WEEKS, seed: int = 1, **counts: int
) -> list[Week]:
    """Orders of ``total`` sessions; ``w30=200`` sets week 30."""
    random = np.random.Generator(np.random.PCG64(seed))
    found = random.binomial(total, proportion, weeks)
    return [
        one_week(number, 100 * count / total, numerator=Decimal(int(count)), denominator=Decimal(total))
        for number, drawn in enumerate(found)
        for count in [counts.get(f"w{number}", int(drawn))]
    ]


def judged(
    made: Configuration,
    total: Sequence[Week],
    members: Mapping[tuple[str, str], Sequence[Week]] | None = None,
    breaks: Sequence[MetricBreak] = (),
    is_proportion: bool = False,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of both tables, the second one being of the only KPI."""
    parts = {("total", "total"): total} | dict(members or {})
    # As they are read: final weeks alone.
    series = [
        WatchedSeries(dimension, member, [each for each in weeks if each.is_settled])
        for (dimension, member), weeks in parts.items()
    ]
    found = watch_kpis(
        made,
        list(made.kpis),
        {"sales": series},
        {"sales": total},
        breaks={"sales": breaks},
        proportions=frozenset({"sales"} if is_proportion else ()),
    )
    (watched,) = watched_rows(found)
    return [dict(row) for row in anomaly_rows(found, made)], dict(watched)


def event(first: date, last: date) -> dict[str, Event]:
    return {"sale": Event(name=Text(en="The great sale", fa="حراج بزرگ"), days=(Span(first_day=first, last_day=last),))}


def test_half_of_the_usual_revenue_is_told_with_what_is_usual_and_what_it_amounts_to() -> None:
    total = amounts(w35=0.5)
    rows, watched = judged(config(), total)

    (row,) = rows
    expected = next(
        one
        for one in judge_amounts([Observation(each.start, each.value or 0) for each in total], 3.5, "log")
        if one.week == week(35)
    )
    assert (row["kpi_id"], row["week_start"], row["dimension"], row["member"]) == ("sales", week(35), "total", "total")
    assert (row["method"], row["rule"], row["is_favourable"], row["priority"]) == (
        "robust_z",
        "beyond_limits",
        False,
        1,
    )
    assert [row[name] for name in ("value", "expected", "low", "high", "score")] == [
        *(expected.value, expected.expected, expected.low, expected.high, expected.score)
    ]
    assert row["impact"] == pytest.approx(expected.value - expected.expected)
    assert row["event"] is None
    figures = {name: f"€{getattr(expected, name):,.0f}" for name in ("value", "low", "high")}
    assert row["finding_en"] == (
        f"Revenue is at {figures['value']}, below the usual range of {figures['low']} to {figures['high']}."
        f" That is €{expected.expected - expected.value:,.0f} less than expected."
    )
    assert row["brief_en"] == f"Revenue is at {figures['value']}, below its usual €{expected.expected:,.0f}."
    assert "پایین‌تر از مقدار معمول" in row["brief_fa"]
    assert "پایین‌تر از بازهٔ معمول" in row["finding_fa"]
    assert "کمتر از حد انتظار" in row["finding_fa"]
    assert watched["alarms"] == 1


def test_false_alarms_to_be_expected_are_added_up_over_the_judged_weeks() -> None:
    _, watched = judged(config(), amounts())

    assert watched == {
        "kpi_id": "sales",
        "method": "robust_z",
        "limit_width": 3.5,
        "series": 1,
        "weeks": 13,
        # 40 weeks: the first judged one, number 27, has 24 surprises before it, the third and later ones 26.
        "expected_false_alarms": pytest.approx(
            sum(false_alarm_rate("robust_z", 3.5, baseline) for baseline in (24, 25, *[26] * 11))
        ),
        "alarms": 0,
    }


def test_only_the_last_13_final_weeks_are_judged() -> None:
    rows, _ = judged(config(), amounts(w26=0.5, w27=2))

    assert [row["week_start"] for row in rows] == [week(27)]


@pytest.mark.parametrize("status", ["provisional", "partial"])
def test_weeks_that_may_still_change_are_never_judged(status: Status) -> None:
    total = amounts(w39=0.3)
    total[39] = replace(total[39], status=status)
    rows, watched = judged(config(), total)

    assert rows == []
    assert watched["weeks"] == 13


def test_a_week_that_an_event_touches_is_explained_and_no_alarm() -> None:
    last_day = event(week(35) + timedelta(days=6), week(36) - timedelta(days=1))
    rows, watched = judged(config(events=last_day), amounts(w35=2))

    (row,) = rows
    assert (row["event"], row.get("priority"), row["rule"]) == ("sale", None, "beyond_limits")
    assert row["finding_en"].endswith("Explained by: The great sale.")
    assert row["finding_fa"].endswith("توضیح آن: \u2068حراج بزرگ\u2069.")
    assert (watched["alarms"], watched["weeks"]) == (0, 12)
    # A day later the week is not touched.
    rows, watched = judged(config(events=event(week(36), week(36))), amounts(w35=2))
    assert rows[0]["event"] is None
    assert watched["alarms"] == 1


def test_weeks_of_events_are_left_out_of_baselines() -> None:
    made = config(events=event(week(20), week(24) - timedelta(days=1)))
    wild = amounts(w20=3, w21=0.3, w22=3, w23=0.3, w35=0.5)
    calm = amounts(w35=0.5)

    assert judged(made, wild)[0] == judged(made, calm)[0]


def test_history_ends_at_a_break() -> None:
    broken = MetricBreak(week(31), "definition", text("Counted anew"))
    halved = [replace(one, value=(one.value or 0) / 2) if one.start >= week(31) else one for one in amounts()]

    assert {row["week_start"] for row in judged(config(), halved)[0]} == {week(31), week(32)}
    rows, watched = judged(config(), halved, breaks=[broken])
    assert rows == []
    # After the break nine weeks are too few to judge any.
    assert watched["weeks"] == 4


def test_a_week_inside_which_a_platform_changed_belongs_to_no_stretch() -> None:
    weeks = amounts(6)
    change = MetricBreak(week(3) + timedelta(days=2), "platform", text("Counts otherwise"))

    assert [[one.start for one in each] for each in stretches(weeks, [change])] == [
        [week(0), week(1), week(2)],
        [week(4), week(5)],
    ]
    assert [list(each) for each in stretches(weeks, [])] == [weeks]


def test_members_of_dimensions_are_watched_and_told_by_name() -> None:
    members = {
        ("device", "mobile"): shares(12_000, w35=90),
        ("device", "desktop"): shares(8_000, seed=3),
        ("device", ""): shares(9_000, seed=5, w36=90),
    }
    rows, watched = judged(config(RATE), shares(seed=4), members, is_proportion=True)

    by_member = {row["member"]: row for row in rows}
    assert set(by_member) == {"mobile", ""}
    mobile = by_member["mobile"]
    assert (mobile["dimension"], mobile["method"], mobile["value"]) == ("device", "laney_p", 0.75)
    # In per cent, with its impact in orders.
    assert mobile["expected"] == pytest.approx(2, rel=0.05)
    assert mobile["impact"] == pytest.approx(90 - mobile["expected"] / 100 * 12_000)
    assert mobile["finding_en"].startswith("Conversion – mobile is at 0.75%, below the usual range of ")
    assert mobile["finding_en"].endswith(f"That is about {round(-mobile['impact'])} cases less than expected.")
    assert "Conversion – (not set)" in by_member[""]["finding_en"]
    assert (watched["series"], watched["method"], watched["limit_width"]) == (4, "laney_p", 3)
    assert watched["weeks"] == 4 * 13


def test_members_with_too_few_weeks_are_not_watched() -> None:
    members = {("country", "DE"): amounts()[-11:], ("country", "FR"): amounts()}
    _, watched = judged(config(), amounts(), members)

    assert (watched["series"], watched["weeks"]) == (2, 26)


def test_alarms_of_a_week_are_ranked_by_what_they_amount_to_not_by_their_score() -> None:
    # A member of a tenth of the size falls to a tenth; the total by half: less far from usual, but more revenue.
    small = [replace(one, value=(one.value or 0) / 10) for one in amounts(w35=0.1)]
    rows, _ = judged(config(), amounts(w35=0.5), {("country", "AT"): small})

    total, member = sorted(rows, key=lambda row: row["priority"])
    assert (total["member"], member["member"]) == ("total", "AT")
    assert abs(total["score"]) < abs(member["score"])
    assert [total["priority"], member["priority"]] == [1, 2]


def test_kpis_of_different_units_are_ranked_by_the_share_of_themselves() -> None:
    # Revenue falls by a fifth of 1000 EUR, orders by 70 of 400 of about 2 %: 200 euros are more, but less of it.
    kpis = {"revenue": kpi("revenue", "grow"), "rate": kpi("rate", "convert")}
    made = configuration({"revenue": REVENUE, "rate": RATE}, goals=goals(), kpis=kpis)
    weeks = {"revenue": amounts(w35=0.75), "rate": shares(w35=120)}
    series = {name: [WatchedSeries("total", "total", each)] for name, each in weeks.items()}
    found = watch_kpis(made, sorted(kpis), series, weeks, breaks={}, proportions=frozenset({"rate"}))

    rows = {row["kpi_id"]: row for row in anomaly_rows(found, made)}
    assert abs(rows["rate"]["impact"]) > 0.6 * 400  # type: ignore[arg-type]
    assert abs(rows["revenue"]["impact"]) > 200  # type: ignore[arg-type]
    assert (rows["rate"]["priority"], rows["revenue"]["priority"]) == (1, 2)


def test_an_amount_per_case_is_told_as_the_sum_over_all_cases() -> None:
    value = metric("gross_sales / orders", unit="currency", decimals=2, name=Text(en="Order value", fa="ارزش سفارش"))
    weeks = [replace(one, denominator=Decimal(100)) for one in amounts(w35=0.5)]
    (row,) = judged(config(value), weeks)[0]

    assert row["impact"] == pytest.approx(100 * (row["value"] - row["expected"]))
    assert row["finding_en"].endswith(f" Over all cases, that is €{-row['impact']:,.2f} less than expected.")


def test_eight_weeks_on_one_side_are_told() -> None:
    # The block of 13 weeks that is judged begins wherever the calendar says; the level is above it from week 27 on.
    total = shares(**{f"w{number}": 415 for number in range(27, 40)})
    rows, _ = judged(config(RATE), total, is_proportion=True)

    (row,) = rows
    assert row["rule"] == "one_sided_run"
    assert "has been above its usual" in row["finding_en"]
    assert "for 8 weeks in a row" in row["finding_en"]
    assert "۸ هفتهٔ پیاپی" in row["finding_fa"]
    assert row["is_favourable"] is True


def test_neither_side_is_good_where_the_target_is_a_band() -> None:
    target = kpi("sales", "grow").target
    assert target is not None
    band = target.model_copy(update={"value": None, "band": Band(low=900, high=1100)})
    (row,) = judged(config(target=band), amounts(w35=0.5))[0]

    assert row["is_favourable"] is None


@pytest.mark.parametrize(
    ("alerts", "is_proportion", "expected"),
    [
        (None, True, ("laney_p", 3.0)),
        (None, False, ("robust_z", 3.5)),
        (Alerts(method="laney_p", k=2.5), True, ("laney_p", 2.5)),
        (Alerts(method="robust_z", k=4), True, ("robust_z", 4.0)),
        # Sides that are no counts have no chart of proportions, whatever is declared.
        (Alerts(method="laney_p", k=2.5), False, ("robust_z", 3.5)),
    ],
)
def test_method_is_the_declared_one_or_the_one_that_fits(
    alerts: Alerts | None, is_proportion: bool, expected: tuple[str, float]
) -> None:
    assert method_of(kpi("sales", "grow", alerts=alerts), is_proportion=is_proportion) == expected


def test_a_wider_band_raises_fewer_alarms() -> None:
    rows, watched = judged(config(alerts=Alerts(method="robust_z", k=10)), amounts(w35=0.7))

    assert rows == []
    assert watched["limit_width"] == 10
    assert judged(config(), amounts(w35=0.7))[1]["alarms"] == 1


def test_kpi_without_a_final_week_is_watched_in_vain() -> None:
    rows, watched = judged(config(), [])

    assert rows == []
    assert (watched["series"], watched["weeks"], watched["expected_false_alarms"], watched["alarms"]) == (0, 0, 0, 0)
    assert history_since({"m": []}) == (date.max, date.max)


def test_series_are_the_total_and_the_members_of_each_dimension_that_has_several(warehouse: Warehouse) -> None:
    warehouse.engine.run("create schema kpi")
    columns = "metric_id, grain, period_start, period_end, dimension, member, numerator, denominator, value, status"
    rows = [
        ("m", "week", 0, "total", "total", 5, "final"),
        ("m", "week", 1, "total", "total", 6, "final"),
        ("m", "week", 2, "total", "total", 7, "provisional"),
        ("m", "month", 1, "total", "total", 8, "final"),
        ("m", "week", 1, "device", "mobile", 3, "final"),
        ("m", "week", 1, "device", "", 2, "final"),
        # The only member, and the only one of another metric.
        ("m", "week", 1, "platform", "google_ads", 6, "final"),
        ("other", "week", 1, "total", "total", 9, "final"),
        *(("m", "week", 1, "country", f"c{number:02}", number + 1, "final") for number in range(40)),
    ]
    listed = ", ".join(
        f"('{name}', '{grain}', date '{week(start)}', date '{week(start + 1) - timedelta(days=1)}', '{dimension}',"
        f" '{member}', cast({value} as decimal(38, 6)), cast(null as decimal(38, 6)), cast({value} as double),"
        f" '{status}')"
        for name, grain, start, dimension, member, value, status in rows
    )
    warehouse.engine.run(f"create table kpi.values as select * from (values {listed}) as found({columns})")

    found = {(one.dimension, one.member): one for one in read_series(warehouse.engine, ["m"], week(0), week(0))["m"]}
    assert [each.value for each in found["total", "total"].weeks] == [5.0, 6.0]
    assert found["device", ""].weeks[0].end == week(2) - timedelta(days=1)
    assert ("platform", "google_ads") not in found
    # The largest 30 of 40 countries.
    assert [member for dimension, member in found if dimension == "country"] == [f"c{n:02}" for n in range(10, 40)]
    assert len(read_series(warehouse.engine, ["m"], week(1), week(1))["m"][-1].weeks) == 1
