"""Which canonical column a header's name stands for.

Here: what can be learned from the contracts of all systems, and the names that shops, tills and spreadsheets use. It
serves suggestions; a source's own configuration says which column is which.
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache

from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files.header_binding import comparable
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.sources.suggestions.trial_contracts import trial_contracts

LEAST_LIKENESS = 0.84
_EVERYDAY = """
    day: date, day, datum, tag, buchungsdatum, تاریخ, روز
    created_at: created at, created, created date, order date, date created, bestelldatum, timestamp, تاریخ ثبت
    order_id: order, order id, order no, order number, order #, bestellnummer, bestell-nr., invoice, شماره سفارش
    refund_id: refund, refund id, credit note, gutschrift, beleg-nr., شماره مرجوعی
    customer_key: customer, customer id, customer email, email, e-mail, kunde, kundennummer, مشتری, ایمیل
    amount: amount, sum, betrag, value, مبلغ
    total: total, grand total, order total, gesamt, gesamtbetrag, مبلغ کل, جمع کل
    currency: currency, currency code, währung, ارز
    status: status, state, zustand, وضعیت
    country: country, land, کشور
    quantity: quantity, qty, menge, anzahl, تعداد
    product_id: sku, product id, article, artikelnummer, کد کالا
    product_name: product, product name, item, artikel, کالا, نام کالا
    unit_cost: unit cost, cost per item, purchase price, einkaufspreis
    cost: cost, spend, amount spent, kosten, ausgaben, هزینه
    clicks: clicks, klicks, کلیک
    impressions: impressions, views, impressionen, نمایش
    sessions: sessions, visits, sitzungen, بازدید
    campaign_name: campaign, campaign name, kampagne, کمپین
    campaign_id: campaign id, kampagnen-id
    reason: reason, grund, دلیل
    score: score, nps, rating, bewertung, امتیاز
    comment: comment, feedback, kommentar, نظر
    rate: rate, kurs, نرخ
    account_code: account code, account number, konto, کد حساب
    account_name: account name, kontobezeichnung, نام حساب
    ticket_id: ticket, ticket id
    response_id: response id, response, submission id
    lead_id: lead id, lead
    deal_id: deal id, opportunity id
"""


@cache
def known_names(subject: str) -> dict[str, str]:
    """Return for one subject the comparable names that stand for its columns."""
    names: dict[str, str] = {}
    columns = SUBJECTS[subject].columns
    for line in _EVERYDAY.strip().splitlines():
        column, _, listed = line.strip().partition(": ")
        if column in columns:
            names |= {comparable(name): column for name in listed.split(", ")}
    for contract in trial_contracts().values():
        names |= {name: column for column, name in _taken_as_they_are(contract, subject) if name not in names}
    return (
        names | {comparable(column.replace("_", " ")): column for column in columns} | {name: name for name in columns}
    )


def nearest_column(header: str, subject: str) -> str | None:
    """Return the column whose own name is nearly the header's, None where none is."""
    name = comparable(header.replace("_", " "))
    likeness = {
        column: SequenceMatcher(None, name, column.replace("_", " ")).ratio() for column in SUBJECTS[subject].columns
    }
    best = max(likeness, key=lambda column: likeness[column])
    return best if likeness[best] >= LEAST_LIKENESS else None


def _taken_as_they_are(contract: Contract, subject: str) -> Iterator[tuple[str, str]]:
    fields = {entry.name: entry for entry in contract.fields}
    for table in contract.tables:
        if table.subject != subject:
            continue
        for column, expression in table.columns:
            found = re.fullmatch(r'(?:coalesce\()?"?(\w+?)(?:_utc)?"?(?:, \'\'\))?', expression)
            if found and found[1] in fields:
                yield from ((column, comparable(header)) for header in fields[found[1]].headers)
