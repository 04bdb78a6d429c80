"""The contracts of all configured sources, built once to see whether they can be.

Here: collecting what ``kpi check`` shows. What makes a contract impossible is said where it is built.
"""

from collections.abc import Mapping

from kpi_pipeline.config.source import Source
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import build_contract


def contract_problems(sources: Mapping[str, Source]) -> list[str]:
    """Return why sources cannot be read as their YAML says, one text for each that cannot."""
    problems = []
    for name in sorted(sources):
        try:
            build_contract(name, sources[name])
        except ConfigurationError as error:
            problems.append(str(error))
    return problems
