"""Questions of a survey that a source names in words, while the tool's answers name them by identifiers.

Here: the one question that a name means. How a tool lists its questions belongs to the systems; what an answer means to
``survey_answers``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_pipeline.sources.files.refused_file import RefusedFile


@dataclass(frozen=True)
class Question:
    """One question of a survey.

    Attributes:
        reference: another name that the tool has for it; empty where it has none.
    """

    identifier: str
    title: str
    reference: str = ""

    def has_name(self, name: str) -> bool:
        """Tell whether it is called so; of its title, letter case and spaces do not matter."""
        return name in (self.identifier, self.reference) or _unified(name) == _unified(self.title)


def named_question(file_name: str, option: str, names: Sequence[str], questions: Sequence[Question]) -> str:
    """Return the identifier of the one question that a setting names.

    Args:
        file_name: for messages.
        option: the setting.
        names: what it says.
        questions: all of the survey.

    Raises:
        RefusedFile: none of them has such a name, or several have.
    """
    found = [question for question in questions if any(map(question.has_name, names))]
    if len(found) == 1:
        return found[0].identifier
    raise RefusedFile(
        file_name,
        found=f"{len(found)} questions named {' or '.join(map(repr, names))}",
        expected=f"one of {', '.join(repr(question.title) for question in questions)}",
        advice=f"options.{option} must name one question; name it by its identifier where titles are alike.",
    )


def _unified(title: str) -> str:
    return " ".join(title.split()).casefold()
