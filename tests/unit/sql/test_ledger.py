from datetime import date
from decimal import Decimal

from tests.unit.sql.raw_rows import Row, Warehouse, ad, rate

FIRST, LAST = date(2026, 4, 1), date(2026, 4, 30)


def posting(section: str, amount: str, first: date = FIRST, last: date = FIRST, **values: object) -> Row:
    return {
        "day": first,
        "period_start": first,
        "period_end": last,
        "account_code": "6000",
        "section": section,
        "amount": amount,
        "currency": "EUR",
    } | values


def test_a_posting_is_spread_evenly_and_the_last_day_takes_the_remainder(warehouse: Warehouse) -> None:
    # 100 over 30 days: 29 days of 3.3333 and one of 3.3343.
    warehouse.load("ledger_entries", [posting("opex", "100", FIRST, LAST)])
    warehouse.build("core.costs")

    found = warehouse.rows("select amount, count(*), max(day), sum(amount) from core.costs group by amount order by 1")
    assert found == [
        (Decimal("3.3333"), 29, date(2026, 4, 29), Decimal("96.6657")),
        (Decimal("3.3343"), 1, LAST, Decimal("3.3343")),
    ]


def test_spread_days_add_up_to_any_posting_exactly(warehouse: Warehouse) -> None:
    amounts = ["0.0001", "-45.00", "2400.00", "0.01", "99999999999999.9999", "-0.0007"]
    for number, amount in enumerate(amounts):
        last = date(2026, 4, 7 + number)
        warehouse.load("ledger_entries", [posting("opex", amount, FIRST, last, account_code=str(number))])
    warehouse.build("core.costs")

    found = warehouse.rows("select account_code, sum(amount) from core.costs group by 1 order by 1")
    assert found == [(str(number), Decimal(amount)) for number, amount in enumerate(amounts)]


def test_sections_of_the_ledger_are_kept_apart(warehouse: Warehouse) -> None:
    # Revenue 1000, direct 600, indirect 250, interest 20, tax 30: a gross profit of 400 and an operating one of 150.
    sections = {"Revenue": "1000", "cogs": "600", "opex": "250", "other_expense": "20", "tax": "30"}
    warehouse.load("ledger_entries", [posting(section, amount) for section, amount in sections.items()])
    warehouse.build("measures.finance")

    found = warehouse.rows(
        "select revenue_ledger, direct_costs, operating_costs, other_income, other_expenses, taxes"
        " from measures.finance"
    )
    assert found == [(1000, 600, 250, 0, 20, 30)]


def test_a_section_without_postings_is_zero(warehouse: Warehouse) -> None:
    warehouse.load("ledger_entries", [posting("revenue", "100"), posting("tax", "30", LAST, LAST)])
    warehouse.build("measures.finance")
    found = warehouse.rows(
        "select revenue_ledger, direct_costs, operating_costs, other_income, other_expenses, taxes"
        f" from measures.finance where day = date '{LAST}'"
    )
    assert found == [(0, 0, 0, 0, 0, 30)]


def test_a_ledger_that_books_no_revenue_at_all_does_not_say_that_nothing_was_sold(warehouse: Warehouse) -> None:
    warehouse.load("ledger_entries", [posting("cogs", "60"), posting("opex", "25")])
    warehouse.build("measures.finance")
    found = warehouse.rows("select revenue_ledger, direct_costs, operating_costs from measures.finance")
    assert found == [(None, 60, 25)]


def test_a_posting_without_a_rate_makes_its_own_section_unknown(warehouse: Warehouse) -> None:
    warehouse.load(
        "ledger_entries",
        [
            posting("opex", "30", currency="USD"),
            posting("opex", "5"),
            posting("cogs", "7"),
            posting("revenue", "9"),
        ],
    )
    report = warehouse.build("measures.finance")

    found = warehouse.rows("select revenue_ledger, direct_costs, operating_costs from measures.finance")
    assert found == [(9, Decimal(7), None)]
    assert {warning.check for result in report.results for warning in result.warnings} == {"amount_converted"}


def test_a_posting_is_converted_at_its_own_day_even_where_its_period_has_no_rates(warehouse: Warehouse) -> None:
    warehouse.load("ledger_entries", [posting("opex", "300", FIRST, LAST, currency="GBP")])
    warehouse.load("fx_rates", [rate(FIRST, "GBP", "EUR", "1.10")])
    warehouse.build("core.costs")
    assert warehouse.rows("select count(amount), sum(amount) from core.costs") == [(30, Decimal(330))]


def test_equal_postings_are_added_up_not_dropped(warehouse: Warehouse) -> None:
    warehouse.load("ledger_entries", [posting("opex", "30", memo="first"), posting("opex", "30", memo="second")])
    warehouse.build("measures.finance")
    assert warehouse.rows("select operating_costs from measures.finance") == [(Decimal(60),)]


def test_acquisition_cost_is_unknown_on_days_with_an_unconverted_part(warehouse: Warehouse) -> None:
    warehouse.load("ad_performance", [ad(FIRST, cost=5, currency="USD"), ad(LAST, cost=5)])
    warehouse.load("ledger_entries", [posting("opex", "2", FIRST, FIRST, purpose="acquisition")])
    warehouse.build("measures.acquisition")

    found = warehouse.rows("select day, acquisition_cost from measures.acquisition order by day")
    assert found == [(FIRST, None), (LAST, Decimal(5))]


def test_marketing_cost_takes_every_purpose_of_marketing_in_and_ad_cost_once(warehouse: Warehouse) -> None:
    # Ads 60, acquisition 15, retention 5, brand 8; serving customers and rent are no marketing.
    purposes = {"acquisition": "15", "retention": "5", "brand": "8", "service": "70", "": "900"}
    warehouse.load("ad_performance", [ad(FIRST, cost=60), ad(LAST, cost=1, currency="USD")])
    warehouse.load("ledger_entries", [posting("opex", amount, purpose=purpose) for purpose, amount in purposes.items()])
    warehouse.build("measures.marketing_costs", "measures.acquisition", "measures.customer_costs")

    found = warehouse.rows("select day, marketing_cost from measures.marketing_costs order by day")
    assert found == [(FIRST, Decimal(88)), (LAST, None)]
    assert warehouse.rows(f"select acquisition_cost from measures.acquisition where day = date '{FIRST}'") == [(75,)]
    assert warehouse.rows("select retention_cost, service_cost from measures.customer_costs") == [(5, 70)]


def test_a_cost_without_a_rate_makes_its_own_purpose_unknown(warehouse: Warehouse) -> None:
    warehouse.load(
        "ledger_entries",
        [posting("opex", "5", purpose="retention"), posting("opex", "9", purpose="service", currency="USD")],
    )
    warehouse.build("measures.customer_costs")
    assert warehouse.rows("select retention_cost, service_cost from measures.customer_costs") == [(5, None)]
