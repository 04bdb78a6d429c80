"""Goals of typical companies, put together from ``templates/goals`` for one kind of business.

Here: choosing the files of a profile and joining their sections. What the examples say stands in the files; that none
of them is taken for a goal of the company is checked in ``example_checks``.
"""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from kpi_pipeline.config.metric import Profile

SECTIONS = ("owners", "criteria", "objectives", "success_factors", "questions")
QUARTER = timedelta(weeks=13)
HEAD = """\
# Examples of goals for a company of the kind {profile}. Keep what you want, say it in your own words, put in your
# own people, dates and departments, and remove the line example: true of every entry that has become yours: until then
# it is refused. Every success factor needs a KPI: kpi new kpi METRIC writes one.
"""
SECTION = re.compile(r"^(\w+):\n((?:(?:[ #].*)?\n)*)", re.MULTILINE)
ENTRY = re.compile(r"^  (\w+):\n((?:    .*\n)+)", re.MULTILINE)
PLACEHOLDER_DAY = "2000-01-01"


def goals_text(profile: Profile, *, today: date, templates: Path) -> str:
    """Return the text of a ``goals.yaml``: the owners that are named, and the goals of a profile."""
    themes = yaml.safe_load((templates / "profiles.yaml").read_text(encoding="utf-8"))[profile]
    files = [templates / "owners.yaml", *(templates / "goals" / f"{theme}.yaml" for theme in themes)]
    entries: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for file in files:
        for section, body in SECTION.findall(file.read_text(encoding="utf-8")):
            entries[section] |= {name: f"  {name}:\n{fields}" for name, fields in ENTRY.findall(body)}
    named = set(re.findall(r"(?:owner|approved_by): (\w+)", "".join(entries["objectives"].values())))
    entries["owners"] = {name: text for name, text in entries["owners"].items() if name in named}
    sections = (f"{section}:\n{''.join(entries[section].values())}" for section in SECTIONS)
    text = HEAD.format(profile=profile) + "\n" + "\n".join(sections)
    text = text.replace(f"approved_on: {PLACEHOLDER_DAY}", f"approved_on: {today}")
    return text.replace(f"review_on: {PLACEHOLDER_DAY}", f"review_on: {today + QUARTER}")


def example_ids(text: str) -> tuple[str, ...]:
    """Return the entries of a ``goals.yaml`` that are marked as examples, as ``section.id``."""
    goals: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(text)
    return tuple(
        f"{section}.{name}" for section, found in goals.items() for name, entry in found.items() if entry.get("example")
    )
