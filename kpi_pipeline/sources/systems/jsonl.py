"""Any file of JSON lines, one object per line, read by a mapping in its source's YAML.

Here: the format alone; how mappings are read belongs to ``mapped_contract``.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.contracts.mapped_contract import mapped_contract


def build(name: str, source: Source) -> Contract:
    """Make the contract that the source's YAML declares."""
    return mapped_contract(name, source, "jsonl")
