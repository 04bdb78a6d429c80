"""The configuration of a new source, suggested from a sample of its files.

Here: trying the contract of every known system on the sample, the settings that any source has, and proving what is
suggested by reading the sample with it. The mapping of other files belongs to ``mapping_suggestion``. Nothing is
printed and nothing is written here.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import duckdb

from kpi_pipeline.config.source import Source
from kpi_pipeline.config.validation import validate
from kpi_pipeline.config.yaml_reader import read_yaml
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract, build_contract
from kpi_pipeline.sources.files.diagnosis import diagnose
from kpi_pipeline.sources.files.header_binding import recognised_cells
from kpi_pipeline.sources.files.reading import open_file
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.suggestions.mapping_suggestion import suggest_mapping
from kpi_pipeline.sources.suggestions.sample import Sample, read_sample
from kpi_pipeline.sources.suggestions.suggestion_draft import Draft, Suggestion
from kpi_pipeline.sources.suggestions.trial_contracts import needed_options, trial_contract, trial_contracts
from kpi_pipeline.sources.values.personal_data import hash_parameters

_TRIAL_KEY = b"only for looking at a sample"
_TIMES_IN_NAMES = (
    (r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}", r"(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2})"),
    (r"\d{4}-\d{2}-\d{2}", r"(\d{4}-\d{2}-\d{2})"),
    (r"(?<!\d)20\d{6}(?!\d)", r"(20\d{6})"),
)
# A file whose header is mostly that of a system belongs to it, even where its rows are refused.
_LEAST_NAMES, _LEAST_SHARE = 4, 0.7


@dataclass(frozen=True)
class _Fit:
    system: str
    names: int


def suggest(path: Path, file_name: str, scratch: Path) -> Suggestion:
    """Suggest a source's configuration.

    Args:
        path: the sample.
        file_name: its name as the system writes it.
        scratch: a folder for copies.

    Raises:
        RefusedFile: the sample is empty, damaged, or nothing like a table.
    """
    draft = Draft()
    fits = sorted(_fitting_systems(path, file_name, scratch), key=lambda fit: (-fit.names, fit.system))
    sample = None if fits else read_sample(path, file_name, scratch)
    near = _nearest_system(sample) if sample else None
    system = fits[0].system if fits else near or (sample.format if sample else "")
    draft.set("system", system)
    if fits:
        draft.found(f"the sample is read by the system {system}; it has {fits[0].names} of its columns")
        for other in fits[1:]:
            if other.names == fits[0].names:
                draft.doubt(f"system: {other.system}", f"{other.system} reads the sample as well")
    elif near:
        reason = _refusal(trial_contracts()[near], path, file_name, scratch)
        draft.doubt(f"system: {near}", f"the names are those of {near}, but the sample is refused: {reason}")
    if fits or near:
        _settings_of_system(system, path, file_name, scratch, draft)
    _settings_of_names(file_name, draft)
    if sample and not near:
        draft.found(f"no known system; a {system} file with {len(sample.header)} columns")
        _settings_of_file(sample, draft)
        suggest_mapping(sample, draft)
    suggestion = draft.suggestion(system, f"Suggested from the sample {file_name}.")
    if not suggestion.unsure and (problem := _problem(suggestion.yaml, path, file_name, scratch)):
        draft.doubt("everything", f"the sample is refused: {problem}")
        suggestion = draft.suggestion(system, f"Suggested from the sample {file_name}.")
    return suggestion


def _fitting_systems(path: Path, file_name: str, scratch: Path) -> list[_Fit]:
    fits = []
    for system, contract in trial_contracts().items():
        names = _names_if_read(contract, path, file_name, scratch)
        if names is not None:
            fits.append(_Fit(system, names))
    return fits


def _names_if_read(contract: Contract, path: Path, file_name: str, scratch: Path) -> int | None:
    try:
        return _read(contract, path, file_name, scratch)
    except (RefusedFile, duckdb.Error):
        return None


def _read(contract: Contract, path: Path, file_name: str, scratch: Path) -> int:
    """Read all rows of a file and return how many of the contract's columns it has."""
    opened = open_file(path, file_name, contract, scratch)
    try:
        is_personal = any(contract.field(name).personal for name in opened.query.cells)
        parameters = hash_parameters(_TRIAL_KEY) if is_personal else {}
        with duckdb.connect() as connection:
            for table in contract.tables:
                # The hash makes DuckDB compute every column without keeping any.
                connection.execute(f"select sum(hash(found)) from ({opened.query.table(table)}) as found", parameters)
    finally:
        if opened.temporary:
            opened.temporary.unlink(missing_ok=True)
    return len(opened.query.cells)


