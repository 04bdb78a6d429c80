"""Which subjects the connected sources deliver.

Here: asking the contracts of all sources, once for a configuration. What follows for tables belongs to ``connected``,
what follows for metrics to ``metric_plan``.
"""

from functools import lru_cache

from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.sources.contracts.contract import build_contract


def source_subjects(configuration: Configuration) -> dict[str, frozenset[str]]:
    """Return source → the subjects that its files deliver."""
    return dict(_subjects(_Same(configuration)))


class _Same:
    """One configuration as a key: equal only to itself, because comparing two whole ones takes longer than asking."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration

    def __hash__(self) -> int:
        return id(self.configuration)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.configuration is self.configuration


@lru_cache(maxsize=4)
def _subjects(same: _Same) -> dict[str, frozenset[str]]:
    sources = same.configuration.sources
    return {name: frozenset(build_contract(name, source).subjects) for name, source in sources.items()}
