"""The configuration as its files say it, before anything is compared with anything else.

Here: which files there are, which entries they hold and in which line each stands. An entry that is wrong in itself is
reported and left out; its id stays declared, so that references to it are not reported as well. Comparing entries
belongs to the check modules.
"""

import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic

from kpi_pipeline.config.breaks import Break
from kpi_pipeline.config.company import Company
from kpi_pipeline.config.delivery import Delivery
from kpi_pipeline.config.events import Event
from kpi_pipeline.config.goals import Criterion, Objective, Owner, Question, SuccessFactor
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import IDENTIFIER_PATTERN
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem, did_you_mean
from kpi_pipeline.config.report import Report
from kpi_pipeline.config.secret_check import file_problems, secret_problems
from kpi_pipeline.config.source import Source
from kpi_pipeline.config.validation import AnyModel, not_an_identifier, validate
from kpi_pipeline.config.yaml_reader import MAXIMUM_BYTES, Location, YamlDocument, read_yaml

# Whom a report is sent to changes no number, so it must not make a new snapshot.
WITHOUT_NUMBERS = frozenset({"delivery.yaml"})
# Other names that people use for a section; CFS is a common slip for CSF, critical success factor.
ALIASES = {"csfs": "success_factors", "cfs": "success_factors", "kpqs": "questions"}


@dataclass(frozen=True)
class Entry(Generic[AnyModel]):
    """One valid entry and where it stands."""

    value: AnyModel
    document: YamlDocument
    location: Location

    def problem(self, code: str, message: str, *at: str | int, hint: str = "", is_warning: bool = False) -> Problem:
        """Return a problem in the line of the field ``at`` of this entry, or of the entry itself."""
        line = self.document.line_of((*self.location, *at))
        return Problem(self.document.path, line, code, message, hint, is_warning)


@dataclass(frozen=True)
class Section(Generic[AnyModel]):
    """The entries of one kind, by id.

    Attributes:
        declared: all ids, also those of entries that are not valid → the file that each stands in.
    """

    model: type[AnyModel]
    entries: dict[str, Entry[AnyModel]] = field(default_factory=dict)
    declared: dict[str, Path] = field(default_factory=dict)

    @property
    def is_valid(self) -> bool:
        """Whether every declared entry is valid, so that what is absent is really absent."""
        return len(self.entries) == len(self.declared)


class Draft:
    """Everything that the files of a configuration folder say; ``company`` and ``delivery`` are None if not valid."""

    def __init__(self) -> None:
        self.company: Entry[Company] | None = None
        self.sources = Section(Source)
        self.metrics = Section(Metric)
        self.breaks = Section(Break)
        self.events = Section(Event)
        self.owners = Section(Owner)
        self.criteria = Section(Criterion)
        self.objectives = Section(Objective)
        self.success_factors = Section(SuccessFactor)
        self.questions = Section(Question)
        self.kpis = Section(Kpi)
        self.reports = Section(Report)
        self.delivery: Entry[Delivery] | None = None
        self.problems: list[Problem] = []
        self.fingerprint = ""


def read_draft(directory: Path) -> Draft:
    """Read all files of a configuration folder. What is wrong with them stands in ``problems``."""
    folder = _Folder(directory)
    draft = Draft()
    company = folder.document("company.yaml")
    if company.value is not None:
        draft.company = folder.entry(Company, company, ())
    for name in folder.names("sources/*.yaml"):
        folder.add(draft.sources, folder.document(name), (), Path(name).stem)
    for name in folder.names("metrics/*.yaml"):
        folder.add_all(draft.metrics, folder.document(name), ())
    for name in folder.names("breaks.yaml"):
        folder.add_all(draft.breaks, folder.document(name), ())
    for name in folder.names("events.yaml"):
        folder.add_all(draft.events, folder.document(name), ())
    for name in folder.names("goals.yaml"):
        goals: dict[str, Section[Any]] = {
            "owners": draft.owners,
            "criteria": draft.criteria,
            "objectives": draft.objectives,
            "success_factors": draft.success_factors,
            "questions": draft.questions,
        }
        folder.add_sections(goals, folder.document(name))
    for name in folder.names("kpis/*.yaml"):
        folder.add_all(draft.kpis, folder.document(name), ())
    for name in folder.names("reports.yaml"):
        folder.add_sections({"reports": draft.reports}, folder.document(name))
    for name in folder.names("delivery.yaml"):
        delivery = folder.document(name)
        if delivery.value is not None:
            draft.delivery = folder.entry(Delivery, delivery, ())
    folder.report_strays()
    draft.problems = folder.problems
    draft.fingerprint = folder.fingerprint()
    return draft


