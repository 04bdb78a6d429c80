"""Customers of a real music shop: every figure against those published for it and computed by others.

The files are read with Python's csv module and split by hand; nothing of them is kept here.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import astuple
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kpi_pipeline.analysis.lifetime.bg_nbd import BgNbdFit, fit_bg_nbd
from kpi_pipeline.analysis.lifetime.gamma_gamma import GammaGammaFit, fit_gamma_gamma
from kpi_pipeline.analysis.lifetime.holdout import Holdout, calibration, total_error
from kpi_pipeline.analysis.lifetime.purchase_history import (
    Numbers,
    PurchaseHistories,
    grouped_histories,
    grouped_margins,
)

FOLDER = "sales/cdnow"
WEEKS_OF_MONTH = 4.345
CALIBRATION_END = date(1997, 9, 30)
HOLDOUT_WEEKS = 39

Customers = tuple[Numbers, Numbers, Numbers, Numbers]


@pytest.fixture(scope="module")
def known(shared_data: Path) -> Mapping[str, Any]:
    content = json.loads((shared_data / "expected.json").read_text(encoding="utf-8"))
    found: Mapping[str, Any] = content["clv_cdnow"]
    return found


@pytest.fixture(scope="module")
def customers(shared_data: Path) -> Customers:
    """Repeat purchase days, recency and age in weeks, mean spend of a repeat purchase day."""
    path = shared_data / FOLDER / "cdnow_customers_summary_with_transactions.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [tuple(float(row[name]) for name in ("x", "t_x", "T", "zbar")) for row in csv.DictReader(file)]
    frequency, recency, age, spend = np.array(rows).T
    return frequency, recency, age, spend


@pytest.fixture(scope="module")
def purchases(customers: Customers) -> BgNbdFit:
    return fit_bg_nbd(grouped_histories(*customers[:3]))


@pytest.fixture(scope="module")
def money(customers: Customers) -> GammaGammaFit:
    frequency, *_, spend = customers
    return fit_gamma_gamma(grouped_margins(frequency, spend))


def test_parameters_and_log_likelihood_are_those_published(
    purchases: BgNbdFit, money: GammaGammaFit, known: Mapping[str, Any]
) -> None:
    published, computed = known["published"], known["computed_from_shipped_summary"]
    names = ("r", "alpha", "a", "b")

    assert purchases.fault is None
    assert astuple(purchases.model) == pytest.approx([published["bgnbd"][name] for name in names], rel=0.01)
    assert astuple(purchases.model) == pytest.approx([computed[name] for name in names], rel=1e-5)
    assert purchases.log_likelihood == pytest.approx(-9582.43, abs=0.05)
    assert purchases.log_likelihood == pytest.approx(computed["log_likelihood"], abs=1e-5)
    assert money.fault is None
    assert money.model is not None
    assert astuple(money.model) == pytest.approx([published["gamma_gamma"][name] for name in "pqv"], rel=0.01)
    assert astuple(money.model) == pytest.approx([computed[name] for name in "pqv"], rel=1e-5)


def test_mean_spend_of_the_first_customers_is_that_published(
    customers: Customers, money: GammaGammaFit, known: Mapping[str, Any]
) -> None:
    frequency, *_, spend = customers
    assert money.model is not None

    found = money.model.expected_margin(frequency[:10], spend[:10])

    assert list(found) == pytest.approx(known["published"]["conditional_avg_spend_first_10"], abs=0.02)


def test_value_of_twelve_months_is_that_computed_by_others(
    customers: Customers, purchases: BgNbdFit, money: GammaGammaFit, known: Mapping[str, Any]
) -> None:
    """One per cent a month, months of 4.345 weeks, every customer: the convention of that figure, not of ours."""
    frequency, recency, age, spend = customers
    assert money.model is not None
    value, before = np.zeros(len(frequency)), np.zeros(len(frequency))
    for month in range(1, 13):
        until = purchases.model.expected_purchases(frequency, recency, age, month * WEEKS_OF_MONTH)
        value += (until - before) / 1.01**month
        before = until
    value *= money.model.expected_margin(frequency, spend)

    computed = known["computed_from_shipped_summary"]
    assert value.sum() == pytest.approx(71_509.90, rel=0.005)
    assert value.sum() == pytest.approx(computed["clv_sum"], rel=1e-5)
    assert list(value[:5]) == pytest.approx(computed["clv_12m_1pct_4_345w_first5"], abs=1e-3)


def test_purchases_expected_of_new_customers_are_those_published(purchases: BgNbdFit, known: Mapping[str, Any]) -> None:
    new = np.zeros(1)

    for weeks, expected in known["published"]["expected_purchases_up_to_t"].items():
        assert purchases.model.expected_purchases(new, new, new, float(weeks))[0] == pytest.approx(expected, abs=5e-4)


def test_from_transactions_to_the_weeks_that_were_held_out(shared_data: Path, known: Mapping[str, Any]) -> None:
    days: dict[str, set[date]] = {}
    for line in (shared_data / FOLDER / "CDNOW_sample.txt").read_text(encoding="ascii").splitlines():
        customer, _, day, *_ = line.split()
        days.setdefault(customer, set()).add(datetime.strptime(day, "%Y%m%d").date())
    rows = []
    for bought in days.values():
        before = sorted(day for day in bought if day <= CALIBRATION_END)
        recency, age = (before[-1] - before[0]).days / 7, (CALIBRATION_END - before[0]).days / 7
        rows.append((len(before) - 1, recency, age, len(bought) - len(before)))
    frequency, recency, age, later = np.array(rows, dtype=np.float64).T
    computed = known["computed_from_raw_transactions"]

    fit = fit_bg_nbd(grouped_histories(frequency, recency, age))
    # One row per customer: what was bought later is not grouped here.
    alone = Holdout(_ungrouped(frequency, recency, age), later, HOLDOUT_WEEKS)
    buckets = list(calibration(fit.model, alone))

    assert (len(rows), int((frequency > 0).sum())) == (computed["customers"], computed["repeaters"])
    assert fit.log_likelihood == pytest.approx(computed["log_likelihood"], abs=1e-5)
    assert sum(bucket.predicted for bucket in buckets) == pytest.approx(
        computed["predicted_purchases_next_39w"], rel=1e-5
    )
    assert sum(bucket.observed for bucket in buckets) == computed["actual_purchase_days_next_39w"]
    assert total_error(buckets) == pytest.approx(1653.4087 / 1882 - 1, abs=1e-6)
    active = np.where(frequency > 0, fit.model.active_probability(frequency, recency, age), 1.0)
    assert active.mean() == pytest.approx(computed["mean_p_alive"], abs=1e-5)


def test_purchases_binned_by_week_would_give_other_parameters(customers: Customers, purchases: BgNbdFit) -> None:
    """Why days are kept: rounding times to weeks moves the scale far from what was published."""
    frequency, recency, age, _ = customers

    binned = fit_bg_nbd(grouped_histories(frequency, np.floor(recency), np.floor(age)))

    assert abs(binned.model.alpha / purchases.model.alpha - 1) > 0.05


def _ungrouped(frequency: Numbers, recency: Numbers, age: Numbers) -> PurchaseHistories:
    return PurchaseHistories(frequency, recency, age, np.ones(len(frequency)))
