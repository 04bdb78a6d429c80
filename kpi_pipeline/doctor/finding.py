"""What a check of the installation found.

Here: the values alone. How they look belongs to ``console.doctor``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from kpi_pipeline.pipeline import Installation

Level = Literal["good", "warning", "problem"]
Fact = str | int | float | None


@dataclass(frozen=True)
class Finding:
    """One line of the examination.

    Attributes:
        subject: what was looked at, one word or two.
        level: "problem" where values are wrong, missing or about to be; "warning" where somebody should look.
        advice: what to do; empty where nothing is to be done.
        facts: the same for scripts.
    """

    subject: str
    level: Level
    message: str
    advice: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True)
class Examined:
    """What is looked at: an installation, and the environment that it was found in."""

    installation: Installation
    environment: Mapping[str, str] = field(repr=False)
