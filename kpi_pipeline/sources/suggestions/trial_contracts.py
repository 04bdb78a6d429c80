"""The contracts of all systems, built without a source: to see which one a file may belong to.

Here: building each with what it cannot do without. Such a contract is good for looking at a file, never for loading it.
"""

import re
from functools import cache
from pkgutil import iter_modules

from kpi_pipeline.config.source import Source
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources import systems
from kpi_pipeline.sources.api.pull import pulled_system
from kpi_pipeline.sources.contracts.contract import MAPPED_SYSTEMS, Contract, build_contract

TRIAL_CURRENCY = "XXX"
_MOST_SETTINGS = 8
_MISSING_OPTION = re.compile(r"options\.(\w+): needed")
# Options that are not free texts.
_TRIAL_OPTIONS = {"survey_type": "nps"}


@cache
def trial_contracts() -> dict[str, Contract]:
    """Return the contract of every system that reads files of its own format, by the system's name."""
    found: dict[str, Contract] = {}
    for system in sorted(module.name for module in iter_modules(systems.__path__)):
        if system not in MAPPED_SYSTEMS and pulled_system(system) is None:
            contract = trial_contract(system)
            if contract is not None:
                found[system] = contract
    return found


def trial_contract(
    system: str, *, currency: str | None = TRIAL_CURRENCY, time_zone: str | None = "UTC"
) -> Contract | None:
    """Return one system's contract, None where it needs more than can be made up."""
    options: dict[str, str | tuple[str, ...]] = {}
    for _ in range(_MOST_SETTINGS):
        source = Source(system=system, account_id="trial", currency=currency, time_zone=time_zone, options=options)
        try:
            return build_contract("trial", source)
        except ConfigurationError as error:
            missing = _MISSING_OPTION.search(str(error))
            if missing is None:
                return None
            options[missing[1]] = _TRIAL_OPTIONS.get(missing[1], "trial")
    return None


def needed_options(system: str) -> tuple[str, ...]:
    """Return the settings that a system cannot do without."""
    contract = trial_contract(system)
    return tuple(name for name, _ in contract.options) if contract else ()
