"""``kpi.lifetime`` and the two tables about the model behind it: what customers have brought and are going to bring.

Here: the rows, and the sentence that says whether the model may be used. Fitting belongs to ``analysis.lifetime``,
reading to ``purchase_histories`` and ``lifetime_cohorts``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from kpi_pipeline.analysis.lifetime.cohort_value import Cohort
from kpi_pipeline.analysis.lifetime.holdout import holdout_weeks
from kpi_pipeline.analysis.lifetime.lifetime_value import (
    FEWEST,
    LARGEST_ERROR,
    LifetimeFit,
    expected_margins,
    fit_lifetime,
    missing_data,
)
from kpi_pipeline.analysis.lifetime.purchase_history import PurchaseHistories
from kpi_pipeline.catalogue.findings.lifetime_cohorts import ShopCohort, read_cohorts
from kpi_pipeline.catalogue.findings.purchase_histories import (
    CohortKey,
    CustomersByCohort,
    read_customers,
    read_holdout,
    read_margins,
)
from kpi_pipeline.catalogue.metrics.measure_sql import TOTAL
from kpi_pipeline.catalogue.tables.row_tables import LIFETIME, LIFETIME_CALIBRATION, LIFETIME_MODELS, Row, write_rows
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.warehouse.sql_project import SqlProject
from kpi_pipeline.wording.language import Language, load_language
from kpi_pipeline.wording.numbers import format_count, format_share
from kpi_pipeline.wording.phrasing import LANGUAGES

HORIZON_WEEKS = 52
INPUTS = ("core.customer_purchases", "measures.orders", "measures.cohorts")


@dataclass(frozen=True)
class Prospects:
    """What is expected of the customers of each cohort.

    Attributes:
        margins: discounted gross margin of all of them over the horizon.
        active_repeaters: how many who came back once are likely to be still there.
        repeaters: how many came back once.
    """

    margins: Mapping[CohortKey, float]
    active_repeaters: Mapping[CohortKey, float]
    repeaters: Mapping[CohortKey, float]


def refresh_lifetime(engine: Engine, configuration: Configuration, project: SqlProject, as_of: date) -> None:
    """Make the three tables; they have no rows where no orders are known. To be called inside a transaction."""
    models: list[Row] = []
    calibration: list[Row] = []
    rows: list[Row] = []
    until = _last_known_day(engine, as_of) if all(engine.exists(table) for table in INPUTS) else None
    if until is not None:
        rate = configuration.company.discount_rate
        customers = read_customers(engine, until)
        histories = customers.histories
        reason = missing_data(histories)
        fit = None
        if reason is None:
            weeks = holdout_weeks(histories.span)
            fit = fit_lifetime(histories, read_margins(engine, until), read_holdout(engine, until, weeks))
            calibration = [vars(bucket) for bucket in fit.buckets]
        models = [_model_row(histories, fit, reason, until, rate)]
        prospects = _prospects(customers, fit, rate)
        status = fit.status if fit else "insufficient_data"
        rows = [
            _row(cohort, prospects, None if prospects else status, rate)
            for cohort in read_cohorts(engine, configuration, project, until)
        ]
    write_rows(engine, "kpi.lifetime_models", LIFETIME_MODELS, models)
    write_rows(engine, "kpi.lifetime_calibration", LIFETIME_CALIBRATION, calibration)
    write_rows(engine, "kpi.lifetime", LIFETIME, rows)


def _last_known_day(engine: Engine, as_of: date) -> date | None:
    found = engine.read(
        "select max(day) as day from core.coverage where subject = 'orders' and day < $as_of", {"as_of": as_of}
    )
    day: date | None = found.column("day").to_pylist()[0]
    return day


def _prospects(customers: CustomersByCohort, fit: LifetimeFit | None, rate: float) -> Prospects | None:
    models = fit.models if fit else None
    if models is None:
        return None
    found = customers.groups.histories
    repeaters = np.where(found.frequency > 0, found.customers, 0.0)
    active = np.nan_to_num(models[0].active_probability(found.frequency, found.recency, found.age))
    return Prospects(
        margins=customers.by_cohort(expected_margins(models, customers.groups, HORIZON_WEEKS, rate)),
        active_repeaters=customers.by_cohort(repeaters * active),
        repeaters=customers.by_cohort(repeaters),
    )


def _row(cohort: ShopCohort, prospects: Prospects | None, null_reason: str | None, rate: float) -> Row:
    complete = Cohort(cohort.customers, cohort.margins[: cohort.complete_ages])
    begun = Cohort(cohort.customers, cohort.margins)
    cost = cohort.acquisition_cost
    value = _last(complete.value_by_age())
    to_date = _last(begun.value_by_age())
    expected = _of(cohort, prospects.margins) / cohort.customers if prospects else None
    repeaters = _of(cohort, prospects.repeaters) if prospects else 0.0
    lifetime = None if expected is None or to_date is None else to_date + expected
    return {
        "first_order_month": cohort.first_order_month,
        "channel": cohort.channel,
        "customers": cohort.customers,
        "known_customers": cohort.known_customers,
        "age_months": cohort.complete_ages,
        "gross_margin": value,
        "discounted_gross_margin": _last(complete.value_by_age(rate)),
        "acquisition_cost": cost,
        "cost_basis": cohort.cost_basis,
        "cost_null_reason": cohort.cost_null_reason,
        "gross_margin_cac": value / cost if value is not None and cost else None,
        "payback_month": None if cost is None else complete.payback_month(cost),
        "gross_margin_to_date": to_date,
        "expected_gross_margin": expected,
        "lifetime_value": lifetime,
        "ltv_cac": lifetime / cost if lifetime is not None and cost else None,
        "active_share": _of(cohort, prospects.active_repeaters) / repeaters if prospects and repeaters else None,
        "null_reason": null_reason,
        "horizon_weeks": HORIZON_WEEKS,
        "discount_rate": rate,
    }


def _last(values: Sequence[float | None]) -> float | None:
    return values[-1] if values else None


def _of(cohort: ShopCohort, values: Mapping[CohortKey, float]) -> float:
    """What is said of the cohort's month and channel, or of all its channels."""
    if cohort.channel == TOTAL:
        return sum(value for (month, _), value in values.items() if month == cohort.first_order_month)
    return values.get((cohort.first_order_month, cohort.channel), 0.0)


