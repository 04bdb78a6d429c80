"""An office whose team is told what goes wrong, by a mail server whose authority is trusted."""

from pathlib import Path

import pytest

from kpi_pipeline.config.delivery import TeamChannel
from tests.unit.alerts.team_office import TeamOffice
from tests.unit.delivery.mail_server import MailServer
from tests.unit.delivery.office import small_delivery, smtp


@pytest.fixture
def office(tmp_path: Path, server: MailServer) -> TeamOffice:
    (tmp_path / "data").mkdir()
    team = (TeamChannel(channel="mail", to="team@shop.test"),)
    return TeamOffice(tmp_path / "data", small_delivery(smtp=smtp(server.port), alerts=team))
