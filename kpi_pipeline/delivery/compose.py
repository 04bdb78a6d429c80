"""An edition made from the frozen report of one snapshot.

Here: the plain text, the message for chat and the facts for programs, all from the report's own words, beside the forms
that ``reports`` lays out. What is done with an edition belongs to the channels.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from kpi_pipeline.config.model import Language
from kpi_pipeline.config.report import Audience
from kpi_pipeline.delivery.corrections import Change
from kpi_pipeline.delivery.edition import Attachment, ChatMessage, Edition
from kpi_pipeline.delivery.readiness import snapshot_gaps
from kpi_pipeline.reports.forms import fonts
from kpi_pipeline.reports.html import render_frozen
from kpi_pipeline.reports.mail import render_mail
from kpi_pipeline.reports.model import report_model
from kpi_pipeline.reports.pages import render_pages
from kpi_pipeline.reports.workbook import render_workbook
from kpi_pipeline.wording.language import Language as Words
from kpi_pipeline.wording.language import load_language

WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DIRECTION_MARKS = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069\u200e\u200f"))


@dataclass(frozen=True)
class EditionOrder:
    """Which edition to make.

    Attributes:
        name: what the report's files are called.
        kpis: the KPIs to show; all of the audience when absent.
        changes: what a correction corrects; empty for a first edition.
        archive_url: where the folder of reports is served.
    """

    report: str
    name: str
    audience: Audience
    snapshot: Path
    week_start: date
    revision: int
    language: Language
    kpis: Sequence[str] | None = None
    changes: tuple[Change, ...] = ()
    archive_url: str | None = None


def compose_edition(order: EditionOrder) -> Edition:
    """Make an edition; the same order gives an equal one.

    Raises:
        ReportError: if the snapshot does not allow it.
    """
    frozen = report_model(order.snapshot, order.audience, order.week_start, order.language, order.kpis).as_json()
    report: dict[str, Any] = json.loads(frozen)
    words = load_language(order.language)
    missing = snapshot_gaps(order.snapshot, order.audience, order.week_start, order.kpis, words)
    changes = _changes(order, words)
    subject = words.text(
        "delivery.subject", company=report["company"], title=report["title"], week=_plain(report["facts"][0])
    )
    if order.changes:
        subject = words.text("delivery.corrected", subject=subject)
    page = f"{order.name}.{order.language}.html"
    link = None
    if order.archive_url is not None:
        link = f"{order.archive_url.rstrip('/')}/{order.audience}/{order.week_start}/{page}"
    # The page says itself what was corrected since the first edition.
    mail = render_mail(frozen, fonts(), list(_notes(words, missing, () if report["correction"] else changes)))
    headline = [_plain(sentence) for sentence in report["headline"]]
    return Edition(
        report=order.report,
        audience=order.audience,
        week_start=order.week_start,
        revision=order.revision,
        language=order.language,
        snapshot_id=report["snapshot_id"],
        company=_plain(report["company"]),
        subject=_plain(subject),
        text=_readable("\n".join(_lines(report, words, missing, changes)), words) + "\n",
        message=ChatMessage(
            _readable("\n".join([_plain(subject), *_notes(words, missing, changes), *report["headline"]]), words), link
        ),
        facts={
            "company": _plain(report["company"]),
            "headline": headline,
            "changes": list(map(_plain, changes)),
            "kpis": [
                {
                    "objective": _plain(group["statement"]),
                    "kpi_id": kpi["kpi_id"],
                    "name": _plain(kpi["name"]["text"]),
                    "status": kpi["status"]["code"],
                    "value": _plain(kpi["value"]["text"]),
                    "change": _plain(kpi["change"]["text"]),
                    "target": _plain(kpi["target"]["text"]),
                    "owner": _plain(kpi["owner"]),
                }
                for group in report["objectives"]
                for kpi in group["kpis"]
            ],
        },
        html=mail.html,
        images=mail.images,
        attachments=(
            Attachment(f"{order.name}.{order.language}.pdf", "application/pdf", render_pages(frozen, fonts())),
            Attachment(f"{order.name}.{order.language}.xlsx", WORKBOOK_TYPE, render_workbook(frozen)),
        ),
        page=Attachment(page, "text/html", render_frozen(frozen).encode()),
        gaps=tuple(map(_plain, missing)),
    )


def _changes(order: EditionOrder, words: Words) -> list[str]:
    texts = [text for change in order.changes if (text := getattr(change, order.language))]
    if order.changes and not texts:
        return [words.text("delivery.changes_unknown")]
    return texts


def _notes(words: Words, missing: Sequence[str], changes: Sequence[str]) -> Iterator[str]:
    for heading, sentences in (("delivery.incomplete", missing), ("delivery.changes", changes)):
        if sentences:
            yield words.text(heading)
            yield from (f"- {sentence}" for sentence in sentences)


def _lines(report: Mapping[str, Any], words: Words, missing: Sequence[str], changes: Sequence[str]) -> Iterator[str]:
    yield f"{report['company']}: {report['title']}"
    yield from report["facts"]
    yield ""
    if missing or changes:
        yield from _notes(words, missing, changes)
        yield ""
    yield from report["headline"]
    for group in report["objectives"]:
        yield ""
        yield group["statement"]
        for kpi in group["kpis"]:
            yield from _kpi_lines(kpi, words)
    yield ""
    yield words.text("delivery.attached")
    yield words.text("delivery.footer", reader=report["reader"], source=report["source"])


def _kpi_lines(kpi: Mapping[str, Any], words: Words) -> Iterator[str]:
    facts = {
        "status": kpi["status"]["word"],
        "name": kpi["name"]["text"],
        "value": kpi["value"]["text"],
    }
    if kpi["change"]["text"]:
        yield "- " + words.text("delivery.kpi", change=kpi["change"]["text"], **facts)
    else:
        yield "- " + words.text("delivery.kpi_without_change", **facts)
    yield "  " + words.text("delivery.kpi_target", target=kpi["target"]["text"], owner=kpi["owner"])
    if kpi["action"]:
        yield "  " + kpi["action"]


def _readable(text: str, words: Words) -> str:
    """With marks of direction only where signs would change sides without them: some programs show them as boxes."""
    return text if words.direction == "rtl" else _plain(text)


def _plain(text: str) -> str:
    return str(text).translate(DIRECTION_MARKS)
