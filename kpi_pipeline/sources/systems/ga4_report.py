"""Google Analytics 4: the CSV of a report, with one table or several under each other.

Here: which of the tables a source reads. Taking the file apart belongs to ``layouts/ga4_tables``, the columns to
``ga4_columns``, explorations with their grand total to ``ga4_exploration``.
"""

from dataclasses import replace

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.contracts.ga4_columns import SUBJECT_OPTION, ga4_contract
from kpi_pipeline.sources.layouts.ga4_tables import TABLE_OPTION


def build(name: str, source: Source) -> Contract:
    """Make the contract of a GA4 property's reports."""
    return replace(
        ga4_contract(name, source),
        undated_advice="Reports have no days; export a single day, or an exploration with the dimension Date.",
        rewriter="layouts.ga4_tables",
        options=declared_options(name, source, (SUBJECT_OPTION, TABLE_OPTION)),
    )
