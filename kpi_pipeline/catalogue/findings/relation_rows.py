"""``kpi.relations``: whether a KPI really moves with the metric of its objective.

Here: putting one row together. Judging belongs to ``relation_facts``, what was found in words to
``relation_sentence``.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from kpi_pipeline.catalogue.findings.relation_facts import KpiRelation
from kpi_pipeline.catalogue.findings.relation_sentence import relation_sentence
from kpi_pipeline.catalogue.tables.row_tables import Row, Value
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.wording.phrasing import in_every_language


def relation_rows(relations: Mapping[str, KpiRelation], configuration: Configuration) -> Iterator[Row]:
    """Yield the rows of the table."""
    for kpi_id, one in relations.items():
        objective = configuration.metrics[one.objective_metric] if one.objective_metric else None
        yield {
            "kpi_id": kpi_id,
            "objective_metric": one.objective_metric or one.impact.objective_metric,
            "lag_weeks": one.impact.lag_weeks,
            "expected_sign": one.impact.expected_sign,
            **_compared(one),
            **_found(one),
            "shared_measures": ", ".join(one.coupling.measures) or None,
            "elasticity": one.coupling.elasticity,
            "verdict": one.relation.verdict,
            "is_indicative": one.relation.is_indicative,
            **in_every_language(
                "finding",
                configuration.metrics[configuration.kpis[kpi_id].metric],
                configuration.company.money,
                partial(relation_sentence, one, objective),
            ),
        }


def _compared(one: KpiRelation) -> dict[str, Value]:
    if one.scales is None:
        return {}
    return {
        "first_week": one.weeks[0].start if one.weeks else None,
        "last_week": one.weeks[-1].start if one.weeks else None,
        "weeks": len(one.weeks),
        "pairs": one.relation.pairs,
        "kpi_scale": one.scales[0],
        "objective_scale": one.scales[1],
    }


def _found(one: KpiRelation) -> dict[str, Value]:
    relation = one.relation
    found: dict[str, Value] = {
        "rank_correlation": relation.rank_correlation,
        "is_outlier_driven": relation.is_outlier_driven,
        "level_correlation": relation.level_correlation,
        "yearly_correlation": relation.yearly_correlation,
        "verdict_without_events": relation.verdict_without_events,
        "depends_on_events": relation.depends_on_events,
    }
    if correlation := relation.correlation:
        found |= {
            "correlation": correlation.r,
            "effective_pairs": correlation.effective_pairs,
            "correlation_low": correlation.low,
            "correlation_high": correlation.high,
            "p_value": correlation.p_value,
        }
    if one.discovery:
        found |= vars(one.discovery)
    if slope := relation.slope:
        found |= {"slope": slope.value, "slope_low": slope.low, "slope_high": slope.high}
    if proposed := relation.proposed_lag:
        found |= {"proposed_lag": proposed.lag_weeks, "proposed_lag_p_value": proposed.adjusted_p_value}
    return found
