"""An office, a mail server with a certificate of its own authority, and waiting that takes no time."""

from functools import cache
from pathlib import Path

import pytest

from kpi_pipeline.delivery import delivery_round
from kpi_pipeline.delivery.compose import compose_edition
from tests.unit.delivery.mail_server import MailServer
from tests.unit.delivery.office import Office, small_delivery, smtp

# Equal orders give equal editions, so that offices that share a snapshot can share the work.
shared_compose = cache(compose_edition)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office with a published week; its mail server is not there."""
    monkeypatch.setattr(delivery_round, "compose_edition", shared_compose)
    made = Office(tmp_path / "data", small_delivery())
    made.publish(audiences=("executive", "internal"))
    return made


@pytest.fixture
def mailing(office: Office, server: MailServer) -> Office:
    """An office whose mail goes to the running server."""
    office.change(smtp=smtp(server.port))
    return office
