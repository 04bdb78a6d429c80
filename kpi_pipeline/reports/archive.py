"""The archive: all issued weeks of one audience as a folder that any web server can serve.

Here: copying what was issued, and an index of weeks in each language. Each audience has a folder of its own, so that
access can be given folder by folder; nothing in one refers to the other.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpi_pipeline.config.report import Audience
from kpi_pipeline.reports.html import template
from kpi_pipeline.reports.whole_files import replace_file

SERVED_FORMS = ("html", "pdf", "xlsx")


@dataclass(frozen=True)
class ArchivedWeek:
    """One week of the index; ``files`` are (ending, path below the audience's folder)."""

    report: dict[str, Any]
    files: tuple[tuple[str, str], ...]

    @property
    def page(self) -> str:
        """The path of the web page."""
        return dict(self.files)["html"]


def write_archive(reports: Path, site: Path, audience: Audience) -> Path:
    """Bring ``<site>/<audience>`` up to date with what was issued; return its first index.

    Args:
        reports: the folder of issued reports, ``<audience>/<week>/<name>.<language>.<ending>``.
        site: where archives lie.
        audience: whose. Each language that anything was issued in has an index; the first by its code is the one that
            is shown when none is asked for.
    """
    folder = site / audience
    folder.mkdir(parents=True, exist_ok=True)
    languages = sorted({path.name.split(".")[-2] for path in (reports / audience).glob("*/*.json")})
    indexes = {
        language: "index.html" if language == languages[0] else f"index.{language}.html" for language in languages
    }
    for language in languages:
        weeks = sorted(_weeks(reports / audience, folder, language), key=lambda week: week.page, reverse=True)
        others = {code: name for code, name in indexes.items() if code != language}
        page = template("archive.html.jinja").render(weeks=weeks, language=language, others=others)
        replace_file(folder / indexes[language], page.encode())
    return folder / "index.html"


def _weeks(issued: Path, folder: Path, language: str) -> Iterator[ArchivedWeek]:
    for frozen in sorted(issued.glob(f"*/*.{language}.json")):
        files = []
        for ending in SERVED_FORMS:
            source = frozen.with_suffix(f".{ending}")
            if source.is_file():
                place = folder / source.parent.name / source.name
                _copy_if_new(source, place)
                files.append((ending, place.relative_to(folder).as_posix()))
        if any(ending == "html" for ending, _ in files):
            yield ArchivedWeek(json.loads(frozen.read_text(encoding="utf-8")), tuple(files))


def _copy_if_new(source: Path, place: Path) -> None:
    if place.is_file() and place.read_bytes() == source.read_bytes():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    replace_file(place, source.read_bytes())
