"""Access tokens that a vendor gives for a client's own name and secret, or for a refresh token.

Here: both OAuth grants, and keeping a refresh token that the vendor replaces with every use. Where a vendor gives
tokens belongs to the systems; which header carries them too.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from kpi_pipeline.sources.api.http_client import HttpClient
from kpi_pipeline.sources.api.pull import PullRequest
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, Verdict, vendor_message


@dataclass(frozen=True)
class Grant:
    """How a vendor gives access tokens.

    Attributes:
        url: where.
        is_client_in_form: whether the client's name and secret are part of the form; else they stand in the header.
        scope: what the token is asked for; not sent where empty.
    """

    url: str
    kind: Literal["client_credentials", "refresh_token"]
    is_client_in_form: bool = False
    scope: str = ""


def use_access_token(
    client: HttpClient, request: PullRequest, grant: Grant, headers: Callable[[str], Mapping[str, str]]
) -> None:
    """Let a client send the secret ``access_token``, else one that it is given, and once more after a 401.

    Args:
        client: the client of the pull.
        request: has the secrets ``client_id``, ``client_secret`` and, for that grant, ``refresh_token``.
        grant: how the vendor gives tokens.
        headers: makes the headers that carry a token.

    Raises:
        ConfigurationError: there is neither a token nor all of what is needed to get one.
        RefusedFile: the vendor gives none.
    """
    if token := request.optional_secret("access_token"):
        client.headers = {**client.headers, **headers(token)}
        return

    def renewed() -> Mapping[str, str]:
        return headers(_new_token(client, request, grant))

    client.headers = {**client.headers, **renewed()}
    client.refresh = renewed


def _new_token(client: HttpClient, request: PullRequest, grant: Grant) -> str:
    name, secret = request.secret("client_id"), request.secret("client_secret")
    form = {"grant_type": grant.kind} | ({"scope": grant.scope} if grant.scope else {})
    refresh_token = request.secret("refresh_token") if grant.kind == "refresh_token" else ""
    if refresh_token:
        # Written before it is used: a new one that cannot be kept would lock everybody out.
        request.keep_secret("refresh_token", refresh_token)
        form |= {"refresh_token": refresh_token}
    headers = {}
    if grant.is_client_in_form:
        form |= {"client_id": name, "client_secret": secret}
    else:
        pair = b64encode(f"{name}:{secret}".encode()).decode()
        request.secrets.add(pair)
        headers = {"Authorization": f"Basic {pair}"}
    address = urlsplit(grant.url)
    asking = replace(
        client, base_url=f"{address.scheme}://{address.netloc}", headers=headers, judge=_judge, refresh=None
    )
    body = asking.ask("POST", address.path, form=form).body
    request.secrets.add(body["access_token"])
    newer = body.get("refresh_token")  # absent where it stays the same
    if newer and newer != refresh_token and grant.kind == "refresh_token":
        request.secrets.add(newer)
        request.keep_secret("refresh_token", newer)
    return str(body["access_token"])


def _judge(answer: Answer) -> Verdict:
    if answer.status not in (400, 401, 403):
        return None
    return GiveUp(
        f"HTTP {answer.status}{vendor_message(answer)}", "No access token was given: authorise this client once more."
    )