def _model_row(
    histories: PurchaseHistories, fit: LifetimeFit | None, reason: str | None, until: date, rate: float
) -> Row:
    row: dict[str, object] = {
        "status": fit.status if fit else "insufficient_data",
        "reason": fit.reason if fit else reason,
        "observed_until": until,
        "customers": histories.total,
        "repeaters": histories.repeaters,
        "span_weeks": histories.span,
        "horizon_weeks": HORIZON_WEEKS,
        "discount_rate": rate,
    }
    if fit:
        row |= vars(fit.purchases.model) | (vars(fit.margins.model) if fit.margins.model else {})
        row |= {
            "log_likelihood": fit.purchases.log_likelihood,
            "holdout_weeks": holdout_weeks(histories.span),
            "holdout_error": fit.holdout_error,
            "margin_correlation": fit.margins.correlation,
        }
    row |= {f"finding_{code}": _finding(load_language(code), histories, fit, reason) for code in LANGUAGES}
    return row  # type: ignore[return-value]


def _finding(language: Language, histories: PurchaseHistories, fit: LifetimeFit | None, reason: str | None) -> str:
    weeks = holdout_weeks(histories.span)
    error = fit.holdout_error if fit else None
    reason = fit.reason if fit else reason
    return language.text(
        f"lifetime.{reason or 'published'}",
        customers=format_count(histories.total, language),
        repeaters=format_count(histories.repeaters, language),
        span=format_count(int(histories.span), language),
        fewest=format_count(FEWEST.get(reason or "", 0), language),
        weeks=format_count(weeks, language),
        foreseen="" if error is None else format_share(1 + error, language),
        limit=format_share(LARGEST_ERROR, language),
    )
