from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from kpi_pipeline.analysis.lifetime.bg_nbd import fit_bg_nbd
from kpi_pipeline.analysis.lifetime.gamma_gamma import fit_gamma_gamma
from kpi_pipeline.analysis.lifetime.purchase_history import grouped_histories, grouped_margins
from kpi_pipeline.catalogue.findings.lifetime_rows import refresh_lifetime
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, company, configuration
from tests.unit.catalogue.test_purchase_histories import fill

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
AS_OF = date(2026, 5, 1)
CONFIG = configuration({}, company=company(discount_rate=0.2))
Purchases = list[tuple[str, dict[int, int | None], str]]


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


@pytest.fixture(autouse=True)
def schema(warehouse: Warehouse) -> None:
    warehouse.engine.run("create schema if not exists kpi")


def refresh(warehouse: Warehouse, project: SqlProject, as_of: date = AS_OF) -> None:
    warehouse.as_of(as_of)
    refresh_lifetime(warehouse.engine, CONFIG, project, as_of)


def orders(first_day: date, channel: str, customers: int, known: int | None = None) -> dict[str, Any]:
    return {
        "day": first_day,
        "channel": channel,
        "country": "DE",
        "new_customers": customers,
        "new_customers_known": customers if known is None else known,
    }


def margin(first_day: date, channel: str, age_days: int, amount: int | None) -> dict[str, Any]:
    return {
        "day": first_day,
        "channel": channel,
        "country": "DE",
        "age_days": age_days,
        "cohort_gross_margin": None if amount is None else Decimal(amount),
    }


@pytest.fixture
def shop(warehouse: Warehouse) -> Warehouse:
    """Ten customers of January by two channels, one of whom nobody would recognise, and two of February."""
    fill(warehouse, [("anna", {0: 10, 14: 30}, "Direct"), ("ben", {2: 10}, "Paid Search")])
    warehouse.measures(
        "orders",
        [
            orders(day("01-05"), "Direct", 4, known=3),
            orders(day("01-31"), "Paid Search", 6),
            orders(day("02-10"), "Direct", 2),
            # A day with orders of customers who had ordered before.
            orders(day("02-11"), "Email", 0),
        ],
    )
    warehouse.measures(
        "cohorts",
        [
            margin(day("01-05"), "Direct", 0, 80),
            margin(day("01-05"), "Direct", 29, 20),
            margin(day("01-05"), "Direct", 60, 40),
            # After the last age that everybody has passed: 90 days after 31 January is 1 May.
            margin(day("01-05"), "Direct", 95, 7),
            margin(day("01-31"), "Paid Search", 0, 180),
            margin(day("01-31"), "Paid Search", 31, 60),
            margin(day("02-10"), "Direct", 0, None),
        ],
    )
    whole = (day("01-01"), day("04-30"))
    warehouse.measures("acquisition", [{"day": day("01-10"), "acquisition_cost": Decimal(400)}])
    platform = {"platform": "google_ads", "campaign": "c", "device": "", "country": "DE"}
    warehouse.measures("ads", [{"day": day("01-10"), "ad_cost": Decimal(300), **platform}])
    warehouse.engine.replace_table(
        "core.ad_performance",
        "select date '2026-01-10' as day, 'Paid Search' as channel, cast(300 as decimal(18, 4)) as cost",
    )
    # The ledger's last file ends in February.
    warehouse.cover({"orders": whole, "ad_performance": whole, "ledger_entries": (day("01-01"), day("02-20"))})
    return warehouse


def rows(warehouse: Warehouse, table: str = "lifetime") -> list[dict[str, Any]]:
    return warehouse.rows(f"select * from kpi.{table} order by all")


def cohort(warehouse: Warehouse, month: date, channel: str) -> dict[str, Any]:
    (found,) = [row for row in rows(warehouse) if (row["first_order_month"], row["channel"]) == (month, channel)]
    return found


def test_without_orders_there_is_nothing_to_say(warehouse: Warehouse, project: SqlProject) -> None:
    refresh(warehouse, project)

    assert [rows(warehouse, table) for table in ("lifetime", "lifetime_models", "lifetime_calibration")] == [[], [], []]


def test_every_month_has_a_row_for_all_channels_and_for_each(shop: Warehouse, project: SqlProject) -> None:
    refresh(shop, project)

    assert [
        (row["first_order_month"], row["channel"], row["customers"], row["known_customers"]) for row in rows(shop)
    ] == [
        (JANUARY, "Direct", 4, 3),
        (JANUARY, "Paid Search", 6, 6),
        (JANUARY, "total", 10, 9),
        (FEBRUARY, "Direct", 2, 2),
        (FEBRUARY, "total", 2, 2),
    ]


