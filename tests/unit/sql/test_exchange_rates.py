from datetime import date, timedelta
from decimal import Decimal

from tests.unit.sql.raw_rows import Warehouse, ad, rate

FRIDAY = date(2026, 3, 6)
SATURDAY, SUNDAY, MONDAY = (FRIDAY + timedelta(days=number) for number in (1, 2, 3))
POUNDS = "select day, rate, quoted_on from core.exchange_rates where currency = 'GBP' order by day"


def cover(warehouse: Warehouse, first: date, last: date) -> None:
    warehouse.load("ad_performance", [ad(first), ad(last)])


def test_a_day_without_a_rate_takes_the_last_earlier_one(warehouse: Warehouse) -> None:
    cover(warehouse, FRIDAY, MONDAY)
    warehouse.load("fx_rates", [rate(FRIDAY, "GBP", "EUR", "1.15"), rate(MONDAY, "GBP", "EUR", "1.20")])
    warehouse.build("core.exchange_rates")

    assert warehouse.rows(POUNDS) == [
        (FRIDAY, Decimal("1.15"), FRIDAY),
        (SATURDAY, Decimal("1.15"), FRIDAY),
        (SUNDAY, Decimal("1.15"), FRIDAY),
        (MONDAY, Decimal("1.20"), MONDAY),
    ]


def test_there_is_no_rate_before_the_first_one_and_none_that_is_too_old(warehouse: Warehouse) -> None:
    warehouse.set_company(fx_max_age_days=1)
    cover(warehouse, FRIDAY - timedelta(days=2), MONDAY)
    warehouse.load("fx_rates", [rate(FRIDAY, "GBP", "EUR", "1.15")])
    warehouse.build("core.exchange_rates")

    assert [day for day, _, _ in warehouse.rows(POUNDS)] == [FRIDAY, SATURDAY]


def test_an_inverse_quotation_is_turned_around(warehouse: Warehouse) -> None:
    # One euro for 0.80 pounds, 1.25 euros for one pound. One euro for 600,000 rials keeps its digits: 1 / 600000.
    rates = [rate(FRIDAY, "EUR", "GBP", "0.80"), rate(FRIDAY, "EUR", "IRR", "600000")]
    warehouse.load("fx_rates", rates)
    warehouse.build("core.exchange_rates")

    found = warehouse.rows("select currency, rate from core.exchange_rates where currency <> 'EUR' order by currency")
    assert found == [("GBP", Decimal("1.25")), ("IRR", Decimal("0.000001666666666667"))]


def test_the_direct_quotation_of_a_day_goes_before_the_inverse_one_but_not_before_a_newer_one(
    warehouse: Warehouse,
) -> None:
    warehouse.load("fx_rates", [rate(FRIDAY, "GBP", "EUR", "1.10"), rate(FRIDAY, "EUR", "GBP", "0.80")])
    warehouse.load("fx_rates", [rate(SATURDAY, "EUR", "GBP", "0.50")], source="another")
    warehouse.build("core.exchange_rates")

    assert [rate for _, rate, _ in warehouse.rows(POUNDS)] == [Decimal("1.1"), Decimal(2)]


def test_the_reporting_currency_is_worth_one_on_every_covered_day_without_any_rates(warehouse: Warehouse) -> None:
    cover(warehouse, FRIDAY, SUNDAY)
    warehouse.build("core.exchange_rates")

    found = warehouse.rows("select day, currency, rate from core.exchange_rates order by day")
    assert found == [(day, "EUR", Decimal(1)) for day in (FRIDAY, SATURDAY, SUNDAY)]


def test_pairs_without_the_reporting_currency_are_left_aside(warehouse: Warehouse) -> None:
    warehouse.load("fx_rates", [rate(FRIDAY, "USD", "GBP", "0.75")])
    warehouse.build("core.exchange_rates")
    assert warehouse.rows("select distinct currency from core.exchange_rates") == [("EUR",)]
