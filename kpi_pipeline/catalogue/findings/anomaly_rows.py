"""``kpi.anomalies`` and ``kpi.watched``: the unusual ones among the last 13 final weeks, and how many were looked at.

Here: which method judges a KPI, what an unusual week amounts to, and its place among the others. Reading the series
belongs to ``watched_series``, the methods to ``analysis``, the words to ``anomaly_sentence``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import median

from kpi_pipeline.analysis.anomalies import DEFAULT_LIMIT, JudgedWeek, Method, Observation, judge_amounts
from kpi_pipeline.analysis.false_alarms import false_alarm_rate
from kpi_pipeline.analysis.forecast import scale_for
from kpi_pipeline.analysis.proportion_chart import ShareObservation, judge_proportions
from kpi_pipeline.catalogue.findings.anomaly_sentence import ImpactUnit, UnusualWeek, anomaly_sentence, brief_sentence
from kpi_pipeline.catalogue.findings.watched_series import WatchedSeries, stretches
from kpi_pipeline.catalogue.metrics.breaks import MetricBreak
from kpi_pipeline.catalogue.metrics.metric_sql import HUNDREDFOLD_UNITS
from kpi_pipeline.catalogue.metrics.weeks import ONE_WEEK, Week, recent_final_weeks
from kpi_pipeline.catalogue.tables.row_tables import Row, Value
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.events import Event
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.wording.phrasing import in_every_language

RECENT_WEEKS = 13
# Before the judged weeks: 26 weeks of surprises, 13 for the first forecast, and of totals a year more, for forecasts
# from the year before. Members are too many, and mostly too small, to be worth that year.
HISTORY, HISTORY_OF_MEMBERS = 2 * 52 * ONE_WEEK, 39 * ONE_WEEK


@dataclass(frozen=True)
class Watch:
    """How one KPI is watched.

    Attributes:
        limit: how many standard deviations are still usual.
        higher_is_better: None where neither side is good, because the target is a band.
        recent: first days of the weeks that are judged.
        size: what all of the KPI comes to in a usual week, in the unit of impacts.
    """

    kpi_id: str
    metric: Metric
    method: Method
    limit: float
    higher_is_better: bool | None
    recent: frozenset[date]
    size: float
    impact_unit: ImpactUnit


@dataclass(frozen=True)
class Watched:
    """What came of watching one KPI.

    Attributes:
        unusual: series, week, judgement and event of each unusual week.
        baselines: length of the baseline of each judged week that no event touches.
    """

    watch: Watch
    series: int
    unusual: Sequence[tuple[WatchedSeries, Week, JudgedWeek, str | None]]
    baselines: Sequence[int]


def method_of(kpi: Kpi, *, is_proportion: bool) -> tuple[Method, float]:
    """Return how a KPI is judged, and the width of the band; what is no proportion has no chart of one."""
    if kpi.alerts is not None and (is_proportion or kpi.alerts.method == "robust_z"):
        return kpi.alerts.method, kpi.alerts.k
    method: Method = "laney_p" if is_proportion else "robust_z"
    return method, DEFAULT_LIMIT[method]


def history_since(weeks: Mapping[str, Sequence[Week]]) -> tuple[date, date]:
    """Return the first days of the history of totals and of members that judgements rest on, given metric → weeks."""
    recent = [week.start for each in weeks.values() for week in recent_final_weeks(each, RECENT_WEEKS)]
    return (min(recent) - HISTORY, min(recent) - HISTORY_OF_MEMBERS) if recent else (date.max, date.max)


def watch_kpis(
    configuration: Configuration,
    kpis: Sequence[str],
    series: Mapping[str, Sequence[WatchedSeries]],
    weeks: Mapping[str, Sequence[Week]],
    *,
    breaks: Mapping[str, Sequence[MetricBreak]],
    proportions: frozenset[str],
) -> list[Watched]:
    """Judge the recent weeks of every KPI that has any.

    Args:
        configuration: says what is committed and which weeks are special.
        kpis: the KPIs to watch.
        series: metric → its series.
        weeks: metric → all weeks of its total.
        breaks: metric → where it means something else than before.
        proportions: the metrics that are so many out of so many.
    """
    found = []
    for kpi_id in kpis:
        kpi = configuration.kpis[kpi_id]
        metric = configuration.metrics[kpi.metric]
        method, limit = method_of(kpi, is_proportion=kpi.metric in proportions)
        recent = recent_final_weeks(weeks[kpi.metric], RECENT_WEEKS)
        watch = Watch(
            kpi_id=kpi_id,
            metric=metric,
            method=method,
            limit=limit,
            higher_is_better=None if kpi.target and kpi.target.band else metric.direction == "higher_better",
            recent=frozenset(week.start for week in recent),
            size=_size(metric, recent),
            impact_unit=_impact_unit(metric, recent, is_proportion=kpi.metric in proportions),
        )
        found.append(_watched(watch, series[kpi.metric], breaks.get(kpi.metric, ()), configuration.events))
    return found


def anomaly_rows(watched: Sequence[Watched], configuration: Configuration) -> list[Row]:
    """Return the rows of ``kpi.anomalies``; alarms of one week are ranked by the share of the KPI that they are."""
    found: list[tuple[float, dict[str, Value]]] = []
    for one in watched:
        for series, week, judged, event in one.unusual:
            row = _row(one.watch, series, week, judged, event, configuration)
            found.append((abs(_impact(one.watch, week, judged)) / (one.watch.size or 1.0), row))
    order = sorted(found, key=lambda each: (-each[0], each[1]["kpi_id"], each[1]["dimension"], each[1]["member"]))
    places: dict[Value, int] = {}
    for _, row in order:
        if row["event"] is None:
            places[row["week_start"]] = row["priority"] = places.get(row["week_start"], 0) + 1
    return [row for _, row in found]


def watched_rows(watched: Sequence[Watched]) -> Iterator[Row]:
    """Yield the rows of ``kpi.watched``."""
    for one in watched:
        watch = one.watch
        yield {
            "kpi_id": watch.kpi_id,
            "method": watch.method,
            "limit_width": watch.limit,
            "series": one.series,
            "weeks": len(one.baselines),
            "expected_false_alarms": sum(
                false_alarm_rate(watch.method, watch.limit, baseline) for baseline in one.baselines
            ),
            "alarms": sum(event is None for *_, event in one.unusual),
        }


def _watched(
    watch: Watch, series: Sequence[WatchedSeries], breaks: Sequence[MetricBreak], events: Mapping[str, Event]
) -> Watched:
    unusual, baselines, count = [], [], 0
    for one in series:
        judged = [
            (week, found, event)
            for stretch in stretches(one.weeks, breaks)
            for week, found, event in _judge(watch, stretch, events)
            if week.start in watch.recent
        ]
        count += bool(judged)
        baselines += [found.baseline for _, found, event in judged if event is None]
        unusual += [(one, week, found, event) for week, found, event in judged if found.rule is not None]
    return Watched(watch, count, unusual, baselines)


def _judge(
    watch: Watch, weeks: Sequence[Week], events: Mapping[str, Event]
) -> Iterator[tuple[Week, JudgedWeek, str | None]]:
    """Yield the weeks that can be judged, in the metric's unit, each with the event that touches it."""
    touched = {week.start: _event_of(week, events) for week in weeks}
    known = {week.start: week for week in weeks}
    if watch.method == "laney_p":
        shares = [
            ShareObservation(week.start, share, touched[week.start] is not None)
            for week in weeks
            if (share := week.share) is not None
        ]
        judged, scale = judge_proportions(shares, watch.limit), _scale(watch.metric)
    else:
        values = [week.value for week in weeks if week.value is not None]
        amounts = [
            Observation(week.start, week.value, touched[week.start] is not None)
            for week in weeks
            if week.value is not None
        ]
        judged, scale = judge_amounts(amounts, watch.limit, scale_for(watch.metric.unit, values)), 1
    for one in judged:
        in_unit = replace(
            one,
            value=scale * one.value,
            expected=scale * one.expected,
            low=scale * one.low,
            high=scale * one.high,
        )
        yield known[one.week], in_unit, touched[one.week]


