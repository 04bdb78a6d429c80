"""The shipped metrics of customers, sales and finance, over measures that are written down by hand."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.source import Source
from kpi_pipeline.errors import FormulaError
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Calculator, Warehouse, week

SUBJECTS = (
    "orders",
    "order_lines",
    "refunds",
    "ad_performance",
    "ledger_entries",
    "market_sales",
    "investments",
)
PLACE = {"channel": "Direct", "country": "DE"}
NOWHERE: dict[str, Any] = {}
AS_OF = date(2026, 12, 30)
COVERED = (week(0), AS_OF - timedelta(days=1))
ZERO, UNKNOWN = "zero_denominator", "missing_rate"
Found = float | str


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    engine = DuckDbEngine(tmp_path_factory.mktemp("hand_made") / "warehouse.duckdb", threads=1)
    prepare_meta(engine)
    made = Warehouse(engine)
    made.calendar()
    yield made
    engine.close()


class Shop:
    """Calculates shipped metrics; every measures table has the rows that were put into it, or none."""

    def __init__(self, warehouse: Warehouse, calculator: Calculator, library: Mapping[str, Metric]) -> None:
        self._warehouse, self._calculator, self._library = warehouse, calculator, library

    def put(self, table: str, *rows: Mapping[str, Any], split_by: Mapping[str, Any] = PLACE) -> None:
        whole = [dict(split_by) | dict(row) for row in rows]
        amounts = [{name: _exact(value) for name, value in row.items()} for row in whole]
        self._warehouse.measures(table, amounts)

    def cover(self, first: date, last: date, *subjects: str) -> None:
        """Say which days ``subjects`` are known for; the others are known for the whole year."""
        self._warehouse.cover(dict.fromkeys(SUBJECTS, COVERED) | dict.fromkeys(subjects, (first, last)))

    def as_of(self, day: date) -> None:
        self._warehouse.as_of(day)

    def of(self, metric_id: str, first: date, grain: str = "week", **changes: Any) -> Found:
        """Return the value of the period that starts on ``first``, or the reason why there is none."""
        (found,) = self.between(metric_id, first, first, grain=grain, **changes)
        return found

    def between(self, metric_id: str, first: date, last: date, *, grain: str = "week", **changes: Any) -> list[Found]:
        """Return the values, or the reasons, of the periods that touch the days ``first`` to ``last``."""
        metric = self._library[metric_id].model_copy(update=changes)
        rows = self._calculator.rows(metric, grain=grain, since=first, until=last)
        assert all((row["value"] is None) == (row["null_reason"] is not None) for row in rows)
        return [row["null_reason"] if row["value"] is None else row["value"] for row in rows]


@pytest.fixture
def shop(filled: Warehouse, project: SqlProject, sources: dict[str, Source], library: dict[str, Metric]) -> Shop:
    made = Shop(filled, Calculator(filled, project, sources), library)
    made.as_of(AS_OF)
    made.cover(*COVERED)
    return made


def _exact(value: Any) -> Any:
    return (
        Decimal(value) if isinstance(value, int | str) and str(value).lstrip("-").replace(".", "").isdigit() else value
    )


def near(value: float) -> Any:
    return pytest.approx(value, rel=1e-9)


# Two rows of week 0, and what they come to; where the two weeks after hold zeros and something unknown.
SIMPLE: dict[str, tuple[str, Mapping[str, Any], list[dict[str, int]], float]] = {
    "orders_valid": ("orders", PLACE, [{"orders": 3}, {"orders": 4}], 7),
    "new_customers": ("orders", PLACE, [{"new_customers": 3}, {"new_customers": 4}], 7),
    "gross_sales": ("orders", PLACE, [{"gross_sales": 90}, {"gross_sales": 30}], 120),
    # 120 - 20 over 5 orders; the mean of the two rows, 80 and 5, would be 42.50.
    "aov": (
        "orders",
        PLACE,
        [{"gross_sales": 90, "discounts": 10, "orders": 1}, {"gross_sales": 30, "discounts": 10, "orders": 4}],
        20,
    ),
    "net_sales_cohort": (
        "orders",
        PLACE,
        [
            {"gross_sales": 90, "discounts": 10, "refunds_of_orders": 5},
            {"gross_sales": 30, "discounts": 0, "refunds_of_orders": 25},
        ],
        80,
    ),
    "refund_rate": (
        "orders",
        PLACE,
        [{"orders_refunded": 1, "orders": 2}, {"orders_refunded": 1, "orders": 8}],
        20,
    ),
    "bestseller_share": (
        "products",
        PLACE,
        [{"bestseller_sales": 50, "product_sales": 100}, {"bestseller_sales": 0, "product_sales": 100}],
        25,
    ),
    "gross_profit": (
        "finance",
        NOWHERE,
        [{"revenue_ledger": 900, "direct_costs": 400}, {"revenue_ledger": 100, "direct_costs": 200}],
        400,
    ),
    "gross_margin": (
        "finance",
        NOWHERE,
        [{"revenue_ledger": 900, "direct_costs": 400}, {"revenue_ledger": 100, "direct_costs": 200}],
        40,
    ),
    "operating_profit": (
        "finance",
        NOWHERE,
        [
            {"revenue_ledger": 1000, "direct_costs": 600, "operating_costs": 0},
            {"revenue_ledger": 0, "direct_costs": 0, "operating_costs": 250},
        ],
        150,
    ),
    "operating_margin": (
        "finance",
        NOWHERE,
        [
            {"revenue_ledger": 1000, "direct_costs": 600, "operating_costs": 0},
            {"revenue_ledger": 0, "direct_costs": 0, "operating_costs": 250},
        ],
        15,
    ),
    "roi": (
        "investments",
        {"investment": "press"},
        [{"investment_gain": 130, "investment_cost": 100}, {"investment_gain": 0, "investment_cost": 30}],
        0,
    ),
    # 50,000 added at a margin of 0.4 are 20,000 for 16,000 spent.
    "romi": (
        "investments",
        {"investment": "test"},
        [
            {"incremental_contribution": 20000, "experiment_cost": 10000},
            {"incremental_contribution": 0, "experiment_cost": 6000},
        ],
        25,
    ),
}


@pytest.mark.parametrize("metric_id", SIMPLE)
def test_sums_come_first_and_nothing_is_made_up(metric_id: str, shop: Shop, library: dict[str, Metric]) -> None:
    table, split_by, (first, second), value = SIMPLE[metric_id]
    subjects = ("order_lines" if table == "products" else table, "ledger_entries", "orders")
    shop.cover(week(0), week(3) - timedelta(days=1), *subjects)
    zeros, unknown = dict.fromkeys(first, 0), dict.fromkeys(first)
    shop.put(
        table,
        {"day": week(0)} | first,
        {"day": week(0) + timedelta(days=3)} | second,
        {"day": week(1)} | zeros,
        {"day": week(2)} | first,
        {"day": week(2)} | unknown,
        split_by=split_by,
    )
    nothing = ZERO if library[metric_id].unit == "percent" or metric_id == "aov" else 0
    assert shop.between(metric_id, week(0), week(3)) == [near(value), nothing, UNKNOWN, "source_missing"]


LEDGER = ("revenue_ledger", "direct_costs", "operating_costs", "other_income", "other_expenses", "taxes")
PROFITS = ("gross_profit", "operating_profit", "net_profit")
MARGINS = ("gross_margin", "operating_margin", "net_margin")


def test_the_profit_ladder_of_the_textbook(shop: Shop) -> None:
    # Revenue 1000, direct 600, indirect 250, interest 20, tax 30: 400 or 40 %, 150 or 15 %, 100 or 10 %.
    shop.put(
        "finance",
        dict(zip(LEDGER, (1000, 600, 250, 0, 20, 30), strict=True)) | {"day": week(0)},
        dict(zip(LEDGER, (1000, 600, 250, 7, 20, 30), strict=True)) | {"day": week(1)},
        split_by=NOWHERE,
    )
    assert [shop.of(metric_id, week(0)) for metric_id in PROFITS] == [400, 150, 100]
    assert [shop.of(metric_id, week(0)) for metric_id in MARGINS] == [near(40), near(15), near(10)]
    # Interest received stands beside the business: it enters net profit alone.
    assert [shop.of(metric_id, week(1)) for metric_id in PROFITS] == [400, 150, 107]


def test_each_profit_is_the_one_above_less_its_own_costs(shop: Shop) -> None:
    books = [(900, 0, 0, 0, 0, 0), (500, 700, 10, 0, 1, 2), (1, 0, 300, 0, 0, 40), (800, 100, 90, 0, 60, 0)]
    shop.put(
        "finance",
        *(dict(zip(LEDGER, amounts, strict=True)) | {"day": week(number)} for number, amounts in enumerate(books)),
        split_by=NOWHERE,
    )
    ladders = zip(*(shop.between(metric_id, week(0), week(3)) for metric_id in PROFITS), strict=True)
    for (gross, before_interest, net), (_, _, operating, _, other, taxes) in zip(ladders, books, strict=True):
        assert isinstance(gross, float) and isinstance(before_interest, float) and isinstance(net, float)
        assert gross >= before_interest >= net
        assert (gross - before_interest, before_interest - net) == (operating, other + taxes)


def test_a_margin_has_no_meaning_where_revenue_is_negative(shop: Shop) -> None:
    credit_notes = dict(zip(LEDGER, (-100, 50, 0, 0, 0, 0), strict=True))
    shop.put("finance", {"day": week(0)} | credit_notes, split_by=NOWHERE)
    assert [shop.of(metric_id, week(0)) for metric_id in MARGINS] == ["below_min_denominator"] * 3
    assert shop.of("gross_profit", week(0)) == -150


def test_refunds_lower_the_revenue_of_their_own_week_and_the_net_sales_of_their_orders(shop: Shop) -> None:
    shop.put("orders", {"day": week(0), "gross_sales": 100, "discounts": 10, "refunds_of_orders": 30})
    shop.put("returns", {"day": week(1), "returns": 30}, split_by={"country": "DE"})
    assert shop.between("revenue", week(0), week(1)) == [90, -30]
    assert shop.between("net_sales_cohort", week(0), week(1)) == [60, 0]
    shop.put("returns", {"day": week(1), "returns": None}, split_by={"country": "DE"})
    assert shop.of("revenue", week(1)) == UNKNOWN


def sales(*periods: tuple[date, int]) -> list[dict[str, Any]]:
    return [{"day": day, "gross_sales": amount, "discounts": 0, "new_customers": 1} for day, amount in periods]


def test_growth_is_measured_from_the_period_before(shop: Shop) -> None:
    # May 500, June 700, of which 200 come back in July, when 250 are sold: growth of 40 %, then a fall to 50.
    may, june, july, september = (date(2026, month, 1) for month in (5, 6, 7, 9))
    shop.put("orders", *sales((may, 500), (june, 700), (july, 250)))
    shop.put("returns", {"day": july, "returns": 200}, split_by={"country": "DE"})
    values = shop.between("revenue_growth", may, september, grain="month")
    assert values == [ZERO, near(40), near(100 * (50 - 700) / 700), near(-100), ZERO]


def test_growth_from_less_than_nothing_has_no_value(shop: Shop) -> None:
    shop.put("orders", *sales((week(1), 100)))
    shop.put("returns", {"day": week(0), "returns": 40}, split_by={"country": "DE"})
    assert shop.of("revenue_growth_week", week(1)) == "below_min_denominator"


def test_growth_by_week_and_by_the_week_of_the_year_before(shop: Shop) -> None:
    shop.put("orders", *sales((week(-2), 80), (week(49), 100), (week(50), 110)))
    shop.put("returns", {"day": week(0), "returns": 0}, split_by={"country": "DE"})
    shop.cover(week(-3), COVERED[1], "orders", "refunds")
    assert shop.of("revenue_growth_week", week(50)) == near(10)
    assert shop.of("revenue_growth_52_weeks", week(50)) == near(37.5)
    assert shop.of("revenue_growth_52_weeks", week(49)) == ZERO
    shop.cover(week(-3), week(0), "orders", "refunds")
    assert {shop.of(f"revenue_growth_{name}", week(50)) for name in ("week", "52_weeks")} == {"source_missing"}


def test_growth_at_constant_rates_leaves_the_exchange_rate_out(shop: Shop) -> None:
    # The same 100 pounds in both months; the pound went from 1.10 to 1.32.
    may, june = date(2026, 5, 1), date(2026, 6, 1)
    old = {"gross_sales": 110, "discounts": 0, "sales_at_constant_rates": 110}
    new = {"gross_sales": 132, "discounts": 0, "sales_at_constant_rates": 110}
    shop.put("orders", {"day": may} | old, {"day": june} | new)
    none = {"returns": 0, "returns_at_constant_rates": 0}
    shop.put("returns", {"day": may} | none, split_by={"country": "DE"})
    assert shop.of("revenue_growth", june, "month") == near(20)
    assert shop.of("revenue_growth_constant_currency", june, "month") == 0
    assert shop.of("revenue_constant_currency", june, "month") == 110
    shop.put("orders", {"day": may} | old, {"day": june} | dict.fromkeys(new))
    assert shop.of("revenue_growth_constant_currency", june, "month") == UNKNOWN


def test_a_market_is_shared_by_quarter_and_not_by_week(shop: Shop) -> None:
    april, july = date(2026, 4, 1), date(2026, 7, 1)
    shop.put("orders", *sales((april, 600), (date(2026, 6, 30), 400), (july, 100)))
    shop.put("returns", {"day": april, "returns": 100}, split_by={"country": "DE"})
    markets = [{"day": april, "market_sales": 12_000}, {"day": date(2026, 5, 1), "market_sales": 6_000}]
    shop.put("market", *markets, {"day": july, "market_sales": 0}, split_by={"market": "DACH"})
    assert shop.of("market_share", april, "quarter") == near(5)
    assert shop.of("market_share", july, "quarter") == ZERO
    with pytest.raises(FormulaError, match="quarter, year"):
        shop.of("market_share", week(0))
    shop.cover(april, date(2026, 6, 30), "market_sales")
    assert shop.of("market_share", july, "quarter") == "source_missing"


# Media, people and tools of a week, its new customers, and what one of them cost; then two weeks as one ratio of sums.
@pytest.mark.parametrize(
    ("costs", "customers", "expected"),
    [
        ([60_000], [1_200], 50),
        ([80_000], [1_200], 66.67),
        ([10_000, 10_000], [100, 400], 40),
        ([500], [0], ZERO),
        ([None], [5], UNKNOWN),
    ],
)
def test_a_new_customer_costs_what_was_spent_the_week_before(
    costs: list[int | None], customers: list[int], expected: float | str, shop: Shop
) -> None:
    shop.put(
        "acquisition",
        *({"day": week(4 - number), "acquisition_cost": cost} for number, cost in enumerate(costs)),
        split_by=NOWHERE,
    )
    shop.put("orders", *({"day": week(5 - number), "new_customers": won} for number, won in enumerate(customers)))
    found = shop.of("cac_blended", week(5))
    assert (round(found, 2) if isinstance(found, float) else found) == expected


def test_paid_customers_cost_what_was_paid_for_ads(shop: Shop) -> None:
    shop.put("ads", {"day": week(4), "ad_cost": 48_000}, split_by={})
    shop.put("orders", {"day": week(5), "new_customers_paid": 600})
    assert shop.of("cac_paid", week(5)) == 80
    assert shop.of("cac_paid", week(4)) == "zero_denominator"
    shop.cover(week(0), week(1), "ad_performance")
    assert shop.of("cac_paid", week(20)) == "source_missing"


@pytest.fixture
def cohort(shop: Shop) -> Shop:
    """500 customers won in week 0, whose margin by month of their age is that of the textbook; 25,000 were spent."""
    margins = [12_000, 4_000, 3_000, 2_500, 2_500, 2_000, 2_000]
    shop.put(
        "cohorts",
        *(
            {"day": week(0), "age_days": 30 * month + 29, "cohort_gross_margin": margin, "retained_customers": 10}
            for month, margin in enumerate(margins)
        ),
    )
    shop.put("orders", {"day": week(0), "new_customers": 500, "new_customers_known": 400})
    shop.put("acquisition", {"day": week(0), "acquisition_cost": 25_000}, split_by=NOWHERE)
    return shop


def test_lifetime_value_grows_with_the_age_of_the_cohort(cohort: Shop) -> None:
    ages = (30, 60, 90, 120)
    assert [cohort.of("ltv_cohort_gm", week(20), cohort_age_days=age, shift_weeks=20) for age in ages] == [
        24,
        32,
        38,
        43,
    ]
    assert cohort.of("ltv_cohort_gm", week(13)) == 38
    assert cohort.of("ltv_cac", week(13)) == near(38 / 50)


def test_the_cost_of_winning_customers_is_back_in_the_sixth_month(cohort: Shop) -> None:
    # 24, 32, 38, 43, 48 and 52 a customer against 50; within 90 days it is not back.
    assert cohort.of("cac_payback", week(13)) == "not_reached"
    assert cohort.of("cac_payback", week(31), cohort_age_days=210, shift_weeks=31) == 6


COHORT_METRICS = ("ltv_cohort_gm", "ltv_cac", "customer_retention_rate", "customer_churn_rate", "cac_payback")


def test_a_cohort_that_has_not_its_age_yet_has_no_value(cohort: Shop) -> None:
    cohort.as_of(week(13))
    changes = {"shift_weeks": 12}
    assert {cohort.of(metric_id, week(12), **changes) for metric_id in COHORT_METRICS} == {"immature_cohort"}


def test_retained_are_those_who_bought_again_before_the_age(shop: Shop) -> None:
    ages = [(0, 0), (1, 30), (89, 10), (90, 7), (364, 5), (365, 3)]
    shop.put(
        "cohorts",
        *(
            {"day": week(number), "age_days": age, "retained_customers": count}
            for number in (-4, 0)
            for age, count in ages
        ),
    )
    shop.put(
        "orders",
        {"day": week(0), "new_customers_known": 160},
        {"day": week(-4), "new_customers_known": 160},
        {"day": week(1), "new_customers_known": 0},
    )
    shop.cover(week(-5), COVERED[1], "orders")
    assert shop.of("customer_retention_rate", week(13)) == 25
    assert shop.of("customer_churn_rate", week(13)) == 75
    assert {shop.of(f"customer_{name}_rate", week(14)) for name in ("retention", "churn")} == {ZERO}
    # 30, 10, 7 and 5 of the 160 came back within a year.
    assert shop.of("customer_retention_rate_365", week(49)) == 32.5
    shop.as_of(week(48) - timedelta(days=1))
    assert shop.of("customer_retention_rate_365", week(47), shift_weeks=51) == "immature_cohort"
    shop.as_of(AS_OF)
    shop.cover(week(-5), week(-3), "orders")
    assert shop.of("customer_retention_rate", week(20)) == "source_missing"


def test_returned_units_are_set_against_the_orders_that_they_belong_to(shop: Shop) -> None:
    shop.put("products", {"day": week(0), "units_sold": 60}, {"day": week(1), "units_sold": 0})
    shop.put(
        "units_returned",
        {"day": week(0), "age_days": 3, "units_returned": 4},
        {"day": week(0), "age_days": 29, "units_returned": "0.5"},
        {"day": week(0), "age_days": 30, "units_returned": 50},
    )
    assert shop.of("product_return_rate", week(5)) == 7.5
    assert shop.of("product_return_rate", week(6)) == ZERO
    shop.as_of(week(5))
    assert shop.of("product_return_rate", week(4), shift_weeks=4) == "immature_cohort"
    shop.as_of(AS_OF)
    shop.put("units_returned", {"day": week(0), "age_days": 3, "units_returned": None})
    assert shop.of("product_return_rate", week(5)) == UNKNOWN
    shop.cover(week(0), week(1), "refunds")
    assert shop.of("product_return_rate", week(20)) == "source_missing"


def bought(number: int, customer: str, **facts: bool) -> dict[str, Any]:
    return {"day": week(number), "customer_key": customer, "is_returning": False, "is_known": True} | facts


def test_customers_are_recounted_in_every_window(shop: Shop) -> None:
    shop.put(
        "buyers",
        bought(0, "anna"),
        bought(0, "ben"),
        bought(1, "anna", is_returning=True),
        bought(1, "guest:1", is_known=False),
        bought(3, "anna", is_returning=True),
        bought(3, "cleo"),
    )
    assert shop.between("buying_customers", week(0), week(3)) == [2, 2, 0, 2]
    assert shop.between("returning_customers", week(0), week(3)) == [0, 1, 0, 1]
    # Anna, Ben and Cleo in 52 weeks: one of three bought again. The guest could not have been recognised.
    assert shop.of("repeat_purchase_rate", week(0)) == 0
    assert shop.of("repeat_purchase_rate", week(3)) == near(100 / 3)
    assert shop.of("repeat_purchase_rate", date(2026, 1, 1), "year") == near(100 / 3)
    shop.put("buyers", bought(0, "guest:1", is_known=False))
    assert shop.of("repeat_purchase_rate", week(3)) == ZERO


@pytest.fixture
def year(shop: Shop) -> Shop:
    """Two customers with four orders each in 52 weeks, 20 of margin an order; what came before is too old."""
    weeks = (-2, 0, 20, 30, 50)
    shop.put("orders", *({"day": week(number), "order_gross_margin": 40} for number in weeks))
    shop.put("buyers", *(bought(number, who) for number in weeks for who in ("anna", "ben")))
    costs = ({"day": week(-2), "acquisition_cost": 900}, {"day": week(2), "acquisition_cost": 60})
    shop.put("acquisition", *costs, split_by=NOWHERE)
    shop.put("customer_costs", {"day": week(3), "retention_cost": 10, "service_cost": 6}, split_by=NOWHERE)
    shop.cover(week(-5), COVERED[1], "orders", "ad_performance", "ledger_entries")
    return shop


def test_lifetime_value_by_rule_of_thumb(year: Shop) -> None:
    # 50 an order, four orders a year, a margin of 0.4 and three years: 240 a customer.
    assert year.of("ltv_simple", week(50)) == 240
    year.put("orders", {"day": week(40), "order_gross_margin": None})
    assert year.of("ltv_simple", week(50)) == UNKNOWN
    year.put("orders", {"day": week(40), "order_gross_margin": 5})
    year.put("buyers", bought(-3, "anna"))
    assert year.of("ltv_simple", week(50)) == ZERO


def test_every_buyer_bears_an_equal_share_of_the_costs(year: Shop) -> None:
    # 160 of margin less 60, 10 and 6, over two customers.
    assert year.of("customer_profitability", week(50)) == 42
    year.put("customer_costs", {"day": week(3), "retention_cost": 10, "service_cost": None}, split_by=NOWHERE)
    assert year.of("customer_profitability", week(50)) == UNKNOWN
    year.put("customer_costs", {"day": week(3), "retention_cost": 10, "service_cost": 6}, split_by=NOWHERE)
    year.put("buyers", bought(-3, "anna"))
    assert year.of("customer_profitability", week(50)) == ZERO
    year.cover(week(-5), week(-3), "ad_performance")
    assert year.of("customer_profitability", week(50)) == "source_missing"