def _refusal(contract: Contract, path: Path, file_name: str, scratch: Path) -> str:
    try:
        _read(contract, path, file_name, scratch)
    except RefusedFile as refused:
        return str(refused)
    except duckdb.Error as error:
        return str(diagnose(path, file_name, contract, error))
    return ""


def _nearest_system(sample: Sample) -> str | None:
    contracts = trial_contracts()
    counts = {system: recognised_cells(sample.header, contract) for system, contract in contracts.items()}
    best = max(counts, key=lambda system: counts[system])
    if counts[best] < max(_LEAST_NAMES, _LEAST_SHARE * len(sample.header)):
        return None
    needed = [replace(contracts[best], fields=(entry,)) for entry in contracts[best].fields if entry.required]
    present = sum(1 for single in needed if recognised_cells(sample.header, replace(single, ignored_headers=())))
    return best if present >= _LEAST_SHARE * len(needed) else None


def _settings_of_system(system: str, path: Path, file_name: str, scratch: Path, draft: Draft) -> None:
    bare = trial_contract(system, currency=None)
    if bare is None or (
        _names_if_read(bare, path, file_name, scratch) is None
        and _names_if_read(trial_contracts()[system], path, file_name, scratch) is not None
    ):
        draft.doubt("currency: EUR", "the file does not say its currency")
    if trial_contract(system, time_zone=None) is None:
        draft.doubt("time_zone: Europe/Berlin", "the file has local times and does not say of which zone")
    draft.doubt_options(system, needed_options(system))


def _settings_of_file(sample: Sample, draft: Draft) -> None:
    if sample.encoding is not None:
        choices = " or ".join((sample.encoding, *sample.other_encodings))
        if sample.other_encodings:
            shown = next((text for text in (*sample.header, *sum(sample.rows, ())) if not text.isascii()), "")
            draft.doubt(f"encoding: {sample.encoding}", f"it is not UTF-8; {choices} fit; so read: {shown}")
        else:
            draft.set("encoding", sample.encoding)
            draft.found(f"the encoding is {sample.encoding}")
    if sample.format == "csv" and sample.delimiter != ",":
        draft.set("delimiter", sample.delimiter)
        draft.found(f"cells are separated by {sample.delimiter!r}")


def _settings_of_names(file_name: str, draft: Draft) -> None:
    suffixes = "".join(
        PurePath(file_name).suffixes[-2:] if file_name.endswith(".gz") else PurePath(file_name).suffixes[-1:]
    )
    draft.set("files", f"*{suffixes}")
    for pattern, group in _TIMES_IN_NAMES:
        if re.search(pattern, file_name):
            draft.set("exported_at", group)
            draft.found("file names say when they were exported")
            return
    draft.found("file names do not say when they were exported; their modification time counts")


def _problem(yaml: str, path: Path, file_name: str, scratch: Path) -> str | None:
    """Return why the sample cannot be read with what was suggested, None if it can."""
    document = read_yaml(yaml.encode(), Path("sample.yaml"))
    if document.problems:
        return str(document.problems[0])
    source = validate(Source, document, ())
    if isinstance(source, list):
        return str(source[0])
    try:
        contract = build_contract("sample", source)
    except ConfigurationError as error:
        return str(error)
    return _refusal(contract, path, file_name, scratch) or None
