"""Delivering the reports of one week to everybody who has not got them yet.

Here: going through the reports. What is decided about each of them belongs to ``delivery_round``. Running it again is
safe at any time: the ledger decides.
"""

from collections.abc import Collection
from datetime import date

from kpi_pipeline.calendar.clock import Clock
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.delivery.delivery_ledger import DeliveryLedger
from kpi_pipeline.delivery.delivery_round import Delivered, DeliveryRound, Post
from kpi_pipeline.delivery.senders import Senders


def make_post(configuration: Configuration, paths: Paths, clock: Clock, secrets: Secrets) -> Post:
    """Return what delivering needs, with the channels of the configuration."""
    senders = Senders(configuration.delivery, secrets, clock.now, paths.data)
    return Post(configuration, paths, clock, senders)


def deliver_reports(
    post: Post,
    *,
    week: date | None = None,
    audiences: Collection[str] = (),
    reports: Collection[str] = (),
    is_dry_run: bool = False,
) -> list[Delivered]:
    """Deliver the reports of a week and return what became of each copy.

    Args:
        post: what delivering needs.
        week: a day of the week; the last complete week of each snapshot when absent.
        audiences: whose reports to deliver; all when empty.
        reports: ids of the reports to deliver; all when empty.
        is_dry_run: whether to write to the outbox although delivery is enabled.
    """
    delivered: list[Delivered] = []
    with DeliveryLedger(post.paths.delivery_ledger) as ledger:
        ledger.expire(post.clock.now())
        for report_id, report in post.configuration.reports.items():
            if (not audiences or report.audience in audiences) and (not reports or report_id in reports):
                delivered += DeliveryRound(post, ledger, report_id, report, is_dry_run).deliver(week)
    return delivered
