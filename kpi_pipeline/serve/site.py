"""What all pages share: language, readers, addresses, and the links at their top.

Here: addresses. Every link on a page is made here, so that none leads outside or to another audience.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from kpi_pipeline.config.report import Audience
from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.snapshot_rows import SnapshotRow
from kpi_pipeline.wording.language import Language, load_language
from kpi_pipeline.wording.outside_text import NAME_LIMIT, clean_text, isolate
from kpi_pipeline.wording.phrasing import LANGUAGES

SECTIONS = {"weeks": "", "metrics": "metrics", "quality": "quality"}


@dataclass(frozen=True)
class Link:
    """A link of the navigation."""

    address: str
    text: str
    is_current: bool = False


@dataclass(frozen=True)
class LanguageLink:
    """The same page in another language."""

    address: str
    code: str
    name: str


@dataclass(frozen=True)
class Site:
    """One page's surroundings.

    Attributes:
        place: the page's address below its language, without a slash at its beginning.
        snapshot: the snapshot that is shown; None where there is none to be shown.
    """

    language: Language
    audience: Audience
    place: str
    snapshot: SnapshotRow | None = None

    @property
    def company(self) -> str:
        """The company's name."""
        row = self.snapshot
        return in_language(row.company_name_en, row.company_name_fa, self.language) if row else ""

    @property
    def reader(self) -> str:
        """For whom the pages are."""
        return self.language.text(f"reader.{self.audience}")

    @property
    def source(self) -> str:
        """Which snapshot is shown."""
        row = self.snapshot
        return self.language.text("page.snapshot", id=isolate(clean_text(row.snapshot_id))) if row else ""

    @property
    def label(self) -> Mapping[str, str]:
        """All words of the templates."""
        return self.language.section("findings") | self.language.section("label") | self.language.section("serve")

    @property
    def links(self) -> list[Link]:
        """The links to all sections."""
        section = self.place.partition("?")[0].partition("/")[0]
        return [
            Link(self.address(place), self.language.text(f"serve.{name}"), is_current=section == place)
            for name, place in SECTIONS.items()
        ]

    @property
    def others(self) -> list[LanguageLink]:
        """This page in the other languages."""
        return [
            LanguageLink(f"/{code}/{self.place}", code, load_language(code).text("serve.language"))
            for code in LANGUAGES
            if code != self.language.code
        ]

    @property
    def as_of(self) -> date:
        """The day on which the snapshot was made."""
        assert self.snapshot is not None
        return self.snapshot.as_of

    def address(self, place: str) -> str:
        """Return the address of a place in this language."""
        return f"/{self.language.code}/{place}"

    def week_address(self, week: date) -> str:
        """Return the address of a week's scorecard."""
        return self.address(f"weeks/{week.isoformat()}")

    def kpi_address(self, kpi_id: str, week: date | None = None) -> str:
        """Return the address of a KPI's page, of its last complete week where none is named."""
        return self.address(f"kpis/{quote(kpi_id, safe='')}" + (f"/{week.isoformat()}" if week else ""))

    def metric_address(self, metric_id: str) -> str:
        """Return the address of a metric's page."""
        return self.address(f"metrics/{quote(metric_id, safe='')}")

    def edition(self, week: date) -> Edition:
        """Return what the parts of a report share, for one week."""
        assert self.snapshot is not None
        return Edition(self.audience, self.language, week, self.snapshot.as_of, self.snapshot.money_shown_in)

    def variables(self) -> dict[str, Any]:
        """What every template gets."""
        return {"site": self, "label": self.label}


def in_language(english: str | None, persian: str | None, language: Language, limit: int = NAME_LIMIT) -> str:
    """Return a text of the snapshot in a language, in English where it has none, empty where there is neither."""
    text = (persian if language.code == "fa" else english) or english
    return clean_text(text, limit) if text else ""
