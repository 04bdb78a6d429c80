"""``kpi.restatements``: which published values became other ones, why, and which of them had been sent.

Here: telling each effect in words that name nothing internal, and the notes that a sent value is to be corrected. What
accounts for what is found in ``restatement_finding``; corrections are sent by nobody here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial

from kpi_pipeline.analysis.restatement import moves_beyond
from kpi_pipeline.catalogue.history.reported_value import ReportedValue
from kpi_pipeline.catalogue.history.restatement import CORRECTION_DUE, Place, Restatement
from kpi_pipeline.catalogue.tables.row_tables import Row
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.wording.language import load_language
from kpi_pipeline.wording.phrasing import Phrasing, in_every_language

LAST_DAY = timedelta(days=6)


def restatement_rows(restatements: Sequence[Restatement], configuration: Configuration) -> Iterator[Row]:
    """Yield one row per changed value and cause; those of KPIs that are no more keep their numbers without words."""
    money = configuration.company.money
    for one in restatements:
        kpi = configuration.kpis.get(one.kpi_id)
        sentences: Mapping[str, str] = {}
        if kpi is not None:
            metric = configuration.metrics[kpi.metric]
            sentences = in_every_language("finding", metric, money, partial(_sentence, one))
        yield {**vars(one), **sentences}


def correction_rows(
    sent: Mapping[Place, ReportedValue], current: Iterable[ReportedValue], configuration: Configuration
) -> Iterator[Row]:
    """Yield a note for every value of a finished week that is not any more what the last issued report says.

    Args:
        sent: what the last issued report of each week and audience showed.
        current: what is published now.
        configuration: says what is tolerated.
    """
    tolerance = float(configuration.company.correction_tolerance_pct)
    for value in current:
        shown = sent.get(value.place)
        if shown is None or shown.is_open or not moves_beyond(shown.value, value.value, tolerance):
            continue
        metric_id = configuration.kpis[value.kpi_id].metric
        phrasing = Phrasing(load_language("en"), configuration.metrics[metric_id], configuration.company.money)
        old, new = (_written(one.value, phrasing) for one in (shown, value))
        yield {
            "kind": CORRECTION_DUE,
            "metric_id": metric_id,
            "first_day": value.week_start,
            "last_day": value.week_start + LAST_DAY,
            "found": new,
            "expected": old,
            "message": f"the {value.audience} report of the week from {value.week_start} shows {old} for"
            f" {value.kpi_id}; it is {new} now: issue the report again",
            "severity": "warning",
        }


def due_corrections(engine: Engine) -> list[str]:
    """Return what has to be corrected in reports that were issued before the last run."""
    rows = engine.read(f"select message from kpi.quality where kind = '{CORRECTION_DUE}' order by message")
    return list(rows.column("message").to_pylist())


def _written(value: float | None, phrasing: Phrasing) -> str:
    return "no value" if value is None else phrasing.value(value)


def _sentence(one: Restatement, phrasing: Phrasing) -> str:
    said = one.cause if one.basis == "arrived" else one.basis
    if one.old_value is not None and one.new_value is not None and one.effect is not None:
        values = {"old": phrasing.value(one.old_value), "new": phrasing.value(one.new_value)}
        return phrasing.say(f"restated.{said}", effect=phrasing.step(one.effect), **values)
    why = phrasing.say(f"restated_why.{said}")
    if one.old_value is None and one.new_value is not None:
        reason = _reason(one.old_null_reason, phrasing)
        return phrasing.say("restated.appeared", reason=reason, new=phrasing.value(one.new_value), why=why)
    assert one.old_value is not None
    reason = _reason(one.new_null_reason, phrasing)
    return phrasing.say("restated.vanished", reason=reason, old=phrasing.value(one.old_value), why=why)


def _reason(reason: str | None, phrasing: Phrasing) -> str:
    return phrasing.language.known_text("reason", str(reason), str(reason))
