"""Xero: the CSV of the report *Profit and Loss*.

Here: how its accounts carry their codes. The tree, its totals and its periods belong to ``layouts.profit_and_loss``,
what both accounting programs share to ``profit_and_loss_contract``.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.contracts.profit_and_loss_contract import profit_and_loss_contract


def build(name: str, source: Source) -> Contract:
    """Make the contract of an organisation's profit and loss reports."""
    # "Sales (200)" has a code, "Rent (Sydney)" has none
    return profit_and_loss_contract(
        name,
        source,
        code=r"nullif(regexp_extract(account, ' \(([0-9][0-9.\-/]{0,9})\)$', 1), '')",
        account_name=r"regexp_replace(account, ' +\([0-9][0-9.\-/]{0,9}\)$', '')",
    )
