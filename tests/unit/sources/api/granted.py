"""APIs whose access tokens are made from a refresh token: the vendor's token address, beside its API."""

from collections.abc import Callable
from dataclasses import dataclass

from kpi_pipeline.config.source import Source
from tests.unit.sources.api.api_server import Question, Reply, Vendor
from tests.unit.sources.api.pulled import PulledApi

SECRETS = {
    "client_id": "the-client",
    "client_secret": "client-secret-canary",
    "refresh_token": "refresh-token-canary",
}


@dataclass(frozen=True)
class GrantedApi(PulledApi):
    """A system that finds its tokens at the test's own server."""

    def source(self, url: str) -> Source:
        source = super().source(url)
        return source.model_copy(update={"options": {**source.options, "token_endpoint": f"{url}/token"}})


def granting(vendor: Vendor, is_expired: Callable[[int], bool] = lambda number: False) -> Vendor:
    """Answer questions for tokens, and pass questions with the newest token to ``vendor``.

    Args:
        vendor: the API itself.
        is_expired: tells for the token of each number, from 1, whether it has expired before it is used.
    """
    tokens: list[str] = []

    def answer(question: Question) -> Reply:
        if question.path == "/token":
            assert question.method == "POST"
            assert question.query == {}
            assert question.body == {"grant_type": "refresh_token"} | SECRETS
            tokens.append(f"access-token-canary-{len(tokens) + 1}")
            return Reply({"access_token": tokens[-1], "token_type": "Bearer", "expires_in": 3599})
        assert question.headers["authorization"] == f"Bearer {tokens[-1]}"
        if is_expired(len(tokens)):
            return Reply({"message": f"Expired access token {tokens[-1]}"}, 401)
        return vendor(question)

    return answer