class _Folder:
    def __init__(self, directory: Path) -> None:
        self.problems: list[Problem] = []
        self._directory = directory
        self._contents: dict[str, bytes] = {}

    def names(self, pattern: str) -> list[str]:
        return sorted(path.relative_to(self._directory).as_posix() for path in self._directory.glob(pattern))

    def document(self, name: str) -> YamlDocument:
        try:
            self._contents[name] = (self._directory / name).read_bytes()
        except OSError as error:
            message = Phrase("cannot be read: {error}", error=error.strerror)
            problem = Problem(self._shown(name), 1, "CFG001", message)
            document = YamlDocument(self._shown(name), None, {}, (problem,))
        else:
            document = read_yaml(self._contents[name], self._shown(name))
            secrets = secret_problems(document, self._contents[name])
            document = replace(document, problems=(*document.problems, *secrets))
        self.problems += document.problems
        return document

    def _shown(self, name: str) -> Path:
        return Path(self._directory.name) / name

    def entry(self, model: type[AnyModel], document: YamlDocument, location: Location) -> Entry[AnyModel] | None:
        result = validate(model, document, location)
        if not isinstance(result, list):
            return Entry(result, document, location)
        already_reported = {problem.line for problem in document.problems}
        self.problems += (problem for problem in result if problem.line not in already_reported)
        return None

    def add(self, section: Section[AnyModel], document: YamlDocument, location: Location, name: str) -> None:
        line = document.line_of(location)
        if name in section.declared:
            message = Phrase('"{id}" is already defined in {file}', id=name, file=section.declared[name])
            hint = Phrase("rename or remove one of the two")
            self.problems.append(Problem(document.path, line, "KPI003", message, hint))
            return
        section.declared[name] = document.path
        if not re.search(IDENTIFIER_PATTERN, name):
            self.problems.append(not_an_identifier(document.path, line, name))
        elif document.value is not None and (entry := self.entry(section.model, document, location)):
            section.entries[name] = entry

    def add_all(self, section: Section[AnyModel], document: YamlDocument, location: Location) -> None:
        for name in self._keys(document, location):
            self.add(section, document, (*location, name), name)

    def add_sections(self, sections: dict[str, Section[Any]], document: YamlDocument) -> None:
        for name in self._keys(document, ()):
            section = sections.get(ALIASES.get(name, name))
            if section is not None:
                self.add_all(section, document, (name,))
            else:
                hint = did_you_mean(name, sections) or Phrase("known here: {names}", names=", ".join(sections))
                message = Phrase('unknown field "{field}"', field=name)
                self.problems.append(Problem(document.path, document.line_of((name,)), "KPI002", message, hint))

    def _keys(self, document: YamlDocument, location: Location) -> tuple[str, ...]:
        value = document.at(location)
        if isinstance(value, dict):
            return tuple(value)
        if value is not None:
            line = document.line_of(location)
            message = Phrase("expected ids with their fields below them")
            self.problems.append(Problem(document.path, line, "CFG011", message))
        return ()

    def report_strays(self) -> None:
        for name in self.names("**/*.yaml") + self.names("**/*.yml"):
            if name not in self._contents:
                hint = Phrase(
                    "use company.yaml, goals.yaml, breaks.yaml, events.yaml, reports.yaml, delivery.yaml,"
                    " or *.yaml in sources, metrics or kpis"
                )
                message = Phrase("this file is not read")
                self.problems.append(Problem(self._shown(name), 1, "CFG002", message, hint))
        for name in self.names("**/*"):
            path = self._directory / name
            if name not in self._contents and path.is_file():
                with path.open("rb") as file:
                    self.problems += file_problems(self._shown(name), file.read(MAXIMUM_BYTES))

    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for name, content in sorted(self._contents.items()):
            if name in WITHOUT_NUMBERS:
                continue
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()
