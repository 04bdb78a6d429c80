"""Leads, deals, contracts and key accounts: what counts, once, on which day and for how much."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from kpi_pipeline.catalogue.metrics.compiler import compile_metric
from kpi_pipeline.config.draft import read_draft
from kpi_pipeline.errors import CheckFailedError
from kpi_pipeline.warehouse.changes import record_changes
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import configuration
from tests.unit.sql.raw_rows import AS_OF, EXPORTED_AT, Row, Warehouse, rate

DAY = date(2026, 3, 2)
LATE = datetime(2026, 3, 6, 23, 30)  # in Berlin the seventh has begun


def lead(lead_id: str, day: date = DAY, hour: int = 9, **values: object) -> Row:
    return {"lead_id": lead_id, "day": day, "created_at": datetime(day.year, day.month, day.day, hour)} | values


def deal(deal_id: str, **values: object) -> Row:
    """A deal that began on the day and was won for 100.00 in the reporting currency nine days later."""
    closed = {"is_closed": True, "is_won": True, "closed_day": date(2026, 3, 11)}
    return {"deal_id": deal_id, "day": DAY, "amount": 100, "currency": "EUR"} | closed | values


def warnings(warehouse: Warehouse, table: str) -> list[str]:
    return [warning.check for result in warehouse.build(table).results for warning in result.warnings]


def test_a_person_is_one_lead_with_what_became_of_any_record(warehouse: Warehouse) -> None:
    warehouse.load(
        "leads",
        [
            lead("2", hour=10, customer_key="a", lead_source="fair"),
            lead("1", hour=8, customer_key="a", lead_source="ads", channel="Paid Search"),
            lead("3", date(2026, 3, 5), customer_key="a", converted_at=LATE),
            lead("4", lead_source="ads", channel="Paid Search"),
            lead("5", lead_source="ads", channel="Paid Search"),
        ],
    )
    warehouse.build("measures.leads", "measures.leads_converted")
    assert warehouse.rows("from measures.leads") == [(DAY, "ads", "Paid Search", 3)]
    assert warehouse.rows("from measures.leads_converted") == [(DAY, "ads", "Paid Search", 5, 1)]


def test_a_number_of_the_tool_names_somebody_within_its_account_alone(warehouse: Warehouse) -> None:
    for account in ("1", "2"):
        warehouse.load("leads", [lead("7", customer_key="contact:7")], account_id=account)
        warehouse.load("leads", [lead("7", customer_key="contact:7")], account_id=account, source="copy")
    warehouse.build("measures.leads")
    assert warehouse.rows("select leads from measures.leads") == [(2,)]


def test_a_lead_is_qualified_once_on_the_companys_day(warehouse: Warehouse) -> None:
    warehouse.load(
        "leads",
        [
            lead("1", customer_key="a", is_qualified=True, qualified_at=datetime(2026, 3, 9)),
            lead("2", hour=10, customer_key="a", is_qualified=True, qualified_at=LATE),
            lead("3", qualified_at=LATE),
            lead("4", is_qualified=False),
            lead("5", is_qualified=True),
        ],
    )
    assert warnings(warehouse, "core.leads") == ["qualified_day_known"]
    warehouse.build("measures.leads_qualified")
    query = "select day, qualified_leads from measures.leads_qualified order by day"
    assert warehouse.rows(query) == [(DAY, 1), (date(2026, 3, 7), 2)]


def test_what_a_crm_does_not_tell_is_not_no(warehouse: Warehouse) -> None:
    warehouse.load("leads", [lead("1"), lead("2", is_qualified=True)])
    warehouse.build("measures.leads_qualified")
    assert warehouse.rows("select qualified_leads from measures.leads_qualified") == [(None,)]


@pytest.mark.parametrize(
    ("values", "row", "found"),
    [
        ({"converted_at": datetime(2026, 2, 1)}, (0, 1), []),  # was a customer before anybody wrote a lead
        ({"lifecycle_stage": "Customer"}, (0, None), ["customer_day_known"]),
    ],
)
def test_customers_by_age_of_the_lead(warehouse: Warehouse, values: Row, row: Row, found: list[str]) -> None:
    warehouse.load("leads", [lead("1", **values)])
    assert [check for check in warnings(warehouse, "core.leads") if check != "converted_after_creation"] == found
    warehouse.build("measures.leads_converted")
    assert warehouse.rows("select age_days, leads_converted from measures.leads_converted") == [row]


def test_a_deal_is_converted_at_the_rate_of_its_closing_day(warehouse: Warehouse) -> None:
    warehouse.load("fx_rates", [rate(DAY, "GBP", "EUR", "1.5"), rate(date(2026, 3, 11), "GBP", "EUR", "1.2")])
    warehouse.load(
        "deals",
        [
            deal("1"),
            deal("2", currency="gbp"),
            deal("3", currency="JPY"),
            deal("4", currency=None),
            deal("5", is_won=False, currency="JPY"),
            deal("6", amount=0, currency="JPY"),
            deal("7", closed_day=date(2026, 3, 19)),  # after the last day that any source speaks for
        ],
    )
    found = warnings(warehouse, "core.deals")
    assert [check for check in found if check != "amount_has_currency"] == ["contract_value_converted"]
    warehouse.build("measures.deals_closed")
    rows = warehouse.rows(
        "select deal_key, contract_value, deals_won, deals_lost from measures.deals_closed order by 1"
    )
    assert [(row[0], *row[1:]) for row in rows] == [
        ("deals_source:1:1", Decimal(100), 1, 0),
        ("deals_source:1:2", Decimal(120), 1, 0),
        ("deals_source:1:3", None, 1, 0),
        ("deals_source:1:4", None, 1, 0),
        ("deals_source:1:5", Decimal(0), 0, 1),
        ("deals_source:1:6", Decimal(0), 1, 0),
        ("deals_source:1:7", Decimal(100), 1, 0),
    ]


def test_deals_by_closing_and_by_creation(warehouse: Warehouse) -> None:
    proposal = {"proposal_sent_at": datetime(2026, 3, 3)}
    warehouse.load(
        "deals",
        [
            deal("won", **proposal),
            deal("lost", is_won=False, closed_day=None, closed_at=LATE, **proposal),
            deal("lost at once", is_won=False, closed_day=DAY),
            deal("closed some day", closed_day=None),
            deal("open", is_closed=False, is_won=False, closed_day=None, amount=None),
        ],
    )
    assert warnings(warehouse, "core.deals") == ["closed_day_known"]
    warehouse.build("measures.deals_closed", "measures.deals_created", "measures.deals_decided")
    closed = "select day, cycle_days, is_won, proposals_won, proposals_lost from measures.deals_closed order by day"
    assert warehouse.rows(closed) == [
        (DAY, 0, False, 0, 0),
        (date(2026, 3, 7), 5, False, 0, 1),
        (date(2026, 3, 11), 9, True, 1, 0),
    ]
    decided = "select day, age_days, cohort_deals_won, cohort_deals_lost from measures.deals_decided order by age_days"
    assert warehouse.rows(decided) == [(DAY, 0, 0, 1), (DAY, 5, 0, 1), (DAY, 9, 1, 0)]
    assert warehouse.rows("select day, deals_created from measures.deals_created") == [(DAY, 5)]


def test_a_deal_without_a_begin_has_no_cycle_and_is_in_no_cohort(warehouse: Warehouse) -> None:
    warehouse.load("deals", [deal("1")])
    values = deal("2", day=None) | {"source": "crm", "account_id": "", "batch_id": "b", "exported_at": EXPORTED_AT}
    names = ", ".join(f"${name}" for name in values)
    warehouse.engine.run(f"insert into raw.deals ({', '.join(values)}) values ({names})", values)
    record_changes(warehouse.engine, "raw.deals", None)
    warehouse.build("measures.deals_closed", "measures.deals_created", "measures.deals_decided")
    assert warehouse.rows("select cycle_days from measures.deals_closed order by all") == [(9,), (None,)]
    assert warehouse.rows("select sum(deals_created) from measures.deals_created") == [(1,)]
    assert warehouse.rows("select count(*) from measures.deals_decided") == [(1,)]


def test_the_value_of_twelve_months(warehouse: Warehouse) -> None:
    terms = {
        "a year": (date(2026, 1, 1), date(2026, 12, 31), Decimal(100)),
        "until the day after": (date(2026, 1, 1), date(2027, 1, 1), Decimal(100)),
        "two years": (date(2026, 1, 15), date(2028, 1, 14), Decimal(50)),
        "a quarter": (date(2026, 1, 1), date(2026, 3, 31), Decimal(400)),
        "6.5 months": (date(2026, 1, 1), date(2026, 7, 15), Decimal("184.6154")),  # 1200 / 6.5
        "without an end": (date(2026, 1, 1), None, None),
        "without a begin": (None, date(2026, 12, 31), None),
        "back to front": (date(2026, 1, 2), date(2026, 1, 1), None),
    }
    warehouse.load(
        "deals", [deal(name, contract_start=start, contract_end=end) for name, (start, end, _) in terms.items()]
    )
    warehouse.build("measures.deals_closed")
    rows = warehouse.rows("select deal_key, contracts_with_term, contract_value_annual from measures.deals_closed")
    assert {str(row[0]).rpartition(":")[2]: row[1:] for row in rows} == {
        name: (0, 0) if annual is None else (1, annual) for name, (_, _, annual) in terms.items()
    }


def test_a_contract_is_renewed_once_early_or_late(warehouse: Warehouse) -> None:
    end = date(2026, 3, 10)
    contract = {"closed_day": date(2025, 3, 1), "contract_end": end, "day": date(2025, 2, 1)}
    warehouse.load(
        "deals",
        [
            deal("early", **contract, product="hosting"),
            deal("late", **contract, product="hosting"),
            deal("gone", **contract, product="hosting"),
            deal("never signed", **contract | {"is_won": False}),
            deal("r1", renewed_from="early", closed_day=date(2026, 3, 1), amount=150),
            deal("r2", renewed_from="early", closed_day=date(2026, 3, 12), amount=10),
            deal("r3", renewed_from="late", closed_day=date(2026, 3, 15), amount=80),
            deal("r4", renewed_from="gone", is_won=False),
            deal("r5", renewed_from="never signed"),
        ],
    )
    warehouse.load("deals", [deal("r6", renewed_from="gone")], account_id="another account")
    warehouse.build("measures.contracts", "measures.contracts_renewed")
    assert warehouse.rows("from measures.contracts") == [(end, "", "", "hosting", "", 3, Decimal(300))]
    query = "select day, product, age_days, contracts_renewed, contract_value_renewed from measures.contracts_renewed"
    assert warehouse.rows(f"{query} order by age_days") == [
        (end, "hosting", 0, 1, Decimal(150)),
        (end, "hosting", 2, 0, Decimal(10)),
        (end, "hosting", 5, 1, Decimal(80)),
    ]


def test_a_renewal_that_names_no_contract_is_reported(warehouse: Warehouse) -> None:
    warehouse.load("deals", [deal("1", is_renewal=True, contract_end=date(2027, 1, 1)), deal("2", is_renewal=True)])
    assert warnings(warehouse, "core.deals") == ["renewal_names_contract"]


def stretch(account: str, first: date, last: date | None = None) -> Row:
    return {"account_key": account, "day": first, "valid_to": last}


@pytest.mark.parametrize(
    ("row", "check"),
    [
        (stretch(" ", DAY), "account_known"),
        (stretch("a", DAY, date(2026, 3, 1)), "stretch_in_order"),
    ],
)
def test_stretches_that_cannot_be(warehouse: Warehouse, row: Row, check: str) -> None:
    warehouse.load("key_accounts", [row])
    with pytest.raises(CheckFailedError, match=f"check {check} fails for 1 of the new rows"):
        warehouse.build("staging.key_accounts")


def test_stretches_of_a_key_account_that_touch_are_one(warehouse: Warehouse) -> None:
    warehouse.load(
        "key_accounts",
        [
            stretch("a", date(2026, 1, 1), date(2026, 1, 31)),
            stretch("a", date(2026, 2, 1), date(2026, 2, 10)),
            stretch("a", date(2026, 2, 20)),
        ],
    )
    warehouse.load("key_accounts", [stretch("a", date(2026, 2, 5), date(2026, 2, 12))], source="another list")
    warehouse.build("core.key_accounts")
    assert warehouse.rows("select day, last_day from core.key_accounts order by day") == [
        (date(2026, 1, 1), date(2026, 2, 12)),
        (date(2026, 2, 20), date(9999, 12, 30)),
    ]


def speak_for(warehouse: Warehouse, *days: date) -> None:
    for day in days:
        row = {"source": "list", "account_id": "1", "subject": "key_accounts", "day": day, "batch_id": "b"}
        columns = row | {"exported_at": EXPORTED_AT}
        warehouse.engine.run(
            f"insert into raw.covered_days ({', '.join(columns)}) values ({', '.join(f'${name}' for name in columns)})",
            columns,
        )


def test_key_accounts_stand_on_first_days_of_weeks_and_months_that_the_list_speaks_for(warehouse: Warehouse) -> None:
    listed = [stretch("a", date(2026, 2, 20)), stretch("b", date(2026, 2, 21), date(2026, 3, 1))]
    warehouse.load("key_accounts", [*listed, stretch("c", date(2026, 2, 23))])
    speak_for(warehouse, date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 4))
    warehouse.build("measures.key_accounts")
    accounts = "string_agg(account_key, '' order by account_key)"
    assert warehouse.rows(f"select day, {accounts} from measures.key_accounts group by day order by day") == [
        (date(2026, 2, 23), "abc"),
        (date(2026, 3, 1), "abc"),
        (date(2026, 3, 2), "ac"),
    ]


def test_key_accounts_are_looked_for_again_at_the_end_of_the_period(
    warehouse: Warehouse, sql_project: SqlProject, checkout: Path
) -> None:
    """Two at New Year, of whom one leaves with January; one more joins in January and counts from February on."""
    first = date(2026, 1, 1)
    listed = [stretch("a", first), stretch("b", first, date(2026, 1, 31)), stretch("c", date(2026, 1, 5))]
    warehouse.load("key_accounts", listed)
    speak_for(warehouse, *(first + timedelta(days=number) for number in range((AS_OF - first).days)))
    warehouse.build("measures.key_accounts", "core.coverage")
    shipped = read_draft(checkout / "config").metrics.entries["key_account_retention"].value
    metrics = configuration({"kept": shipped.model_copy(update={"min_denominator": 0})})
    found = {}
    for grain in ("month", "quarter"):
        compiled = compile_metric("kept", metrics, sql_project, grain)  # type: ignore[arg-type]
        for row in warehouse.engine.read(compiled.sql).to_pylist():
            found[grain, row["period_start"]] = (row["numerator"], row["denominator"], row["status"])
    assert found == {
        ("month", first): (2, 2, "final"),
        ("month", date(2026, 2, 1)): (2, 2, "final"),
        ("month", date(2026, 3, 1)): (2, 2, "partial"),
        ("quarter", first): (1, 2, "partial"),
    }