def test_margins_count_up_to_the_age_that_everybody_has_passed(shop: Warehouse, project: SqlProject) -> None:
    refresh(shop, project)

    direct = cohort(shop, JANUARY, "Direct")
    assert (direct["age_months"], direct["gross_margin"], direct["gross_margin_to_date"]) == (3, 35.0, 36.75)
    assert direct["discounted_gross_margin"] == pytest.approx(25 + 10 / 1.2 ** (2 / 12))
    both = cohort(shop, JANUARY, "total")
    assert (both["gross_margin"], both["gross_margin_to_date"]) == (38.0, 38.7)
    # One day earlier the customers of 31 January have not passed their third month.
    refresh(shop, project, day("04-30"))
    assert cohort(shop, JANUARY, "total")["age_months"] == 2
    assert cohort(shop, JANUARY, "Direct")["gross_margin"] == 25.0


def test_a_margin_without_a_rate_leaves_its_cohort_without_value(shop: Warehouse, project: SqlProject) -> None:
    refresh(shop, project)

    february = cohort(shop, FEBRUARY, "total")
    assert (february["age_months"], february["gross_margin"], february["gross_margin_to_date"]) == (2, None, None)


def test_the_cost_of_a_customer_by_all_costs_or_by_the_ads_of_a_channel(shop: Warehouse, project: SqlProject) -> None:
    refresh(shop, project)

    both, paid = cohort(shop, JANUARY, "total"), cohort(shop, JANUARY, "Paid Search")
    assert (both["acquisition_cost"], both["cost_basis"], both["gross_margin_cac"]) == (40.0, "all_costs", 0.95)
    assert (paid["acquisition_cost"], paid["cost_basis"], paid["gross_margin_cac"]) == (50.0, "ads", 0.8)
    direct = cohort(shop, JANUARY, "Direct")
    assert (direct["acquisition_cost"], direct["cost_null_reason"]) == (None, "not_by_channel")
    # No cost is known for the end of February.
    february = cohort(shop, FEBRUARY, "total")
    assert (february["acquisition_cost"], february["cost_null_reason"]) == (None, "source_missing")


def test_the_month_in_which_a_customer_has_paid_for_itself(shop: Warehouse, project: SqlProject) -> None:
    refresh(shop, project)
    # 38.00 a customer in three months do not cover 40.00.
    assert cohort(shop, JANUARY, "total")["payback_month"] is None

    # 28.00 in the first month, 34.00 up to the second.
    for cost, month in ((280, 1), (281, 2), (340, 2), (341, 3)):
        shop.measures("acquisition", [{"day": day("01-10"), "acquisition_cost": Decimal(cost)}])
        refresh(shop, project)
        assert cohort(shop, JANUARY, "total")["payback_month"] == month


def test_orders_that_arrive_late_do_not_age_a_cohort(shop: Warehouse, project: SqlProject) -> None:
    shop.cover({"orders": (day("01-01"), day("03-31")), "ad_performance": (day("01-01"), day("04-30"))})
    refresh(shop, project)

    direct = cohort(shop, JANUARY, "Direct")
    assert (direct["age_months"], direct["gross_margin"], direct["gross_margin_to_date"]) == (2, 25.0, 35.0)
    assert rows(shop, "lifetime_models")[0]["observed_until"] == day("03-31")


def test_too_few_customers_are_not_predicted_and_told_why(shop: Warehouse, project: SqlProject) -> None:
    refresh(shop, project)

    (model,) = rows(shop, "lifetime_models")
    assert (model["status"], model["reason"], model["r"]) == ("insufficient_data", "few_customers", None)
    assert (model["customers"], model["repeaters"]) == (2, 1)
    assert model["finding_en"] == ("Nothing is predicted: 2 customers would be recognised, at least 500 are needed.")
    assert model["finding_fa"] == "پیش‌بینی نمی‌شود: تنها ۲ مشتری قابل شناسایی‌اند و دست‌کم ۵۰۰ مشتری لازم است."
    assert rows(shop, "lifetime_calibration") == []
    for row in rows(shop):
        assert row["expected_gross_margin"] is row["lifetime_value"] is row["ltv_cac"] is row["active_share"] is None
        assert row["null_reason"] == "insufficient_data"


def lives(customers: int, seed: int) -> Iterator[dict[int, int | None]]:
    """Purchase days of customers who first buy within 40 weeks and are seen for 80, with margins of their own."""
    draws = np.random.default_rng(seed)
    for _ in range(customers):
        first, rate, leaves = int(draws.integers(0, 280)), draws.gamma(0.6, 1 / 42), draws.beta(1.0, 3.0)
        mean = 20 / draws.gamma(3.5, 1.0)
        time, days = float(first), [first]
        while draws.random() >= leaves and (time := time + draws.exponential(1 / max(rate, 1e-9))) <= 560:
            days.append(int(time))
        yield {each: round(mean * draws.gamma(4.0, 1.0)) + 1 for each in days}


