"""One delivery from its claim to its outcome.

Here: the order of steps that keeps the promise of at most one copy: claim, send, enter what came of it. Nothing is sent
without a claim that still holds, and tries are repeated only where a channel says that it is safe.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt

from kpi_pipeline.delivery.channel import ChannelSender, Outcome, Parcel, TryAgain
from kpi_pipeline.delivery.delivery_ledger import Contents, DeliveryLedger, Place
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.api.pacing import Pacing

TRIES = 4
FIRST_WAIT, LONGEST_WAIT = 2.0, 60.0


@dataclass
class Dispatcher:
    """Sends parcels under the ledger's rule."""

    ledger: DeliveryLedger
    now: Callable[[], datetime]
    pacing: Pacing

    def send(self, sender: ChannelSender, parcel: Parcel, place: Place, contents: Contents) -> Outcome | None:
        """Send a parcel; None if it is not ours to send, because it was sent, is being sent, or nobody can tell."""
        claim = self.ledger.claim(place, contents, self.now())
        if claim is None:
            return None
        outcome = Outcome("unknown", "sending was interrupted")
        try:
            outcome = self._outcome(sender, parcel, place, claim)
        finally:
            self.ledger.settle(place, claim, outcome.state, outcome.reason, self.now())
        return outcome

    def _outcome(self, sender: ChannelSender, parcel: Parcel, place: Place, claim: str) -> Outcome:
        may_have_arrived = False

        def attempt() -> Outcome | TryAgain:
            nonlocal may_have_arrived
            if not self.ledger.renew(place, claim, self.now()):
                return Outcome("unknown", "the claim was lost")
            try:
                result = sender.attempt(parcel, place)
            except ConfigurationError as error:
                # Raised for what is missing in the environment, before anybody is asked.
                return Outcome("failed", str(error))
            may_have_arrived |= isinstance(result, TryAgain) and result.may_have_arrived
            return result

        retrying = Retrying(
            stop=stop_after_attempt(TRIES),
            retry=retry_if_result(lambda result: isinstance(result, TryAgain)),
            wait=self._wait,
            sleep=self.pacing.sleep,
            retry_error_callback=_last_result,
        )
        result = retrying(attempt)
        if isinstance(result, TryAgain):
            reason = f"{result.reason}, tried {TRIES} times"
            return Outcome("unknown" if may_have_arrived else "failed", reason)
        if result.state == "failed" and may_have_arrived:
            return Outcome("unknown", f"an earlier try may have arrived; then: {result.reason}")
        return result

    def _wait(self, state: RetryCallState) -> float:
        longest = min(LONGEST_WAIT, FIRST_WAIT**state.attempt_number)
        # At least half of it, so that a busy server is really left alone.
        return longest * (0.5 + 0.5 * self.pacing.jitter())


def _last_result(state: RetryCallState) -> Outcome | TryAgain:
    assert state.outcome is not None
    result: Outcome | TryAgain = state.outcome.result()
    return result
