"""Access tokens from grants that stay the same: a refresh token that the vendor never replaces, a signed statement.

Here: the one question to a vendor's token address. Grants that are replaced with every use belong to ``access_token``;
asking again after a 401 to ``http_client``.
"""

from collections.abc import Mapping

from kpi_pipeline.sources.api.http_client import HttpClient
from kpi_pipeline.sources.api.pull import PullRequest

# A setting of the source: set in tests, and where a company reaches the vendor through an address of its own.
TOKEN_ENDPOINT = "token_endpoint"


def exchanged_token(request: PullRequest, address: str, form: Mapping[str, str]) -> str:
    """Exchange a grant for an access token, which stays out of all texts from then on.

    Args:
        request: the pull that needs it.
        address: the vendor's token address.
        form: the grant.

    Raises:
        RefusedFile: the vendor refuses, such as a grant that was taken back.
        ConfigurationError: the address is not https.
    """
    client = HttpClient(request.file_name, address, request.secrets, request.pacing, request.now)
    try:
        answer = client.ask("POST", address, form=form)
    finally:
        client.close()
    token = str(answer.body["access_token"])
    request.secrets.add(token)
    return token


def bearer_of_refresh_token(request: PullRequest, address: str) -> dict[str, str]:
    """Make the header of a new access token from the secrets ``client_id``, ``client_secret`` and ``refresh_token``.

    Args:
        request: the pull that needs it.
        address: the vendor's token address, unless the source's settings name another one.
    """
    grant = {name: request.secret(name) for name in ("client_id", "client_secret", "refresh_token")}
    form = {"grant_type": "refresh_token"} | grant
    token = exchanged_token(request, request.option(TOKEN_ENDPOINT, address), form)
    return {"Authorization": f"Bearer {token}"}