@pytest.fixture(scope="module")
def purchases() -> Purchases:
    return [
        (f"customer {number}", days, "Direct" if number % 3 else "Email") for number, days in enumerate(lives(1_200, 8))
    ]


FIRST, LAST = date(2026, 1, 5) - timedelta(weeks=56), date(2026, 1, 5) + timedelta(weeks=24)


@pytest.fixture
def steady(warehouse: Warehouse, purchases: Purchases) -> Warehouse:
    """The same customers in the tables, 56 weeks before week 0 and after; 50 more whom nobody would recognise."""
    moved = [
        (customer, {each - 392: got for each, got in days.items()}, channel) for customer, days, channel in purchases
    ]
    fill(warehouse, moved)
    firsts: dict[tuple[date, str], int] = {}
    for _, days, channel in moved:
        key = (date(2026, 1, 5) + timedelta(days=min(days)), channel)
        firsts[key] = firsts.get(key, 0) + 1
    guests = orders(day("01-05"), "Email", 50, known=0)
    found = [orders(first, channel, count) for (first, channel), count in firsts.items()]
    warehouse.measures("orders", [*found, guests])
    warehouse.measures("cohorts", [margin(first, channel, 0, 10 * count) for (first, channel), count in firsts.items()])
    warehouse.cover({"orders": (FIRST, LAST)})
    return warehouse


def test_predictions_add_up_to_those_of_every_single_customer(
    steady: Warehouse, project: SqlProject, purchases: Purchases
) -> None:
    refresh(steady, project, LAST + timedelta(days=1))

    (model,) = rows(steady, "lifetime_models")
    assert (model["status"], model["reason"]) == ("published", None), model["finding_en"]
    columns = [(len(days) - 1, (max(days) - min(days)) / 7, (560 - min(days)) / 7) for _, days, _ in purchases]
    frequency, recency, age = np.array(columns, dtype=np.float64).T
    means = np.array(
        [np.mean([got for each, got in days.items() if each > min(days)] or [0]) for _, days, _ in purchases]
    )
    fit, money = (
        fit_bg_nbd(grouped_histories(frequency, recency, age)),
        fit_gamma_gamma(grouped_margins(frequency, means)),
    )
    assert money.model is not None
    assert [model[name] for name in "rab"] == pytest.approx([fit.model.r, fit.model.a, fit.model.b], rel=1e-6)
    assert (model["customers"], model["repeaters"]) == (1_200, int((frequency > 0).sum()))

    each = fit.model.discounted_purchases(frequency, recency, age, 52, 0.2) * money.model.expected_margin(
        frequency, means
    )
    found = [row for row in rows(steady) if row["channel"] == "total"]
    assert sum(row["customers"] for row in found) == 1_250
    assert sum(row["expected_gross_margin"] * row["customers"] for row in found) == pytest.approx(each.sum(), rel=1e-6)
    email = np.array([channel == "Email" for *_, channel in purchases])
    found = [row for row in rows(steady) if row["channel"] == "Email"]
    assert sum(row["expected_gross_margin"] * row["customers"] for row in found) == pytest.approx(
        each[email].sum(), rel=1e-6
    )
    for row in rows(steady):
        assert row["lifetime_value"] == pytest.approx(row["gross_margin_to_date"] + row["expected_gross_margin"])
        # Nobody of the last cohorts has come back yet.
        assert row["active_share"] is None or 0 < row["active_share"] < 1
        assert row["null_reason"] is None
        assert (row["horizon_weeks"], row["discount_rate"]) == (52, 0.2)


def test_the_weeks_held_out_are_shown_by_what_customers_had_bought_before(
    steady: Warehouse, project: SqlProject, purchases: Purchases
) -> None:
    refresh(steady, project, LAST + timedelta(days=1))

    (model,) = rows(steady, "lifetime_models")
    buckets = rows(steady, "lifetime_calibration")
    assert model["holdout_weeks"] == 26
    until = 560 - 26 * 7
    known = [days for _, days, _ in purchases if min(days) <= until]
    assert sum(bucket["customers"] for bucket in buckets) == len(known)
    assert sum(bucket["observed"] for bucket in buckets) == sum(each > until for days in known for each in days)
    none = sum(sum(each <= until for each in days) == 1 for days in known)
    assert (buckets[0]["frequency_from"], buckets[0]["frequency_to"], buckets[0]["customers"]) == (0, 0, none)
    # The same purchases give the same bits again.
    before = rows(steady), [model], buckets
    refresh(steady, project, LAST + timedelta(days=1))
    assert (rows(steady), rows(steady, "lifetime_models"), rows(steady, "lifetime_calibration")) == before
    predicted, observed = (sum(bucket[name] for bucket in buckets) for name in ("predicted", "observed"))
    assert model["holdout_error"] == pytest.approx(predicted / observed - 1)
    assert abs(model["holdout_error"]) <= 0.2