def _event_of(week: Week, events: Mapping[str, Event]) -> str | None:
    return next((name for name, event in sorted(events.items()) if event.touches(week.start, week.end)), None)


def _row(
    watch: Watch,
    series: WatchedSeries,
    week: Week,
    judged: JudgedWeek,
    event: str | None,
    configuration: Configuration,
) -> dict[str, Value]:
    assert judged.rule is not None
    impact, better = _impact(watch, week, judged), watch.higher_is_better
    money = configuration.company.money
    said = UnusualWeek(
        member=series.member,
        rule=judged.rule,
        value=judged.value,
        expected=judged.expected,
        low=judged.low,
        high=judged.high,
        impact=impact,
        impact_unit=watch.impact_unit,
        event=configuration.events[event].name if event is not None else None,
    )
    return {
        "kpi_id": watch.kpi_id,
        "week_start": week.start,
        "dimension": series.dimension,
        "member": series.member,
        "method": watch.method,
        "rule": judged.rule,
        "value": judged.value,
        "expected": judged.expected,
        "low": judged.low,
        "high": judged.high,
        "score": judged.score,
        "is_favourable": None if better is None else (judged.value > judged.expected) == better,
        "impact": impact,
        "event": event,
        **in_every_language("finding", watch.metric, money, anomaly_sentence(said)),
        **in_every_language("brief", watch.metric, money, brief_sentence(said)),
    }


def _scale(metric: Metric) -> int:
    return 100 if metric.unit in HUNDREDFOLD_UNITS else 1


def _amount(figure: float, week: Week, metric: Metric) -> float:
    """What a value comes to: for a ratio what stands above its line, for anything else the value itself."""
    return figure if week.denominator is None else figure / _scale(metric) * float(week.denominator)


def _impact(watch: Watch, week: Week, judged: JudgedWeek) -> float:
    return _amount(judged.value, week, watch.metric) - _amount(judged.expected, week, watch.metric)


def _size(metric: Metric, weeks: Sequence[Week]) -> float:
    amounts = [abs(_amount(week.value, week, metric)) for week in weeks if week.value is not None]
    return median(amounts) if amounts else 0.0


def _impact_unit(metric: Metric, weeks: Sequence[Week], *, is_proportion: bool) -> ImpactUnit:
    if is_proportion:
        return "cases"
    if all(week.denominator is None for week in weeks):
        return "amount"
    return "sum" if metric.unit == "currency" else "none"
