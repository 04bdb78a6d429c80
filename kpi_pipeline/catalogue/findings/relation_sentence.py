"""What was found about a KPI's relation to its objective, in words that never speak of a cause.

Here: choosing and ordering the sentences. The team reads them; what executives read names no metric and stands in
``score_rows``. The sentences themselves stand in ``wording``.
"""

import math
from collections.abc import Iterator

from kpi_pipeline.analysis.forecast import Scale
from kpi_pipeline.analysis.relation_changes import Slope
from kpi_pipeline.analysis.relation_verdict import CONFIRMING, FEWEST_PAIRS
from kpi_pipeline.catalogue.findings.relation_facts import KpiRelation
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Text
from kpi_pipeline.wording.phrasing import Phrasing

CORRELATION_DECIMALS = 2
SLOPE_DIGITS = 3
# A step of one on a scale of logarithms multiplies by 2.7: nobody thinks in it, in per cent everybody does.
ONE_PER_CENT = 0.01


def relation_sentence(found: KpiRelation, objective: Metric | None, phrasing: Phrasing) -> str:
    """Say what was found about the KPI's metric, which the phrasing is of, and that of its objective."""
    name = found.impact.objective_metric
    named = {
        "name": phrasing.name,
        "objective": phrasing.outside(objective.name if objective else Text(en=name, fa=name)),
    }
    if found.relation.verdict == "identity":
        return " ".join(_by_construction(found, phrasing, named))
    if found.scales is None:
        return phrasing.say("relation.no_weeks", **named)
    if found.relation.verdict == "insufficient_data":
        return _not_enough(found, phrasing, named)
    return " ".join((*_measured(found, found.scales, phrasing, named), *_reservations(found, phrasing)))


def _by_construction(found: KpiRelation, phrasing: Phrasing, named: dict[str, str]) -> Iterator[str]:
    if found.impact.evidence == "self":
        yield phrasing.say("relation.self", **named)
        return
    if found.impact.identity is not None:
        yield phrasing.say("relation.equation", **named, equation=phrasing.listed([found.impact.identity]))
    if found.coupling.measures:
        yield phrasing.say("relation.shared", **named, measures=phrasing.listed(found.coupling.measures))
    yield phrasing.say("relation.no_correlation_shown")
    if found.coupling.elasticity is not None:
        yield phrasing.say("relation.rises_with" if found.coupling.elasticity > 0 else "relation.falls_with", **named)
        if found.coupling.elasticity * found.impact.expected_sign < 0:
            yield phrasing.say("relation.other_sign_declared")


def _not_enough(found: KpiRelation, phrasing: Phrasing, named: dict[str, str]) -> str:
    if found.relation.pairs >= FEWEST_PAIRS:
        return phrasing.say("relation.no_variation", **named)
    return phrasing.say(
        "relation.insufficient_data",
        **named,
        lag=_lag(found.impact.lag_weeks, phrasing),
        pairs=phrasing.count(found.relation.pairs),
        needed=phrasing.count(FEWEST_PAIRS),
    )


def _measured(
    found: KpiRelation, scales: tuple[Scale, Scale], phrasing: Phrasing, named: dict[str, str]
) -> Iterator[str]:
    relation = found.relation
    correlation, slope = relation.correlation, relation.slope
    assert correlation is not None
    assert slope is not None
    yield phrasing.say(f"relation.{relation.verdict}")
    yield phrasing.say(
        "relation.changes",
        **named,
        lag=_lag(found.impact.lag_weeks, phrasing),
        r=_correlation(correlation.r, phrasing),
        low=_correlation(correlation.low, phrasing),
        high=_correlation(correlation.high, phrasing),
        pairs=phrasing.count(relation.pairs),
        effective=phrasing.count(round(correlation.effective_pairs)),
        slope=_slope(slope, scales, phrasing),
    )
    yield phrasing.say("relation.no_cause")
    if relation.level_correlation is not None:
        yield phrasing.say("relation.levels", r=_correlation(relation.level_correlation, phrasing))


def _reservations(found: KpiRelation, phrasing: Phrasing) -> Iterator[str]:
    relation = found.relation
    if relation.is_indicative:
        yield phrasing.say("relation.indicative")
    if relation.verdict in CONFIRMING and not found.is_discovery:
        yield phrasing.say("relation.no_discovery")
    if relation.is_outlier_driven and relation.verdict != "no_evidence" and relation.rank_correlation is not None:
        yield phrasing.say("relation.outliers", r=_correlation(relation.rank_correlation, phrasing))
    if relation.depends_on_events:
        yield phrasing.say(
            "relation.events", verdict=phrasing.say(f"relation.verdict.{relation.verdict_without_events}")
        )
    if proposed := relation.proposed_lag:
        yield phrasing.say(
            "relation.proposed_lag",
            lag=_lag(proposed.lag_weeks, phrasing),
            r=_correlation(proposed.correlation.r, phrasing),
        )


def _lag(weeks: int, phrasing: Phrasing) -> str:
    if weeks == 0:
        return phrasing.say("relation.same_week")
    return phrasing.language.plural("relation.later", weeks, number=phrasing.count(weeks))


def _correlation(r: float, phrasing: Phrasing) -> str:
    return phrasing.number(r, CORRELATION_DECIMALS)


def _slope(slope: Slope, scales: tuple[Scale, Scale], phrasing: Phrasing) -> str:
    """For a step that means something on the KPI's scale, with digits that fit the largest figure."""
    step = 1.0 if scales[0] == "level" else ONE_PER_CENT
    factor = step if scales[1] == "level" else step / ONE_PER_CENT
    figures = [figure * factor for figure in (slope.value, slope.low, slope.high)]
    decimals = _decimals(max(abs(figure) for figure in figures))
    effect, low, high = (phrasing.number(figure, decimals, is_percent=scales[1] != "level") for figure in figures)
    return phrasing.say(
        "relation.slope",
        step=phrasing.say(f"relation.step.{scales[0]}"),
        effect=phrasing.say(f"relation.effect.{scales[1]}", effect=effect, low=low, high=high),
    )


def _decimals(largest: float) -> int:
    if largest == 0:
        return 0
    return max(SLOPE_DIGITS - 1 - math.floor(math.log10(largest)), 0)
