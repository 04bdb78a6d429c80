"""The news of some incidents as one message in one language: plain text, a page for mail, a line for chat, facts.

Here: the words and their order. Texts come from outside and may hold anything: they are cleaned in ``safe_text`` before
they get here. Whom the message goes to belongs to ``announce``.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from kpi_pipeline.alerts.alert_ledger import EVENTS, Event, News
from kpi_pipeline.config.company import Company
from kpi_pipeline.config.model import Language
from kpi_pipeline.delivery.edition import ChatMessage, Edition
from kpi_pipeline.wording.dates import format_day
from kpi_pipeline.wording.language import Language as Words
from kpi_pipeline.wording.language import load_language
from kpi_pipeline.wording.numbers import write_digits
from kpi_pipeline.wording.outside_text import MESSAGE_LIMIT, clean_text, isolate

TEMPLATES = Path(__file__).parent / "templates"
MARKS: dict[Event, str] = {"began": "■", "lasts": "▲", "ended": "✔"}


@dataclass(frozen=True)
class Item:
    """One incident as it is shown."""

    kind: str
    what: str
    advice: str
    time: str


@dataclass(frozen=True)
class Section:
    """What has the same kind of news."""

    event: Event
    mark: str
    title: str
    items: tuple[Item, ...]


def alert_edition(name: str, company: Company, language: Language, news: Sequence[News], now: datetime) -> Edition:
    """Make the message.

    Args:
        name: what it is called in names of files and headers.
        company: who it is about, and whose time zone its times are in.
        language: its language.
        news: what it tells, at least one.
        now: when it was seen.
    """
    words = load_language(language)
    sections = tuple(_sections(words, news, company, now))
    title = getattr(company.name, language)
    footer = words.text(
        "alert.footer", moment=_moment(now, words, company), zone=_apart(company.time_zone, words), command="kpi doctor"
    )
    subject = _subject(title, words, news)
    lines = list(_lines(sections))
    return Edition(
        report=name,
        audience="internal",
        week_start=now.astimezone(ZoneInfo(company.time_zone)).date(),
        revision=0,
        language=language,
        snapshot_id="",
        company=title,
        subject=subject,
        text="\n".join([*lines, footer]) + "\n",
        message=ChatMessage("\n".join([title, "", *lines]).rstrip()),
        facts={"company": title, "alerts": [_fact(one) for one in news]},
        html=_template().render(
            language=language, direction=words.direction, company=title, sections=sections, footer=footer
        ),
    )


def _sections(words: Words, news: Sequence[News], company: Company, now: datetime) -> Iterator[Section]:
    for event in EVENTS:
        items = tuple(_item(words, one, company, now) for one in news if one.event == event)
        if items:
            yield Section(event, MARKS[event], words.text(f"alert.{event}"), items)


def _item(words: Words, news: News, company: Company, now: datetime) -> Item:
    incident, begin = news.incident, _moment(news.began_at, words, company)
    is_over = news.event == "ended"
    return Item(
        kind=words.text(f"alert.{incident.kind}"),
        what=_apart(incident.what, words),
        advice="" if is_over or not incident.advice else _advice(incident.advice, words),
        time=words.text("alert.lasted", begin=begin, end=_moment(now, words, company))
        if is_over
        else words.text("alert.since", moment=begin),
    )


def _lines(sections: Sequence[Section]) -> Iterator[str]:
    for section in sections:
        yield f"{section.mark} {section.title}"
        for item in section.items:
            yield f"- {item.kind}: {item.what}"
            if item.advice:
                yield f"  {item.advice}"
            yield f"  {item.time}"
        yield ""


def _subject(company: str, words: Words, news: Sequence[News]) -> str:
    if len(news) == 1:
        (one,) = news
        mark = MARKS[one.event]
        return words.text("alert.subject", company=company, what=f"{mark} {one.incident.what}")
    counts = Counter(one.event for one in news)
    written = [
        words.text(f"alert.count_{event}", count=write_digits(str(counts[event]), words))
        for event in EVENTS
        if counts[event]
    ]
    return words.text("alert.subject", company=company, what=words.join(written))


def _advice(advice: str, words: Words) -> str:
    return words.text("alert.advice", advice=_apart(advice, words))


def _moment(instant: datetime, words: Words, company: Company) -> str:
    local = instant.astimezone(ZoneInfo(company.time_zone))
    time = write_digits(f"{local:%H:%M}", words)
    return words.text("alert.moment", day=format_day(local.date(), words), time=time)


def _apart(text: str, words: Words) -> str:
    """Outside text in a line from right to left keeps its own direction."""
    return isolate(text) if words.direction == "rtl" else text


def _fact(news: News) -> dict[str, str]:
    incident = news.incident
    return {
        "event": news.event,
        "kind": incident.kind,
        "key": incident.key,
        "what": clean_text(incident.what, MESSAGE_LIMIT),
        "advice": clean_text(incident.advice, MESSAGE_LIMIT),
        "since": news.began_at.astimezone(UTC).isoformat(timespec="seconds"),
    }


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("alert.html.jinja")
