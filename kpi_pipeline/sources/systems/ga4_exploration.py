"""Google Analytics 4: the CSV of an exploration or of a detail report with one table.

Here: its grand-total row. Only the event count is compared with it: sessions are estimates, and users are distinct
counts. The columns belong to ``ga4_columns``, reports with several tables to ``ga4_report``, the event export to
``ga4_events``.
"""

from dataclasses import replace

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract, TotalRows
from kpi_pipeline.sources.contracts.ga4_columns import SUBJECT_OPTION, ga4_contract
from kpi_pipeline.sources.subjects import SUBJECTS


def build(name: str, source: Source) -> Contract:
    """Make the contract of a GA4 property's explorations."""
    contract = ga4_contract(name, source)
    has_events = "events" in SUBJECTS[contract.tables[0].subject].columns
    return replace(
        contract,
        undated_advice="Add the dimension Date to the exploration and export it again.",
        totals=TotalRows(place="extra_cell", label="Grand total", sums=(("events", "events"),) if has_events else ()),
        has_preamble=True,
        options=declared_options(name, source, (SUBJECT_OPTION,)),
        final_line_break=False,  # GA4 ends its files right after the last cell
    )
