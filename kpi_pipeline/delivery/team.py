"""Who the data team is, and how it is reached.

Here: what ``delivery.yaml`` means where it names nobody. What the team is told belongs to ``owner_alert`` and to
``kpi_pipeline.alerts``.
"""

from collections.abc import Mapping

from kpi_pipeline.config.delivery import Delivery, Owner, TeamChannel
from kpi_pipeline.config.delivery_checks import mailbox
from kpi_pipeline.config.report import Report


def owners(delivery: Delivery, reports: Mapping[str, Report]) -> list[Owner]:
    """Return who answers for the reports: the named owner, else the readers of internal reports by mail."""
    if delivery.owner is not None:
        return [delivery.owner]
    return [
        Owner(address=one.to, language=one.language)
        for one in delivery.recipients
        if one.channel == "mail" and reports[one.report].audience == "internal"
    ]


def team_channels(delivery: Delivery, reports: Mapping[str, Report]) -> list[TeamChannel]:
    """Return how the team is told what went wrong, each place once."""
    named = delivery.alerts or [
        TeamChannel(channel="mail", to=one.address, language=one.language) for one in owners(delivery, reports)
    ]
    found: dict[tuple[str, str], TeamChannel] = {}
    for one in named:
        to = mailbox(one.to) if one.channel == "mail" else one.to
        found.setdefault((one.channel, to), one.model_copy(update={"to": to}))
    return list(found.values())
