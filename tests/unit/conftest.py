"""A mail server with a certificate of its own authority, for whatever sends mail."""

from collections.abc import Iterator

import pytest

from tests.unit.delivery.mail_server import Authority, MailServer, make_authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """A running mail server whose authority is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trusted))
    with MailServer(authority.server) as running:
        yield running
