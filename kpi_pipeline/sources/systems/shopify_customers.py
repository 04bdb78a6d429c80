"""Shopify: the CSV of the customer export, in both of its generations.

Here: customers under the same keyed hash of their address that ``shopify_orders`` uses. The file has no date at all, so
its name must say the day of the export. Names and addresses are not read.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_options, listed_names, undamaged_identifier
from kpi_pipeline.sources.contracts.contract import Contract, contract_table
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.layouts.day_in_name import DAY_COLUMN
from kpi_pipeline.sources.values.sql_text import literal

# A spreadsheet guard stands before what looks like a number.
_FIELDS = (
    Field("day", (DAY_COLUMN,), "date", required=True),
    Field("customer_id", ("Customer ID",), strip="'"),
    Field("email", ("Email",), required=True, personal=True),
    Field("phone", ("Phone",), strip="'", personal=True),
    Field("accepts_marketing", ("Accepts Email Marketing",), "boolean"),
    Field("country", ("Country Code", "Default Address Country Code")),
    Field("total_spent", ("Total Spent",), "decimal", required=True),
    Field("orders", ("Total Orders",), "integer", required=True),
)
_IGNORED = """
    First Name; Last Name; Company; Address1; Address2; City; Province; Province Code; Country; Zip; Accepts SMS
    Marketing; Tags; Note; Tax Exempt; Default Address Company; Default Address Address1; Default Address
    Address2; Default Address City; Default Address Province Code; Default Address Zip; Default Address Phone
"""


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Shopify store's customer export."""
    currency = literal(source.currency) if source.currency else "null"
    key = "coalesce(email, 'id:' || customer_id, phone)"
    customers = {
        "customer_key": key,
        "day": "day",
        "country": "country",
        "accepts_marketing": "accepts_marketing",
        "orders": "orders",
        # An amount without a currency is none; the file does not say it.
        "total_spent": "total_spent" if source.currency else "null",
        "currency": currency,
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="shopify_customers",
        formats=("csv",),
        fields=_FIELDS,
        # Somebody known by name only cannot be found among the orders.
        tables=(contract_table("customers", customers, where=f"{key} is not null"),),
        row_rules=(undamaged_identifier("customer_id"),),
        rewriter="layouts.day_in_name",
        ignored_headers=listed_names(_IGNORED),
        options=declared_options(name, source, ()),
    )
