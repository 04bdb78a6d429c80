"""New entries for the configuration, ready to be filled in: what ``kpi new metric | kpi | goals`` writes.

Here: the text of an entry, what is still missing in it, and adding it to a file without touching what stands there. The
texts themselves lie in ``templates/``; goals are put together in ``goal_templates``.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from string import Template
from typing import get_args

from kpi_pipeline.config.commitment import PARTS
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.goal_templates import example_ids, goals_text
from kpi_pipeline.config.json_schema import KINDS
from kpi_pipeline.config.metric import Metric, Profile
from kpi_pipeline.config.model import IDENTIFIER_PATTERN, Unit
from kpi_pipeline.config.paths import TEMPLATES
from kpi_pipeline.config.yaml_reader import read_yaml
from kpi_pipeline.errors import ConfigurationError

QUARTER = timedelta(weeks=13)
HALF_A_YEAR = timedelta(weeks=26)
FOUR_WEEKS = timedelta(weeks=4)
ONE_WEEK = timedelta(weeks=1)
FIELDS_OF_A_METRIC = ("definition", "unit", "direction", "source")


@dataclass(frozen=True)
class NewEntry:
    """A well-formed entry.

    Attributes:
        file: where it belongs, below the configuration folder, such as ``kpis/marketing.yaml``.
        text: the YAML, with a comment at every place that is to be filled in.
        missing: the fields that are to be filled in, such as ``name.fa``.
    """

    file: str
    text: str
    missing: tuple[str, ...]


def new_metric(
    metric_id: str, formula: str, configuration: Configuration, *, function: str, templates: Path = TEMPLATES
) -> NewEntry:
    """Return a metric for ``metrics/<function>.yaml``; it is refused until what is missing is filled in.

    Raises:
        ConfigurationError: if the id is no id or is taken.
    """
    _refuse_unless_free(metric_id, set(configuration.metrics))
    _refuse_unless_an_id(function)
    text = _fill(
        templates / "new_metric.yaml",
        metric_id=metric_id,
        name_en=metric_id.replace("_", " ").capitalize(),
        name_fa="",
        formula=_quoted(formula),
        units=", ".join(get_args(Unit)),
    )
    return NewEntry(f"metrics/{function}.yaml", text, ("name.fa", *FIELDS_OF_A_METRIC))


def new_kpi(
    metric_id: str, configuration: Configuration, *, function: str | None, today: date, templates: Path = TEMPLATES
) -> NewEntry:
    """Return a draft of a KPI on a metric, for ``kpis/<function>.yaml``, or ``kpis/company.yaml`` without function.

    A draft is valid as it stands: it is checked for what is missing when its status becomes ``active``.

    Raises:
        ConfigurationError: if there is no such metric, it has a KPI already, or the function is no id.
    """
    metric = configuration.metrics.get(metric_id)
    if metric is None:
        raise ConfigurationError(f'there is no metric "{metric_id}"; kpi metrics lists them')
    _refuse_unless_free(metric_id, set(configuration.kpis))
    if function is not None:
        _refuse_unless_an_id(function)
    next_week = configuration.calendar.next_period(configuration.calendar.period_of("week", today))
    text = _fill(
        templates / "new_kpi.yaml",
        kpi_id=metric_id,
        metric_id=metric_id,
        today=next_week.start,
        class_lines="  class: business" if function is None else f"  class: function\n  function: {function}",
        unit=_unit(metric, configuration),
        comparator=">=" if metric.direction == "higher_better" else "<=",
        first_week=next_week.start - QUARTER,
        last_week=next_week.start - ONE_WEEK,
        deadline=next_week.start + HALF_A_YEAR - timedelta(days=1),
        next_review=next_week.start + FOUR_WEEKS,
        expires_on=next_week.start + HALF_A_YEAR,
    )
    return NewEntry(f"kpis/{function or 'company'}.yaml", text, PARTS)


def new_goals_from_template(profile: Profile, *, today: date, templates: Path = TEMPLATES) -> NewEntry:
    """Return a ``goals.yaml`` of examples for a kind of business, every entry marked ``example: true``."""
    text = goals_text(profile, today=today, templates=templates)
    return NewEntry("goals.yaml", text, example_ids(text))


def add_entry(entry: NewEntry, directory: Path) -> Path:
    """Add an entry at the end of its file in the configuration folder and return the file; make it if need be.

    Raises:
        ConfigurationError: if the file cannot be read or already has one of the entry's keys; nothing is written then.
    """
    path = directory / entry.file
    present = path.read_bytes() if path.exists() else b""
    if present:
        document = read_yaml(present, path)
        if document.problems or not isinstance(document.value, dict | None):
            raise ConfigurationError(f"{path} has problems of its own; see kpi check")
        wanted = read_yaml(entry.text.encode(), path).value
        assert isinstance(wanted, dict)
        if taken := sorted(set(document.value or {}) & set(wanted)):
            raise ConfigurationError(f"{path} already has {', '.join(taken)}; nothing was written")
    else:
        present = _schema_line(entry.file).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    between = b"\n" if present.endswith(b"\n") else b"\n\n"
    path.write_bytes(present + between + entry.text.encode())
    return path


def _schema_line(file: str) -> str:
    """The line by which an editor finds the schema of a new file."""
    pattern = re.sub(r"/.*", "/*.yaml", file)
    name, _ = KINDS[pattern]
    return f"# yaml-language-server: $schema={'../' * (file.count('/') + 1)}schemas/{name}.json\n"


def _fill(template: Path, **values: object) -> str:
    return Template(template.read_text(encoding="utf-8")).substitute({key: str(value) for key, value in values.items()})


def _quoted(formula: str) -> str:
    return "'" + formula.replace("'", "''") + "'" if re.search(r"[:#'\"{}\[\]&*!|>%@`,]", formula) else formula


def _unit(metric: Metric, configuration: Configuration) -> str:
    return configuration.company.reporting_currency if metric.unit == "currency" else metric.unit


def _refuse_unless_an_id(name: str) -> None:
    if not re.search(IDENTIFIER_PATTERN, name):
        raise ConfigurationError(f'"{name}" is not an id; use 2 to 64 small letters, digits and underscores')


def _refuse_unless_free(name: str, taken: set[str]) -> None:
    _refuse_unless_an_id(name)
    if name in taken:
        raise ConfigurationError(f'"{name}" is already defined; choose another id or edit that entry')
