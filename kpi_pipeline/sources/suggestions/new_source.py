"""The file of a new source: where it is written, and its content where there is no sample.

Here: the name's rules and the writing, which never replaces anything. What a sample tells belongs to ``suggestion``.
"""

import re
from pathlib import Path

from kpi_pipeline.config.currencies import CURRENCIES
from kpi_pipeline.config.model import IDENTIFIER_PATTERN
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.suggestions.suggestion_draft import Draft, Suggestion
from kpi_pipeline.sources.suggestions.trial_contracts import needed_options, trial_contract


def refuse_taken_name(config: Path, name: str) -> Path:
    """Return where the source of this name will be written.

    Raises:
        ConfigurationError: the name is no id, or there is such a source.
    """
    if not re.fullmatch(IDENTIFIER_PATTERN, name):
        raise ConfigurationError(
            f"{name}: found a name with other characters; expected 2 to 64 small letters, digits and underscores, a "
            "letter first"
        )
    path = config / "sources" / f"{name}.yaml"
    if path.exists():
        raise ConfigurationError(f"{path}: found a source of this name; choose another name, or change that file")
    return path


def write_source(config: Path, name: str, suggestion: Suggestion) -> Path:
    """Write a suggestion as a source's file and return its path.

    Raises:
        ConfigurationError: the name is no id, or there is such a source.
    """
    path = refuse_taken_name(config, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(suggestion.yaml)
    except FileExistsError as error:
        raise ConfigurationError(f"{path}: somebody has just written this file; look at it") from error
    return path


def suggest_from_answers(system: str, *, currency: str, time_zone: str) -> Suggestion:
    """Make the configuration of a known system's source from what a person says about it.

    Raises:
        ConfigurationError: the currency is none.
    """
    draft = Draft()
    draft.set("system", system)
    if currency:
        if currency.upper() not in CURRENCIES:
            raise ConfigurationError(f"currency: found {currency!r}; expected a code such as EUR")
        draft.set("currency", currency.upper())
    if time_zone:
        draft.set("time_zone", time_zone)
    elif trial_contract(system, time_zone=None) is None:
        draft.doubt("time_zone: Europe/Berlin", f"{system} needs the zone of the account")
    draft.doubt_options(system, needed_options(system))
    draft.set("files", "*")
    return draft.suggestion(system, "Made from answers; exports of this system go into the source's inbox.")
