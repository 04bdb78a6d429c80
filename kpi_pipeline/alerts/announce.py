"""Telling the data team what went wrong, that it still does, and that it is over; each of it once.

Here: from incidents to what became of each message. Who the team is belongs to ``delivery.team``, what is due to
``alert_ledger``, the words to ``alert_message``. Repeating a call is safe, also at the same time: the ledger decides.
"""

import logging
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256

from kpi_pipeline.alerts.alert_ledger import AlertLedger, Desk, News, Told
from kpi_pipeline.alerts.alert_message import alert_edition
from kpi_pipeline.alerts.incident import Incident
from kpi_pipeline.alerts.safe_text import safe_text
from kpi_pipeline.config.delivery import TeamChannel
from kpi_pipeline.delivery.channel import Outcome, Parcel
from kpi_pipeline.delivery.delivery_ledger import Place
from kpi_pipeline.delivery.delivery_round import Post
from kpi_pipeline.delivery.folder import write_files
from kpi_pipeline.delivery.team import team_channels
from kpi_pipeline.delivery.tries import outcome_of_tries
from kpi_pipeline.errors import DeliveryError, KpiPipelineError

OUTBOX = "alerts"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Announced:
    """What became of one message.

    Attributes:
        news: on how many incidents.
        is_told: whether it arrived, or was written to the outbox while delivery is not enabled.
        reason: why not, or what is odd about it.
    """

    channel: str
    recipient: str
    news: int
    is_told: bool
    reason: str


def announce(post: Post, found: Collection[Incident], scope: str, *, is_everything: bool = True) -> list[Announced]:
    """Tell each channel of the team what is news to it, in one message; return the messages, none without news.

    Args:
        post: what delivering needs.
        found: the incidents that are there now.
        scope: who looks. What this scope told before and does not find any more is over.
        is_everything: False where the scope could not look at everything: then nothing is over.
    """
    configuration = post.configuration
    channels = team_channels(configuration.delivery, configuration.reports)
    if found and not channels:
        _LOG.error(
            "%d incident(s), and nobody to tell: config/delivery.yaml names neither alerts nor an owner, and nobody"
            " gets an internal report by mail",
            len(found),
        )
    announced = [one for channel in channels for one in _tell(post, channel, found, scope, is_everything)]
    for one in announced:
        if not one.is_told:
            _LOG.error("the data team could not be told by %s: %s", one.channel, one.reason)
    return announced


def _tell(
    post: Post, channel: TeamChannel, found: Collection[Incident], scope: str, is_everything: bool
) -> Iterator[Announced]:
    told = _in_language(post, channel, found)
    now = post.clock.now()
    desk = Desk(scope, channel.channel, channel.to, is_earnest=post.configuration.delivery.enabled)
    try:
        with AlertLedger(post.paths.alert_ledger) as ledger:
            claim, news = ledger.claim(desk, told, now, is_everything=is_everything)
    except (OSError, sqlite3.Error) as error:
        # A disk that is full or gone is among the things to tell, and must not keep them from being told.
        news = tuple(News("began", one, now) for one in told)
        if news:
            outcome = _handed_over(post, channel, news, now)
            note = f"it cannot be noted, and comes again with the next look: {error}"
            yield _announced(channel, news, outcome, note)
        return
    if not news:
        return
    outcome = Outcome("unknown", "sending was interrupted")
    note = ""
    try:
        outcome = _handed_over(post, channel, news, now)
    finally:
        try:
            with AlertLedger(post.paths.alert_ledger) as ledger:
                ledger.settle(desk, claim, is_told=outcome.state == "sent", now=post.clock.now())
        except (OSError, sqlite3.Error) as error:
            note = f"it cannot be noted, and comes again: {error}"
    yield _announced(channel, news, outcome, note)


def _announced(channel: TeamChannel, news: Sequence[News], outcome: Outcome, note: str) -> Announced:
    reason = "; ".join(part for part in (outcome.reason, note) if part)
    return Announced(channel.channel, channel.to, len(news), outcome.state == "sent", reason)


def _in_language(post: Post, channel: TeamChannel, found: Collection[Incident]) -> list[Told]:
    secrets = post.senders.secrets
    return [
        Told(
            key=one.key,
            kind=one.kind,
            what=safe_text(one.what, channel.language, secrets),
            advice=safe_text(one.advice, channel.language, secrets),
        )
        for one in found
    ]


def _handed_over(post: Post, channel: TeamChannel, news: Sequence[News], now: datetime) -> Outcome:
    configuration = post.configuration
    name = f"alert-{_digest(news)}"
    try:
        edition = alert_edition(name, configuration.company, channel.language, news, now)
        place = Place(edition.week_start, name, 0, channel.channel, channel.to)
        sender = post.senders.of(channel.channel)
        parcel = sender.parcel(edition, place)
        if configuration.delivery.enabled:
            return outcome_of_tries(partial(sender.attempt, parcel, place), post.pacing)
        _write_to_outbox(post, parcel, place)
    except (KpiPipelineError, OSError) as error:
        return Outcome("failed", str(error))
    return Outcome("sent", "written to the outbox")


def _write_to_outbox(post: Post, parcel: Parcel, place: Place) -> None:
    # A disk that is not mounted is not replaced by a folder.
    if not post.paths.data.is_dir():
        raise DeliveryError(f"{post.paths.data}: no data folder, so there is no outbox either")
    folder = post.paths.outbox / OUTBOX / f"{place.week_start}-{place.report}"
    folder.mkdir(parents=True, exist_ok=True)
    write_files(folder, parcel.files)


def _digest(news: Sequence[News]) -> str:
    """The same news has the same name, so that a receiver knows a second copy."""
    parts = (f"{one.event} {one.incident.key} {one.began_at.isoformat()}" for one in news)
    return sha256("\n".join(parts).encode()).hexdigest()[:8]
