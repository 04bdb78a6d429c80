"""QuickBooks Online: the CSV of the report *Profit and Loss*.

Here: how its accounts carry their numbers. The tree, its totals and its periods belong to ``layouts.profit_and_loss``,
what both accounting programs share to ``profit_and_loss_contract``.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.contracts.profit_and_loss_contract import profit_and_loss_contract


def build(name: str, source: Source) -> Contract:
    """Make the contract of a company's profit and loss reports."""
    # "40010 Consulting", where account numbers are shown
    return profit_and_loss_contract(
        name,
        source,
        code="nullif(regexp_extract(account, '^([0-9]{3,7}) .', 1), '')",
        account_name="regexp_replace(account, '^[0-9]{3,7} +', '')",
    )
