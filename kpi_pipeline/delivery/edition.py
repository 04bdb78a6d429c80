"""What goes out: one week's report for one audience in one language, complete and independent of any channel.

Here: the values that every channel makes its own form from. Making them from a snapshot belongs to ``compose``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from kpi_pipeline.config.model import Language
from kpi_pipeline.config.report import Audience


@dataclass(frozen=True)
class Attachment:
    """A file that belongs to an edition."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class ChatMessage:
    """What a chat service shows."""

    text: str
    link: str | None = None


@dataclass(frozen=True)
class Edition:
    """One edition of a report.

    Attributes:
        report: its id in ``reports.yaml``.
        revision: 0 for the first edition of a week, one more for each correction.
        company: the name that mail is sent under.
        text: the report as plain text; every fact of it stands here too.
        html: the report as the body of a mail; only text is sent where absent.
        images: content id → PNG, for pictures inside ``html``.
        attachments: the pages and the workbook.
        page: the report as a web page, for where files are put; a mail shows its own form of it.
        message: what is said in chat.
        facts: what a program reads, as JSON can hold it.
        gaps: what is missing in the inputs, in the edition's language; empty when they are complete.
    """

    report: str
    audience: Audience
    week_start: date
    revision: int
    language: Language
    snapshot_id: str
    company: str
    subject: str
    text: str
    message: ChatMessage
    facts: Mapping[str, object]
    html: str | None = None
    images: Mapping[str, bytes] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    page: Attachment | None = None
    gaps: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing in its inputs."""
        return not self.gaps

    @property
    def files(self) -> tuple[Attachment, ...]:
        """Everything that is put into a folder."""
        return (*self.attachments, *([self.page] if self.page else []))
