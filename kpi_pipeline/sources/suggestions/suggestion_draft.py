"""A source's YAML while it is being suggested: its lines, what was detected, and what nobody could be sure about.

Here: collecting and writing. What is found out about a file belongs to ``suggestion`` and ``mapping_suggestion``.
"""

import json
import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Suggestion:
    """A source's configuration, made from a sample.

    Attributes:
        system: the system that it names.
        yaml: the file's text.
        detected: what was found out, in sentences.
        unsure: what a person must decide, in sentences; each has its comment in the text.
    """

    system: str
    yaml: str
    detected: tuple[str, ...]
    unsure: tuple[str, ...]


@dataclass
class Draft:
    """Lines of YAML and sentences about them, in the order in which they are found."""

    lines: list[str] = field(default_factory=list)
    detected: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)

    def set(self, key: str, value: object, indent: int = 0) -> None:
        """Add one setting."""
        self.lines.append(f"{' ' * indent}{key}: {written(value)}")

    def found(self, sentence: str) -> None:
        """Tell what was detected."""
        self.detected.append(sentence)

    def doubt(self, setting: str, sentence: str, indent: int = 0) -> None:
        """Leave a setting out, with a comment in its place, and say why."""
        sentence = " ".join(sentence.split())
        self.lines.append(f"{' ' * indent}# unsure: {setting}  # {sentence}")
        self.unsure.append(f"{setting.partition(':')[0]}: {sentence}")

    def doubt_options(self, system: str, names: tuple[str, ...]) -> None:
        """Leave the settings open that a system cannot do without."""
        if names:
            listed = ", ".join(f"{name}: ..." for name in names)
            self.doubt(f"options: {{{listed}}}", f"{system} needs {' and '.join(names)}; docs/sources.md says what for")

    def suggestion(self, system: str, heading: str) -> Suggestion:
        """Return what was collected."""
        text = "\n".join([f"# {heading}", *self.lines]) + "\n"
        return Suggestion(system, text, tuple(self.detected), tuple(self.unsure))


def written(value: object) -> str:
    """Write a value as YAML: plain where that is safe, else as JSON, which YAML reads too."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {written(entry)}" for key, entry in value.items()) + "}"
    if (
        isinstance(value, str)
        and re.fullmatch(r"[A-Za-z][A-Za-z_]{2,}", value)
        and value.lower() not in ("yes", "null", "true", "false", "off")
    ):
        return value
    return json.dumps(value, ensure_ascii=False)
