"""One report of one week: which edition is due, whether it may go, and to whom.

Here: the order of decisions. Each of them belongs to its own module: ``corrections``, ``compose``, ``gate``,
``exposure``, ``dispatch``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

from kpi_pipeline.calendar.clock import Clock
from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.delivery import Recipient
from kpi_pipeline.config.delivery_checks import mailbox
from kpi_pipeline.config.model import Language
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.report import Audience, Report
from kpi_pipeline.delivery.channel import Outcome
from kpi_pipeline.delivery.compose import EditionOrder, compose_edition
from kpi_pipeline.delivery.corrections import DueEdition, due_edition
from kpi_pipeline.delivery.delivery_ledger import Contents, DeliveryLedger, Place, State
from kpi_pipeline.delivery.dispatch import Dispatcher
from kpi_pipeline.delivery.edition import Edition
from kpi_pipeline.delivery.exposure import ExposureCheck
from kpi_pipeline.delivery.mail_message import message_id
from kpi_pipeline.delivery.outbox import write_to_outbox
from kpi_pipeline.delivery.owner_alert import held_alert
from kpi_pipeline.delivery.senders import Senders
from kpi_pipeline.delivery.team import owners
from kpi_pipeline.errors import DeliveryError
from kpi_pipeline.reports.issue import report_name
from kpi_pipeline.reports.snapshot_reading import snapshot_day
from kpi_pipeline.sources.api.pacing import Pacing, real_pacing
from kpi_pipeline.warehouse.snapshot import current_snapshot

# An alert goes by mail, and is a delivery of its own.
ALERT = "alert"


@dataclass(frozen=True)
class Delivered:
    """What became of one copy.

    Attributes:
        state: ``held`` where the edition was kept back; else the state in the ledger.
        is_news: whether this run brought it about.
    """

    report: str
    audience: Audience
    week_start: date
    revision: int
    channel: str
    recipient: str
    language: str
    state: State | Literal["held"]
    reason: str
    is_news: bool

    @property
    def is_good(self) -> bool:
        """Whether nobody has to do anything about it."""
        return self.state in ("sent", "skipped", "claimed")


@dataclass(frozen=True)
class Post:
    """What delivering needs."""

    configuration: Configuration
    paths: Paths
    clock: Clock
    senders: Senders
    pacing: Pacing = field(default_factory=real_pacing)

    @cached_property
    def exposure(self) -> ExposureCheck:
        """The check of what goes to executives."""
        return ExposureCheck(Audiences(self.configuration))


class DeliveryRound:
    """Delivers one report of one week."""

    def __init__(self, post: Post, ledger: DeliveryLedger, report_id: str, report: Report, is_dry_run: bool) -> None:
        self._post, self._ledger, self._report_id, self._report = post, ledger, report_id, report
        self._delivery = post.configuration.delivery
        self._is_earnest = self._delivery.enabled and not is_dry_run
        self._kpis = report.chosen(post.configuration.kpis)
        self._editions: dict[Language, Edition] = {}
        # Channel → what stopped it for everybody: a wrong password is not tried on each recipient.
        self._stopped: dict[str, Outcome] = {}

    def deliver(self, week: date | None) -> Iterator[Delivered]:
        """Deliver to one recipient after the other, and tell what became of each."""
        recipients = self._recipients()
        if not recipients:
            return
        paths, calendar = self._post.paths, self._post.configuration.calendar
        if week is not None:
            week_start = calendar.period_of("week", week).start
        else:
            day = snapshot_day(current_snapshot(paths.published, self._report.audience))
            week_start = calendar.last_complete_week(day).start
        due = due_edition(
            self._ledger,
            paths.published,
            report=self._report_id,
            audience=self._report.audience,
            week_start=week_start,
            kpis=self._kpis,
        )
        for recipient in recipients:
            place = Place(week_start, self._report_id, due.revision, recipient.channel, recipient.to)
            entry = self._ledger.entry(place)
            if entry is not None and entry.state in ("sent", "claimed", "unknown"):
                yield self._told(place, recipient.language, is_news=False)
                continue
            edition = self._edition(due, week_start, recipient.language)
            if self._is_earnest and self._is_to_be_held(edition):
                self._tell_owners(due, week_start)
                yield self._told(place, recipient.language, is_news=True, held="; ".join(edition.gaps))
            else:
                self._send(due, edition, place, recipient)
                yield self._told(place, recipient.language, is_news=True)

    def _recipients(self) -> list[Recipient]:
        """Each mailbox once, as it is written first."""
        found: dict[tuple[str, str], Recipient] = {}
        for one in self._delivery.recipients:
            if one.report == self._report_id:
                found.setdefault((one.channel, mailbox(one.to) if one.channel == "mail" else one.to), one)
        return [one.model_copy(update={"to": to}) for (_, to), one in found.items()]

    def _edition(self, due: DueEdition, week_start: date, language: Language) -> Edition:
        if language not in self._editions:
            self._editions[language] = compose_edition(
                EditionOrder(
                    report=self._report_id,
                    name=report_name(self._report_id, self._kpis),
                    audience=self._report.audience,
                    snapshot=due.snapshot,
                    week_start=week_start,
                    revision=due.revision,
                    language=language,
                    kpis=self._kpis,
                    changes=due.changes,
                    archive_url=self._delivery.archive_url,
                )
            )
        return self._editions[language]

    def _is_to_be_held(self, edition: Edition) -> bool:
        is_strict = self._report.audience == "executive" and self._delivery.incomplete == "hold"
        return is_strict and not edition.is_complete

    def _send(self, due: DueEdition, edition: Edition, place: Place, recipient: Recipient) -> None:
        contents, now = self._contents(due, edition, place), self._post.clock.now()
        if (stopped := self._stopped.get(recipient.channel)) is not None:
            self._ledger.refuse(place, contents, stopped.reason, now)
            return
        sender = self._post.senders.of(recipient.channel)
        try:
            parcel = sender.parcel(edition, place)
        except DeliveryError as error:
            self._ledger.refuse(place, contents, str(error), now)
            return
        if self._report.audience == "executive" and (problem := self._post.exposure.problem(parcel)):
            self._ledger.refuse(place, contents, f"refused: {problem}", now)
        elif self._is_earnest:
            outcome = self._dispatcher.send(sender, parcel, place, contents)
            if outcome is not None and outcome.is_channel_wide:
                self._stopped[recipient.channel] = outcome
        else:
            write_to_outbox(self._post.paths.outbox, edition, parcel, place)
            held = "; in earnest it would be held back" if self._is_to_be_held(edition) else ""
            self._ledger.skip(place, contents, f"written to the outbox{held}", now)

    def _tell_owners(self, due: DueEdition, week_start: date) -> None:
        for owner in owners(self._delivery, self._post.configuration.reports):
            place = Place(week_start, self._report_id, due.revision, ALERT, mailbox(owner.address))
            alert = held_alert(self._edition(due, week_start, owner.language))
            sender = self._post.senders.of("mail")
            self._dispatcher.send(sender, sender.parcel(alert, place), place, self._contents(due, alert, place))

    @property
    def _dispatcher(self) -> Dispatcher:
        return Dispatcher(self._ledger, self._post.clock.now, self._post.pacing)

    def _contents(self, due: DueEdition, edition: Edition, place: Place) -> Contents:
        smtp = self._delivery.smtp
        domain = smtp.sender.rpartition("@")[2] if smtp else "kpi-pipeline"
        own_id = message_id(place, edition.language, domain)
        return Contents(edition.audience, edition.language, edition.snapshot_id, due.published_at, own_id)

    def _told(self, place: Place, language: str, *, is_news: bool, held: str | None = None) -> Delivered:
        state: State | Literal["held"] = "held"
        reason = held or ""
        if held is None:
            entry = self._ledger.entry(place)
            assert entry is not None
            state, reason = entry.state, entry.reason
        return Delivered(
            report=place.report,
            audience=self._report.audience,
            week_start=place.week_start,
            revision=place.revision,
            channel=place.channel,
            recipient=place.recipient,
            language=language,
            state=state,
            reason=reason,
            is_news=is_news,
        )
