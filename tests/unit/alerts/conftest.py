"""An office whose team is told what goes wrong, by a mail server whose authority is trusted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi_pipeline.config.delivery import TeamChannel
from tests.unit.alerts.team_office import TeamOffice
from tests.unit.delivery.mail_server import Authority, MailServer, make_authority
from tests.unit.delivery.office import small_delivery, smtp


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trusted))
    with MailServer(authority.server) as running:
        yield running


@pytest.fixture
def office(tmp_path: Path, server: MailServer) -> TeamOffice:
    (tmp_path / "data").mkdir()
    team = (TeamChannel(channel="mail", to="team@shop.test"),)
    return TeamOffice(tmp_path / "data", small_delivery(smtp=smtp(server.port), alerts=team))
